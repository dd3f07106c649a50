"""Findings and evaluations as HTML and Markdown: returns strings, writes no file."""
