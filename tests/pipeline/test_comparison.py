"""The deployment gate: is this fitted model better than that one, on the same rows?"""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from burnish.dataset import Dataset, Evidence, Roles, Targets
from burnish.errors import InputError
from burnish.kernels.metrics import METRICS
from burnish.pipeline.comparison import (
    RIGHT_OR_WRONG,
    Pair,
    compare,
    most_different,
    of_outcome,
    outcome_codes,
    outcomes,
)
from burnish.pipeline.standards import Standard

pytestmark = pytest.mark.slow

N_CLASSES = 3


def dataset_of(labels, **fields):
    n_rows = len(labels)
    ids = pa.array([f"r{i}" for i in range(n_rows)])
    roles = Roles(
        id="id", label="label", group="user" if "user" in fields else None, meta=("region",) * ("region" in fields)
    )
    table = pa.table({"id": ids, "label": labels, **fields})
    content = np.stack([np.arange(n_rows), np.arange(n_rows)], axis=1).astype(np.uint64)
    return Dataset(table, ids, content, roles)


def sure_of(codes, n_classes=N_CLASSES):
    return np.eye(n_classes, dtype=np.float32)[codes]


def pair_of(truth, before, after, **fields):
    """Pair the predictions (n_rows, n_classes) of two models; classes are called a, b, c."""
    dataset = dataset_of([chr(97 + code) for code in truth], **fields)
    return Pair(Evidence(dataset), Targets.of(dataset), np.arange(len(truth)), before, after)


def drawn(n_rows, right, rng, n_classes=N_CLASSES):
    """Draw truth, and two predictions that are right with the chances `right`, each on its own."""
    truth = rng.integers(n_classes, size=n_rows)
    truth[:n_classes] = np.arange(n_classes)
    wrong = (truth + 1 + rng.integers(n_classes - 1, size=n_rows)) % n_classes
    said = [np.where(rng.random(n_rows) < chance, truth, wrong) for chance in right]
    return truth, *(sure_of(one, n_classes) for one in said)


def compared(pair, metric="accuracy", **settings):
    return compare(pair, Standard(METRICS[metric], **settings), seed=0)


def told_of(pair, metric="accuracy"):
    return outcomes(pair, Standard(METRICS[metric]))


def scores(truth, skill, rng):
    """Draw probabilities of two classes that tell the truth with some skill."""
    log_odds = skill * (2 * truth - 1) + rng.normal(size=len(truth)) * 1.5
    share = 1 / (1 + np.exp(-log_odds))
    return np.stack([1 - share, share], axis=1).astype(np.float32)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "auroc"])
def test_equal_predictions_are_no_worse_and_never_better(metric):
    truth = np.random.default_rng(0).integers(2, size=800)
    same = scores(truth, 1.0, np.random.default_rng(1))
    effect = compared(pair_of(truth, same, same), metric)
    assert effect.lift == 0
    assert effect.verdict == "no worse"
    assert effect.claim == "this fitted model is better"


def test_equal_predictions_on_few_rows_are_inconclusive():
    truth, same, _ = drawn(40, (0.8, 0.8), np.random.default_rng(0))
    assert compared(pair_of(truth, same, same)).verdict == "inconclusive"


def test_a_planted_better_model_is_better_and_the_other_way_round_worse():
    truth, before, after = drawn(800, (0.7, 0.85), np.random.default_rng(0))
    effect, turned = compared(pair_of(truth, before, after)), compared(pair_of(truth, after, before))
    assert (effect.verdict, turned.verdict) == ("better", "worse")
    assert effect.lift == pytest.approx(-turned.lift)
    assert effect.arm("after").value - effect.arm("before").value == pytest.approx(effect.lift)


def test_of_a_loss_less_is_better():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=600)
    worse, better = scores(truth, 0.5, rng), scores(truth, 2.0, rng)
    effect = compared(pair_of(truth, worse, better), "log_loss")
    assert effect.verdict == "better"
    assert effect.arm("after").value < effect.arm("before").value


