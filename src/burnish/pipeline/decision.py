"""Decision: findings become a changeset by a stated policy. Nothing is edited that the policy does not name."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from burnish.dataset import Action, Changeset, Edit, Evidence, Finding, FlaggedRow
from burnish.errors import UsageError

Treatment = Literal["drop", "relabel", "review"]

DEFAULT_TREATMENTS: Mapping[str, Treatment] = {
    "LEK001": "drop",
    "LEK002": "drop",
    "DUP001": "drop",
    "DUP002": "drop",
    "QUA001": "drop",
    "QUA010": "drop",
    "QUA030": "drop",
    "LAB001": "drop",
}
"""What happens to the rows of each code; a code that is not named is left to a person."""


@dataclass(frozen=True)
class Policy:
    """Which findings become edits: check code → drop or relabel, in order of precedence.

    A finding whose own suggestion is `review` stays with a person, and so does every code that is
    not named. A row that several findings flag gets the edit of the code that comes first.
    """

    treatments: Mapping[str, Treatment] = field(default_factory=lambda: dict(DEFAULT_TREATMENTS))

    @classmethod
    def of(cls, *, drop: Collection[str] = (), relabel: Collection[str] = ()) -> "Policy":
        """Give the policy that drops and relabels just these codes."""
        both = set(drop) & set(relabel)
        if both:
            raise UsageError(f"{', '.join(sorted(both))} is both dropped and relabelled.", remedy="Name it once.")
        treatments: dict[str, Treatment] = dict.fromkeys(drop, "drop")
        return cls({**treatments, **dict.fromkeys(relabel, "relabel")})


def decide(evidence: Evidence, findings: Iterable[Finding], policy: Policy) -> Changeset:
    """Give the changeset that the policy makes of the findings; evaluation rows are never in it."""
    rank = {code: i for i, code in enumerate(policy.treatments)}
    locked = np.asarray(evidence["evaluation"], bool) if "evaluation" in evidence else None
    edits: dict[str, Edit] = {}
    for finding in sorted((f for f in findings if f.code in rank), key=lambda f: rank[f.code]):
        for flag in finding.rows:
            if locked is None or not locked[flag.row]:
                for edit in _edit(evidence, finding, flag, policy.treatments[finding.code]):
                    edits.setdefault(edit.row_id, edit)
    return Changeset(evidence.dataset.version, tuple(edits.values()))


def _edit(evidence: Evidence, finding: Finding, flag: FlaggedRow, treatment: Treatment) -> Iterator[Edit]:
    if flag.edit not in ("drop", "relabel") or treatment == "review":
        return
    if treatment == "relabel" and flag.label is None:
        return
    action: Action = treatment
    labels = evidence.dataset.labels
    code = -1 if labels is None else int(labels.codes[flag.row])
    kept = flag.evidence.get("kept", finding.evidence.get("kept"))
    yield Edit(
        row_id=evidence.dataset.row_ids[flag.row].as_py(),
        action=action,
        code=finding.code,
        reason=finding.message,
        evidence=json.loads(json.dumps({**finding.evidence, **flag.evidence, "score": round(flag.score, 4)})),
        kept_row_id=None if kept is None else str(kept),
        old_label=labels.classes[code] if labels is not None and code >= 0 else None,
        label=flag.label if action == "relabel" else None,
    )
