import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.kernels.neighbors import nearest_neighbors
from burnish.steps.labels import LabelQuality, SuspectEvaluationLabels, SuspectLabels
from burnish.steps.predictions import Predictions

N_ROWS, N_TRAIN = 600, 450


def audited(n_wrong=30, seed=0, *, neighbors=True):
    """A planted set with wrong labels on both sides of the split; gives evidence and the mask of wrong rows."""
    rng = np.random.default_rng(seed)
    true = rng.integers(3, size=N_ROWS)
    rows = (rng.normal(size=(3, 10))[true] + 0.5 * rng.normal(size=(N_ROWS, 10))).astype(np.float32)
    wrong = np.zeros(N_ROWS, bool)
    wrong[rng.permutation(N_ROWS)[:n_wrong]] = True
    codes = np.where(wrong, (true + 1) % 3, true)
    ids = pa.array([f"r{i}" for i in range(N_ROWS)])
    fields = pa.table({"id": ids, "label": pa.array(["ham", "jam", "spam"]).take(pa.array(codes))})
    content = np.arange(2 * N_ROWS, dtype=np.uint64).reshape(N_ROWS, 2)
    evidence = Evidence(Dataset(fields, ids, content, Roles(id="id", label="label")))
    found = nearest_neighbors(rows, 10)
    parts = [Column("embeddings", rows, "row"), Column("evaluation", np.arange(N_ROWS) >= N_TRAIN)]
    parts += [Column("neighbors", found.positions)] if neighbors else []
    evidence = evidence.adding(parts)
    evidence = evidence.adding(Predictions().run(evidence, seed=0))
    return evidence.adding(LabelQuality().run(evidence, seed=0)), wrong, true


def flagged_rows(findings):
    return [flag.row for finding in findings for flag in finding.rows]


def test_the_step_writes_what_it_names_with_the_types_of_the_architecture():
    evidence, _, _ = audited()
    parts = LabelQuality().run(evidence, seed=0)
    assert tuple(part.name for part in parts) == LabelQuality.writes
    assert [evidence[name].dtype for name in LabelQuality.writes[:3]] == [np.float32, np.int32, np.float32]


@pytest.mark.parametrize("neighbors", [True, False])
def test_planted_wrong_labels_are_found_on_both_sides_of_the_split(neighbors):
    evidence, wrong, true = audited(neighbors=neighbors)
    train, locked = SuspectLabels().judge(evidence), SuspectEvaluationLabels().judge(evidence)
    flagged = np.array(flagged_rows(train) + flagged_rows(locked))
    assert wrong[flagged].mean() >= 0.9
    assert np.isin(np.flatnonzero(wrong), flagged).mean() >= 0.9
    assert all(row < N_TRAIN for row in flagged_rows(train))
    assert all(row >= N_TRAIN for row in flagged_rows(locked))
    hits = flagged[wrong[flagged]]
    assert np.mean(evidence["suggested_label"][hits] == true[hits]) >= 0.9


def test_clean_labels_give_next_to_no_finding():
    evidence, _, _ = audited(n_wrong=0)
    assert len(SuspectLabels().judge(evidence)) + len(SuspectEvaluationLabels().judge(evidence)) <= 6


def test_a_finding_says_what_it_saw():
    evidence, _, _ = audited()
    finding = SuspectLabels().judge(evidence)[0]
    (flag,) = finding.rows
    classes = evidence.dataset.labels.classes
    given = classes[evidence.dataset.labels.codes[flag.row]]
    assert (finding.code, finding.kind, finding.severity) == ("LAB001", "suspect_label", "warning")
    assert finding.message == f"labelled {given!r}, looks like {flag.label!r} ({flag.score:.2f})"
    assert flag.evidence["given_label"] == given
    assert flag.evidence["suggested_label"] == flag.label != given
    assert flag.evidence["probability_suggested"] > flag.evidence["probability_given"]
    assert flag.evidence["label_quality"] == pytest.approx(1 - flag.score, abs=1e-3)
    for neighbor in flag.evidence["neighbors"]:
        position = evidence.dataset.row_positions[neighbor]
        assert position < N_TRAIN
        assert position in evidence["neighbors"][flag.row]
        assert classes[evidence.dataset.labels.codes[position]] == flag.label
    assert 1 <= len(flag.evidence["neighbors"]) <= 3


def test_findings_come_surest_first_and_a_relabel_needs_more_than_a_flag():
    evidence, _, _ = audited()
    flags = [finding.rows[0] for finding in SuspectLabels(min_suspect=0.3, min_relabel=0.8).judge(evidence)]
    scores = [flag.score for flag in flags]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0.3
    assert all((flag.edit == "relabel") == (flag.score >= 0.8) for flag in flags if flag.label is not None)
    assert {flag.edit for flag in flags} == {"relabel", "review"}


def test_a_lower_threshold_only_adds_findings():
    evidence, _, _ = audited()
    strict, loose = (set(flagged_rows(SuspectLabels(min_suspect=t).judge(evidence))) for t in (0.9, 0.2))
    assert strict < loose


def test_evaluation_rows_are_for_review_only():
    evidence, _, _ = audited()
    findings = SuspectEvaluationLabels().judge(evidence)
    assert findings
    assert {flag.edit for finding in findings for flag in finding.rows} == {"review"}
    assert {finding.code for finding in findings} == {"LAB002"}


def test_a_label_without_a_better_one_is_for_review_and_says_so():
    evidence, _, _ = audited()
    row = flagged_rows(SuspectLabels().judge(evidence))[0]
    nothing = np.asarray(evidence["suggested_label"]).copy()
    nothing[row] = -1
    finding = SuspectLabels().judge(evidence.adding([Column("suggested_label", nothing)]))[0]
    (flag,) = finding.rows
    assert (flag.row, flag.edit, flag.label, flag.evidence["neighbors"]) == (row, "review", None, [])
    assert "little speaks for" in finding.message


def test_copies_of_a_row_do_not_vote_on_its_label():
    evidence, wrong, _ = audited()
    row = int(np.flatnonzero(wrong[:N_TRAIN])[0])
    likes = np.flatnonzero(evidence.dataset.labels.codes[:N_TRAIN] == evidence.dataset.labels.codes[row])
    likes = likes[likes != row][:10]
    neighbors = np.asarray(evidence["neighbors"]).copy()
    neighbors[row] = likes
    surrounded = evidence.adding([Column("neighbors", neighbors)])
    groups = np.full(N_ROWS, -1)
    groups[[row, *likes]] = 0
    copies = surrounded.adding([Column("near_group", groups)])
    confirmed, unheard = (e.adding(LabelQuality().run(e, seed=0))["label_suspect"][row] for e in (surrounded, copies))
    assert unheard > confirmed
