"""Experiment: what a user wants to have measured, and the frozen protocol it becomes."""

from dataclasses import dataclass

from burnish.adapters.metrics import resolve_metric
from burnish.adapters.models.command import TIMEOUT_SECONDS
from burnish.adapters.models.linear import choose_probe_l2
from burnish.adapters.models.resolve import resolve_model
from burnish.dataset import Dataset, Targets, Task
from burnish.kernels.metrics import Metric
from burnish.pipeline.judging import task_of
from burnish.pipeline.retraining import Protocol
from burnish.pipeline.settings import Setting
from burnish.pipeline.standards import Standard
from burnish.workspace.audited import Audited


@dataclass(frozen=True)
class Experiment:
    """Which model is trained, what is measured, and when a change passes.

    `model`: None or `probe`, an estimator, `module:callable`, or a command. `metric`: a name, a function, None
    for the task's own. `retrains`: how many draws of the training rows every arm learns from. `margin`: what a lift
    has to clear, in units of the metric; None is half a point. `max_slice_drop`: by how much no slice may fall.
    `timeout_seconds`: how long one training of a command may take.
    """

    model: object = None
    metric: object = None
    retrains: int = 10
    margin: float | None = None
    max_slice_drop: float = 0.05
    timeout_seconds: float = TIMEOUT_SECONDS

    def refuse_unusable(self) -> None:
        """Raise UsageError or ModelError for what cannot be used on any data set, before one is read."""
        self._protocol(resolve_metric(self.metric, task="classification"), l2=1.0)

    def task(self, dataset: Dataset) -> Task:
        """Give the task that the metric asks for."""
        return task_of(resolve_metric(self.metric, task=dataset.task), dataset.task)

    def standard(self, dataset: Dataset, targets: Targets) -> Standard:
        """Give what is measured and when a lift counts, without a model."""
        metric = resolve_metric(self.metric, task=dataset.task, classes=targets.classes)
        task_of(metric, dataset.task)
        return Standard(metric, margin=self.margin, max_slice_drop=self.max_slice_drop)

    def protocol(self, audited: Audited, setting: Setting, *, seed: int) -> Protocol:
        """Give the frozen recipe: the probe's regularisation is chosen once, on the uncurated training rows."""
        l2 = probe_l2(setting, seed=seed) if self.model in (None, "probe") else 1.0
        metric = resolve_metric(self.metric, task=audited.dataset.task, classes=setting.targets.classes)
        return self._protocol(metric, l2=l2)

    def _protocol(self, metric: Metric, *, l2: float) -> Protocol:
        model = resolve_model(self.model, l2=l2, timeout_seconds=self.timeout_seconds)
        return Protocol(metric, model, self.retrains, margin=self.margin, max_slice_drop=self.max_slice_drop)


def probe_l2(setting: Setting, *, seed: int) -> float:
    """Give the regularisation at which the probe predicts held-out training rows best."""
    return choose_probe_l2(setting.sample(setting.train), setting.groups[setting.train], seed=seed)
