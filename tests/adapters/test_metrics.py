import sys
from types import ModuleType

import numpy as np
import pytest

from burnish.adapters.metrics import resolve_metric
from burnish.errors import UsageError
from burnish.kernels.metrics import DEFAULT_METRICS, METRICS, FunctionMetric

CLASSES = ("cat", "dog", "eel")


def share_of_dogs(truth, predicted):
    return float(np.mean(predicted[truth == "dog"] == "dog"))


def cost(truth, predicted):
    return float(np.mean(truth != predicted))


cost.greater_is_better = False


class Scored:
    """A callable that has no name."""

    def __call__(self, truth, predicted, probabilities):
        return float(probabilities.max(axis=1).mean())


@pytest.fixture
def module(monkeypatch):
    made = ModuleType("my_metrics")
    made.share_of_dogs, made.cost, made.version = share_of_dogs, cost, "1.0"
    monkeypatch.setitem(sys.modules, "my_metrics", made)
    return made


def predicted(names):
    """Give probabilities that are surest of these classes."""
    return np.eye(3)[[CLASSES.index(name) for name in names]] * 0.8 + 0.05


@pytest.mark.parametrize("name", METRICS)
def test_a_name_gives_the_built_in_metric(name):
    assert resolve_metric(name, task="classification") is METRICS[name]


@pytest.mark.parametrize(
    ("task", "name"), [("classification", "accuracy"), ("multi-label", "macro_f1"), ("regression", "rmse")]
)
def test_a_task_has_a_metric_of_its_own(task, name):
    assert resolve_metric(None, task=task) is METRICS[name]
    assert task in METRICS[name].tasks
    assert DEFAULT_METRICS[task] == name


def test_a_metric_stays_as_it_is():
    assert resolve_metric(METRICS["mae"], task="classification") is METRICS["mae"]


@pytest.mark.parametrize(
    ("wrong", "near"), [("acuracy", "accuracy"), ("macro-f1", "macro_f1"), ("logloss", "log_loss"), ("auc", "mae")]
)
def test_an_unknown_name_is_refused_with_the_nearest_and_all_known_ones(wrong, near):
    with pytest.raises(UsageError, match=f"unknown metric '{wrong}'") as raised:
        resolve_metric(wrong, task="classification")
    if wrong != "auc":
        assert f"Did you mean {near!r}?" in raised.value.remedy
    assert all(name in raised.value.remedy for name in METRICS)
    assert "module:callable" in raised.value.remedy


def test_a_name_like_no_other_is_refused_without_a_guess():
    with pytest.raises(UsageError, match="unknown metric 'xyzzy'") as raised:
        resolve_metric("xyzzy", task="classification")
    assert "Did you mean" not in raised.value.remedy


def test_a_function_is_called_with_the_names_of_classes():
    metric = resolve_metric(share_of_dogs, task="classification", classes=CLASSES)
    assert isinstance(metric, FunctionMetric)
    assert (metric.name, metric.tasks, metric.greater_is_better, metric.is_share) == (
        "share_of_dogs", ("classification",), True, False,
    )  # fmt: skip
    truth = np.array([1, 1, 0, 2])
    assert metric.value(truth, metric.terms(truth, predicted(["dog", "cat", "dog", "eel"]))) == 0.5


def test_a_function_may_say_that_it_is_a_loss():
    assert not resolve_metric(cost, task="classification").greater_is_better


def test_a_callable_without_a_name_is_a_metric_and_gets_probabilities_if_it_takes_them():
    metric = resolve_metric(Scored(), task="classification", classes=CLASSES)
    assert metric.name == "metric"
    truth = np.array([1, 0])
    assert metric.value(truth, metric.terms(truth, predicted(["dog", "cat"]))) == pytest.approx(0.85)


def test_a_function_of_numbers_gets_numbers_and_its_slices_are_judged_by_the_absolute_error():
    metric = resolve_metric(lambda truth, said: float(np.abs(truth - said).max()), task="regression")
    truth = np.array([1.0, 2.0])
    assert metric.value(truth, metric.terms(truth, np.array([[1.5], [2.25]]))) == 0.5
    assert metric.by_row == "mae"
    assert resolve_metric(cost, task="classification").by_row == "accuracy"


def test_a_function_of_sets_gets_zeros_and_ones():
    metric = resolve_metric(lambda truth, said: float((truth == said).mean()), task="multi-label", classes=CLASSES)
    truth = np.array([[1, 0, 0], [0, 1, 1]], np.float32)
    assert metric.value(truth, metric.terms(truth, np.array([[0.9, 0.4, 0.6], [0.1, 0.9, 0.9]]))) == pytest.approx(
        5 / 6
    )


def test_a_function_is_named_by_its_module(module):
    metric = resolve_metric("my_metrics:cost", task="classification", classes=CLASSES)
    assert metric.name == "my_metrics:cost"
    truth = np.array([1, 0])
    assert metric.value(truth, metric.terms(truth, predicted(["dog", "dog"]))) == 0.5
    assert not metric.greater_is_better


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_module:f", "cannot be imported: No module named 'no_such_module'"),
        ("my_metrics:gone", "cannot be imported: module 'my_metrics' has no attribute 'gone'"),
        ("my_metrics:version", "is no function"),
        (":f", "cannot be imported"),
        ("my_metrics:", "cannot be imported"),
    ],
)
def test_what_cannot_be_imported_or_called_is_refused_with_the_reason(module, name, said):
    with pytest.raises(UsageError, match=f"the metric '{name}'") as raised:
        resolve_metric(name, task="classification")
    assert said in str(raised.value)
    assert raised.value.remedy


def test_a_function_that_fails_is_named_with_its_error():
    def broken(truth, predicted):
        raise ValueError("no dogs here")

    metric = resolve_metric(broken, task="classification", classes=CLASSES)
    truth = np.array([1, 0])
    with pytest.raises(UsageError, match="the metric 'broken' failed: ValueError: no dogs here"):
        metric.value(truth, metric.terms(truth, predicted(["dog", "dog"])))
