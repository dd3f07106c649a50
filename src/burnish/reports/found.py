"""Found: the families of findings, how many, how severe, and what was done about them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from burnish.reports.facts import ReportFacts
from burnish.reports.markup import Markup, clean, element
from burnish.reports.numbers import count, percent
from burnish.reports.tables import Cell, data_table
from burnish.reports.words import ACTIONS, SIGNS, code_title, kind_rank


def found_section(facts: ReportFacts) -> Markup:
    """Give one line per code: severity, findings, rows, expected precision, what was done."""
    counts = code_counts(facts)
    if not counts:
        return element("p", "No check found anything.", class_="quiet")
    n_rows = max(int(facts.summary.get("n_rows", len(facts.rows))), 1)
    done = edits_by_code(facts)
    known = any("precision" in entry for entry in counts.values())
    head = ["finding", "code", "severity", "findings", "rows", "share of rows"]
    head += ["expected precision"] if known else []
    lines = []
    for code, entry in sorted(counts.items(), key=lambda item: (kind_rank(item[1]["kind"]), item[0])):
        line = [
            element("a", code_title(code, entry["kind"]), href=f"#evidence-{code}"),
            element("code", clean(code, 20), class_="code"),
            severity(entry["severity"]),
            Cell(count(entry["findings"]), entry["findings"]),
            Cell(count(entry["rows"]), entry["rows"]),
            Cell(percent(entry["rows"] / n_rows), entry["rows"]),
        ]
        line += [Cell(percent(entry.get("precision"), 0), entry.get("precision"))] if known else []
        lines.append([*line, done.get(code, "left to you" if facts.changeset is not None else "–")])
    done_title = "what was done" if facts.changeset is not None else "edit"
    return data_table("Findings by code", [*head, done_title], lines, wide=True)


def code_counts(facts: ReportFacts) -> dict[str, Mapping[str, Any]]:
    """Give code → kind, severity, findings, rows: of the summary, else counted from the table."""
    given = facts.summary.get("findings")
    if given is not None:
        return dict(given)
    counted: dict[str, Mapping[str, Any]] = {}
    for code in pc.unique(facts.findings["code"]).to_pylist() if len(facts.findings) else ():
        lines = facts.findings.filter(pc.equal(facts.findings["code"], code))
        counted[code] = {
            "kind": lines["kind"][0].as_py(),
            "severity": lines["severity"][0].as_py(),
            "findings": len(pc.unique(lines["finding_id"])),
            "rows": len(pc.unique(lines["row_id"].drop_null())),
        }
    return counted


def edits_by_code(facts: ReportFacts) -> dict[str, str]:
    """Give code → `123 dropped, 4 relabelled`."""
    tally: dict[str, Counter[str]] = {}
    for edit in facts.edits.values():
        tally.setdefault(edit["code"], Counter())[edit["action"]] += 1
    return {
        code: ", ".join(f"{n:,} {ACTIONS.get(action, action)}" for action, n in counter.most_common())
        for code, counter in tally.items()
    }


def severity(name: str) -> Markup:
    """Give a severity as a word with a shape."""
    sign = element("span", SIGNS.get(name, "○"), aria_hidden="true")
    return element("span", sign, f" {clean(name, 20)}", class_=f"severity {name if name in SIGNS else 'info'}")
