"""Findings and evaluations as one HTML page or a short Markdown text. Returns strings, writes no file."""

from burnish.reports.facts import ReportFacts
from burnish.reports.html import report_html
from burnish.reports.markdown import report_markdown
from burnish.reports.shown import shown_row_ids

__all__ = ["ReportFacts", "report_html", "report_markdown", "shown_row_ids"]
