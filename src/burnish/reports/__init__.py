"""Findings and evaluations as HTML, Markdown, JUnit XML or SARIF. Returns strings and documents, writes no file."""

from burnish.reports.comparison import comparison_markdown, evaluation_markdown
from burnish.reports.facts import ReportFacts
from burnish.reports.html import report_html
from burnish.reports.junit import junit_xml
from burnish.reports.markdown import report_markdown
from burnish.reports.sarif import sarif_json
from burnish.reports.shown import shown_row_ids

REVISION = 2
"""Goes up when the same facts give another page: pages are kept."""

__all__ = [
    "REVISION",
    "ReportFacts", "comparison_markdown", "evaluation_markdown", "junit_xml", "report_html", "report_markdown",
    "sarif_json", "shown_row_ids",
]  # fmt: skip
