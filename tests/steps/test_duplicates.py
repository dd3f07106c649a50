import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles, findings_table
from burnish.errors import MissingFieldError
from burnish.protocols import Check, Step
from burnish.steps.duplicates import ConflictingDuplicates, Duplicates, ExactDuplicates, NearDuplicates
from burnish.steps.neighbors import NearestNeighbors
from burnish.testing.planted import Defects, planted_texts, planted_vectors

CHECKS = [ExactDuplicates(), NearDuplicates(), ConflictingDuplicates()]


def gathered(dataset, vectors, **columns):
    evidence = Evidence(dataset).adding([Column("embeddings", np.asarray(vectors, np.float32), "row")])
    evidence = evidence.adding(Column(name, values) for name, values in columns.items())
    evidence = evidence.adding(NearestNeighbors().run(evidence, seed=0))
    return evidence.adding(Duplicates().run(evidence, seed=0))


def bag_of_words(dataset, n_dims=64):
    words = [text.lower().split() for text in dataset.texts.to_pylist()]
    drawn = {w: np.random.default_rng(abs(hash_of(w))).standard_normal(n_dims) for line in words for w in line}
    rows = np.array([sum(drawn[w] for w in line) for line in words])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def hash_of(word):
    return int.from_bytes(word.encode()[:8], "big")


@pytest.fixture(scope="module")
def planted():
    return planted_vectors(800, defects=Defects(duplicates=0.03, near_duplicates=0.04), seed=1)


@pytest.fixture(scope="module")
def evidence(planted):
    return gathered(planted.dataset, planted.vectors)