@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        ("accuracy", lambda truth, said: (said.argmax(axis=1) == truth).mean()),
        ("macro_f1", lambda truth, said: f1_score(truth, said.argmax(axis=1), average="macro")),
        ("log_loss", lambda truth, said: log_loss(truth, said[:, 1])),
        ("auroc", lambda truth, said: roc_auc_score(truth, said[:, 1])),
    ],
)
def test_values_are_those_of_scikit_learn(metric, reference):
    rng = np.random.default_rng(2)
    truth = rng.integers(2, size=300)
    before, after = scores(truth, 0.5, rng), scores(truth, 1.0, rng)
    effect = compared(pair_of(truth, before, after), metric)
    for name, said in (("before", before), ("after", after)):
        assert effect.arm(name).value == pytest.approx(reference(truth, said), abs=1e-6)


def test_accuracy_of_independent_rows_is_tested_by_mcnemar_as_in_scipy():
    truth, before, after = drawn(300, (0.7, 0.8), np.random.default_rng(3))
    found = compared(pair_of(truth, before, after)).parameters
    first, second = (one.argmax(axis=1) == truth for one in (before, after))
    only = int((first & ~second).sum()), int((second & ~first).sum())
    assert found["test"] == "McNemar, exact"
    assert found["p_value"] == pytest.approx(stats.binomtest(only[0], sum(only), 0.5).pvalue)


def test_the_auroc_of_independent_rows_is_tested_by_delong():
    rng = np.random.default_rng(4)
    truth = rng.integers(2, size=300)
    before, after = scores(truth, 0.6, rng), scores(truth, 1.0, rng)
    found = compared(pair_of(truth, before, after), "auroc").parameters
    assert found["test"] == "DeLong"
    assert found["p_value"] == pytest.approx(slow_delong(truth, before[:, 1], after[:, 1]), rel=0.03)


def slow_delong(truth, first, second):
    """DeLong, DeLong & Clarke-Pearson 1988, every pair compared; t in place of the normal, as we have it."""
    placed = []
    for score in (first, second):
        wins = (score[truth == 1][:, None] > score[truth == 0]) + 0.5 * (
            score[truth == 1][:, None] == score[truth == 0]
        )
        placed.append((wins.mean(axis=1), wins.mean(axis=0)))
    ours, others = placed[1][0] - placed[0][0], placed[1][1] - placed[0][1]
    variance = ours.var(ddof=1) / len(ours) + others.var(ddof=1) / len(others)
    return 2 * stats.t.sf(abs(ours.mean()) / np.sqrt(variance), len(truth) - 1)


def test_rows_of_one_group_are_drawn_together_and_tested_so():
    rng = np.random.default_rng(5)
    truth, before, after = (np.repeat(one, 10, axis=0) for one in drawn(60, (0.6, 0.8), rng))
    users = [f"u{i // 10}" for i in range(600)]
    alone, grouped = compared(pair_of(truth, before, after)), compared(pair_of(truth, before, after, user=users))
    assert grouped.parameters["test"] == "paired, over groups of rows"
    assert grouped.lift == pytest.approx(alone.lift)
    width = [one.lift_high - one.lift_low for one in (alone, grouped)]
    assert width[1] == pytest.approx(np.sqrt(10) * width[0], rel=0.25)
    assert grouped.parameters["p_value"] > alone.parameters["p_value"]


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "auroc", "log_loss"])
def test_the_interval_covers_and_equal_models_are_hardly_ever_better(metric):
    """Two fixed models of equal skill, 200 draws of 200 rows: the true lift is 0."""
    rng = np.random.default_rng(6)
    covered, better = 0, 0
    for _ in range(200):
        truth = rng.integers(2, size=200)
        effect = compared(pair_of(truth, scores(truth, 0.8, rng), scores(truth, 0.8, rng)), metric, margin=0.0)
        covered += effect.lift_low <= 0 <= effect.lift_high
        better += effect.verdict == "better"
    assert covered >= 0.93 * 200
    assert better <= 0.05 * 200


@pytest.mark.slow
def test_the_interval_covers_the_true_difference_of_two_unequal_models():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        effect = compared(pair_of(*drawn(150, (0.70, 0.80), rng)))
        covered += effect.lift_low <= 0.10 <= effect.lift_high
    assert covered >= 0.93 * 200


def test_few_evaluation_rows_that_agree_do_not_make_a_certainty():
    truth, before, _ = drawn(30, (0.9, 0.9), np.random.default_rng(8))
    effect = compared(pair_of(truth, before, before))
    assert effect.lift_low < 0 < effect.lift_high


