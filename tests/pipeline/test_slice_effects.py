"""Slice effects on predictions that are made up, so that what changed, and where, is known."""

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles, Summary, Targets
from burnish.kernels.metrics import METRICS
from burnish.pipeline.arms import AFTER, BEFORE
from burnish.pipeline.judging import Judge
from burnish.pipeline.settings import Setting
from burnish.pipeline.slice_effects import MIN_GATED, MIN_ROWS, slice_report
from burnish.pipeline.standards import Standard

N_ROWS, N_TRAIN = 900, 100
N_EVALUATION = N_ROWS - N_TRAIN
CITIES = ("Aden", "Bonn", "Cork", "Dover")


def world(*columns, task="classification", time=None, **fields):
    """Give evidence and setting of rows in four cities; the rows from N_TRAIN on are evaluated."""
    rng = np.random.default_rng(0)
    city = [CITIES[i % 4] for i in range(N_ROWS)]
    labels = {
        "classification": pa.array(np.array(["no", "yes"])[rng.integers(2, size=N_ROWS)]),
        "regression": pa.array(rng.normal(size=N_ROWS)),
    }[task]
    table = pa.table({"label": labels, "city": city, **fields} | ({} if time is None else {"time": time}))
    roles = Roles(label="label", meta=("city", *fields), time=None if time is None else "time")
    ids = pa.array([f"r{i}" for i in range(N_ROWS)], pa.string())
    dataset = Dataset(table, ids, rng.integers(0, 2**60, (N_ROWS, 2)).astype(np.uint64), roles)
    evidence = Evidence(dataset).adding([*columns])
    nothing = np.zeros(N_EVALUATION, bool)
    setting = Setting(
        dataset, None, Targets.of(dataset), np.arange(N_TRAIN), np.arange(N_TRAIN, N_ROWS), nothing, nothing,
        np.arange(N_ROWS),
    )  # fmt: skip
    return evidence, setting


def answers(setting, share_right, *, n_runs=4, inside=None, inside_right=None, seed=0):
    """Give predictions per run, right for a share of the rows, and for another share of those `inside`."""
    rng = np.random.default_rng(seed)
    truth = setting.targets.values[setting.evaluation]
    share = np.full(N_EVALUATION, share_right)
    if inside is not None:
        share[inside] = inside_right
    order = rng.random(N_EVALUATION)  # the same rows are hard in every run, but for a few
    hits = [order + 0.05 * rng.normal(size=N_EVALUATION) < share for _ in range(n_runs)]
    return [np.eye(2, dtype=np.float32)[np.where(hit, truth, 1 - truth)] for hit in hits]


def report(evidence, setting, before, after, *, metric="accuracy", **standard):
    judge = Judge(setting, Standard(METRICS[metric], **standard))
    return slice_report(evidence, judge, {BEFORE: before, AFTER: after}, seed=0)


def in_city(name):
    return np.arange(N_TRAIN, N_ROWS) % 4 == CITIES.index(name)


@pytest.fixture(scope="module")
def fallen():
    """One city falls from 90 to 65 %, the others stay."""
    evidence, setting = world()
    after = answers(setting, 0.9, inside=in_city("Cork"), inside_right=0.65)
    return report(evidence, setting, answers(setting, 0.9), after)


