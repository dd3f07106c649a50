import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from evaluation_facts import a_loss, compared, hostile, measured
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.reports.junit import junit_xml

ALLOWED = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"properties", "testcase"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"classname", "name", "time"}, {"skipped", "failure", "system-out"}),
    "failure": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
}
"""What junit-10.xsd of Jenkins knows of each element: attributes, children."""


def read(effect):
    """Parse the document, and hold it against the schema."""
    root = ET.fromstring(junit_xml(effect).encode())  # noqa: S314 - our own
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = ALLOWED[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
    suite = root.find("testsuite")
    cases = suite.findall("testcase")
    for tag, count in (("failure", "failures"), ("skipped", "skipped")):
        assert int(suite.get(count)) == len(suite.findall(f"testcase/{tag}"))
    assert int(suite.get("tests")) == int(root.get("tests")) == len(cases)
    assert all(len(case) == 1 for case in cases)
    return cases


def test_a_slice_that_fell_too_far_fails_with_its_numbers():
    cases = {case.get("name"): case for case in read(compared())}
    failure = cases["region = 'south'"].find("failure")
    assert failure.get("type") == "slice"
    assert failure.get("message") == ("accuracy 79.8% → 62.9%, lift −16.9 points [−23.4, −10.4], q < 0.001, 367 rows")
    assert cases["region = 'east'"].find("failure") is None
    assert "lift −2.0 points" in cases["region = 'east'"].find("system-out").text


@pytest.mark.parametrize(
    ("verdict", "tag"),
    [("better", "system-out"), ("no worse", "system-out"), ("worse", "failure"), ("inconclusive", "skipped")],
)
def test_worse_fails_and_inconclusive_is_skipped(verdict, tag):
    case = read(measured(verdict=verdict))[0]
    assert (case.get("classname"), case.get("name")) == ("burnish.verdict", "this data set is better")
    assert [child.tag for child in case] == [tag]
    assert "+2.4 points of accuracy [+1.1, +3.6] on 600 evaluation rows" in ET.tostring(case, encoding="unicode")


def test_a_loss_is_not_told_in_points():
    assert "points" not in junit_xml(a_loss(measured()))


def test_hostile_strings_leave_well_formed_xml_and_unique_names():
    cases = read(hostile())
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(names) == len(set(names)) == 4
    assert all(len(name) < 250 for _, name in names)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", junit_xml(hostile()))


def test_names_that_look_numbered_stay_apart():
    one = compared().slices[0]
    slices = tuple(replace(one, slice=name) for name in ("s", "s", "s (2)"))
    names = [case.get("name") for case in read(compared(slices=slices))]
    assert len(set(names)) == 4


@settings(max_examples=60)
@given(st.lists(st.text(st.characters(), max_size=40), min_size=1, max_size=4))
def test_any_names_give_a_document_with_one_case_each(names):
    slices = tuple(replace(compared().slices[0], slice=name) for name in names)
    cases = read(compared(slices=slices))
    assert len({case.get("name") for case in cases[1:]}) == len(names)
