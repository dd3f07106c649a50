import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Evidence, Summary
from burnish.protocols import Check, Step
from burnish.steps.coverage import Coverage, CoverageGaps
from burnish.testing.planted import planted_vectors

PLANTED = planted_vectors(1000, seed=0)
CLUSTERS = np.asarray(PLANTED.dataset.labels.codes, np.int64)


def gathered(evaluation, *, clusters=True):
    columns = [Column("embeddings", PLANTED.vectors, "row"), Column("evaluation", evaluation)]
    if clusters:
        columns.append(Column("cluster", CLUSTERS))
    evidence = Evidence(PLANTED.dataset).adding(columns)
    return evidence.adding(Coverage().run(evidence, seed=0))


def split(seed, share=0.2):
    return np.random.default_rng(seed).random(len(CLUSTERS)) < share


def test_step_and_check_keep_their_protocols():
    assert isinstance(Coverage(), Step)
    assert isinstance(CoverageGaps(), Check)


def test_a_region_without_training_is_found_with_its_rows():
    evaluation = split(0) | (CLUSTERS == 1)
    findings = CoverageGaps().judge(gathered(evaluation))
    assert [finding.evidence["cluster"] for finding in findings] == [1]
    assert {flag.row for flag in findings[0].rows} == set(np.flatnonzero(CLUSTERS == 1))
    assert {flag.edit for flag in findings[0].rows} == {"collect"}
    assert findings[0].evidence["train_share"] == 0
    assert findings[0].rows[0].evidence["coverage"] < 1


def test_a_region_with_a_fifth_of_the_training_that_others_have_is_found():
    rng = np.random.default_rng(4)
    evaluation = split(0) | ((CLUSTERS == 1) & (rng.random(1000) < 0.75))
    assert [f.evidence["cluster"] for f in CoverageGaps().judge(gathered(evaluation))] == [1]


def test_random_splits_give_no_finding():
    assert [CoverageGaps().judge(gathered(split(seed))) for seed in range(10)] == [[]] * 10


def test_without_clusters_the_regions_are_cells_of_the_embeddings():
    evaluation = split(0) | (CLUSTERS == 1)
    findings = CoverageGaps().judge(gathered(evaluation, clusters=False))
    flagged = {flag.row for finding in findings for flag in finding.rows}
    hidden = set(np.flatnonzero(CLUSTERS == 1))
    assert len(flagged & hidden) >= 0.7 * len(hidden)
    assert len(flagged & hidden) >= 0.7 * len(flagged)


def test_regions_bear_the_names_of_their_clusters():
    evaluation = split(0) | (CLUSTERS == 1)
    names = Summary("clusters", pa.table({"cluster": [0, 1, 2, 3], "name": ["a", "weather", "c", "d"]}))
    evidence = gathered(evaluation).adding([names])
    evidence = evidence.adding(Coverage().run(evidence, seed=0))
    assert "weather" in CoverageGaps().judge(evidence)[0].message


@pytest.mark.parametrize("evaluation", [np.zeros(1000, bool), np.ones(1000, bool)])
def test_one_side_alone_gives_no_finding(evaluation):
    assert CoverageGaps().judge(gathered(evaluation)) == []
