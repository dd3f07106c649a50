import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from burnish.kernels.probe import L2_GRID, choose_l2, fit_probe, predict_probabilities


def blobs(n_rows=600, *, n_dims=12, n_classes=4, spread=1.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n_rows)
    centers = rng.normal(size=(n_classes, n_dims))
    return (centers[labels] + spread * rng.normal(size=(n_rows, n_dims))).astype(np.float32), labels


def objective(probe, rows, labels, l2):
    """The objective of the module's first lines, written out slowly in float64."""
    weight = np.full(len(labels), 1 / len(labels))
    centered = rows - weight @ rows
    scale = np.sqrt(np.mean(weight @ centered**2))
    scores = rows.astype(np.float64) @ probe.coef + probe.intercept
    loss = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(labels)), labels]
    return weight @ loss + l2 / 2 * np.sum((probe.coef.astype(np.float64) * scale) ** 2)


@pytest.mark.parametrize("l2", [1e-3, 1e-1])
def test_the_loss_is_that_of_scikit_learn_converged_tightly(l2):
    rows, labels = blobs()
    centered = rows - rows.mean(axis=0)
    scale = np.sqrt(np.mean(centered.var(axis=0)))
    peer = LogisticRegression(C=1 / (l2 * len(rows)), tol=1e-10, max_iter=5000).fit(centered / scale, labels)
    probe = fit_probe(rows, labels, n_classes=4, l2=l2)
    found = predict_probabilities(probe, rows)
    assert np.abs(found - peer.predict_proba(centered / scale)).max() < 5e-3
    peer_log = peer.predict_log_proba(centered / scale)[np.arange(len(rows)), labels]
    peer_loss = -peer_log.mean() + l2 / 2 * np.sum((peer.coef_ - peer.coef_.mean(axis=0)) ** 2)
    assert objective(probe, rows, labels, l2) <= peer_loss + 1e-4


def test_probabilities_do_not_depend_on_the_scale_or_the_origin_of_the_embeddings():
    rows, labels = blobs()
    plain = predict_probabilities(fit_probe(rows, labels, n_classes=4), rows)
    moved = 50 * rows + 7
    assert np.allclose(predict_probabilities(fit_probe(moved, labels, n_classes=4), moved), plain, atol=5e-3)


def test_a_weight_of_two_is_the_row_twice():
    rows, labels = blobs(200)
    weight = np.where(np.arange(200) < 50, 2.0, 1.0)
    twice = np.concatenate([np.arange(200), np.arange(50)])
    weighted = fit_probe(rows, labels, n_classes=4, sample_weight=weight)
    repeated = fit_probe(rows[twice], labels[twice], n_classes=4)
    found = predict_probabilities(weighted, rows)
    assert np.allclose(found, predict_probabilities(repeated, rows), atol=5e-3)
    assert not np.allclose(found, predict_probabilities(fit_probe(rows, labels, n_classes=4), rows), atol=5e-3)


def test_a_class_without_training_rows_has_probability_zero():
    rows, labels = blobs()
    found = predict_probabilities(fit_probe(rows, np.where(labels == 3, 4, labels), n_classes=6), rows)
    assert found.shape == (600, 6)
    assert np.all(found[:, [3, 5]] == 0)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


def test_one_class_and_one_row_give_a_constant_answer_and_no_row_a_uniform_one():
    rows, _ = blobs(5)
    one_class = predict_probabilities(fit_probe(rows, np.full(5, 2), n_classes=3), rows)
    assert one_class.tolist() == [[0, 0, 1]] * 5
    one_row = predict_probabilities(fit_probe(rows[:1], np.array([1]), n_classes=3), rows)
    assert one_row.tolist() == [[0, 1, 0]] * 5
    none = predict_probabilities(fit_probe(rows[:0], np.empty(0, int), n_classes=4), rows)
    assert np.allclose(none, 0.25)


def test_rows_that_are_all_alike_give_the_class_shares():
    found = predict_probabilities(fit_probe(np.ones((40, 3)), np.arange(40) % 4 // 3, n_classes=2), np.ones((1, 3)))
    assert np.allclose(found, [[0.75, 0.25]], atol=1e-2)


def test_noisier_labels_ask_for_stronger_regularisation():
    rows, labels = blobs(400, n_dims=60, spread=0.5)
    noisy = np.where(np.random.default_rng(1).random(400) < 0.5, (labels + 1) % 4, labels)
    clean_l2 = choose_l2(rows, labels, n_classes=4, seed=0)
    noisy_l2 = choose_l2(rows, noisy, n_classes=4, seed=0)
    assert L2_GRID[0] / 4 < clean_l2 < noisy_l2 < L2_GRID[-1] * 4


def test_copies_of_held_out_rows_do_not_fool_the_choice_when_grouped():
    rows, labels = blobs(150, n_dims=60, spread=3.0)
    noisy = np.random.default_rng(2).permutation(labels)
    doubled = np.tile(np.arange(150), 3)
    alone = choose_l2(rows[doubled], noisy[doubled], n_classes=4, seed=0)
    grouped = choose_l2(rows[doubled], noisy[doubled], doubled, n_classes=4, seed=0)
    assert grouped > alone


def test_too_few_rows_to_hold_any_out_get_the_strongest_regularisation():
    assert choose_l2(np.ones((1, 3)), np.zeros(1, int), n_classes=2, seed=0) == L2_GRID[-1]
    assert choose_l2(np.ones((0, 3)), np.zeros(0, int), n_classes=2, seed=0) == L2_GRID[-1]