def test_every_value_of_a_field_is_a_slice_with_its_rows_before_and_after(fallen):
    named = {one.slice: one for one in fallen.named}
    assert set(named) == {f"city = {city!r}" for city in CITIES}
    assert all(one.size == N_EVALUATION // 4 for one in fallen.named)
    cork = named["city = 'Cork'"]
    assert cork.before == pytest.approx(0.9, abs=0.08)
    assert cork.after == pytest.approx(0.65, abs=0.08)
    assert cork.lift == pytest.approx(cork.after - cork.before)
    assert cork.low < cork.lift < cork.high < -0.1


def test_the_slice_that_fell_stands_first_is_marked_and_fails_the_gate(fallen):
    assert fallen.named[0].slice == "city = 'Cork'"
    assert fallen.named[0].regressed
    assert fallen.named[0].failed
    assert not any(one.regressed or one.failed for one in fallen.named[1:])
    assert fallen.gate.failed == ("city = 'Cork'",)
    assert not fallen.gate.passed
    assert fallen.gate.n_slices == 4
    assert fallen.gate.max_slice_drop == 0.05


def test_the_search_finds_the_fault_under_one_name(fallen):
    assert [one.slice for one in fallen.found] == ["city = 'Cork'"]
    assert fallen.found[0].regressed
    assert fallen.found[0].q_value <= 0.05


def test_a_slice_that_falls_by_less_than_is_allowed_passes_and_is_still_marked():
    evidence, setting = world()
    after = answers(setting, 0.9, inside=in_city("Cork"), inside_right=0.65)
    seen = report(evidence, setting, answers(setting, 0.9), after, max_slice_drop=0.4)
    assert seen.gate.passed
    assert seen.named[0].regressed
    assert not seen.named[0].failed


def test_a_slice_that_gains_is_found_and_is_no_regression():
    evidence, setting = world()
    before = answers(setting, 0.9, inside=in_city("Bonn"), inside_right=0.6)
    seen = report(evidence, setting, before, answers(setting, 0.9))
    assert seen.gate.passed
    assert [(one.slice, one.regressed) for one in seen.found] == [("city = 'Bonn'", False)]
    assert seen.named[-1].slice == "city = 'Bonn'"
    assert not any(one.regressed for one in seen.named)


def test_where_nothing_differs_nothing_is_found_and_the_gate_passes():
    evidence, setting = world()
    same = answers(setting, 0.8)
    seen = report(evidence, setting, same, same)
    assert seen.gate.passed
    assert seen.found == ()
    assert all(one.lift == 0 and one.low < 0 < one.high for one in seen.named)


def test_clusters_are_slices_under_their_names_and_noise_is_none():
    cluster = np.arange(N_ROWS) % 3 - 1
    table = pa.table({"cluster": [0, 1], "name": ["dogs", None]})
    evidence, setting = world(Column("cluster", cluster), Summary("clusters", table))
    inside = cluster[N_TRAIN:] == 0
    after = answers(setting, 0.9, inside=inside, inside_right=0.6)
    seen = report(evidence, setting, answers(setting, 0.9), after)
    named = {one.slice: one for one in seen.named}
    assert {"cluster 0 (dogs)", "cluster 1"} == set(named) - {f"city = {city!r}" for city in CITIES}
    assert named["cluster 0 (dogs)"].failed
    assert named["cluster 0 (dogs)"].size == inside.sum()
    assert not named["cluster 1"].failed


def test_weak_slices_of_the_audit_are_shown_and_fail_no_gate():
    rows = np.arange(N_TRAIN, N_ROWS, 5).tolist()
    weak = pa.table({"description": ["hard ones"], "rows": [[0, 1, 2, *rows]]})
    evidence, setting = world(Summary("slices", weak))
    inside = np.isin(np.arange(N_TRAIN, N_ROWS), rows)
    after = answers(setting, 0.9, inside=inside, inside_right=0.5)
    seen = report(evidence, setting, answers(setting, 0.9), after, max_slice_drop=0.2)
    (shown,) = [one for one in seen.named if one.slice == "hard ones"]
    assert shown.size == len(rows)  # its training rows are not measured on
    assert shown.lift < -0.2
    assert shown.regressed
    assert not shown.failed
    assert seen.gate.n_slices == 4


def test_a_weak_slice_that_is_a_value_of_a_field_is_gated_as_such():
    weak = pa.table({"description": ["city = 'Cork'"], "rows": [[N_TRAIN + 2]]})
    evidence, setting = world(Summary("slices", weak))
    after = answers(setting, 0.9, inside=in_city("Cork"), inside_right=0.5)
    seen = report(evidence, setting, answers(setting, 0.9), after)
    assert seen.gate.failed == ("city = 'Cork'",)
    assert {one.size for one in seen.named} == {N_EVALUATION // 4}


@pytest.mark.parametrize(
    ("size", "shown", "gated"),
    [(MIN_ROWS - 1, False, False), (MIN_ROWS, True, False), (MIN_GATED - 1, True, False), (MIN_GATED, True, True)],
)
def test_small_slices_are_not_shown_and_somewhat_larger_ones_fail_no_gate(size, shown, gated):
    place = np.arange(N_ROWS)
    rare = np.where((place >= N_TRAIN) & (place < N_TRAIN + size), "rare", "common")
    evidence, setting = world(kind=rare)
    after = answers(setting, 0.95, inside=np.arange(N_EVALUATION) < size, inside_right=0.0)
    seen = report(evidence, setting, answers(setting, 0.95), after)
    named = {one.slice: one for one in seen.named}
    assert ("kind = 'rare'" in named) == shown
    assert ("kind = 'rare'" in seen.gate.failed) == gated
    assert seen.gate.n_slices == 4 + gated


def test_without_any_field_or_cluster_the_gate_passes_and_nothing_is_named():
    _, setting = world()
    bare = Evidence(Dataset(setting.dataset.fields, setting.dataset.row_ids, setting.dataset.content,
                            Roles(label="label")))  # fmt: skip
    seen = report(bare, setting, answers(setting, 0.9), answers(setting, 0.5, seed=1))
    assert seen.named == ()
    assert seen.found == ()
    assert seen.gate.passed
    assert seen.gate.n_slices == 0


def test_of_a_loss_a_slice_falls_where_its_loss_grows_and_the_drop_is_a_share_of_the_value_before():
    evidence, setting = world()
    truth = setting.targets.values[setting.evaluation]
    rng = np.random.default_rng(0)

    def sure(share):
        own = np.clip(share + 0.05 * rng.normal(size=N_EVALUATION), 0.02, 0.98).astype(np.float32)
        return np.where(np.eye(2)[truth] > 0, own[:, None], 1 - own[:, None])

    before = [sure(0.8) for _ in range(3)]
    after = [sure(np.where(in_city("Aden"), 0.65, 0.8)) for _ in range(3)]
    seen = report(evidence, setting, before, after, metric="log_loss")
    aden = seen.named[0]
    assert aden.slice == "city = 'Aden'"
    assert 0 < aden.before < aden.after
    assert aden.before == pytest.approx(-np.log(0.8), abs=0.03)
    assert aden.after == pytest.approx(-np.log(0.65), abs=0.03)
    assert aden.lift == pytest.approx(aden.before - aden.after)
    assert seen.gate.failed == ("city = 'Aden'",)
    # The loss grew by about 0.21, of a mean of about 0.22 before: below the whole of it, beyond half.
    assert report(evidence, setting, before, after, metric="log_loss", max_slice_drop=1.0).gate.passed
    assert not report(evidence, setting, before, after, metric="log_loss", max_slice_drop=0.5).gate.passed


def test_slices_of_a_regression_are_judged_by_the_absolute_error():
    evidence, setting = world(task="regression")
    truth = setting.targets.values[setting.evaluation]
    rng = np.random.default_rng(0)
    before = [(truth + rng.normal(size=N_EVALUATION))[:, None] for _ in range(3)]
    after = [one + np.where(in_city("Dover"), 3.0, 0.0)[:, None] for one in before]
    seen = report(evidence, setting, before, after, metric="rmse")
    assert seen.parameters == {"slices_by": "mae"}
    assert seen.gate.failed == ("city = 'Dover'",)
    assert seen.named[0].before == pytest.approx(np.sqrt(2 / np.pi), abs=0.1)
    assert seen.named[0].after > 2.5


def test_ranks_have_no_value_of_a_row_so_that_slices_are_judged_by_accuracy():
    evidence, setting = world()
    seen = report(evidence, setting, answers(setting, 0.9), answers(setting, 0.9, seed=1), metric="auroc")
    assert seen.parameters == {"slices_by": "accuracy"}


def test_rows_with_a_twin_in_train_count_in_no_slice():
    evidence, setting = world()
    leaked = np.arange(N_EVALUATION) < 100
    part = Setting(
        setting.dataset, None, setting.targets, setting.train, setting.evaluation, leaked, setting.doubted,
        setting.groups,
    )  # fmt: skip
    seen = report(evidence, part, answers(setting, 0.9), answers(setting, 0.9, seed=1))
    assert sum(one.size for one in seen.named) == N_EVALUATION - 100


def test_rows_of_one_group_are_no_independent_evidence():
    evidence, setting = world()
    before = answers(setting, 0.9)
    after = answers(setting, 0.9, inside=in_city("Cork"), inside_right=0.75)
    # In Cork every row belongs to one of five users.
    users = np.where(np.arange(N_ROWS) % 4 == 2, np.arange(N_ROWS) // 4 % 5, 1_000 + np.arange(N_ROWS))
    grouped = Setting(
        setting.dataset, None, setting.targets, setting.train, setting.evaluation, setting.leaked, setting.doubted,
        users,
    )  # fmt: skip
    alone, together = (report(evidence, one, before, after) for one in (setting, grouped))
    widths = [seen.named[0].high - seen.named[0].low for seen in (alone, together)]
    assert alone.named[0].slice == together.named[0].slice == "city = 'Cork'"
    assert widths[1] != pytest.approx(widths[0], rel=0.05)
    assert together.named[0].q_value > alone.named[0].q_value


def test_an_effect_that_grows_over_time_has_a_slope():
    days = np.arange(N_ROWS)
    time = pa.array(np.datetime64("2024-01-01") + days.astype("timedelta64[D]"))
    evidence, setting = world(time=time)
    early = np.arange(N_EVALUATION) < N_EVALUATION // 2
    before = answers(setting, 0.9, inside=early, inside_right=0.6)
    seen = report(evidence, setting, before, answers(setting, 0.9))
    assert seen.trend["unit"] == "day"
    assert seen.trend["slope_high"] < 0
    assert seen.trend["buckets"][0]["lift"] > 0.15
    assert abs(seen.trend["buckets"][-1]["lift"]) < 0.1
    assert seen.trend["buckets"][0]["start"] == "2024-04-10T00:00:00"


def test_a_time_field_that_is_no_time_gives_no_trend():
    evidence, setting = world(time=pa.array(["soon"] * N_ROWS))
    assert report(evidence, setting, answers(setting, 0.9), answers(setting, 0.9)).trend is None
