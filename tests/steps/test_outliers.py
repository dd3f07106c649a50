import json

import numpy as np

from burnish.dataset import Column, Evidence, findings_table
from burnish.protocols import Check, Step
from burnish.steps.neighbors import NearestNeighbors
from burnish.steps.outliers import OutlierRows, Outliers
from burnish.testing.planted import Defects, planted_vectors


def gathered(planted, vectors=None):
    evidence = Evidence(planted.dataset)
    evidence = evidence.adding([Column("embeddings", planted.vectors if vectors is None else vectors, "row")])
    evidence = evidence.adding(NearestNeighbors().run(evidence, seed=0))
    return evidence.adding(Outliers().run(evidence, seed=0))


def flagged(evidence):
    return [flag.row for finding in OutlierRows().judge(evidence) for flag in finding.rows]


def test_step_and_check_keep_their_protocols():
    assert isinstance(Outliers(), Step)
    assert isinstance(OutlierRows(), Check)


def test_planted_outliers_are_found_and_nothing_else():
    planted = planted_vectors(800, defects=Defects(outliers=0.02), spread=0.6, seed=1)
    rows = flagged(gathered(planted))
    truth = set(planted.outliers.tolist())
    assert len(truth & set(rows)) >= 0.9 * len(truth)
    assert len(set(rows) - truth) <= 2


def test_nothing_planted_nothing_flagged():
    rows = [flagged(gathered(planted_vectors(600, seed=seed))) for seed in range(3)]
    assert sum(map(len, rows)) <= 2


def test_findings_come_strangest_first_and_name_the_nearest_row():
    planted = planted_vectors(800, defects=Defects(outliers=0.02), spread=0.6, seed=1)
    evidence = gathered(planted)
    findings = OutlierRows().judge(evidence)
    scores = [finding.score for finding in findings]
    assert scores == sorted(scores, reverse=True)
    row = findings[0].rows[0]
    nearest = int(evidence["neighbors"][row.row, 0])
    assert row.edit == "review"
    assert row.evidence["nearest"] == planted.dataset.row_ids[nearest].as_py()
    assert row.evidence["times_usual"] > 1
    assert "times as far as usual" in findings[0].message
    assert findings[0].severity == "warning"


def test_findings_can_be_written_as_a_table():
    planted = planted_vectors(800, defects=Defects(outliers=0.02), spread=0.6, seed=1)
    table = findings_table(OutlierRows().judge(gathered(planted)), planted.dataset.row_ids.to_pylist())
    assert "outlier_score" in json.loads(table["evidence"][0].as_py())


def test_rows_that_cannot_be_read_are_not_called_strange():
    planted = planted_vectors(300, seed=2)
    vectors = planted.vectors.copy()
    vectors[7] = np.nan
    evidence = gathered(planted, vectors)
    assert np.isnan(evidence["outlier_score"][7])
    assert 7 not in flagged(evidence)


def test_a_handful_of_rows_is_too_few_to_call_one_strange():
    planted = planted_vectors(300, defects=Defects(outliers=0.02), seed=1)
    evidence = gathered(planted)
    assert OutlierRows(min_rows=301).judge(evidence) == []


def test_a_lower_threshold_flags_no_fewer_rows():
    evidence = gathered(planted_vectors(800, defects=Defects(outliers=0.02), spread=0.6, seed=1))
    few, many = (OutlierRows(min_score=m).judge(evidence) for m in (0.9995, 0.9))
    assert len(few) < len(many)
