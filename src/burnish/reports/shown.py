"""Shown: the rows that a report shows by name, so that pictures are made for these and no others."""

import html
import re
from collections.abc import Iterator

from burnish.reports.changes import changes_section
from burnish.reports.evidence import evidence_section
from burnish.reports.facts import ReportFacts
from burnish.reports.structure import CLUSTERS_SHOWN, EXEMPLAR_PICTURES, working_clusters

_CARD = re.compile(r'data-row="([^"]*)"')


def shown_row_ids(facts: ReportFacts) -> list[str]:
    """Give the ids of the rows shown as evidence, as examples of edits and as exemplars, each once, in that order.

    Facts without thumbnails and records will do: make these for the ids given here, then add them
    with `dataclasses.replace`.
    """
    return [row_id for row_id in dict.fromkeys(_named(facts)) if row_id in facts.positions]


def _named(facts: ReportFacts) -> Iterator[str]:
    """The cards of the sections tell their rows themselves, so this list cannot differ from the page."""
    for section in (evidence_section(facts), changes_section(facts)):
        yield from (html.unescape(found) for found in _CARD.findall(section))
    for line in working_clusters(facts)[:CLUSTERS_SHOWN]:
        yield from (line["exemplars"] or [])[:EXEMPLAR_PICTURES]