def test_a_slice_that_falls_fails_the_gate_though_the_average_rises():
    rng = np.random.default_rng(9)
    truth, before, after = drawn(2_000, (0.75, 0.9), rng)
    region = rng.choice(["north", "south", "east", "west"], size=2_000)
    south = region == "south"
    before[south], after[south] = drawn(2_000, (0.0, 0.0), rng)[1][south], before[south]
    before[south] = sure_of(truth)[south]
    effect = compared(pair_of(truth, before, after, region=region))
    assert not effect.gate.passed
    assert effect.gate.failed == ("region = 'south'",)
    assert not effect.allowed


def test_disagreements_are_the_rows_on_which_the_two_say_otherwise():
    truth, before, after = drawn(200, (0.7, 0.8), np.random.default_rng(10))
    pair = pair_of(truth, before, after)
    table = most_different(told_of(pair)).to_pylist()
    differ = {f"r{i}" for i in np.flatnonzero(before.argmax(axis=1) != after.argmax(axis=1))}
    assert {line["row_id"] for line in table} == differ
    for line in table:
        row = int(line["row_id"][1:])
        assert line["label"] == chr(97 + truth[row])
        assert (line["a"], line["b"]) == (chr(97 + before[row].argmax()), chr(97 + after[row].argmax()))
        assert line["difference"] == (line["b"] == line["label"]) - float(line["a"] == line["label"])
    sizes = [abs(line["difference"]) for line in table]
    assert sizes == sorted(sizes, reverse=True)


def test_the_difference_of_a_loss_is_positive_where_b_is_better():
    truth = np.arange(40) % 2
    unsure, sure = np.full((40, 2), 0.5, np.float32), sure_of(1 - truth, 2) * 0.8 + 0.1
    sure[0] = [0.9, 0.1]
    pair = pair_of(truth, 1 - unsure * [0.9, 1.1], sure.astype(np.float32))
    table = most_different(told_of(pair, "log_loss")).to_pylist()
    by_row = {line["row_id"]: line["difference"] for line in table}
    assert by_row["r2"] < 0
    assert all(value < 0 for row_id, value in by_row.items() if row_id != "r0")


def slow_outcome(label, a, b):
    if a == b == label:
        return "both right"
    if b == label:
        return "fixed"
    return "broken" if a == label else "both wrong"


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "log_loss", "auroc"])
def test_every_compared_row_has_the_outcome_that_its_answers_show(metric):
    truth, before, after = drawn(200, (0.7, 0.8), np.random.default_rng(12))
    pair = pair_of(truth, before, after)
    table = told_of(pair, metric).to_pylist()
    assert [line["row_id"] for line in table] == [f"r{i}" for i in range(200)]
    for i, line in enumerate(table):
        said = chr(97 + truth[i]), chr(97 + before[i].argmax()), chr(97 + after[i].argmax())
        assert (line["label"], line["a"], line["b"]) == said
        assert line["outcome"] == slow_outcome(*said)
    assert {line["outcome"] for line in table} == {"fixed", "broken", "both right", "both wrong"}


def test_only_compared_rows_have_an_outcome():
    truth, before, after = drawn(60, (0.7, 0.8), np.random.default_rng(13))
    whole, rows = pair_of(truth, before, after), np.array([3, 10, 59])
    pair = Pair(whole.evidence, whole.targets, rows, before[rows], after[rows])
    table = told_of(pair)
    assert table["row_id"].to_pylist() == ["r3", "r10", "r59"]
    assert table.equals(told_of(whole).take(rows))


def test_disagreements_are_a_view_of_the_outcomes():
    truth, before, after = drawn(200, (0.7, 0.8), np.random.default_rng(14))
    rows = told_of(pair_of(truth, before, after))
    differ = most_different(rows)
    assert differ.column_names == ["row_id", "label", "a", "b", "difference"]
    told = {line["row_id"]: line for line in rows.to_pylist()}
    assert all({**told[line["row_id"]], **line} == told[line["row_id"]] for line in differ.to_pylist())
    assert len(differ) == sum(line["a"] != line["b"] for line in told.values())


