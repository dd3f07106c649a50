from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Evidence
from burnish.dataset.locks import compare, lock_rows
from burnish.errors import UsageError
from burnish.steps.splits import Splits
from burnish.testing.planted import planted_vectors


def run(evidence, seed=0, **parameters):
    return Evidence(evidence.dataset).adding(Splits(**parameters).run(evidence, seed=seed))


def unsplit(n_rows=500, **roles):
    planted = planted_vectors(n_rows, seed=0)
    return Evidence(replace(planted.dataset, roles=replace(planted.roles, split=None, **roles)))


def test_rows_of_the_test_split_are_locked():
    planted = planted_vectors(300, seed=0)
    mask = run(Evidence(planted.dataset))["evaluation"]
    assert (mask == (np.array(planted.table.column("split").to_pylist()) == "test")).all()


def test_another_split_can_be_named_and_an_unknown_one_is_refused():
    planted = planted_vectors(300, seed=0)
    assert run(Evidence(planted.dataset), evaluation_split="train")["evaluation"].mean() > 0.7
    with pytest.raises(UsageError, match="Splits here: test, train"):
        run(Evidence(planted.dataset), evaluation_split="tset")


def test_naming_a_split_without_a_split_field_is_refused():
    with pytest.raises(UsageError, match="needs a split field"):
        run(unsplit(), evaluation_split="test")


def test_without_a_split_a_fifth_of_every_class_is_drawn():
    evidence = unsplit()
    mask = run(evidence)["evaluation"]
    codes = evidence.dataset.labels.codes
    shares = [mask[codes == c].mean() for c in range(4)]
    assert np.allclose(shares, 0.2, atol=0.02)


def test_the_draw_depends_on_the_seed_alone():
    assert (run(unsplit(), seed=1)["evaluation"] == run(unsplit(), seed=1)["evaluation"]).all()
    assert (run(unsplit(), seed=1)["evaluation"] != run(unsplit(), seed=2)["evaluation"]).any()


def test_no_copy_and_no_group_straddles_the_split():
    planted = planted_vectors(500, seed=0)
    users = pa.array([f"u{i // 4}" for i in range(500)])
    dataset = replace(
        planted.dataset,
        fields=planted.dataset.fields.append_column("user", users),
        roles=replace(planted.roles, split=None, group="user"),
    )
    near = np.full(500, -1)
    near[[3, 4]] = 0  # joins users 0 and 1
    mask = run(Evidence(dataset).adding([Column("near_group", near)]))["evaluation"]
    by_user = mask.reshape(-1, 4)
    assert (by_user.all(axis=1) | ~by_user.any(axis=1)).all()
    assert mask[0] == mask[7]
    assert 0.15 < mask.mean() < 0.25


def test_rows_without_a_label_are_not_drawn():
    planted = planted_vectors(200, seed=0)
    labels = [None if i % 2 else label for i, label in enumerate(planted.table.column("label").to_pylist())]
    fields = planted.dataset.fields.set_column(
        planted.dataset.fields.column_names.index("label"), "label", pa.array(labels)
    )
    dataset = replace(planted.dataset, fields=fields, roles=replace(planted.roles, split=None))
    mask = run(Evidence(dataset))["evaluation"]
    assert mask.sum() == pytest.approx(20, abs=4)
    assert not mask[1::2].any()


def curated(dataset, mask):
    """Drop rows, turn the order, add rows, and give the new version."""
    rng = np.random.default_rng(1)
    kept = np.flatnonzero(mask | (rng.random(len(dataset)) < 0.6))
    new = planted_vectors(50, seed=9).dataset
    ids = pa.array([f"new-{i}" for i in range(50)])
    names = dataset.fields.column_names
    both = replace(
        dataset,
        fields=pa.concat_tables([dataset.fields, new.fields.select(names)]),
        row_ids=pa.concat_arrays([dataset.row_ids, ids]),
        content=np.concatenate([dataset.content, new.content]),
        vectors=np.concatenate([dataset.vectors, new.vectors]),
    )
    return both.take(rng.permutation(np.r_[kept, len(dataset) : len(dataset) + 50]))


def test_a_curated_version_keeps_exactly_the_locked_rows():
    evidence = unsplit()
    mask = run(evidence)["evaluation"]
    lock = lock_rows(evidence.dataset, mask, origin="drawn", locked_at="2026-11-26")
    version = curated(evidence.dataset, mask)
    drift = compare(lock, version)
    drift.refuse(lock)
    again = run(Evidence(version), locked_ids=drift.present, seed=7)
    assert again.table("split_origin")["origin"].to_pylist() == ["drawn"]
    locked = np.flatnonzero(again["evaluation"])
    assert sorted(version.row_ids.take(locked).to_pylist()) == sorted(lock.row_ids.to_pylist())
    assert (run(Evidence(version))["evaluation"] != again["evaluation"]).any()


def test_copies_of_locked_rows_that_came_since_are_training_rows():
    evidence = unsplit()
    ids = tuple(evidence.dataset.row_ids.to_pylist()[:40])
    near = np.full(500, -1)
    near[[0, 100]] = 0
    mask = run(evidence.adding([Column("near_group", near)]), locked_ids=ids)["evaluation"]
    assert mask[:40].all()
    assert not mask[40:].any()


def test_a_split_that_is_given_wins_over_a_lock():
    planted = planted_vectors(300, seed=0)
    given, locked = (run(Evidence(planted.dataset), locked_ids=ids) for ids in (None, ("r1", "r2")))
    assert (given["evaluation"] == locked["evaluation"]).all()
    assert locked.table("split_origin")["origin"].to_pylist() == ["given"]