def small(contents, labels, evaluation=None):
    """Rows far apart but for equal contents; the last digit of a content tells nearly equal rows apart."""
    rng = np.random.default_rng(0)
    rest = 200
    far = {code // 10: rng.standard_normal(24) for code in contents}
    vectors = [far[code // 10] * 5 + 0.02 * (code % 10) * np.ones(24) for code in contents]
    vectors = np.vstack([vectors, rng.standard_normal((rest, 24)) * 5])
    codes = np.concatenate([contents, 10_000 + np.arange(rest)]).astype(np.uint64)
    table = pa.table({"label": pa.array([*labels, *["rest"] * rest])})
    dataset = Dataset(
        fields=table, row_ids=pa.array([f"r{i}" for i in range(len(codes))]),
        content=np.column_stack([codes, codes]), roles=Roles(label="label"), vectors=vectors,
    )  # fmt: skip
    columns = {} if evaluation is None else {"evaluation": np.isin(np.arange(len(codes)), evaluation)}
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return gathered(dataset, unit, **columns)


def edits(findings):
    return {flag.row: flag.edit for finding in findings for flag in finding.rows}


def test_step_and_checks_keep_their_protocols():
    assert isinstance(Duplicates(), Step)
    assert all(isinstance(check, Check) for check in CHECKS)


def test_the_step_writes_what_it_says(evidence):
    assert all(name in evidence for name in Duplicates.writes)


def test_planted_copies_are_found_and_nothing_else(planted, evidence):
    exact, near = evidence["exact_group"], evidence["near_group"]
    for copy, origin in planted.duplicates:
        assert exact[copy] == exact[origin] >= 0
    for copy, origin in np.concatenate([planted.near_duplicates, planted.duplicates]):
        assert near[copy] == near[origin] >= 0
    truth = set(planted.near_duplicates.ravel()) | set(planted.duplicates.ravel())
    assert set(np.flatnonzero(near >= 0)) == truth
    assert len(edits(NearDuplicates().judge(evidence))) == len(planted.near_duplicates)


def test_nothing_planted_nothing_flagged():
    clean = planted_vectors(600, seed=2)
    found = gathered(clean.dataset, clean.vectors)
    assert not any(check.judge(found) for check in CHECKS)


def test_planted_text_copies_are_found():
    planted = planted_texts(800, defects=Defects(duplicates=0.02, near_duplicates=0.04), seed=3)
    found = gathered(planted.dataset, bag_of_words(planted.dataset))
    near = found["near_group"]
    hits = sum(near[copy] == near[origin] >= 0 for copy, origin in planted.near_duplicates)
    assert hits >= 0.7 * len(planted.near_duplicates)
    truth = set(planted.near_duplicates.ravel()) | set(planted.duplicates.ravel())
    extra = set(np.flatnonzero(near >= 0)) - truth
    assert len(extra) <= 0.1 * len(truth)


def test_a_text_twin_outside_the_neighbor_lists_is_still_seen():
    planted = planted_texts(600, defects=Defects(near_duplicates=0.03), seed=4)
    evidence = gathered(planted.dataset, bag_of_words(planted.dataset))
    plain = evidence["near_group"]
    neighbors = evidence["neighbors"].copy()
    for copy, origin in planted.near_duplicates:
        for row, twin in ((copy, origin), (origin, copy)):
            neighbors[row, neighbors[row] == twin] = -1
    hidden = evidence.adding([Column("neighbors", neighbors)])
    hidden = hidden.adding(Duplicates().run(hidden, seed=0))
    assert (plain >= 0).sum() >= len(planted.near_duplicates)
    assert (hidden["near_group"] == plain).mean() > 0.99


def test_exact_copies_are_dropped_but_one_that_every_finding_names(planted, evidence):
    findings = ExactDuplicates().judge(evidence)
    representative = evidence["near_representative"]
    lines = findings_table(findings, planted.dataset.row_ids.to_pylist()).to_pylist()
    assert {line["suggested_edit"] for line in lines} == {"drop"}
    ids = planted.dataset.row_positions
    for line in lines:
        facts = json.loads(line["evidence"])
        assert facts["kept"] == facts["twin"] != line["row_id"]
        assert representative[ids[line["row_id"]]] == ids[facts["kept"]]


def test_near_findings_carry_the_numbers_and_come_surest_first(evidence):
    findings = NearDuplicates().judge(evidence)
    scores = [finding.score for finding in findings]
    assert scores == sorted(scores, reverse=True)
    facts = findings[0].rows[0].evidence
    assert {"kept", "twin", "distance", "group_size", "joint_distance"} <= set(facts)
    assert 0 < facts["distance"] < 0.05
    assert not NearDuplicates(min_score=1.1).judge(evidence)


def test_the_representative_is_at_distance_zero_and_outside_is_nan(evidence):
    representative, distance = evidence["near_representative"], evidence["near_distance"]
    rows = np.arange(len(distance))
    assert np.isnan(distance[representative < 0]).all()
    assert (distance[representative == rows] == 0).all()
    assert (distance[representative >= 0] < 0.1).all()


def test_evaluation_rows_are_never_edited_and_a_pair_across_is_left_to_leaks():
    evidence = small([10, 10, 20, 20, 30, 30, 30], ["a"] * 7, evaluation=[1, 4, 5])
    assert edits(ExactDuplicates().judge(evidence)) == {3: "drop", 4: None, 5: None}


def test_labels_that_conflict_go_to_review():
    findings = ConflictingDuplicates().judge(small([10, 10, 20, 20], ["a", "b", "c", "c"]))
    assert edits(findings) == {0: "review", 1: "review"}
    assert findings[0].severity == "error"
    assert findings[0].rows[0].evidence["twin"] == "r1"


def test_a_clear_majority_of_train_rows_relabels_the_others():
    evidence = small([10, 10, 10, 10, 20], ["a", "a", "b", "a", "c"])
    (finding,) = ConflictingDuplicates().judge(evidence)
    assert [(flag.row, flag.edit, flag.label) for flag in finding.rows] == [(2, "relabel", "a")]
    locked = small([10, 10, 10, 10, 20], ["a", "a", "b", "a", "c"], evaluation=[0])
    assert edits(ConflictingDuplicates().judge(locked)) == {1: "review", 2: "review", 3: "review"}


def test_near_copies_conflict_too():
    evidence = small([10, 11], ["a", "b"])
    assert edits(ConflictingDuplicates().judge(evidence)) == {0: "review", 1: "review"}


def test_without_labels_nothing_conflicts(evidence):
    bare = replace(evidence, dataset=replace(evidence.dataset, roles=Roles()))
    assert ConflictingDuplicates().judge(bare) == []


def test_rows_without_embedding_are_no_near_copies(planted):
    vectors = planted.vectors.copy()
    vectors[planted.near_duplicates[:, 0]] = np.nan
    found = gathered(planted.dataset, vectors)
    assert (found["near_group"][planted.near_duplicates[:, 0]] == -1).all()


def test_one_row_is_alone():
    dataset = Dataset(pa.table({"x": [1]}), pa.array(["a"]), np.ones((1, 2), np.uint64), Roles())
    found = gathered(dataset, np.ones((1, 3)))
    assert found["near_group"].tolist() == [-1]
    assert found.table("duplicate_threshold").num_rows == 1


def test_of_copies_the_one_with_the_largest_value_of_a_field_is_kept():
    planted = planted_vectors(400, defects=Defects(duplicates=0.05, near_duplicates=0.05), seed=2)
    evidence = Evidence(planted.dataset).adding([Column("embeddings", planted.vectors, "row")])
    evidence = evidence.adding(NearestNeighbors().run(evidence, seed=0))
    kept = evidence.adding(Duplicates(keep_by="age").run(evidence, seed=0))["near_representative"]
    ages = np.array(planted.table["age"].to_pylist())
    pairs = np.concatenate([planted.duplicates, planted.near_duplicates])
    pairs = pairs[(kept[pairs] >= 0).all(axis=1) & (ages[pairs[:, 0]] != ages[pairs[:, 1]])]
    assert len(pairs) > 20
    assert (kept[pairs[:, 0]] == pairs[np.arange(len(pairs)), ages[pairs].argmax(axis=1)]).all()


def test_keeping_by_a_field_that_is_not_there_is_refused_with_the_known_ones():
    planted = planted_vectors(50, seed=2)
    evidence = Evidence(planted.dataset).adding([Column("embeddings", planted.vectors, "row")])
    evidence = evidence.adding(NearestNeighbors().run(evidence, seed=0))
    with pytest.raises(MissingFieldError, match="region"):
        Duplicates(keep_by="agee").run(evidence, seed=0)


def test_a_near_copy_of_a_row_is_found_among_any_number_of_its_exact_copies():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((400, 24)).astype(np.float32)
    vectors[200:240] = vectors[0]
    vectors[399] = vectors[0] + 0.02 * rng.standard_normal(24)
    content = np.column_stack([np.arange(400), np.zeros(400)]).astype(np.uint64)
    content[200:240] = content[0]
    fields = pa.table({"id": [f"r{i}" for i in range(400)]})
    dataset = Dataset(fields, fields.column("id").combine_chunks(), content, Roles(id="id"), vectors=vectors)
    evidence = Evidence(dataset).adding([Column("embeddings", vectors, "row")])
    evidence = evidence.adding(NearestNeighbors().run(evidence, seed=0))
    crowded = evidence["neighbors"].copy()
    crowded[399] = np.arange(220, 235)  # the first of the copies stands in no list
    evidence = evidence.adding([Column("neighbors", crowded)])
    evidence = evidence.adding(Duplicates().run(evidence, seed=0))
    assert evidence["near_group"][399] == evidence["near_group"][0] >= 0
    (near,) = NearDuplicates().judge(evidence)
    assert [flag.row for flag in near.rows] == [399]
