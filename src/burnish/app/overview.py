"""Overview: a version at a glance, and what to do next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from burnish.app.addresses import page
from burnish.app.documents.shared import Version
from burnish.app.documents.workspace import Advice, FoundKind, JobAsked, Measurement, Share
from burnish.app.opened import Opened
from burnish.dataset import Dataset, Targets
from burnish.errors import InputError
from burnish.pipeline.reviewing import Progress
from burnish.reports.log import effect_short
from burnish.reports.numbers import plural
from burnish.reports.words import KINDS, SEVERITIES, code_title, kind_rank
from burnish.workspace.additions import Made
from burnish.workspace.tasks import BY_EDITS
from burnish.workspace.vectorising import row_kind

MOST_SHARES = 30
"""Splits and classes that are told of, the largest first."""
MOST_ADVICE = 3
LEAST_RIGHT = 0.05
"""Precision on planted defects below which nobody is sent to review what was found."""

NOTHING = Progress("", "", 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Standing:
    """How things stand with a version.

    `newest`: the version to go on with, itself where the newest one has the same rows. `n_edits`: edits of its review,
    0 where a version was `made` of them, which may lack what was decided since. `compared`: it was with its parent.
    """

    version: Version
    newest: str
    found: tuple[FoundKind, ...]
    measured: tuple[Measurement, ...]
    n_edits: int = 0
    made: Made | None = None
    compared: bool = False


def found_kinds(
    counts: Mapping[str, Mapping[str, Any]], progress: Iterable[Progress], detectors: Mapping[str, Mapping[str, Any]]
) -> tuple[FoundKind, ...]:
    """Give a line each code that found something, what distorts a measurement first; `counts` as in summary.json."""
    known = {one.code: one for one in progress}
    lines = [
        FoundKind(
            code=code, kind=of["kind"], title=code_title(code, of["kind"]), about=KINDS.get(of["kind"], ("", ""))[1],
            severity=of["severity"], findings=of["findings"], rows=of["rows"], message=of["message"],
            **{name: getattr(known.get(code, NOTHING), name) for name in _PROGRESS},
            **_precision(detectors.get(code, {})),
        )
        for code, of in counts.items()
    ]  # fmt: skip
    return tuple(sorted(lines, key=lambda line: (kind_rank(line.kind), line.code)))


def advice(standing: Standing) -> list[Advice]:
    """Give up to three things to do next, the first one first; at least one."""
    own = standing.version.name
    told = list(_advice(standing))[:MOST_ADVICE]
    return told or [Advice(text=f"Look at the map of {own}", href=page("/map", v=own))]


def _advice(standing: Standing) -> Iterator[Advice]:
    version = standing.version
    own = version.name
    if standing.newest != own:
        yield Advice(text=f"Go on with {standing.newest}, the newest version", href=page("/", v=standing.newest))
    if not version.audited:
        yield Advice(text=f"Audit {own}", href=page("/", v=own), job=JobAsked(kind="audit", v=own))
        return
    left = max(filter(_is_worth_it, standing.found), key=_worth, default=None)
    if left is not None:
        n, title = left.reviewable - left.decided, left.title.lower()
        said = f"Review {n:,} {title}" if n > 1 else f"Review one finding of {title}"
        yield Advice(text=said, href=page("/findings", v=own, code=left.code, state="open"))
    if standing.n_edits:
        yield _of_review(standing)
    if (made := standing.made) is not None and made.edits and not made.hindrance:
        edits = plural(len(made.edits), "edit")
        yield Advice(text=f"Make a version upon {made.version.name} of {edits} more", href=page("/versions", v=own))
    if version.parent is not None:
        yield from _of_parent(standing, version.parent)


def _worth(one: FoundKind) -> tuple[int, float]:
    """Give what the review of a kind is likely worth: how bad it is, then how many are left and right, as was tried."""
    right = 1.0 if one.precision is None else one.precision
    return -SEVERITIES.index(one.severity), (one.reviewable - one.decided) * right


def _is_worth_it(one: FoundKind) -> bool:
    """Tell whether something is left to decide, and not as good as all of it was wrong when it was tried."""
    return one.reviewable > one.decided and (one.precision is None or one.precision >= LEAST_RIGHT)


def _of_review(standing: Standing) -> Advice:
    own, edits = standing.version.name, plural(standing.n_edits, "accepted edit")
    known = next((one for one in standing.measured if one.counts_now), None)
    where = page("/versions", v=own)
    if known is None:
        job = JobAsked(kind="measure", v=own, what="pending")
        return Advice(text=f"Measure what {edits} would do to the model", href=where, job=job)
    effect = known.effect
    said = effect_short(effect.model_dump()) + (", with slices that fell too far" if effect.slices_failed else "")
    if effect.slices_failed or effect.verdict == "worse":
        return Advice(text=f"Look again at {edits}, measured {said}", href=where)
    if effect.verdict == "inconclusive":
        return Advice(text=f"Decide about {edits}, measured {said}", href=where)
    return Advice(text=f"Make a version of {edits}, measured {said}", href=where)


def _of_parent(standing: Standing, parent: str) -> Iterator[Advice]:
    version = standing.version
    own = version.name
    if version.effect is None and version.how in BY_EDITS and not any(one.of == "made" for one in standing.measured):
        job = JobAsked(kind="measure", v=own, what="made")
        yield Advice(text=f"Measure what made {own} of {parent}", href=page("/versions", v=own), job=job)
    if not standing.compared:
        yield Advice(text=f"Compare with {parent}", href=page("/compare", v=own, a=parent, b=own))


def splits_of(opened: Opened) -> list[Share]:
    """Give how many rows each split has: as given, else train and test as an audit drew them."""
    given = opened.dataset.splits
    if given is not None:
        return _shares(given)
    if opened.found is None or not opened.evaluation.any():
        return []
    n_test = int(opened.evaluation.sum())
    return [Share(name="train", n=len(opened.dataset) - n_test), Share(name="test", n=n_test)]


def classes_of(dataset: Dataset) -> tuple[list[Share], int]:
    """Give the largest classes, and how many there are; of numbers there are none."""
    if dataset.roles.label is None or dataset.task == "regression":
        return [], 0
    if dataset.labels is not None:
        names: tuple[str, ...] = dataset.labels.classes
        counts = np.bincount(dataset.labels.codes[dataset.labels.known], minlength=len(names))
    else:
        targets = Targets.of(dataset)
        names, counts = targets.classes, np.nansum(targets.values, axis=0).astype(np.int64)
    largest = np.argsort(-counts, kind="stable")[:MOST_SHARES].tolist()
    return [Share(name=names[i], n=int(counts[i])) for i in largest], len(names)


def clusters_of(opened: Opened) -> int:
    """Give how many clusters the working level has, 0 where there are none."""
    given = None if opened.found is None else opened.found.evidence.get("cluster")
    if given is None:
        return 0
    codes = np.asarray(given, np.int64)
    return int(np.count_nonzero(np.bincount(codes[codes >= 0])))


def kind_of(opened: Opened) -> str:
    """Give what rows are: text, image, table or vectors; `rows` where there is nothing to embed."""
    try:
        return opened.found.kind if opened.found is not None else row_kind(opened.dataset)
    except InputError:
        return "rows"


def _shares(values: pa.Array) -> list[Share]:
    counted = pc.value_counts(values)
    order = np.argsort(-counted.field("counts").to_numpy(), kind="stable")[:MOST_SHARES]
    return [Share(name=one["values"] or "none", n=one["counts"]) for one in counted.take(pa.array(order)).to_pylist()]


def _precision(told: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a detector showed on planted defects; nulls where it was not tried."""
    return {name: told.get(name) for name in ("precision", "precision_low", "precision_high")}


_PROGRESS = ("reviewable", "decided", "accepted", "rejected")
