from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Evidence, Finding
from burnish.pipeline.trials import Rates, Trial, run_trials, threshold_for, tuned_checks, with_figures
from burnish.protocols import Check
from burnish.steps.duplicates import Duplicates, NearDuplicates
from burnish.steps.labels import LabelQuality, SuspectEvaluationLabels, SuspectLabels
from burnish.steps.leaks import Leaks, NearLeaks
from burnish.steps.neighbors import NearestNeighbors
from burnish.steps.outliers import OutlierRows, Outliers
from burnish.steps.planting import Material
from burnish.steps.predictions import Predictions
from burnish.steps.splits import Splits
from burnish.testing.planted import Defects, planted_texts, planted_vectors

pytestmark = pytest.mark.slow

CHECKS = (NearDuplicates(), NearLeaks(), SuspectLabels(), SuspectEvaluationLabels(), OutlierRows())
DEFECTS = Defects(near_duplicates=0.03, leaks=0.02, wrong_labels=0.12, outliers=0.02)


def gathered(dataset, vectors):
    evidence = Evidence(dataset).adding([Column("embeddings", vectors, "row")])
    for step in (NearestNeighbors(), Duplicates(), Splits(), Leaks(), Predictions(), LabelQuality(), Outliers()):
        evidence = evidence.adding(step.run(evidence, seed=0))
    return evidence


@pytest.fixture(scope="module")
def planted():
    return planted_vectors(1_500, n_dims=16, defects=DEFECTS, seed=3)


@pytest.fixture(scope="module")
def evidence(planted):
    return gathered(planted.dataset, planted.vectors)


@pytest.fixture(scope="module")
def trials(evidence):
    return {trial.code: trial for trial in run_trials(evidence, CHECKS, None, seed=0)}


def made_up(floor, thresholds=(0.5, 0.7, 0.9)):
    rates = Rates(*(np.asarray(floor, float),) * 3)
    return Trial("LAB001", 100, 0.5, np.asarray(thresholds), rates, rates, np.asarray(floor, float))


def test_every_detector_with_a_threshold_is_tried_in_the_order_of_the_checks(trials):
    assert list(trials) == [check.code for check in CHECKS]


def test_the_interval_of_suspect_labels_holds_the_true_precision_and_recall(planted, evidence, trials):
    wrong = np.zeros(len(planted.dataset), bool)
    wrong[planted.wrong_labels] = True
    suspect = np.nan_to_num(evidence["label_suspect"])
    train = ~evidence["evaluation"]
    for threshold in (0.5, 0.7, 0.9):
        told, flagged = trials["LAB001"].at(threshold), train & (suspect >= threshold)
        assert told["precision_low"] - 0.02 <= wrong[flagged].mean() <= told["precision_high"] + 0.02
        assert told["recall"] == pytest.approx(flagged[wrong].mean(), abs=0.12)


def test_flags_on_clean_labels_that_are_hard_get_a_low_precision():
    planted = planted_vectors(1_500, n_dims=16, spread=1.5, seed=4)
    evidence = gathered(planted.dataset, planted.vectors)
    trial = next(t for t in run_trials(evidence, CHECKS, None, seed=0) if t.code == "LAB001")
    assert len(SuspectLabels().judge(evidence)) > 20
    assert trial.at(0.5)["precision"] < 0.5
    assert threshold_for(trial, 0.9) is None


def test_where_classes_overlap_on_every_row_nothing_is_promised():
    planted = planted_vectors(1_500, n_dims=16, spread=3.0, seed=4)
    evidence = gathered(planted.dataset, planted.vectors)
    trial = next(t for t in run_trials(evidence, CHECKS, None, seed=0) if t.code == "LAB001")
    assert trial.at(0.5)["precision_low"] == 0
    assert threshold_for(trial, 0.1) is None
    assert "overlap" in trial.notes[0]


def test_near_copies_that_are_far_closer_than_usual_are_found_without_false_ones(trials):
    told = trials["DUP002"].at(0.5)
    assert told["recall"] > 0.9
    assert told["precision"] > 0.9
    assert trials["LEK002"].at(0.5)["recall"] > 0.8


def test_copies_of_texts_are_found_as_the_users_embedder_sees_them():
    planted = planted_texts(600, defects=Defects(near_duplicates=0.04), seed=5)
    texts = planted.dataset.texts
    vectors = letters(texts)
    material = Material(lambda rows: texts.take(pa.array(rows)), lambda items: {"embeddings": letters(items)})
    found = {t.code: t for t in run_trials(gathered(planted.dataset, vectors), CHECKS, material, seed=0)}
    assert found["DUP002"].at(0.5)["recall"] > 0.7
    assert found["DUP002"].at(0.5)["precision"] > 0.8


