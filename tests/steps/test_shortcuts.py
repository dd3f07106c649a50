from dataclasses import replace

import numpy as np
import pyarrow as pa

from burnish.dataset import Column, Evidence, Roles
from burnish.steps.shortcuts import ImageShortcut, MetadataShortcut, ShortcutsStep
from burnish.testing.planted import planted_vectors


def gathered(n_rows=1_500, seed=0, *columns, **fields):
    dataset = planted_vectors(n_rows, n_classes=3, seed=seed).dataset
    for name, values in fields.items():
        dataset = replace(dataset, fields=dataset.fields.append_column(name, pa.array(values)))
    dataset = replace(dataset, roles=replace(dataset.roles, meta=(*dataset.roles.meta, *fields)))
    evidence = Evidence(dataset).adding(columns)
    return evidence.adding(ShortcutsStep().run(evidence, seed=seed))


def hospital(agreement, n_rows=1_500, seed=0):
    codes = planted_vectors(n_rows, n_classes=3, seed=seed).dataset.labels.codes
    rng = np.random.default_rng(seed)
    said = np.where(rng.random(n_rows) < agreement, codes, rng.integers(3, size=n_rows))
    return [f"hospital {code}" for code in said]


def test_a_field_that_gives_the_label_away_is_found_and_the_others_are_not():
    evidence = gathered(hospital=hospital(0.8))
    [finding] = MetadataShortcut().judge(evidence)
    assert finding.evidence["field"] == "hospital"
    assert "hospital alone tells label" in finding.message
    assert finding.rows == ()


def test_random_fields_are_never_flagged_and_seldom_significant():
    tables = [gathered(600, seed) for seed in range(20)]
    assert not any(MetadataShortcut().judge(evidence) for evidence in tables)
    significant = [min(evidence.table("shortcuts")["q_value"].to_pylist()) <= 0.05 for evidence in tables]
    assert sum(significant) <= 4


def test_a_weak_field_is_evidence_and_no_finding():
    evidence = gathered(hospital=hospital(0.3))
    line = next(line for line in evidence.table("shortcuts").to_pylist() if line["field"] == "hospital")
    assert line["q_value"] < 0.01
    assert 0.2 < line["score"] < 0.4
    assert MetadataShortcut().judge(evidence) == []


def test_a_field_well_below_the_model_is_no_shortcut():
    codes = planted_vectors(1_500, n_classes=3).dataset.labels.codes
    sure = Column("probabilities", np.eye(3, dtype=np.float32)[codes])
    evidence = gathered(1_500, 0, sure, hospital=hospital(0.55))
    assert evidence.table("shortcuts")["model_score"].to_pylist()[0] == 1.0
    assert MetadataShortcut(min_score=0.4).judge(evidence) == []
    assert MetadataShortcut(min_score=0.4).judge(gathered(hospital=hospital(0.55))) != []


def test_where_fields_are_the_input_only_a_twin_of_the_label_counts():
    def as_table(evidence):
        return replace(evidence, dataset=replace(evidence.dataset, vectors=None))

    assert MetadataShortcut().judge(as_table(gathered(hospital=hospital(0.8)))) == []
    [finding] = MetadataShortcut().judge(as_table(gathered(hospital=hospital(0.99))))
    assert finding.evidence["field"] == "hospital"


def test_brightness_that_gives_the_label_away_is_found():
    codes = planted_vectors(1_500, n_classes=3).dataset.labels.codes
    measured = np.random.default_rng(0).standard_normal((1_500, 8)).astype(np.float32)
    measured[:, 2] += 3 * (codes == 1)
    evidence = gathered(1_500, 0, Column("image_stats", measured))
    [finding] = ImageShortcut().judge(evidence)
    assert (finding.evidence["field"], finding.evidence["best_label"]) == ("brightness", "class_1")
    assert MetadataShortcut().judge(evidence) == []


def test_copies_of_a_row_are_counted_once():
    groups = np.where(np.arange(1_500) < 1_400, 0, -1)
    evidence = gathered(1_500, 0, Column("exact_group", groups), hospital=hospital(0.3))
    line = next(line for line in evidence.table("shortcuts").to_pylist() if line["field"] == "hospital")
    assert line["high"] - line["low"] > 0.25


def test_without_labels_there_are_no_lines():
    dataset = replace(planted_vectors(50).dataset, roles=Roles(meta=("region",)))
    evidence = Evidence(dataset)
    assert evidence.adding(ShortcutsStep().run(evidence, seed=0)).table("shortcuts").num_rows == 0
