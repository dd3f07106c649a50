"""The numbers behind a finding in words: what the evidence calls `p_value` is the "chance of so much by luck"."""

import json
from collections.abc import Mapping

from burnish.reports.evidence import GIVEN_KEYS, OTHER_KEYS, SUGGESTED_KEYS, TWIN_KEYS
from burnish.reports.markup import clean
from burnish.reports.numbers import number, p_value, percent

TRIAL = ("trial_precision", "trial_recall")
ELSEWHERE = {*TWIN_KEYS, *GIVEN_KEYS, *SUGGESTED_KEYS, *OTHER_KEYS, *TRIAL, "kind", "description"}
"""Evidence that the page shows in another way, or that the message says."""
P_VALUES = ("p_value", "q_value")

WORDS = {
    "group_size": "rows in the group", "labels": "labels", "overlap": "shared words", "joint_distance": "distance",
    "usual_distance": "usual distance", "times_usual": "times the usual distance", "size": "rows",
    "metric": "accuracy", "metric_low": "accuracy, at least", "metric_high": "accuracy, at most",
    "gap": "below the rest by", "p_value": "p", "q_value": "p, corrected for many tests", "name": "of",
    "train_share": "share in train", "expected_train_share": "expected share in train", "count": "rows",
    "expected": "expected share", "max_false_share": "wrong at most", "n_tested": "tests made", "z": "deviations",
    "tags_and_entities": "tags and entities", "n_common_tokens": "words in common",
}  # fmt: skip


def numbers_told(evidence: Mapping[str, object]) -> list[tuple[str, str]]:
    """Give the numbers behind a finding as names and values."""
    told = {name: value for name, value in evidence.items() if name not in ELSEWHERE and value is not None}
    if "joint_distance" in told:  # both say how far two rows are apart; it is the one that was judged
        told.pop("distance", None)
    return [(WORDS.get(name, name.replace("_", " ")), _shown(name, value)) for name, value in told.items()]


def trial_told(evidence: Mapping[str, object]) -> str | None:
    """Give in a sentence what the detector showed on defects that were planted into this data; None without a trial."""
    right, found = (evidence.get(name) for name in TRIAL)
    if right is None or found is None:
        return None
    return (
        f"Tried on defects planted into this data: {percent(right, 0)} of what this check flagged was right, and it "
        f"found {percent(found, 0)} of them."
    )


def _shown(name: str, value: object) -> str:
    if name in P_VALUES:
        return p_value(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    if isinstance(value, Mapping):
        return clean(", ".join(f"{key}: {count}" for key, count in value.items()), 200)
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 90)
