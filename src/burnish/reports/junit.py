"""A measurement or a comparison as JUnit XML: a test case for the verdict and one per slice."""

import re
from itertools import count
from xml.etree import ElementTree as ET

from burnish.dataset import Evaluation, SliceEffect
from burnish.reports.effect_tables import ordered_slices
from burnish.reports.effect_words import (
    claim_sentence,
    gate_sentence,
    lift_sentence,
    names,
    slice_sentence,
    visible_sentence,
)
from burnish.reports.markup import clean

SUITE = "burnish"
NAME_LENGTH, LIMIT = 200, 2_000
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold (section 2.2)."""


def junit_xml(evaluation: Evaluation) -> str:
    """Give the document: `worse` and slices that fell too far are failures, `inconclusive` is skipped.

    Names of test cases are unique, so that no reader takes two slices for one.
    """
    suite = ET.Element("testsuite", name=SUITE, time="0")
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(evaluation).items():
        ET.SubElement(properties, "property", name=name, value=_text(value))
    _verdict_case(suite, evaluation)
    named: set[str] = set()
    for effect in ordered_slices(evaluation.slices):
        name = _unlike(named, _text(effect.slice, NAME_LENGTH) or "(no name)")
        named.add(name)
        _slice_case(suite, evaluation, effect, name)
    counts = {tag: str(len(suite.findall(f"testcase/{tag}"))) for tag in ("failure", "skipped")}
    totals = {"tests": str(len(suite.findall("testcase"))), "failures": counts["failure"], "errors": "0"}
    suite.attrib.update(totals, skipped=counts["skipped"])
    suites = ET.Element("testsuites", {"name": SUITE, **totals, "time": "0"})
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _properties(evaluation: Evaluation) -> dict[str, str]:
    e = evaluation
    seen = visible_sentence(e.n_eval, e.smallest_visible_lift, e.rows_for_one_point, e.metric)
    given = {"metric": e.metric, "verdict": e.verdict, "claim": e.claim, "sides": " / ".join(names(e))}
    return {**given, "can be shown": seen, "gate": gate_sentence(e) or "not judged"}


def _verdict_case(suite: ET.Element, evaluation: Evaluation) -> None:
    case = _case(suite, "verdict", _text(evaluation.claim, NAME_LENGTH))
    said = f"{evaluation.verdict}: {lift_sentence(evaluation)}"
    if evaluation.verdict == "worse":
        _outcome(case, "failure", said, claim_sentence(evaluation)).set("type", "worse")
    elif evaluation.verdict == "inconclusive":
        _outcome(case, "skipped", said)
    else:
        ET.SubElement(case, "system-out").text = _text(said)


def _slice_case(suite: ET.Element, evaluation: Evaluation, effect: SliceEffect, name: str) -> None:
    case, said = _case(suite, "slices", name), slice_sentence(evaluation, effect)
    if effect.failed:
        _outcome(case, "failure", said, gate_sentence(evaluation) or "").set("type", "slice")
    else:
        ET.SubElement(case, "system-out").text = _text(said)


def _unlike(named: set[str], name: str) -> str:
    """Give the name, with a number where it is taken."""
    offered = (name if number == 1 else f"{name} ({number})" for number in count(1))
    return next(one for one in offered if one not in named)


def _case(suite: ET.Element, group: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=f"{SUITE}.{group}", name=name, time="0")


def _outcome(case: ET.Element, tag: str, message: str, more: str = "") -> ET.Element:
    found = ET.SubElement(case, tag, message=_text(message))
    found.text = _text(more) or None
    return found


def _text(value: object, limit: int = LIMIT) -> str:
    return _NOT_XML.sub("", clean(value, limit))
