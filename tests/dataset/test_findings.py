import json

import pyarrow as pa

from burnish.dataset import Finding, FlaggedRow
from burnish.dataset.findings import SCHEMA, finding_id, findings_table

IDS = ["r0", "r1", "r2"]


def twins(*rows, message="copies"):
    flags = tuple(FlaggedRow(row, 0.9, edit="drop", evidence={"kept": "r0"}) for row in rows)
    return Finding("DUP001", "exact_duplicate", "warning", message, flags, group=4, evidence={"size": 3})


def test_the_table_has_one_line_a_finding_and_row():
    table = findings_table([twins(1, 2)], IDS)
    assert table.schema == SCHEMA
    assert table.column("row_id").to_pylist() == ["r1", "r2"]
    assert len(set(table.column("finding_id").to_pylist())) == 1
    assert json.loads(table.column("evidence")[0].as_py()) == {"size": 3, "kept": "r0"}
    assert table.column("suggested_edit").to_pylist() == ["drop", "drop"]


def test_a_finding_about_the_set_has_one_line_without_a_row():
    finding = Finding("IMB001", "imbalance", "info", "few cats", score=0.5, evidence={"share": 0.01})
    (line,) = findings_table([finding], IDS).to_pylist()
    assert line["row_id"] is None
    assert line["score"] == 0.5


def test_no_finding_gives_an_empty_table_of_the_same_schema():
    assert findings_table([], IDS).schema == SCHEMA


def test_the_id_depends_on_code_and_rows_and_on_nothing_else():
    one = finding_id(twins(1, 2), IDS)
    assert one == finding_id(twins(2, 1, message="other words"), IDS)
    assert one == finding_id(twins(0, 1), ["r1", "r2", "r0"])
    assert one != finding_id(twins(1), IDS)
    assert one.startswith("DUP001-")


def about_the_set(message="", **evidence):
    return Finding("SHO001", "shortcut", "warning", message, evidence=evidence)


def test_without_rows_the_id_hangs_on_what_it_is_about_and_no_number_moves_it():
    one = finding_id(about_the_set("skill 0.91", kind="metadata", field="brand", score=0.91), IDS)
    assert one == finding_id(about_the_set("skill 0.90", kind="metadata", field="brand", score=0.90), ["other"])
    assert one != finding_id(about_the_set("skill 0.91", kind="metadata", field="brand_2", score=0.91), IDS)
    assert one != finding_id(about_the_set("skill 0.91", kind="image", field="brand", score=0.91), IDS)


def test_without_rows_and_names_the_id_hangs_on_the_message():
    assert finding_id(about_the_set("few cats"), IDS) == finding_id(about_the_set("few cats", share=0.1), IDS)
    assert finding_id(about_the_set("few cats"), IDS) != finding_id(about_the_set("few dogs"), IDS)


def test_an_id_of_rows_is_the_same_in_every_version_of_burnish():
    assert finding_id(twins(1, 2), IDS) == "DUP001-779f2ea076"


def test_ids_may_come_as_an_arrow_array_and_each_row_has_its_own_evidence():
    flags = (FlaggedRow(2, 0.5), FlaggedRow(0, 0.25, "drop", "b", {"n": 2}))
    findings = [
        about_the_set("few cats", kind="class"),
        Finding("X001", "quality", "info", "odd", flags, evidence={"n": 1}),
    ]
    table = findings_table(findings, pa.array(IDS))
    assert table.equals(findings_table(findings, IDS))
    assert table["row_id"].to_pylist() == [None, IDS[2], IDS[0]]
    assert [json.loads(line) for line in table["evidence"].to_pylist()][1:] == [{"n": 1}, {"n": 2}]
    assert table["score"].to_pylist() == [1.0, 0.5, 0.25]
    assert table["finding_id"].to_pylist() == [finding_id(findings[0], IDS), *[finding_id(findings[1], IDS)] * 2]
    assert table["suggested_label"].to_pylist() == [None, None, "b"]
