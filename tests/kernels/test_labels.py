import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import average_precision_score

from burnish.errors import InputError
from burnish.kernels.folds import group_folds
from burnish.kernels.labels import judge_labels, label_quality, label_skill, suggest_labels
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.probe import fit_probe, predict_probabilities

N_CLASSES = 4


def planted(noise, n_rows=1200, seed=0, spread=0.9):
    """Blobs, true and given labels, out-of-fold probabilities, neighbors."""
    rng = np.random.default_rng(seed)
    true = rng.integers(N_CLASSES, size=n_rows)
    rows = rng.normal(size=(N_CLASSES, 16))[true] + spread * rng.normal(size=(n_rows, 16))
    wrong = rng.permutation(n_rows)[: int(noise * n_rows)]
    labels = true.copy()
    labels[wrong] = (true[wrong] + rng.integers(1, N_CLASSES, size=len(wrong))) % N_CLASSES
    fold = group_folds(labels, np.full(n_rows, -1), n_folds=4, seed=seed)
    probabilities = np.empty((n_rows, N_CLASSES), np.float32)
    for k in range(4):
        probe = fit_probe(rows[fold != k], labels[fold != k], n_classes=N_CLASSES)
        probabilities[fold == k] = predict_probabilities(probe, rows[fold == k])
    return true, labels, probabilities, nearest_neighbors(rows, 15, seed=0).positions


@pytest.mark.parametrize("noise", [0.05, 0.2, 0.4])
def test_planted_wrong_labels_are_flagged_and_put_right_without_being_told_how_many(noise):
    true, labels, probabilities, neighbors = planted(noise)
    judged = judge_labels(labels, probabilities, neighbors=neighbors)
    flagged, wrong = judged.suspect >= 0.5, labels != true
    assert (flagged & wrong).sum() / flagged.sum() >= 0.9
    assert (flagged & wrong).sum() / wrong.sum() >= 0.9
    assert np.mean(judged.suggested[flagged & wrong] == true[flagged & wrong]) >= 0.95
    assert abs(judged.suspect.sum() / wrong.sum() - 1) < 0.1


def test_clean_labels_are_hardly_ever_flagged():
    true, labels, probabilities, neighbors = planted(0.0)
    assert np.array_equal(true, labels)
    judged = judge_labels(labels, probabilities, neighbors=neighbors)
    assert np.mean(judged.suspect >= 0.5) <= 0.01
    assert np.mean(label_quality(labels, probabilities) < 0.5) <= 0.01


def test_neighbors_add_to_what_the_probabilities_tell():
    true, labels, probabilities, neighbors = planted(0.3, spread=1.4)
    alone = judge_labels(labels, probabilities).suspect
    both = judge_labels(labels, probabilities, neighbors=neighbors).suspect
    wrong = labels != true
    assert average_precision_score(wrong, both) > average_precision_score(wrong, alone) + 0.005
    assert average_precision_score(wrong, alone) > 0.85


def test_a_confusion_that_is_usual_is_suspected_before_one_that_is_not():
    rng = np.random.default_rng(0)
    true = rng.integers(3, size=3000)
    labels = np.where((true == 0) & (rng.random(3000) < 0.3), 1, true)
    probabilities = np.full((3000, 3), 0.02)
    probabilities[np.arange(3000), true] = 0.96
    probabilities[:2] = [0.55, 0.4, 0.05], [0.05, 0.4, 0.55]
    labels[:2] = 1
    suspect = judge_labels(labels, probabilities).suspect
    assert suspect[0] > suspect[1]


def many_classes(noise, n_classes=40, n_rows=4000):
    """Labels of many classes, each alike to two others; 10 % are wrong, to a class "alike" or to one "anywhere"."""
    rng = np.random.default_rng(0)
    true = rng.integers(n_classes, size=n_rows)
    shift = rng.choice([1, n_classes - 1], size=n_rows) if noise == "alike" else rng.integers(1, n_classes, size=n_rows)
    labels = np.where(rng.random(n_rows) < 0.1, (true + shift) % n_classes, true)
    logits = rng.normal(size=(n_rows, n_classes))
    logits[np.arange(n_rows), true] += 5
    for step in (1, n_classes - 1):
        logits[np.arange(n_rows), (true + step) % n_classes] += 2
    return true, labels, softmax(logits, axis=1)


def suspects_given_far_and_near_labels(noise):
    """Suspect of two rows given another class at the same small probability: one unlike, one alike."""
    _, labels, probabilities = many_classes(noise)
    probabilities[:2] = 0.1 / 38
    probabilities[:2, 10] = 0.6
    probabilities[0, 25] = probabilities[1, 11] = 0.3
    labels[:2] = 25, 11
    return judge_labels(labels, probabilities).suspect[:2]


def test_wrong_labels_among_many_classes_are_looked_for_where_this_set_has_them():
    far, near = suspects_given_far_and_near_labels("alike")
    assert near > far + 0.2
    far_now, near_now = suspects_given_far_and_near_labels("anywhere")
    assert far_now > far + 0.1
    assert near_now < near - 0.1


