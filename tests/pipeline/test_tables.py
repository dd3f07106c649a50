import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, Summary
from burnish.pipeline.summary import audit_sentence, counts_by_code
from burnish.pipeline.tables import (
    CLUSTERS_SCHEMA,
    ROWS_SCHEMA,
    SLICES_SCHEMA,
    clusters_table,
    rows_table,
    slices_table,
)
from burnish.testing.planted import planted_vectors


@pytest.fixture
def bare():
    return Evidence(planted_vectors(12, n_classes=2, seed=0).dataset)


def test_without_evidence_every_column_is_there_and_null(bare):
    table = rows_table(bare, [])
    assert table.schema == ROWS_SCHEMA
    assert table["row_id"].to_pylist() == bare.dataset.row_ids.to_pylist()
    assert table["cluster"].null_count == 12
    assert clusters_table(bare).schema == CLUSTERS_SCHEMA
    assert slices_table(bare).schema == SLICES_SCHEMA


def test_minus_one_and_nan_become_null_but_a_noise_cluster_stays_minus_one(bare):
    codes = np.arange(12) - 1
    quality = np.where(codes < 0, np.nan, 0.5)
    evidence = bare.adding(
        [
            Column("exact_group", codes), Column("suggested_label", np.where(codes < 0, -1, 1)),
            Column("label_quality", quality), Column("cluster", codes), Column("cluster_path", codes[:, None]),
        ]
    )  # fmt: skip
    first = rows_table(evidence, []).slice(0, 1).to_pylist()[0]
    assert (first["exact_group"], first["suggested_label"], first["label_quality"]) == (None, None, None)
    assert (first["cluster"], first["cluster_path"]) == (-1, [-1])


def test_the_probability_is_that_of_the_predicted_label(bare):
    probabilities = np.tile([[0.3, 0.7]], (12, 1))
    evidence = bare.adding([Column("probabilities", probabilities), Column("predicted", np.ones(12, int))])
    table = rows_table(evidence, [])
    assert set(table["predicted_label"].to_pylist()) == {"class_1"}
    np.testing.assert_allclose(table["predicted_proba"].to_numpy(), 0.7, rtol=1e-6)


def test_both_sides_of_a_leak_are_marked(bare):
    leak = Finding("LEK001", "leak", "error", "a leak", (FlaggedRow(2, 1.0, "drop"), FlaggedRow(7, 1.0)))
    assert np.flatnonzero(rows_table(bare, [leak])["leak"].to_numpy()).tolist() == [2, 7]


def test_a_cluster_has_the_accuracy_of_its_rows_with_an_interval(bare):
    codes = bare.dataset.labels.codes
    wrong = codes.copy()
    wrong[:3] = 1 - wrong[:3]
    lines = pa.table(
        {
            "cluster": [0, 1], "parent": [-1, -1], "level": [0, 0], "size": [6, 6], "share": [0.5, 0.5],
            "stability": [0.9, 0.8], "name": ["a", "b"], "keywords": [["x"], []], "exemplars": [[0], [11]],
        }
    )  # fmt: skip
    evidence = bare.adding(
        [Column("cluster_path", np.repeat([0, 1], 6)[:, None]), Column("predicted", wrong), Summary("clusters", lines)]
    )
    first, second = clusters_table(evidence).to_pylist()
    assert first["accuracy"] == 0.5
    assert first["accuracy_low"] < 0.5 < first["accuracy_high"]
    assert second["accuracy"] == 1.0
    assert first["exemplars"] == ["row-000000"]


def test_a_cluster_has_its_value_where_one_is_known(bare):
    lines = pa.table({"cluster": [0, 1], "exemplars": [[0], [11]]})
    known = pa.table({"cluster": [1], "value": [-0.02], "low": [-0.03], "high": [-0.01], "reason": ["label noise"]})
    first, second = clusters_table(
        bare.adding([Summary("clusters", lines), Summary("cluster_values", known)])
    ).to_pylist()
    assert (first["value"], first["value_low"], first["value_high"]) == (None, None, None)
    assert (second["value"], second["value_low"], second["value_high"]) == (-0.02, -0.03, -0.01)


def test_a_slice_has_the_ids_of_its_rows(bare):
    lines = [{"slice": "one", "size": 2, "gap": 0.25, "rows": [7, 3]}, {"slice": "two", "size": 1, "rows": [0]}]
    table = slices_table(bare.adding([Summary("slices", pa.Table.from_pylist(lines))]))
    ids = bare.dataset.row_ids.to_pylist()
    assert table.schema == SLICES_SCHEMA
    assert table["row_ids"].to_pylist() == [[ids[7], ids[3]], [ids[0]]]
    assert table.select(["slice", "size", "gap", "p_value"]).to_pylist()[0] == {
        "slice": "one", "size": 2, "gap": 0.25, "p_value": None,
    }  # fmt: skip
    sliced = pa.Table.from_pylist(lines).slice(1)
    assert slices_table(bare.adding([Summary("slices", sliced)]))["row_ids"].to_pylist() == [[ids[0]]]


def test_counts_take_the_worst_severity_and_each_row_once():
    flag = FlaggedRow(1, 1.0)
    findings = [
        Finding("DUP001", "exact_duplicate", "info", "first", (flag,)),
        Finding("DUP001", "exact_duplicate", "warning", "second", (flag, FlaggedRow(2, 1.0))),
    ]
    counts = counts_by_code(findings)["DUP001"]
    assert (counts["findings"], counts["rows"], counts["severity"], counts["message"]) == (2, 2, "warning", "first")
    assert audit_sentence({"DUP001": counts}, 10) == "In 10 rows: 2 exact duplicates."
    assert audit_sentence({}, 10) == "Nothing was found in 10 rows."


@pytest.mark.parametrize(
    ("kind", "rows", "findings", "said"),
    [
        ("suspect_label", 642, 642, "642 suspect labels"), ("suspect_label", 1, 1, "1 suspect label"),
        ("weak_slice", 249, 2, "249 rows in weak slices"), ("coverage_gap", 1, 1, "1 row in coverage gaps"),
        ("quality", 9, 3, "9 quality problems"), ("imbalance", 0, 2, "2 imbalances"),
        ("weak_slice", 0, 1, "1 weak slice"),
    ],
)  # fmt: skip
def test_the_sentence_of_an_audit_counts_in_the_plural_and_slices_by_their_rows(kind, rows, findings, said):
    counts = {"X": {"kind": kind, "rows": rows, "findings": findings}}
    assert audit_sentence(counts, 9_314) == f"In 9,314 rows: {said}."


@pytest.mark.parametrize(("n_kinds", "end"), [(4, "."), (5, " and 1 more kind."), (6, " and 2 more kinds.")])
def test_the_sentence_of_an_audit_names_four_kinds_and_counts_the_others(n_kinds, end):
    kinds = ("leak", "outlier", "shortcut", "imbalance", "near_duplicate", "quality")[:n_kinds]
    counts = {kind: {"kind": kind, "rows": 9 - i, "findings": 1} for i, kind in enumerate(kinds)}
    assert audit_sentence(counts, 10).endswith(f"6 imbalances{end}")