def test_the_rows_of_an_outcome_come_with_the_largest_difference_first():
    truth, before, after = drawn(200, (0.7, 0.8), np.random.default_rng(15))
    sure = np.linspace(0.5, 0.9, 200)[:, None]
    rows = told_of(pair_of(truth, sure * before + (1 - sure) / N_CLASSES, after * 0.5 + 0.5 / N_CLASSES), "log_loss")
    broken = of_outcome(rows, "broken").to_pylist()
    assert sorted(line["row_id"] for line in broken) == sorted(
        line["row_id"] for line in rows.to_pylist() if line["outcome"] == "broken"
    )
    sizes = [abs(line["difference"]) for line in broken]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) > 1


def test_the_code_of_an_outcome_is_its_place_from_one_and_other_rows_have_none():
    truth, before, after = drawn(60, (0.7, 0.8), np.random.default_rng(13))
    pair, some = pair_of(truth, before, after), np.array([50, 3, 10, 59])
    rows = told_of(pair).take(pa.array(some))
    codes = outcome_codes(rows, RIGHT_OR_WRONG, pair.evidence.dataset)
    assert [RIGHT_OR_WRONG[code - 1] for code in codes[some]] == rows["outcome"].to_pylist()
    assert not np.delete(codes, some).any()


def test_a_set_of_classes_is_right_as_a_whole():
    lists = [["a"], ["a", "b"], [], ["b"]] * 10
    truth = np.array([["a" in one, "b" in one] for one in lists], np.float32)
    before, after = truth.copy(), truth.copy()
    before[0], after[1, 1] = [1, 1], 0  # A says one class too many, B one too few
    before[2], after[2] = [1, 0], [0, 1]
    dataset = dataset_of(pa.array(lists))
    pair = Pair(Evidence(dataset), Targets.of(dataset), np.arange(40), before, after)
    table = told_of(pair, "macro_f1").to_pylist()
    assert [line["outcome"] for line in table[:4]] == ["fixed", "broken", "both wrong", "both right"]
    assert (table[1]["label"], table[1]["a"], table[1]["b"], table[1]["difference"]) == ("a, b", "a, b", "a", -1.0)


def test_a_number_is_nearer_or_farther_and_never_right():
    truth = np.linspace(0.5, 40.25, 40)
    before, after = truth + 1.0, truth + 1.0
    after[0], after[1] = truth[0] - 0.5, truth[1] - 2.0
    dataset = dataset_of(truth)
    said = [one.astype(np.float32)[:, None] for one in (before, after)]
    pair = Pair(Evidence(dataset), Targets.of(dataset), np.arange(40), *said)
    table = told_of(pair, "rmse").to_pylist()
    assert [line["outcome"] for line in table[:3]] == ["nearer", "farther", "as near"]
    assert {line["outcome"] for line in table[2:]} == {"as near"}
    assert table[0]["difference"] == pytest.approx(0.5, abs=1e-5)
    assert table[1]["difference"] == pytest.approx(-1.0, abs=1e-5)


def test_too_few_rows_are_refused_with_their_number():
    with pytest.raises(InputError, match="12 rows have a label and both predictions") as refused:
        compared(pair_of(*drawn(12, (0.7, 0.7), np.random.default_rng(0))))
    assert "20" in refused.value.remedy


def test_one_class_is_refused():
    truth, said = np.zeros(50, int), sure_of(np.zeros(50, int))
    with pytest.raises(InputError, match="only one class"):
        compared(pair_of(truth, said, said))


def test_the_same_seed_gives_the_same_answer():
    pair = pair_of(*drawn(120, (0.7, 0.8), np.random.default_rng(0)))
    assert compared(pair).lift_low == compared(pair).lift_low


def test_numbers_are_compared_by_their_errors():
    rng = np.random.default_rng(11)
    truth = rng.normal(size=300)
    dataset = dataset_of(truth)
    before, after = (truth + scale * rng.normal(size=300) for scale in (1.0, 0.5))
    said = [one.astype(np.float32)[:, None] for one in (before, after)]
    pair = Pair(Evidence(dataset), Targets.of(dataset), np.arange(300), *said)
    effect = compared(pair, "rmse")
    assert effect.verdict == "better"
    assert effect.arm("before").value == pytest.approx(np.sqrt(((before - truth) ** 2).mean()), rel=1e-5)
    assert len(most_different(told_of(pair, "rmse"))) == 300
