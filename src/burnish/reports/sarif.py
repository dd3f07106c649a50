"""Findings and evaluations as SARIF 2.1.0, the format in which code scanning takes results (OASIS, 2020)."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from importlib import metadata
from itertools import islice
from string import ascii_letters, digits
from typing import Any

from burnish.dataset import Evaluation, Finding
from burnish.dataset.findings import finding_id
from burnish.reports.effect_tables import ordered_slices
from burnish.reports.effect_words import lift_sentence, slice_sentence
from burnish.reports.markup import clean
from burnish.reports.words import KINDS, code_title

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 5_000
"""Results a run: GitHub shows no more."""
ROWS_SHOWN = 20
"""Rows of a finding that are named as its locations."""
LIMIT = 1_000
SAFE = frozenset(ascii_letters + digits + "-._~/")
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
RANKS = {"error": 0, "warning": 1, "note": 2}
RULES = {
    "VERDICT": ("Verdict", "Whether a change or a model may take the place of the other, on locked rows."),
    "SLICE": ("Slice regression", "A part of the data on which the model became worse beyond chance."),
}
"""The rules of an evaluation: title, one sentence."""

Result = dict[str, Any]


def sarif_json(
    evaluation: Evaluation | None = None,
    findings: Iterable[Finding] = (),
    row_ids: Sequence[str] = (),
    *,
    path: str | None = None,
    max_results: int = MAX_RESULTS,
) -> dict[str, Any]:
    """Give the document with one run; the severest results first, and a notification where `max_results` cuts.

    A finding is one result, located at its rows; of an evaluation a slice that regressed is one, and the verdict
    unless it is good. `row_ids`: of all rows, by position. `path`: the source file, relative to the root of its
    repository, at whose first line results are shown (GitHub takes none without a file).
    """
    ids = list(row_ids)
    given = [_finding_result(finding, ids) for finding in findings]
    given += [] if evaluation is None else list(_evaluation_results(evaluation))
    ordered = sorted(given, key=lambda result: RANKS[result["level"]])
    shown = ordered[:max_results]
    rules = sorted({result["ruleId"] for result in shown})
    kinds = {result["ruleId"]: result["properties"].get("kind", "") for result in shown}
    for result in shown:
        result["ruleIndex"] = rules.index(result["ruleId"])
        if path is not None:
            place = {"artifactLocation": {"uri": _quoted(path)}, "region": {"startLine": 1}}
            result["locations"][0]["physicalLocation"] = place
    described = [_rule(code, kinds[code]) for code in rules]
    driver = {"name": "burnish", "version": metadata.version("burnish"), "rules": described}
    run = {"tool": {"driver": driver}, "results": shown, "invocations": [_invocation(len(shown), len(ordered))]}
    if evaluation is not None:
        run["properties"] = {"verdict": evaluation.verdict, "lift": clean(lift_sentence(evaluation), LIMIT)}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str, kind: str) -> dict[str, Any]:
    title, said = RULES.get(code) or (code_title(code, kind), KINDS.get(kind, ("", ""))[1])
    return {"id": code, "name": title, "shortDescription": {"text": title}, "fullDescription": {"text": said or title}}


def _finding_result(finding: Finding, row_ids: list[str]) -> Result:
    rows = [row_ids[flag.row] for flag in islice(finding.rows, ROWS_SHOWN)]
    more = len(finding.rows) - len(rows)
    cut = f" (and {more:,} more rows)" if more > 0 else ""
    return {
        **_result(finding.code, LEVELS[finding.severity], finding.message + cut, finding_id(finding, row_ids)),
        "locations": _locations("row", rows or [clean(finding.code)]),
        "properties": {"kind": finding.kind, "score": round(float(finding.score), 4), "rows": len(finding.rows)},
    }


def _evaluation_results(evaluation: Evaluation) -> Iterator[Result]:
    """Give what is not good: a verdict that is `worse` or `inconclusive`, slices that regressed."""
    if evaluation.verdict in ("worse", "inconclusive"):
        level = "error" if evaluation.verdict == "worse" else "note"
        said = f"{evaluation.verdict.capitalize()} on the claim “{evaluation.claim}”: {lift_sentence(evaluation)}"
        yield {
            **_result("VERDICT", level, said, f"VERDICT-{_digest(evaluation.claim)}"),
            "locations": _locations("claim", [evaluation.claim]), "properties": {"kind": "verdict"},
        }  # fmt: skip
    for effect in ordered_slices(evaluation.slices):
        if effect.failed or effect.regressed:
            said = f"{clean(effect.slice, 200)}: {slice_sentence(evaluation, effect)}"
            yield {
                **_result("SLICE", "error" if effect.failed else "warning", said, f"SLICE-{_digest(effect.slice)}"),
                "locations": _locations("slice", [effect.slice]), "properties": {"kind": "slice", "rows": effect.size},
            }  # fmt: skip


def _result(code: str, level: str, message: str, fingerprint: str) -> Result:
    """Give a result; GitHub tells alerts of one rule and line apart by `primaryLocationLineHash` alone."""
    prints = {"findingId/v1": fingerprint, "primaryLocationLineHash": fingerprint}
    return {"ruleId": code, "level": level, "message": {"text": _plain(message)}, "partialFingerprints": prints}


def _locations(kind: str, found: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "logicalLocations": [
                {"name": clean(name, LIMIT), "fullyQualifiedName": f"{kind}/{clean(name, LIMIT)}", "kind": kind}
            ]
        }
        for name in found
    ]


def _invocation(n_shown: int, n_all: int) -> dict[str, Any]:
    said: dict[str, Any] = {"executionSuccessful": True}
    if n_shown < n_all:
        text = f"{n_shown:,} of {n_all:,} results are given, the severest first."
        said["toolExecutionNotifications"] = [{"level": "note", "message": {"text": text}}]
    return said


def _plain(message: str) -> str:
    """Give a message in which `[text](target)` is no link (SARIF 2.1.0, section 3.11.6)."""
    return clean(message, LIMIT).replace("](", "] (")


def _quoted(path: str) -> str:
    """Give a path as a URI reference (RFC 3986, section 2)."""
    parts = (c if c in SAFE else "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "replace")) for c in path)
    return "".join(parts)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=5).hexdigest()
