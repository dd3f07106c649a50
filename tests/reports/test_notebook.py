import re
from base64 import b64decode
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

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


def pictures(piece):
    found = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)"', piece)
    return [ET.fromstring(b64decode(one)) for one in found]  # noqa: S314 - our own text


def test_a_chart_is_a_picture_that_says_in_words_what_it_holds():
    piece = effect_html(measured())
    assert "svg" not in Tags(piece).tags
    assert 'alt="Lift with its interval. after − before: +2.4 [+1.1, +3.6]' in piece
    assert [one.tag for one in pictures(piece)] == ["{http://www.w3.org/2000/svg}svg"] * piece.count("<img")
    assert piece.count("<img") >= 2


@pytest.mark.parametrize("letter", ["\ufffe", "\uffff", "\x00", "\x1b", "\ud800", "<b>", "&", '"'])
def test_a_chart_stays_a_picture_whatever_the_letters_of_a_name(letter):
    piece = effect_html(compared(parameters={"labels": [f"a{letter}b", "c"]}))
    texts = [
        text.text or "" for picture in pictures(piece) for text in picture.iter("{http://www.w3.org/2000/svg}text")
    ]
    assert any(text.startswith("a") and text.endswith("b") for text in texts)


def test_both_are_plain_strings_as_marimo_takes_no_subclass():
    assert type(audit_html(SUMMARY)) is type(effect_html(measured())) is str
