"""Every metric agrees with scikit-learn, and its influence with a numeric derivative."""

import numpy as np
import pytest
from sklearn import metrics as sk

from burnish.kernels.metrics import METRICS, FunctionMetric, row_blocks

N_ROWS, N_CLASSES = 90, 4


def world(task, seed=0, n_rows=N_ROWS):
    rng = np.random.default_rng(seed)
    if task == "regression":
        truth = rng.normal(size=n_rows)
        return truth, (truth + rng.normal(size=n_rows))[:, None]
    if task == "multi-label":
        truth = (rng.random((n_rows, N_CLASSES)) < 0.4).astype(np.float32)
        return truth, np.clip(0.3 * truth + 0.7 * rng.random((n_rows, N_CLASSES)), 0, 1)
    n_classes = 2 if task == "two classes" else N_CLASSES
    truth = rng.integers(0, n_classes, n_rows)
    scores = rng.random((n_rows, n_classes)) + 0.7 * np.eye(n_classes)[truth]
    return truth, np.round(scores / scores.sum(axis=1, keepdims=True), 2 if task == "ties" else 9)


def expected(name, truth, predictions, weights=None):
    if name in ("rmse", "mae"):
        error = {"rmse": sk.root_mean_squared_error, "mae": sk.mean_absolute_error}[name]
        return error(truth, predictions[:, 0], sample_weight=weights)
    if name == "log_loss":
        return np.average(losses(truth, predictions), weights=weights)
    if name in ("auroc", "average_precision"):
        return ranked(name, truth, predictions, weights)
    said = predictions.argmax(axis=1) if truth.ndim == 1 else (predictions > 0.5).astype(int)
    if name == "accuracy":
        return sk.accuracy_score(truth, said, sample_weight=weights)
    if name == "balanced_accuracy":
        return sk.balanced_accuracy_score(truth, said, sample_weight=weights)
    return sk.f1_score(truth, said, average=name.split("_")[0], sample_weight=weights, zero_division=0)


def losses(truth, predictions):
    if truth.ndim == 1:
        return -np.log(np.maximum(predictions[np.arange(len(truth)), truth], 1e-6))
    return -np.log(np.maximum(np.where(truth > 0, predictions, 1 - predictions), 1e-6)).mean(axis=1)


def ranked(name, truth, predictions, weights):
    score = {"auroc": sk.roc_auc_score, "average_precision": sk.average_precision_score}[name]
    if truth.ndim == 1 and predictions.shape[1] == 2:
        return score(truth, predictions[:, 1], sample_weight=weights)
    hot = np.eye(predictions.shape[1])[truth] if truth.ndim == 1 else truth
    each = range(predictions.shape[1])
    return np.mean([score(hot[:, c], predictions[:, c], sample_weight=weights) for c in each])


CASES = [
    (name, task)
    for name, metric in METRICS.items()
    for task in (*metric.tasks, *(("two classes", "ties") if "classification" in metric.tasks else ()))
]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_metric_agrees_with_scikit_learn(name, task):
    truth, predictions = world(task)
    metric = METRICS[name]
    got = metric.value(truth, metric.terms(truth, predictions))
    assert got == pytest.approx(expected(name, truth, predictions), abs=1e-9)


@pytest.mark.parametrize(("name", "task"), CASES)
@pytest.mark.slow
def test_the_influence_is_the_derivative_by_the_weight_of_a_row(name, task):
    truth, predictions = world(task, seed=1)
    metric = METRICS[name]
    influence = metric.influence(truth, metric.terms(truth, predictions))
    step = 1e-4
    for row in range(0, N_ROWS, 9):
        weights = np.ones((2, N_ROWS))
        weights[:, row] += (step, -step)
        up, down = (expected(name, truth, predictions, w) for w in weights)
        assert influence[row] == pytest.approx(N_ROWS * (up - down) / (2 * step), abs=2e-3)


@pytest.mark.parametrize(("name", "task"), CASES)
@pytest.mark.slow
def test_influences_have_mean_zero_and_give_the_variance_over_rows(name, task):
    metric = METRICS[name]
    draws = [world(task, seed=s, n_rows=400) for s in range(150)]
    values = [metric.value(t, metric.terms(t, p)) for t, p in draws]
    influences = [metric.influence(t, metric.terms(t, p)) for t, p in draws[:30]]
    assert max(abs(i.mean()) for i in influences) < 1e-9
    told = np.mean([i.std() / np.sqrt(len(i)) for i in influences])
    assert told == pytest.approx(np.std(values), rel=0.25)


def test_a_metric_that_rows_of_one_class_cannot_show_is_nan():
    truth, predictions = np.zeros(10, int), np.full((10, 2), 0.5)
    assert np.isnan(METRICS["auroc"].value(truth, METRICS["auroc"].terms(truth, predictions)))


def test_a_users_function_sees_names_and_probabilities():
    seen = {}

    def metric(truth, predicted, probabilities):
        seen.update(truth=set(truth), width=probabilities.shape[1])
        return float((truth == predicted).mean())

    truth, predictions = world("two classes")
    ours = FunctionMetric(name="mine", tasks=("classification",), function=metric, classes=("no", "yes"))
    assert ours.value(truth, predictions) == METRICS["accuracy"].terms(truth, predictions).mean()
    assert seen == {"truth": {"no", "yes"}, "width": 2}


def test_a_users_function_gets_the_variance_of_its_blocks():
    truth, predictions = world("regression", n_rows=1_000)
    ours = FunctionMetric(name="mine", tasks=("regression",), function=lambda t, p: float(np.mean(np.abs(t - p))))
    mae = METRICS["mae"]
    blocks = row_blocks(len(truth))
    spread = [
        np.bincount(blocks, i).var()
        for i in (ours.influence(truth, predictions), mae.influence(truth, mae.terms(truth, predictions)))
    ]
    assert spread[0] == pytest.approx(spread[1], rel=0.05)
    assert len(np.unique(blocks)) == 50