def letters(texts):
    """Count letters and pairs of letters, hashed."""
    counts = np.zeros((len(texts), 64), np.float32)
    for row, text in enumerate(texts.to_pylist()):
        for first, second in pairwise(text):
            counts[row, (ord(first) * 31 + ord(second)) % 64] += 1
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


def test_the_same_seed_gives_the_same_trials_and_the_evidence_is_left_alone(evidence, trials):
    before = {name: column.values.copy() for name, column in evidence.columns.items()}
    again = {trial.code: trial for trial in run_trials(evidence, CHECKS, None, seed=0)}
    for code, trial in trials.items():
        assert again[code].precision.value == pytest.approx(trial.precision.value, nan_ok=True, abs=1e-6)
    for name, values in before.items():
        np.testing.assert_array_equal(evidence[name], values)


def test_rates_lie_in_their_intervals_and_recall_falls_with_the_threshold(trials):
    for trial in trials.values():
        for rates in (trial.precision, trial.recall):
            known = np.isfinite(rates.value)
            assert (rates.low[known] <= rates.value[known] + 1e-9).all()
            assert (rates.value[known] <= rates.high[known] + 1e-9).all()
        assert (np.diff(trial.recall.value) <= 1e-9).all()
        assert (np.diff(trial.thresholds) > 0).all()


def test_a_trial_of_few_rows_is_not_made(planted):
    rows = np.arange(100)
    dataset = planted.dataset.take(rows)
    assert run_trials(gathered(dataset, planted.vectors[rows]), CHECKS, None, seed=0) == ()


def test_labels_that_have_nothing_to_do_with_the_rows_are_not_tried(planted):
    rng = np.random.default_rng(0)
    fields = planted.dataset.fields
    shuffled = fields["label"].take(pa.array(rng.permutation(len(fields))))
    dataset = replace(planted.dataset, fields=fields.set_column(fields.column_names.index("label"), "label", shuffled))
    found = run_trials(gathered(dataset, planted.vectors), CHECKS, None, seed=0)
    assert not {"LAB001", "LAB002"} & {trial.code for trial in found}


def test_the_lowest_threshold_that_reaches_the_precision_is_taken():
    trial = made_up([0.5, 0.8, 0.95])
    assert threshold_for(trial, 0.8) == 0.7
    assert threshold_for(trial, 0.9) == 0.9
    assert threshold_for(trial, 0.99) is None
    assert threshold_for(made_up([np.nan, np.nan, np.nan]), 0.1) is None


def test_checks_get_their_threshold_and_one_that_cannot_reach_it_reports_nothing(evidence):
    tuned, notes = tuned_checks((SuspectLabels(), OutlierRows()), [made_up([0.5, 0.8, 0.95])], 0.8)
    assert tuned == (SuspectLabels(min_suspect=0.7), OutlierRows())
    assert notes[0].startswith("LAB001: threshold 0.7")
    assert "OUT001: no trial could be made" in notes[1]
    silent, notes = tuned_checks((SuspectLabels(),), [made_up([0.5, 0.8, 0.95])], 0.99)
    assert silent[0].judge(evidence) == []
    assert notes == ("LAB001 reports nothing: no threshold has a precision of 0.99 (at most 0.95).",)


def test_a_check_without_a_threshold_stays_as_it_is():
    @dataclass(frozen=True)
    class Plain:
        code: str = "QUA001"
        reads: tuple[str, ...] = ()

        def judge(self, evidence: Evidence) -> list[Finding]:
            return []

    plain: Check = Plain()
    assert tuned_checks((plain,), [made_up([1.0, 1.0, 1.0])], 0.9) == ((plain,), ())


def test_findings_carry_the_figures_of_the_threshold_that_found_them(evidence, trials):
    checks = (SuspectLabels(min_suspect=0.7),)
    findings = with_figures(checks[0].judge(evidence), trials.values(), checks)
    told = trials["LAB001"].at(0.7)
    assert findings
    assert all(f.evidence["trial_precision"] == told["precision"] for f in findings)
    assert all(f.evidence["trial_recall"] == told["recall"] for f in findings)


def test_a_trial_is_told_as_json_without_numbers_that_json_cannot_say(trials):
    document = replace(made_up([np.nan, 0.8, 0.95]), at_threshold=0.5).to_json()
    assert document["precision"] is None
    assert set(document) == {
        "threshold", "n_planted", "precision", "precision_low", "precision_high", "recall", "recall_low",
        "recall_high", "notes",
    }  # fmt: skip
    assert trials["LAB001"].to_json()["threshold"] == 0.5
