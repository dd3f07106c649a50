import pyarrow as pa

from burnish.pipeline.since_parent import SINCE_PARENT, since_parent

SCHEMA = pa.schema([("row_id", pa.string()), ("action", pa.string())])
IDS = pa.array(["a", "b", "c", "d", "e"])


def told(edits, added):
    lines = [{"row_id": row_id, "action": action} for row_id, action in edits or []]
    table = None if edits is None else pa.Table.from_pylist(lines, SCHEMA)
    codes = since_parent(IDS, edits=table, added=None if added is None else pa.array(added, pa.string()))
    return [SINCE_PARENT[code] for code in codes]


def test_rows_are_told_as_they_came_about():
    edits = [("b", "relabel"), ("c", "restore"), ("gone", "drop")]
    assert told(edits, ["e", "elsewhere"]) == ["as in parent", "relabelled", "restored", "as in parent", "added"]


def test_without_edits_and_new_rows_all_are_as_in_the_parent():
    assert told(None, None) == ["as in parent"] * 5
    assert told([], []) == ["as in parent"] * 5
