"""A measurement or a comparison as Markdown that fits a comment on a pull request."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from burnish.dataset import Evaluation, SliceEffect
from burnish.reports.effect_tables import (
    arms_table,
    choice_table,
    lifts_table,
    ordered_slices,
    shares_table,
    slices_table,
    trend_table,
)
from burnish.reports.effect_words import (
    aside_sentence,
    claim_sentence,
    classical_sentence,
    gate_sentence,
    lift_sentence,
    names,
    outcome,
    together_sentence,
    trend_sentence,
    visible_sentence,
)
from burnish.reports.markup import markdown_text
from burnish.reports.numbers import is_loss, metric_name, number, plural
from burnish.reports.tables import Cell, Table, markdown_table

SLICES_SHOWN = 5
"""Slices at either end, and rows on which the two sides differ, that are listed."""
LIMIT = 400
VERDICT_PHRASES = {
    "better": "it is shown",
    "no worse": "a loss beyond the margin is ruled out",
    "worse": "a loss is shown",
    "inconclusive": "neither a gain nor the absence of a loss is shown",
}


def comparison_markdown(evaluation: Evaluation, disagreements: pa.Table | None = None) -> str:
    """Give a comparison of two versions, models or files of predictions; strings of the data are escaped.

    `disagreements`: the rows on which the two differ, the largest differences first.
    """
    first, second = names(evaluation)
    heading = f"## {_outcome(evaluation)}: {markdown_text(second)} against {markdown_text(first)}"
    parts = [heading, _verdict(evaluation), *evaluation_parts(evaluation), *_disagreements(evaluation, disagreements)]
    return "\n\n".join([*parts, how_to_read(evaluation)]) + "\n"


def evaluation_markdown(evaluation: Evaluation, choice: Sequence[Mapping[str, Any]] | None = None) -> str:
    """Give the measurement of a change; `choice`: what the inner folds said of each code."""
    heading = f"## {_outcome(evaluation)}: what the change did to the model"
    parts = [heading, _verdict(evaluation), *evaluation_parts(evaluation, choice)]
    return "\n\n".join([*parts, how_to_read(evaluation)]) + "\n"


def evaluation_parts(evaluation: Evaluation, choice: Sequence[Mapping[str, Any]] | None = None) -> list[str]:
    """Give arms, gate, slices, shares and what else was measured as parts of a Markdown text."""
    e = evaluation
    chosen = choice_table(choice, e.metric) if choice else None
    asides = [f"- The lift {markdown_text(aside_sentence(aside, e.metric), LIMIT)}." for aside in e.asides]
    notes = [f"- {markdown_text(note, LIMIT)}" for note in e.notes]
    parts = [
        _table(arms_table(e)), _table(lifts_table(e)), _sentence(classical_sentence(e)), *_slices(e),
        _titled(shares_table(e)), _titled(chosen), _sentence(trend_sentence(e)), _titled(trend_table(e)),
        "\n".join([*asides, *notes]),
    ]  # fmt: skip
    return [part for part in parts if part]


def how_to_read(evaluation: Evaluation) -> str:
    """Give one line that says what a lift and its interval mean here."""
    e = evaluation
    seen = visible_sentence(e.n_eval, e.smallest_visible_lift, e.rows_for_one_point, e.metric)
    way = f" Of {metric_name(e.metric)} lower is better; a lift is how far it falls." if is_loss(e.metric) else ""
    return f"<sub>{markdown_text(f'{claim_sentence(e)} {together_sentence(e)} {seen}{way}', 2 * LIMIT)}</sub>"


def _outcome(evaluation: Evaluation) -> str:
    word, sign, _ = outcome(evaluation)
    return f"{sign} {word}"


def _verdict(evaluation: Evaluation) -> str:
    claim = markdown_text(evaluation.claim)
    said = f"**{evaluation.verdict.capitalize()}** on the claim “{claim}”: {VERDICT_PHRASES[evaluation.verdict]}."
    return f"{said} Lift: **{markdown_text(lift_sentence(evaluation), LIMIT)}**."


def _slices(evaluation: Evaluation) -> list[str]:
    """Give the gate with the slices that failed it, the ends of the others, and what a search found."""
    slices, said = ordered_slices(evaluation.slices), gate_sentence(evaluation)
    failed, others = [s for s in slices if s.failed], [s for s in slices if not s.failed]
    sign = "✗" if evaluation.gate is not None and not evaluation.gate.passed else "✓"
    parts = [f"**{sign} {markdown_text(said, LIMIT)}**"] if said else []
    parts += [_table(slices_table(evaluation, failed, ""))] if failed else []
    if others:
        caption = "Slices" if not failed else "Other slices"
        if len(others) > 2 * SLICES_SHOWN:
            caption += f", the {SLICES_SHOWN} worst and the {SLICES_SHOWN} best of {len(others):,}"
        parts.append(_titled(slices_table(evaluation, _ends(others), caption)))
    if evaluation.found:
        found = ordered_slices(evaluation.found)
        parts.append(_titled(slices_table(evaluation, _ends(found), "Slices that a search found")))
    return parts


def _ends(slices: Sequence[SliceEffect]) -> Sequence[SliceEffect]:
    if len(slices) <= 2 * SLICES_SHOWN:
        return slices
    return [*slices[:SLICES_SHOWN], *slices[-SLICES_SHOWN:]]


def _disagreements(evaluation: Evaluation, rows: pa.Table | None) -> list[str]:
    if rows is None:
        return []
    lines = [
        (line["row_id"], line["label"], line["a"], line["b"], Cell(number(line["difference"])))
        for line in rows.slice(0, SLICES_SHOWN).to_pylist()
    ]
    said = f"They differ on {plural(len(rows), 'row')}" + (", the largest differences first:" if lines else ".")
    return [said] if not lines else [said, markdown_table(("row", "label", *names(evaluation), "difference"), lines)]


def _table(table: Table) -> str:
    return markdown_table(table.head, table.lines)


def _titled(table: Table | None) -> str:
    return "" if table is None else f"{markdown_text(table.caption)}:\n\n{_table(table)}"


def _sentence(text: str | None) -> str:
    return "" if text is None else markdown_text(text, LIMIT)