@pytest.mark.parametrize("noise", ["alike", "anywhere"])
def test_among_many_classes_the_ranking_is_as_good_as_the_better_of_self_confidence_and_margin(noise):
    true, labels, probabilities = many_classes(noise)
    own = probabilities[np.arange(len(true)), labels]
    others = probabilities.copy()
    others[np.arange(len(true)), labels] = 0
    suspect = judge_labels(labels, probabilities).suspect
    found, *rivals = (
        average_precision_score(labels != true, score) for score in (suspect, -own, others.max(axis=1) - own)
    )
    assert found > max(rivals) - 0.001
    assert found > min(rivals) + 0.005


def test_quality_is_the_probability_that_the_label_is_right():
    _, labels, probabilities, _ = planted(0.1, 300)
    judged = judge_labels(labels, probabilities)
    assert np.allclose(judged.quality, 1 - judged.suspect)
    assert np.array_equal(label_quality(labels, probabilities), judged.quality)
    assert np.array_equal(suggest_labels(labels, probabilities), judged.suggested)
    assert judged.suspect.dtype == judged.quality.dtype == np.float32
    assert judged.suggested.dtype == np.int32


def test_less_probability_for_the_given_label_is_never_less_suspect():
    _, labels, probabilities, _ = planted(0.1)
    row, other = 0, (labels[0] + 1) % N_CLASSES
    found = []
    for share in (0.9, 0.6, 0.3, 0.1, 0.01):
        changed = probabilities.copy()
        changed[row] = 0.0
        changed[row, [labels[row], other]] = share, 1 - share
        found.append(float(judge_labels(labels, changed).suspect[row]))
    assert found == sorted(found)
    assert found[0] < 0.1
    assert found[-1] > 0.9


def test_row_order_and_class_order_do_not_matter():
    _, labels, probabilities, _ = planted(0.1, 400)
    suspect = judge_labels(labels, probabilities).suspect
    order = np.random.default_rng(1).permutation(400)
    assert np.allclose(judge_labels(labels[order], probabilities[order]).suspect, suspect[order], atol=1e-3)
    flipped = judge_labels(N_CLASSES - 1 - labels, probabilities[:, ::-1])
    assert np.allclose(flipped.suspect, suspect, atol=1e-3)


def test_rows_outside_the_reference_influence_no_other_row():
    _, labels, probabilities, neighbors = planted(0.1, 600)
    reference = np.arange(600) < 450
    given = judge_labels(labels, probabilities, neighbors=neighbors, reference=reference)
    shuffled = labels.copy()
    shuffled[450:] = np.random.default_rng(0).permutation(labels[450:])
    after = judge_labels(shuffled, probabilities, neighbors=neighbors, reference=reference)
    assert np.array_equal(given.suspect[:450], after.suspect[:450])
    assert np.isfinite(given.suspect).all()


def test_rows_without_a_label_get_nothing_and_teach_nothing():
    _, labels, probabilities, neighbors = planted(0.1, 400)
    labels[:40] = -1
    judged = judge_labels(labels, probabilities, neighbors=neighbors)
    assert np.isnan(judged.suspect[:40]).all()
    assert np.isnan(judged.quality[:40]).all()
    assert np.all(judged.suggested[:40] == -1)
    assert np.isfinite(judged.suspect[40:]).all()


@pytest.mark.parametrize("labels", [[], [0], [0, 0, 0], [-1, -1], [1, 0]])
def test_tiny_sets_are_judged_without_complaint(labels):
    codes = np.array(labels, int)
    judged = judge_labels(codes, np.full((len(codes), 2), 0.5))
    assert np.array_equal(np.isnan(judged.suspect), codes < 0)
    assert not np.any(judged.suspect > 0.5)


def test_a_single_class_leaves_nothing_to_doubt():
    assert label_quality(np.zeros(3, int), np.ones((3, 1))).tolist() == [1, 1, 1]


def test_a_class_that_no_reference_row_has_is_neither_judged_nor_suggested():
    _, labels, probabilities, _ = planted(0.1, 400)
    reference = labels != 3
    judged = judge_labels(labels, probabilities, reference=reference)
    assert np.array_equal(np.isnan(judged.suspect), ~reference)
    assert not np.any(judged.suggested == 3)


def test_labels_that_do_not_fit_the_probabilities_are_refused():
    with pytest.raises(InputError, match="3 labels stand beside"):
        label_quality(np.zeros(3, int), np.ones((2, 2)))
    with pytest.raises(InputError, match="label code 2 has no column among 2"):
        label_quality(np.array([0, 2]), np.ones((2, 2)))


def test_labels_drawn_at_random_show_no_skill_and_learnable_ones_do():
    rng = np.random.default_rng(0)
    scores = [label_skill(rng.choice(3, 400, p=[0.7, 0.2, 0.1]), rng.dirichlet(np.ones(3), 400)) for _ in range(200)]
    assert np.mean(np.abs(scores) > 3) <= 0.02
    labels = rng.integers(3, size=400)
    probabilities = 0.9 * rng.dirichlet(np.ones(3), 400) + 0.1 * np.eye(3)[labels]
    assert label_skill(labels, probabilities) > 3
    assert label_skill(np.full(5, -1), np.full((5, 3), 1 / 3)) == 0.0
