"""`compare`: two prediction files, two versions, or two models; the exit code is the gate's."""

from typing import Any

import pyarrow as pa
from rich.console import Console

from burnish.cli.files import refuse_no_place, write_text
from burnish.cli.options import FIELD_ROLES
from burnish.cli.progress import Bars
from burnish.cli.running import choices_of, exit_code, experiment_of, print_json, workspace_of
from burnish.cli.terminal import show_comparison
from burnish.dataset import Dataset, Evaluation
from burnish.pipeline.pairing import both_predicted
from burnish.publishing import publish_comparison, refuse_unwritable
from burnish.reports.comparison import comparison_markdown
from burnish.workspace import Experiment, Workspace


def compare(*, a: str, b: str, source: str | None, out: str, as_json: bool, **options: Any) -> int:
    """Compare A with B, write the files, and leave with 1 when B is worse or a slice fell too far."""
    refuse_unwritable(out, *((a, b) if source is None else (source,)))
    refuse_no_place(options["markdown"])
    experiment = experiment_of(options)
    with Bars() as bars:
        workspace = workspace_of(options, bars)
        if source is None:
            effect, differ = _sources(workspace, (a, b), options, experiment)
        else:
            effect, differ = _models(workspace, (a, b), {**options, "source": source}, experiment)
    written = publish_comparison(out, effect, differ, source=source or b)
    if options["markdown"] is not None:
        write_text(options["markdown"], comparison_markdown(effect, differ))
    if as_json:
        print_json(effect.to_json(), written)
    else:
        show_comparison(Console(), effect, differ)
        Console().print(f"summary: {written['comparison.md']}", soft_wrap=True, highlight=False)
    return exit_code(effect)


def _sources(
    workspace: Workspace, paths: tuple[str, str], options: dict[str, Any], experiment: Experiment
) -> tuple[Evaluation, pa.Table]:
    experiment.refuse_unusable()
    first, second = (_read(workspace, path, options, experiment) for path in paths)
    if both_predicted(first, second):
        return workspace.compare_predictions(first, second, experiment)
    choices = choices_of(options)
    before, after = (workspace.audit(one, choices=choices) for one in (first, second))
    return workspace.compare_versions(before, after, experiment)


def _models(
    workspace: Workspace, models: tuple[str, str], options: dict[str, Any], experiment: Experiment
) -> tuple[Evaluation, pa.Table]:
    for model in models:
        Experiment(model=model, metric=experiment.metric).refuse_unusable()
    audited = workspace.audit(_read(workspace, options["source"], options, experiment), choices=choices_of(options))
    return workspace.compare_models(audited, models, experiment)


def _read(workspace: Workspace, path: str, options: dict[str, Any], experiment: Experiment) -> Dataset:
    given = {role: options.get(role) for role in FIELD_ROLES} | {"meta": options.get("meta") or None}
    dataset, _ = workspace.read(path, given)
    return dataset if dataset.roles.label is None else dataset.for_task(experiment.task(dataset))
