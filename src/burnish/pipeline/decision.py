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
    not named; a code in `min_scores` acts on every flag of that score or more instead. A row that several
    findings flag gets the edit of the code that comes first.
    """

    treatments: Mapping[str, Treatment] = field(default_factory=lambda: dict(DEFAULT_TREATMENTS))
    min_scores: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, *, drop: Collection[str] = (), relabel: Collection[str] = ()) -> "Policy":
        """Give the policy that drops and relabels just these codes."""
        both = set(drop) & set(relabel)
        if both:
            raise UsageError(f"{', '.join(sorted(both))} is both dropped and relabelled.", remedy="Name it once.")
        treatments: dict[str, Treatment] = dict.fromkeys(drop, "drop")
        return cls({**treatments, **dict.fromkeys(relabel, "relabel")})

    def treating(self, code: str, treatment: Treatment, min_score: float | None = None) -> "Policy":
        """Give the policy with another treatment of one code."""
        scores = {c: score for c, score in self.min_scores.items() if c != code}
        return Policy(
            {**self.treatments, code: treatment}, scores if min_score is None else {**scores, code: min_score}
        )

    def without(self, codes: Collection[str]) -> "Policy":
        """Give the policy that leaves some codes to a person."""
        return Policy({c: t for c, t in self.treatments.items() if c not in codes}, self.min_scores)

    def acts_on(self, code: str, flag: FlaggedRow) -> bool:
        """Tell whether a flag becomes an edit."""
        treatment = self.treatments.get(code, "review")
        if treatment == "review" or (treatment == "relabel" and flag.label is None):
            return False
        return flag.score >= self.min_scores[code] if code in self.min_scores else flag.edit in ("drop", "relabel")


def decide(evidence: Evidence, findings: Iterable[Finding], policy: Policy) -> Changeset:
    """Give the changeset that the policy makes of the findings; evaluation rows are never in it."""
    rank = {code: i for i, code in enumerate(policy.treatments)}
    locked = np.asarray(evidence["evaluation"], bool) if "evaluation" in evidence else None
    edits: dict[str, Edit] = {}
    for finding in sorted((f for f in findings if f.code in rank), key=lambda f: rank[f.code]):
        for flag in finding.rows:
            if locked is None or not locked[flag.row]:
                for edit in _edit(evidence, finding, flag, policy):
                    edits.setdefault(edit.row_id, edit)
    return Changeset(evidence.dataset.version, tuple(edits.values()))


def _edit(evidence: Evidence, finding: Finding, flag: FlaggedRow, policy: Policy) -> Iterator[Edit]:
    if not policy.acts_on(finding.code, flag):
        return
    action: Action = "drop" if policy.treatments[finding.code] == "drop" else "relabel"
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
