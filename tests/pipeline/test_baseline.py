import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.dataset import Finding, FlaggedRow
from burnish.errors import InputError
from burnish.pipeline.baseline import Baseline, at_least

IDS = [f"r{i}" for i in range(8)]
VERSION = "3fb1"


def copies(*rows, message="copies"):
    return Finding("DUP001", "exact_duplicate", "warning", message, tuple(FlaggedRow(row, 1.0) for row in rows))


def shortcut(field, score):
    message = f"{field} alone tells with skill {score}"
    return Finding("SHO001", "shortcut", "warning", message, evidence={"field": field, "score": score})


def baseline(*findings):
    return Baseline.of(findings, IDS, version=VERSION)


def test_findings_are_new_known_or_gone():
    old = baseline(copies(0, 1), copies(2), shortcut("length", 0.9))
    compared = old.compare([copies(0, 1), copies(3), shortcut("length", 0.91)], IDS)
    assert compared.new == (copies(3),)
    assert compared.known == (copies(0, 1), shortcut("length", 0.91))
    assert [old.findings[identity] for identity in compared.gone] == ["exact duplicate: r2"]
    assert compared.sentence == "1 new finding, 2 known, 1 gone"


def test_nothing_is_new_beside_the_baseline_of_the_same_findings():
    findings = [copies(0, 1), shortcut("length", 0.9)]
    compared = baseline(*findings).compare(findings, IDS)
    assert (compared.new, compared.gone) == ((), ())
    assert compared.sentence == "0 new findings, 2 known, 0 gone"


@given(st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
def test_new_known_and_gone_are_the_differences_of_two_sets(before, after):
    compared = baseline(*map(copies, before)).compare(list(map(copies, after)), IDS)
    assert {f.rows[0].row for f in compared.new} == after - before
    assert {f.rows[0].row for f in compared.known} == after & before
    assert len(compared.gone) == len(before - after)


def test_a_group_that_grows_is_a_new_finding():
    compared = baseline(copies(0)).compare([copies(0, 1)], IDS)
    assert compared.sentence == "1 new finding, 0 known, 1 gone"


def test_the_order_of_rows_in_the_source_makes_nothing_new():
    turned = IDS[::-1]
    assert not baseline(copies(0, 1)).compare([copies(7, 6)], turned).new


def test_a_baseline_survives_its_file():
    written = baseline(copies(0, 1), shortcut("length", 0.9))
    assert Baseline.from_json(json.loads(json.dumps(written.to_json()))) == written


def test_the_file_is_sorted_and_says_nothing_that_moves_while_the_finding_is_the_same():
    one = baseline(copies(2), copies(0, 1), shortcut("length", 0.9)).to_json()
    two = baseline(shortcut("length", 0.83), copies(1, 0, message="other words"), copies(2)).to_json()
    assert json.dumps(one) == json.dumps(two)
    assert list(one["findings"]) == sorted(one["findings"])
    assert one["version"] == VERSION
    assert sorted(one["findings"].values()) == ["exact duplicate: r0, r1", "exact duplicate: r2", "shortcut: length"]


def test_of_many_rows_a_few_are_named():
    (said,) = baseline(copies(*range(8))).findings.values()
    assert said == "exact duplicate: r0, r1, r2 and 5 more"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "is no baseline"),
        ({}, "is no baseline"),
        ({"version": "x", "edits": []}, "is no baseline"),
        ({"burnish_baseline": 2, "version": "x", "findings": {}}, "of format 2, and this burnish reads 1"),
        ({"burnish_baseline": 1, "version": "x"}, "without its version or findings"),
        ({"burnish_baseline": 1, "version": "x", "findings": ["DUP001-1"]}, "without its version or findings"),
        ({"burnish_baseline": 1, "version": 3, "findings": {}}, "without its version or findings"),
    ],
)
def test_what_is_no_baseline_is_refused(document, said):
    with pytest.raises(InputError, match=said) as refused:
        Baseline.from_json(document, name="known.json")
    assert str(refused.value).startswith("known.json")
    assert "--write-baseline" in refused.value.remedy


def test_severities_are_ordered():
    findings = [Finding("X", "quality", severity, "") for severity in ("info", "error", "warning")]
    assert [f.severity for f in at_least(findings, "warning")] == ["error", "warning"]
    assert len(at_least(findings, "info")) == 3
    assert at_least([], "info") == ()
