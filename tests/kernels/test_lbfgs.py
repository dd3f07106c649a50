import numpy as np
import pytest

from burnish.kernels.lbfgs import minimize_together


def quadratics(n_problems=5, n=12, *, seed=0):
    """0.5 x'Ax - b'x with condition numbers up to 1,000."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(n_problems, n, n)))[0]
    curvature = np.geomspace(1, np.linspace(2, 1_000, n_problems), n).T
    matrices = np.einsum("pij,pj,pkj->pik", axes, curvature, axes)
    return matrices, rng.normal(size=(n_problems, n))


def test_every_problem_reaches_its_own_minimum():
    matrices, linear = quadratics()
    asked = []

    def evaluate(points, which):
        asked.append(which)
        products = np.einsum("pij,pj->pi", matrices[which], points)
        values = 0.5 * np.einsum("pi,pi->p", points, products) - np.einsum("pi,pi->p", linear[which], points)
        return values, (products - linear[which]).astype(np.float32)

    found = minimize_together(evaluate, np.zeros((5, 12), np.float32), np.ones(12, np.float32), tolerance=1e-9)
    true = np.stack([np.linalg.solve(a, b) for a, b in zip(matrices, linear, strict=True)])
    np.testing.assert_allclose(found, true, atol=2e-2 * np.abs(true).max())
    assert len(asked[-1]) < 5  # those that are done are not evaluated again


def test_a_start_at_the_minimum_stays_there():
    def evaluate(points, which):
        del which
        return 1 + (points**2).sum(axis=1).astype(float), 2 * points

    start = np.zeros((2, 3), np.float32)
    np.testing.assert_array_equal(minimize_together(evaluate, start, np.ones(3, np.float32), tolerance=1e-6), start)


def test_a_step_that_is_too_long_is_shortened():
    def evaluate(points, which):
        del which
        return np.cosh(2 * points[:, 0]).astype(float), 2 * np.sinh(2 * points)

    found = minimize_together(evaluate, np.full((1, 1), 1.0, np.float32), np.ones(1, np.float32), tolerance=1e-9)
    assert found[0, 0] == pytest.approx(0, abs=1e-3)


def test_a_good_guess_of_the_curvature_saves_steps():
    curvature = np.geomspace(1, 1e4, 30).astype(np.float32)
    counts = []
    for guess in (np.ones(30, np.float32), curvature):
        calls = []

        def evaluate(points, which, calls=calls):
            calls.append(which)
            return 0.5 * (points**2 @ curvature).astype(float) + 1, curvature * points

        minimize_together(evaluate, np.ones((1, 30), np.float32), guess, tolerance=1e-7)
        counts.append(len(calls))
    assert counts[1] < counts[0] / 3
