import numpy as np
import pytest
from sklearn.linear_model import Ridge as Peer

from burnish.errors import InputError
from burnish.kernels import ridge as ridge_module
from burnish.kernels.ridge import L2_GRID, choose_ridge_l2, fit_ridge, predict_numbers


def lines(n_rows=400, *, n_dims=12, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, n_dims)) * rng.uniform(0.2, 3, n_dims) + rng.normal(size=n_dims)
    return rows.astype(np.float32), rows @ rng.normal(size=n_dims) + noise * rng.normal(size=n_rows) + 7


def standardised(rows, like=None):
    like = rows if like is None else like
    return (rows - like.mean(axis=0)) / np.sqrt(like.var(axis=0).mean())


@pytest.mark.parametrize("l2", [1e-5, 1e-2, 1.0])
@pytest.mark.parametrize("n_rows", [8, 400])
def test_it_predicts_what_scikit_learn_predicts_on_standardised_columns(l2, n_rows):
    rows, targets = lines(n_rows)
    wide = rows.astype(np.float64)
    peer = Peer(alpha=l2 * n_rows).fit(standardised(wide), targets)
    unseen, _ = lines(50, seed=1)
    found = predict_numbers(fit_ridge(rows, targets, l2=l2), unseen)
    assert np.allclose(found, peer.predict(standardised(unseen.astype(np.float64), wide)), rtol=1e-6, atol=1e-6)


def test_weights_are_those_of_scikit_learn_and_a_weight_of_zero_leaves_a_row_out():
    rows, targets = lines(100)
    weight = np.random.default_rng(1).integers(0, 3, 100).astype(float)
    repeated = np.repeat(np.arange(100), weight.astype(int))
    weighted = fit_ridge(rows, targets, sample_weight=weight)
    plain = fit_ridge(rows[repeated], targets[repeated])
    assert np.allclose(predict_numbers(weighted, rows), predict_numbers(plain, rows))
    assert not np.allclose(predict_numbers(weighted, rows), predict_numbers(fit_ridge(rows, targets), rows))


def test_predictions_do_not_depend_on_scale_or_origin_of_rows_and_follow_those_of_the_targets():
    rows, targets = lines()
    plain = predict_numbers(fit_ridge(rows, targets), rows)
    moved = 50 * rows.astype(np.float64) + 7
    assert np.allclose(predict_numbers(fit_ridge(moved, targets), moved), plain)
    assert np.allclose(predict_numbers(fit_ridge(rows, 3 * targets - 2), rows), 3 * plain - 2)


def test_the_order_of_rows_and_the_size_of_blocks_do_not_matter(monkeypatch):
    rows, targets = lines()
    plain = predict_numbers(fit_ridge(rows, targets), rows)
    order = np.random.default_rng(1).permutation(len(rows))
    assert np.allclose(predict_numbers(fit_ridge(rows[order], targets[order]), rows), plain)
    monkeypatch.setattr(ridge_module, "BLOCK_VALUES", 50)
    assert np.allclose(predict_numbers(fit_ridge(rows, targets), rows), plain)


def test_rows_that_are_all_alike_and_a_single_row_give_the_mean_and_no_row_is_refused():
    assert np.allclose(predict_numbers(fit_ridge(np.ones((4, 3)), np.array([1, 2, 3, 6])), np.ones((2, 3))), 3)
    assert np.allclose(predict_numbers(fit_ridge(np.ones((1, 3)), np.array([5.0])), np.zeros((1, 3))), 5)
    with pytest.raises(InputError, match="none of 0 rows"):
        fit_ridge(np.ones((0, 3)), np.empty(0))


def test_the_chosen_regularisation_has_the_least_error_on_new_rows_within_a_tenth():
    rows, targets = lines(5_000, n_dims=60, noise=10.0)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def unseen_error(l2):
        found = predict_numbers(fit_ridge(unit[:120], targets[:120], l2=l2), unit[120:])
        return ((found - targets[120:]) ** 2).mean()

    errors = {l2: unseen_error(l2) for l2 in L2_GRID}
    assert max(errors.values()) > 1.5 * min(errors.values())
    assert errors[choose_ridge_l2(rows[:120], targets[:120], seed=0)] < 1.1 * min(errors.values())


def test_noise_asks_for_more_regularisation():
    rows, clean = lines(200, n_dims=40, noise=0.01)
    unrelated = np.random.default_rng(3).normal(size=200)
    assert choose_ridge_l2(rows, clean, seed=0) < 1e-2
    assert choose_ridge_l2(rows, unrelated, seed=0) >= 1


def test_copies_of_held_out_rows_do_not_fool_the_choice_when_grouped():
    rows, _ = lines(100, n_dims=60)
    unrelated = np.random.default_rng(2).normal(size=100)
    thrice = np.tile(np.arange(100), 3)
    alone = choose_ridge_l2(rows[thrice], unrelated[thrice], seed=0)
    assert choose_ridge_l2(rows[thrice], unrelated[thrice], thrice, seed=0) > alone


@pytest.mark.parametrize("n_rows", [0, 1])
def test_too_few_rows_to_hold_any_out_get_the_strongest_regularisation(n_rows):
    assert choose_ridge_l2(np.ones((n_rows, 3)), np.zeros(n_rows), seed=0) == L2_GRID[-1]
