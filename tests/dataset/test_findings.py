import json

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
