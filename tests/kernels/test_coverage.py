import numpy as np
import pytest
from scipy.stats import fisher_exact

from burnish.kernels.coverage import Covered, Sampling, row_coverage, thin_regions


def blobs(n, centers, *, seed=0, noise=0.2):
    rng = np.random.default_rng(seed)
    codes = rng.integers(len(centers), size=n)
    return (centers[codes] + noise * rng.normal(size=(n, centers.shape[1]))).astype(np.float32), codes


CENTERS = np.random.default_rng(9).normal(size=(6, 16))


def test_rows_of_a_random_split_are_covered():
    vectors, _ = blobs(600, CENTERS)
    evaluation = np.random.default_rng(1).random(600) < 0.2
    coverage = row_coverage(vectors, evaluation).coverage
    assert np.isnan(coverage[~evaluation]).all()
    assert np.median(coverage[evaluation]) > 0.9


def test_rows_where_training_has_none_are_not_covered():
    vectors, codes = blobs(600, CENTERS)
    evaluation = (np.random.default_rng(1).random(600) < 0.2) | (codes == 2)
    coverage = row_coverage(vectors, evaluation).coverage
    assert np.median(coverage[codes == 2]) < 0.3 < np.median(coverage[evaluation & (codes != 2)])


def test_coverage_agrees_with_its_definition():
    vectors, _ = blobs(60, CENTERS)
    evaluation = np.arange(60) < 20
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    train = unit[20:]
    among = 1 - train @ train.T
    np.fill_diagonal(among, np.inf)
    usual = np.median(np.sort(among, axis=1)[:, :3].mean(axis=1))
    expected = np.minimum(1, usual / np.sort(1 - unit[:20] @ train.T, axis=1)[:, :3].mean(axis=1))
    np.testing.assert_allclose(
        row_coverage(vectors, evaluation, sampling=Sampling(3)).coverage[:20], expected, rtol=1e-3
    )


@pytest.mark.parametrize("evaluation", [np.ones(9, bool), np.zeros(9, bool)])
def test_one_side_alone_has_no_coverage(evaluation):
    assert np.isnan(row_coverage(np.eye(9, dtype=np.float32), evaluation).coverage).all()


def test_unusable_rows_have_no_coverage():
    vectors, _ = blobs(60, CENTERS)
    vectors[0] = np.nan
    vectors[1] = 0
    coverage = row_coverage(vectors, np.arange(60) < 20).coverage
    assert np.isnan(coverage[:2]).all()
    assert np.isfinite(coverage[2:20]).all()


def test_counts_and_p_values_agree_with_fishers_exact_test():
    rng = np.random.default_rng(0)
    regions, evaluation = rng.integers(-1, 5, size=300), rng.random(300) < 0.3
    found = thin_regions(regions, evaluation)
    assert found.regions.tolist() == [0, 1, 2, 3, 4]
    for at, region in enumerate(found.regions):
        inside = regions == region
        assert found.n_eval[at] == (inside & evaluation).sum()
        assert found.n_train[at] == (inside & ~evaluation).sum()
        table = [[(inside & ~evaluation).sum(), (inside & evaluation).sum()],
                 [(~inside & ~evaluation).sum(), (~inside & evaluation).sum()]]  # fmt: skip
        assert found.p_values[at] == pytest.approx(fisher_exact(table, alternative="less").pvalue)


def test_q_values_are_benjamini_hochbergs():
    rng = np.random.default_rng(2)
    regions, evaluation = rng.integers(0, 8, size=400), rng.random(400) < 0.3
    found = thin_regions(regions, evaluation)
    order = np.argsort(found.p_values)
    scaled = found.p_values[order] * len(order) / np.arange(1, len(order) + 1)
    np.testing.assert_allclose(found.q_values[order], np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1))


def test_regions_without_evaluation_rows_are_not_tested():
    found = thin_regions(np.array([0, 0, 1, 1, -1]), np.array([True, False, False, False, True]))
    assert found.regions.tolist() == [0]


def test_no_region_gives_no_line():
    assert len(thin_regions(np.full(4, -1), np.array([True, False, True, False])).q_values) == 0


def test_random_splits_are_rejected_no_more_often_than_stated():
    rng = np.random.default_rng(5)
    regions = rng.integers(0, 20, size=1000)
    rejected = [thin_regions(regions, rng.permutation(1000) < 200).q_values.min() <= 0.05 for _ in range(300)]
    assert np.mean(rejected) <= 0.08


def test_what_is_known_of_rows_and_of_what_is_usual_stands():
    vectors, _ = blobs(400, CENTERS)
    evaluation = np.arange(400) < 80
    whole = row_coverage(vectors, evaluation)
    known = np.where(np.arange(400) < 50, whole.coverage, np.nan).astype(np.float32)
    again = row_coverage(vectors, evaluation, before=Covered(known, whole.usual))
    np.testing.assert_allclose(again.coverage, whole.coverage, rtol=1e-4)
    told = row_coverage(vectors, evaluation, before=Covered(np.full(400, 0.25, np.float32), whole.usual)).coverage
    assert np.all(told[:80] == 0.25)
    assert np.isnan(told[80:]).all()
