"""Arms: which rows each learns from, and the shares of codes, against Shapley values by the book."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.dataset import Changeset, Column, Edit, Evidence
from burnish.errors import InputError
from burnish.pipeline.arms import AFTER, BEFORE, ONLY, SHARE, Change, Plan, contrast
from burnish.pipeline.settings import setting_of
from burnish.testing.planted import planted_vectors

CODES = ("DUP001", "LAB001", "LEK001", "OUT001", "QUA001")


def values_of(plan, worth):
    """Give what each arm of a plan is worth, by the codes that it applies."""
    return {name: np.array(worth(coalition)) for name, coalition in plan.arms.items()}


def shares_of(plan, worth):
    values = values_of(plan, worth)
    return {name.removeprefix(SHARE): float(contrast(values, terms)) for name, terms in plan.shares.items()}


def game(seed):
    """Give a worth of coalitions, drawn at random and remembered."""
    rng, known = np.random.default_rng(seed), {}
    return lambda coalition: known.setdefault(coalition, float(rng.normal()))


def shapley(codes, worth):
    """Average over every order, by the definition."""
    orders = list(permutations(codes))
    return {
        code: float(np.mean([worth(frozenset(o[: o.index(code) + 1])) - worth(frozenset(o[: o.index(code)]))
                             for o in orders]))
        for code in codes
    }  # fmt: skip


def plan_of(codes, seed=0):
    return Plan.of(codes, np.random.default_rng(seed))


@settings(max_examples=40)
@given(st.integers(2, 5), st.integers(0, 10_000))
def test_shares_add_up_to_the_lift(n_codes, seed):
    plan, worth = plan_of(CODES[:n_codes], seed), game(seed)
    values = values_of(plan, worth)
    lift = float(contrast(values, plan.lifts["lift"]))
    assert sum(shares_of(plan, worth).values()) == pytest.approx(lift, abs=1e-12)


@settings(max_examples=20)
@given(st.integers(2, 3), st.integers(0, 10_000))
def test_up_to_three_codes_shares_are_shapley_values(n_codes, seed):
    codes, worth = CODES[:n_codes], game(seed)
    assert shares_of(plan_of(codes, seed), worth) == pytest.approx(shapley(codes, worth), abs=1e-12)


@pytest.mark.parametrize("n_codes", [4, 5])
def test_beyond_three_codes_drawn_orders_average_to_shapley_values(n_codes):
    codes, worth = CODES[:n_codes], game(1)
    drawn = [shares_of(plan_of(codes, seed), worth) for seed in range(3_000)]
    spread = {code: np.std([one[code] for one in drawn]) for code in codes}
    for code, value in shapley(codes, worth).items():
        assert np.mean([one[code] for one in drawn]) == pytest.approx(value, abs=4 * spread[code] / np.sqrt(3_000))


@pytest.mark.parametrize("n_codes", [4, 5])
def test_where_codes_meet_in_pairs_only_one_draw_is_exact(n_codes):
    # In an order and its reverse each of two codes comes second once.
    codes, pairs = CODES[:n_codes], game(3)
    plan = plan_of(codes, seed=8)

    def worth(coalition):
        return sum(pairs(frozenset({one, two})) for one, two in combinations(sorted(coalition), 2))

    assert shares_of(plan, worth) == pytest.approx(shapley(codes, worth), abs=1e-12)


@pytest.mark.parametrize("n_codes", [2, 3, 4, 5])
def test_a_code_that_does_nothing_has_no_share(n_codes):
    codes, worth = CODES[:n_codes], game(2)
    found = shares_of(plan_of(codes), lambda coalition: worth(coalition - {"LAB001"}))
    assert found["LAB001"] == pytest.approx(0, abs=1e-12)
    assert abs(found["DUP001"]) > 1e-3


@pytest.mark.parametrize("n_codes", [2, 3, 4, 5])
def test_where_effects_add_up_a_share_is_the_effect_alone(n_codes):
    plan = plan_of(CODES[:n_codes])
    effects = dict(zip(CODES, (0.5, -0.25, 2.0, 1.0, 0.125), strict=True))
    found = shares_of(plan, lambda coalition: sum(effects[code] for code in coalition))
    assert found == pytest.approx({code: effects[code] for code in CODES[:n_codes]})


@pytest.mark.parametrize("n_codes", [2, 3, 4, 5])
def test_each_code_alone_has_an_arm_and_no_coalition_two(n_codes):
    plan = plan_of(CODES[:n_codes])
    assert plan.arms[BEFORE] == frozenset()
    assert plan.arms[AFTER] == frozenset(CODES[:n_codes])
    for code in CODES[:n_codes]:
        assert plan.arms[ONLY + code] == {code}
        assert plan.lifts[ONLY + code] == {ONLY + code: 1.0, BEFORE: -1.0}
    assert len(set(plan.arms.values())) == len(plan.arms)


def test_a_single_code_or_none_needs_no_arm_but_before_and_after():
    for codes in ((), ("LAB001",)):
        plan = plan_of(codes)
        assert set(plan.arms) == {BEFORE, AFTER}
        assert set(plan.lifts) == {"lift"}


def test_up_to_three_codes_every_coalition_is_trained_and_beyond_few_of_them():
    assert len(plan_of(CODES[:3]).arms) == 8
    assert len(plan_of(CODES).arms) <= 2 + 5 + 6 < 32


# Which rows an arm learns from.

N_ROWS, N_TRAIN = 400, 300


def setting():
    planted = planted_vectors(N_ROWS, n_dims=8, seed=0)
    columns = [Column("embeddings", planted.vectors, "row"), Column("evaluation", np.arange(N_ROWS) >= N_TRAIN)]
    return setting_of(Evidence(planted.dataset).adding(columns))


def change_of(*edits):
    where = setting()
    ids = where.dataset.row_ids.to_pylist()
    made = tuple(Edit(ids[row], action, code, "a test", label=label) for row, action, code, label in edits)
    return Change(where, Changeset(where.dataset.version, made))


def drops(rows, code):
    return [(row, "drop", code, None) for row in rows]


def test_a_drop_takes_a_row_away_only_where_its_code_is_applied():
    change = change_of(*drops((0, 1), "DUP001"), *drops((2,), "LAB001"))
    drawn = np.arange(10)
    assert change.training(drawn, ()).rows.tolist() == list(range(10))
    assert change.training(drawn, ["DUP001"]).rows.tolist() == list(range(2, 10))
    assert change.training(drawn, change.codes).rows.tolist() == list(range(3, 10))
    assert change.n_train(()) == N_TRAIN
    assert change.n_train(["LAB001"]) == N_TRAIN - 1
    assert change.n_train(change.codes) == N_TRAIN - 3


def test_a_relabel_keeps_the_row_and_teaches_it_otherwise_only_where_its_code_is_applied():
    where = setting()
    old = where.targets.values[4]
    label = where.targets.classes[(old + 1) % 4]
    change = change_of((4, "relabel", "LAB001", label), *drops((0,), "DUP001"))
    drawn = np.arange(10)
    assert change.training(drawn, ["DUP001"]).values[3] == old
    both = change.training(drawn, change.codes)
    assert both.rows.tolist() == list(range(1, 10))
    assert both.values[3] == (old + 1) % 4
    assert np.array_equal(np.delete(both.values, 3), np.delete(where.targets.values[1:10], 3))


def test_the_control_drops_as_many_rows_per_class_as_are_edited():
    where = setting()
    labels = where.targets.values
    edited = np.concatenate([np.flatnonzero(labels[:N_TRAIN] == 0)[:30], np.flatnonzero(labels[:N_TRAIN] == 2)[:7]])
    relabels = [(row, "relabel", "LAB001", where.targets.classes[1]) for row in edited[:10]]
    change = change_of(*relabels, *drops(edited[10:], "DUP001"))
    left = change.control(where.train, np.random.default_rng(0))
    missing = np.setdiff1d(where.train, left.rows)
    assert np.bincount(labels[missing], minlength=4).tolist() == [30, 0, 7, 0]
    assert len(left) == change.n_control == N_TRAIN - 37
    assert np.array_equal(left.values, labels[left.rows])


def test_the_control_is_another_one_each_time_and_knows_nothing_of_the_edits():
    change = change_of(*drops(range(40), "DUP001"))
    train, rng = change.setting.train, np.random.default_rng(0)
    dropped = [np.setdiff1d(train, change.control(train, rng).rows) for _ in range(20)]
    assert len({tuple(rows) for rows in dropped}) == 20
    share = np.mean([np.isin(rows, np.arange(40)).mean() for rows in dropped])
    assert share == pytest.approx(40 / N_TRAIN, abs=0.06)


def test_a_class_that_is_edited_whole_is_dropped_whole():
    where = setting()
    rows = np.flatnonzero(where.targets.values[:N_TRAIN] == 3)
    change = change_of(*drops(rows, "QUA001"))
    assert 3 not in change.control(where.train, np.random.default_rng(0)).values


def test_without_edits_the_control_is_before():
    change = change_of()
    assert np.array_equal(change.control(np.arange(50), np.random.default_rng(0)).rows, np.arange(50))
    assert change.codes == ()
    assert len(change.edited) == 0


def test_edits_of_rows_that_do_not_train_change_no_arm():
    change = change_of(*drops((0, N_TRAIN + 5), "DUP001"))
    assert change.edited.tolist() == [0]
    assert change.n_control == N_TRAIN - 1


def test_weights_are_refused():
    where = setting()
    edits = (Edit(where.dataset.row_ids[0].as_py(), "weight", "HAND", "a test", weight=2.0),)
    with pytest.raises(InputError, match="weights 1 row"):
        Change(where, Changeset(where.dataset.version, edits))
