import numpy as np
import pytest
from scipy.stats import spearmanr

from burnish.errors import InputError
from burnish.kernels.influence import LabeledRows, group_values
from burnish.kernels.probe import fit_probe, predict_probabilities

N_CLASSES, L2 = 3, 0.02


def drawn(n_rows=600, *, n_evaluation=400, n_groups=24, wrong=(), seed=0):
    """Blobs, four to a class, in groups; the groups named in `wrong` have the labels of another class."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(12, 10))
    blob = rng.integers(12, size=n_rows + n_evaluation)
    rows = (centers[blob] + rng.normal(size=(len(blob), 10))).astype(np.float32)
    labels = blob % N_CLASSES
    groups = blob[:n_rows] * (n_groups // 12) + rng.integers(n_groups // 12, size=n_rows)
    given = np.where(np.isin(groups, wrong), (labels[:n_rows] + 1) % N_CLASSES, labels[:n_rows])
    return LabeledRows(rows[:n_rows], given, groups), LabeledRows(rows[n_rows:], labels[n_rows:])


def values(train, evaluation, metric="accuracy"):
    return group_values(train, evaluation, n_classes=N_CLASSES, l2=L2, metric=metric)


def metric_of(train, evaluation, kept, metric):
    probe = fit_probe(train.embeddings[kept], train.labels[kept], n_classes=N_CLASSES, l2=L2)
    found = predict_probabilities(probe, evaluation.embeddings)
    own = found[np.arange(len(found)), evaluation.labels].astype(float)
    return own.mean() if metric == "accuracy" else np.log(np.maximum(own, 1e-6)).mean()


def retrained(train, evaluation, groups, metric="accuracy"):
    """The definition: fit again without each group."""
    path = np.asarray(train.groups).reshape(len(train.labels), -1)
    base = metric_of(train, evaluation, np.ones(len(path), bool), metric)
    return np.array([base - metric_of(train, evaluation, ~(path == g).any(axis=1), metric) for g in groups])


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_values_are_those_of_retrains(metric):
    train, evaluation = drawn(wrong=(3, 14))
    found = values(train, evaluation, metric)
    exact = retrained(train, evaluation, found.groups, metric)
    assert spearmanr(found.value, exact).statistic > 0.97
    assert np.corrcoef(found.value, exact)[0, 1] > 0.98
    assert np.abs(found.value - exact).max() < 0.25 * np.abs(exact).max()
    assert np.array_equal(found.size, np.bincount(train.groups))


def test_small_groups_are_valued_closely():
    train, evaluation = drawn(n_groups=48, wrong=(3, 14))
    found = values(train, evaluation)
    exact = retrained(train, evaluation, found.groups)
    assert np.median(np.abs(found.value - exact) / np.abs(exact)) < 0.2


def test_large_groups_and_whole_classes_keep_their_order_and_their_sign():
    train, evaluation = drawn()
    groups = np.where(train.labels == 0, 0, 1 + np.arange(600) % 3)
    found = values(train._replace(groups=groups), evaluation)
    exact = retrained(train._replace(groups=groups), evaluation, found.groups)
    assert found.value.argmax() == exact.argmax() == 0
    assert found.value[0] > 5 * np.abs(found.value[1:]).max()


def test_wrong_labels_take_from_the_metric_beyond_doubt():
    train, evaluation = drawn(wrong=(3, 14))
    found = values(train, evaluation)
    assert set(found.groups[found.high < 0]) >= {3, 14}
    assert set(found.groups[np.argsort(found.value)[:2]]) == {3, 14}
    assert np.all((found.low < found.value) & (found.value < found.high))


def test_groups_of_several_levels_are_valued_as_alone():
    train, evaluation = drawn()
    path = np.column_stack([train.groups // 6, np.where(train.groups % 5 == 0, -1, 100 + train.groups)])
    together = values(train._replace(groups=path), evaluation)
    alone = [values(train._replace(groups=level), evaluation) for level in path.T]
    assert np.array_equal(together.groups, np.concatenate([part.groups for part in alone]))
    assert together.value == pytest.approx(np.concatenate([part.value for part in alone]), abs=1e-5)
    assert -1 not in together.groups


def test_the_order_of_rows_the_origin_and_the_scale_do_not_matter():
    train, evaluation = drawn()
    order, other = np.random.default_rng(1).permutation(600), np.random.default_rng(2).permutation(400)
    moved = LabeledRows(7 * train.embeddings[order] + 3, train.labels[order], train.groups[order])
    asked = LabeledRows(7 * evaluation.embeddings[other] + 3, evaluation.labels[other])
    assert values(moved, asked).value == pytest.approx(values(train, evaluation).value, abs=5e-4)


def test_blocks_do_not_matter(monkeypatch):
    train, evaluation = drawn()
    whole = values(train, evaluation)
    monkeypatch.setattr("burnish.kernels.influence.POINT_VALUES", 100)
    monkeypatch.setattr("burnish.kernels.influence.SCORES", 700)
    cut = values(train, evaluation)
    assert cut.value == pytest.approx(whole.value, abs=1e-5)
    assert cut.low == pytest.approx(whole.low, abs=1e-5)


def test_the_interval_holds_the_value_on_evaluation_rows_without_end():
    train, many = drawn(n_evaluation=12_000)
    truth = values(train, many).value
    rng = np.random.default_rng(0)
    held = []
    for _ in range(15):
        some = rng.permutation(12_000)[:300]
        found = values(train, LabeledRows(many.embeddings[some], many.labels[some]))
        held.append((found.low <= truth) & (truth <= found.high))
    assert 0.9 < np.mean(held) <= 1


def test_copies_of_evaluation_rows_make_nothing_surer_when_they_are_named():
    train, evaluation = drawn()
    copied = np.tile(np.arange(400), 4)
    rows = LabeledRows(evaluation.embeddings[copied], evaluation.labels[copied])
    plain, named, unnamed = (values(train, e) for e in (evaluation, rows._replace(groups=copied), rows))
    assert named.high - named.low == pytest.approx(plain.high - plain.low, rel=1e-3)
    assert unnamed.high - unnamed.low == pytest.approx((plain.high - plain.low) / 2, rel=1e-3)


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_an_evaluation_class_without_training_rows_is_no_obstacle(metric):
    train, evaluation = drawn(wrong=(3, 14))
    train = train._replace(labels=np.minimum(train.labels, 1))
    found = values(train, evaluation, metric)
    exact = retrained(train, evaluation, found.groups, metric)
    assert np.corrcoef(found.value, exact)[0, 1] > 0.95


def test_a_group_of_all_rows_has_no_value_and_no_group_gives_none():
    train, evaluation = drawn()
    assert np.isnan(values(train._replace(groups=np.zeros(600, int)), evaluation).value).tolist() == [True]
    none = values(train._replace(groups=np.full(600, -1)), evaluation)
    assert [len(part) for part in none] == [0] * 5


def test_one_class_is_refused():
    train, evaluation = drawn()
    with pytest.raises(InputError, match=r"rows of 1 class"):
        values(train._replace(labels=np.zeros(600, int)), evaluation)
