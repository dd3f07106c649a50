import json

import pytest
from evaluation_facts import HOSTILE, compared, hostile, measured

from burnish.dataset import Finding, FlaggedRow
from burnish.reports.sarif import sarif_json

ROW_IDS = [f"row-{i}" for i in range(50)]
MEMBERS = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool", "results"}, {"invocations", "properties"}),
    "driver": ({"name"}, {"version", "rules"}),
    "rule": ({"id"}, {"name", "shortDescription", "fullDescription"}),
    "result": (
        {"message", "ruleId", "ruleIndex", "level", "locations", "partialFingerprints"}, {"properties"},
    ),
    "location": (set(), {"logicalLocations", "physicalLocation"}),
    "logical": ({"name"}, {"fullyQualifiedName", "kind"}),
    "invocation": ({"executionSuccessful"}, {"toolExecutionNotifications"}),
    "notification": ({"message"}, {"level"}),
}  # fmt: skip
"""Members of the 2.1.0 schema that must be there, and those of it that are used."""


def held(kind, document):
    must, may = MEMBERS[kind]
    assert must <= set(document) <= must | may
    return document


def checked(document):
    """Hold a document against the schema, and give its run."""
    document = json.loads(json.dumps(document, allow_nan=False))
    assert held("log", document)["version"] == "2.1.0"
    (run,) = document["runs"]
    driver = held("driver", held("run", run)["tool"]["driver"])
    for rule in driver["rules"]:
        held("rule", rule)
        assert rule["shortDescription"]["text"]
    for result in run["results"]:
        held("result", result)
        assert result["level"] in ("error", "warning", "note")
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert isinstance(result["message"]["text"], str)
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
        for location in result["locations"]:
            held("location", location)
            assert all(held("logical", one) for one in location["logicalLocations"])
    for invocation in run["invocations"]:
        for notification in held("invocation", invocation).get("toolExecutionNotifications", ()):
            held("notification", notification)
    return run


def findings(n_rows=2, **changes):
    flags = tuple(FlaggedRow(i, 0.9, "drop") for i in range(n_rows))
    given = {"code": "DUP001", "kind": "exact_duplicate", "severity": "warning", "message": "equal content"}
    return [Finding(**{**given, **changes}, rows=flags)]


def test_a_finding_is_a_result_at_its_rows_with_its_rule_and_id():
    run = checked(sarif_json(findings=findings(), row_ids=ROW_IDS, path="data/my set.csv"))
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("DUP001", "warning")
    assert run["tool"]["driver"]["rules"][0]["name"] == "Exact duplicates"
    assert [one["logicalLocations"][0]["name"] for one in result["locations"]] == ["row-0", "row-1"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "data/my%20set.csv"}, "region": {"startLine": 1}}
    assert result["partialFingerprints"]["findingId/v1"].startswith("DUP001-")


def test_fingerprints_tell_results_of_one_rule_apart_and_stay():
    both = findings(1) + findings(2)
    first, second = (checked(sarif_json(findings=both, row_ids=ROW_IDS))["results"] for _ in range(2))
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in first]
    assert len(set(prints)) == 2
    assert first == second


def test_without_a_file_there_is_no_physical_location():
    (result,) = checked(sarif_json(findings=findings(), row_ids=ROW_IDS))["results"]
    assert "physicalLocation" not in result["locations"][0]


def test_the_severest_stay_where_there_are_too_many_and_the_cut_is_said():
    given = [*findings(1, severity="info"), *findings(2), *findings(3, severity="error")]
    run = checked(sarif_json(findings=given, row_ids=ROW_IDS, max_results=2))
    assert [result["level"] for result in run["results"]] == ["error", "warning"]
    (said,) = run["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"] == "2 of 3 results are given, the severest first."


def test_many_rows_of_a_finding_are_cut_and_counted():
    (result,) = checked(sarif_json(findings=findings(50), row_ids=ROW_IDS))["results"]
    assert len(result["locations"]) == 20
    assert result["message"]["text"] == "equal content (and 30 more rows)"


def test_a_finding_without_rows_has_a_place_too():
    (result,) = checked(sarif_json(findings=findings(0, code="IMB001", kind="imbalance"), row_ids=ROW_IDS))["results"]
    assert result["locations"][0]["logicalLocations"][0]["name"] == "IMB001"


def test_slices_that_fell_are_results_and_a_good_verdict_is_none():
    run = checked(sarif_json(compared(verdict="better")))
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [("SLICE", "error"), ("SLICE", "warning")]
    assert run["results"][0]["message"]["text"].startswith("region = 'south': accuracy 79.8% → 62.9%")
    assert run["properties"]["verdict"] == "better"
    assert checked(sarif_json(measured()))["results"] == []


@pytest.mark.parametrize(("verdict", "level"), [("worse", "error"), ("inconclusive", "note")])
def test_a_verdict_that_is_not_good_is_a_result(verdict, level):
    (result,) = checked(sarif_json(measured(verdict=verdict)))["results"]
    assert (result["ruleId"], result["level"]) == ("VERDICT", level)
    assert "+2.4 points of accuracy" in result["message"]["text"]


def test_hostile_strings_stay_one_line_of_text_without_links():
    given = findings(2, message=HOSTILE, code="QUA001", kind="quality")
    run = checked(sarif_json(hostile(), given, [HOSTILE.replace("\ud800", "")] * 2, path="a\n<b>%/é:?.csv"))
    texts = [result["message"]["text"] for result in run["results"]]
    assert not any("](" in text or set("\n\x00\x1b\u202e") & set(text) for text in texts)
    assert max(map(len, texts)) <= 1_000
    uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]}
    assert uris == {"a%0A%3Cb%3E%25/%C3%A9%3A%3F.csv"}
