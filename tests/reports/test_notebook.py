from html.parser import HTMLParser

import pytest
from evaluation_facts import HOSTILE, compared, hostile, measured

from burnish.reports.notebook import audit_html, effect_html

SUMMARY = {
    "title": "reviews", "n_rows": 1200, "n_evaluation": 240,
    "findings": {
        "LAB001": {"kind": "suspect_label", "severity": "warning", "findings": 12, "rows": 12, "message": "like spam"},
        "LEK001": {"kind": "leak", "severity": "error", "findings": 2, "rows": 3, "message": "an exact twin"},
    },
    "detectors": {"LAB001": {"precision": 0.8, "precision_low": 0.67, "precision_high": 0.88}},
}  # fmt: skip


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_an_audit_shows_what_was_found_worst_first_and_how_far_to_trust_it():
    shown = Tags(audit_html(SUMMARY)).text
    assert "1,200 rows, 240 of them locked" in shown
    assert shown.index("LEK001") < shown.index("LAB001")
    assert "67% to 88%" in shown


def test_an_audit_without_findings_says_so():
    assert "No check found anything." in audit_html({**SUMMARY, "findings": {}, "detectors": {}})


@pytest.mark.parametrize(
    ("effect", "word"),
    [(measured(), "Better"), (compared(), "Gate failed"), (measured(verdict="inconclusive"), "Inconclusive")],
)
def test_an_effect_shows_its_verdict_and_its_interval(effect, word):
    shown = Tags(effect_html(effect)).text
    assert word in shown
    assert shown.count("Lift with its interval") == 1


def test_nothing_of_the_data_becomes_markup():
    facts = {"title": HOSTILE, "findings": {"LAB001": {**SUMMARY["findings"]["LAB001"], "message": HOSTILE}}}
    for piece in (effect_html(hostile()), audit_html({**SUMMARY, **facts})):
        assert "script" not in Tags(piece).tags
        assert "<script>" in Tags(piece).text
