"""Told: versions, effects, measurements and comparisons of the workspace as documents of the server.

Verdicts, lifts and gates are those that were written down; NaN, which JSON has not, is null.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from burnish.adapters.sinks import json_text
from burnish.app.documents.comparing import Compared, ComparedSlice, ComparisonLine
from burnish.app.documents.shared import Effect, Tried, Version
from burnish.app.documents.workspace import Measurement
from burnish.dataset import Evaluation
from burnish.dataset import history as noun
from burnish.reports.effect_words import slice_metric
from burnish.reports.log import done_sentence, effect_sentence, tags_of
from burnish.workspace.history import effect_told

Facts = Mapping[str, Any]


def version_told(version: noun.Version, tags: Mapping[str, int], *, audited: bool) -> Version:
    """Give a version with its tags."""
    return Version(
        name=version.name, dataset=version.dataset, number=version.number, hash=version.version, n_rows=version.n_rows,
        how=version.how, created=version.created, who=version.who, why=version.why,
        parent=None if version.parent is None else f"{version.dataset}@{version.parent}",
        tags=tags_of(version, tags), counts=dict(version.counts), codes=dict(version.codes), source=version.source,
        effect=None if version.effect is None else effect_document(version.effect), audited=audited,
        sentence=sentence(done_sentence(version)),
    )  # fmt: skip


def effect_document(told: Facts) -> Effect:
    """Give an effect as it was written down with a version."""
    return Effect(**{**plain(told), "sentence": sentence(effect_sentence(told))})


def effect_of(evaluation: Evaluation) -> Effect:
    """Give the effect that an evaluation found."""
    return effect_document(effect_told(evaluation))


def tried_told(tried: Facts) -> Tried:
    """Give a change that was measured and not kept."""
    return Tried(**{**{name: tried[name] for name in ("created", "who", "why", "counts", "codes")},
                    "effect": effect_document(tried["effect"])})  # fmt: skip


def measurement_told(kept: Facts, *, changes: str | None = None, key: str | None = None) -> Measurement:
    """Give a kept measurement; `changes`: the digest of the edits that the review comes to now, where it is known.

    `key`: of the measurement that a version made of the review now would have.
    """
    pending = kept["of"] == "pending"
    return Measurement(
        key=kept["key"], created=kept["created"], who=kept["who"], of=kept["of"], n_edits=kept["n_edits"],
        counts=kept["counts"], codes=kept["codes"], said=kept["said"],
        current=None if pending and changes is None else not pending or kept["changes"] == changes,
        counts_now=pending and kept["key"] == key,
        effect=effect_of(Evaluation.from_json(kept["evaluation"])), evaluation=kept["evaluation"],
    )  # fmt: skip


def comparison_told(kept: Facts) -> Compared:
    """Give a kept comparison."""
    found = Evaluation.from_json(kept["evaluation"])
    return Compared(
        key=kept["key"], v=kept["v"], other=kept["other"], models=kept["models"], labels=kept["labels"],
        created=kept["created"], who=kept["who"], said=kept["said"], effect=effect_of(found),
        before=found.arm("before").value, after=found.arm("after").value, slices_by=slice_metric(found),
        slices=_slices(found.slices), found=_slices(found.found), outcomes=kept["outcomes"], exact=kept["exact"],
        evaluation=kept["evaluation"],
    )  # fmt: skip


def comparison_line(kept: Facts) -> ComparisonLine:
    """Give a kept comparison in a line."""
    told = kept["evaluation"]
    gate = told.get("gate")
    return ComparisonLine(
        key=kept["key"], v=kept["v"], labels=kept["labels"], created=kept["created"], verdict=told["verdict"],
        lift=told["lift"], metric=told["metric"], passed=gate is None or gate["passed"], said=kept["said"],
    )  # fmt: skip


def sentence(said: str) -> str:
    """Give words with a capital letter and a full stop."""
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '…')) else '.'}"


def plain(told: Any) -> Any:
    """Give facts as JSON will say them: null for NaN and infinity."""
    return json.loads(json_text(told, indent=None))


def _slices(effects: Iterable[Any]) -> list[ComparedSlice]:
    return [ComparedSlice(**plain(asdict(one))) for one in effects]
