import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from burnish.app import points
from burnish.app.kept import PerVersion
from burnish.app.masks import order_by
from burnish.app.points import Points
from burnish.pipeline.reviewing import REVIEW_STATUS
from burnish.reports.facets import point_facets


def read(answer):
    assert answer.status_code == 200, answer.text
    table = pa.ipc.open_stream(answer.content).read_all()
    return table, json.loads(table.schema.metadata[b"burnish"])


def facet(told, name):
    return next(one for one in told["facets"] if one["name"] == name)


def values_of(table, told, name):
    """Give the value of a facet for each row of the version, None for rows without a place."""
    one = facet(told, name)
    values = [None] * told["n_rows"]
    for row, code in zip(table["row"].to_pylist(), table[one["column"]].to_pylist(), strict=True):
        values[row] = one["values"][code]
    return values


@pytest.fixture(scope="module")
def opened(reading):
    return reading.served.versions.opened("small@1")


def test_the_stream_says_how_long_it_is_and_what_it_is(reading):
    answer = reading.get("/api/map", params={"v": "small@1"})
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_the_stream_gives_back_the_facts(reading, opened):
    table, told = read(reading.get("/api/map", params={"v": "small@1"}))
    facts, rows = opened.facts, table["row"].to_numpy()
    assert (told["v"], told["n_rows"], told["n_placed"]) == ("small@1", len(facts.rows), len(table))
    assert sorted(rows.tolist()) == list(range(len(facts.rows)))
    assert [f.type for f in table.schema][:3] == [pa.uint16(), pa.uint16(), pa.uint32()]
    for axis in "xy":
        given = facts.rows[f"map_{axis}"].to_numpy()[rows]
        unit = (given - given.min()) / np.ptp(given)
        assert np.abs(table[axis].to_numpy() - unit * 65_535).max() <= 0.5 + 1e-2
    for name in ("label", "predicted_label", "split"):
        assert values_of(table, told, name) == facts.rows[name].to_pylist()
    for one in point_facets(facts):
        assert (table[facet(told, one.name)["column"]].to_numpy() == one.codes[rows]).all()


def test_facets_come_in_order_each_with_a_column_and_codes_of_one_byte_where_they_fit(reading):
    table, told = read(reading.get("/api/map", params={"v": "small@2"}))
    names = [one["name"] for one in told["facets"]]
    first = ["cluster", "label", "predicted_label", "finding", "error", "split", "change", "review"]
    assert [name for name in names if name in first] == [name for name in first if name in names]
    assert {"label", "finding", "change", "review", "outlier_score"} <= set(names)
    assert [one["column"] for one in told["facets"]] == [f"f{i}" for i in range(len(names))] == table.column_names[3:]
    for one in told["facets"]:
        assert table.schema.field(one["column"]).type == (pa.uint16() if one["kind"] == "flags" else pa.uint8())
        assert (one["kind"] == "scale") == (one["low"] is not None)


def test_rows_are_shuffled_once_so_that_the_first_batch_is_a_fair_sample(reading):
    first, _ = read(reading.get("/api/map", params={"v": "small@1"}))
    again, _ = read(reading.get("/api/map", params={"v": "small@1"}))
    assert first.equals(again)
    rows = first["row"].to_numpy().astype(int)
    assert (np.diff(rows) < 0).sum() > len(rows) / 3


def test_a_first_version_has_no_change_and_a_later_one_tells_it(reading):
    _, told = read(reading.get("/api/map", params={"v": "small@1"}))
    assert "change" not in [one["name"] for one in told["facets"]]
    table, told = read(reading.get("/api/map", params={"v": "small@2"}))
    relabelled = [line for line in ledger(reading, "small@2") if line["action"] == "relabel"]
    values = values_of(table, told, "change")
    assert values.count("relabelled") == len(relabelled)
    assert values.count("as in parent") == told["n_rows"] - len(relabelled)


def ledger(client, name):
    store = client.served.workspace.history.store
    return store.ledger(store.find(name)).to_pylist()


def test_a_decision_shows_on_the_next_map(client):
    _, told = read(client.get("/api/map", params={"v": "small@1"}))
    assert facet(told, "review")["values"][-1] == "none"
    queue = client.get("/api/findings", params={"v": "small@1"}).json()["items"]
    item = next(one for one in queue if one["suggested_edit"] == "drop" and not one["evaluation"])
    asked = {"v": "small@1", "action": "accept", "finding_id": item["finding_id"]}
    assert client.post("/api/decisions", json=asked).status_code == 200
    table, told = read(client.get("/api/map", params={"v": "small@1"}))
    positions = client.served.versions.opened("small@1").dataset.positions_of([item["row_id"]])
    assert values_of(table, told, "review")[positions[0]] == "to be dropped"


def test_every_status_of_a_review_has_its_value(reading, opened):
    made = points.points_of(reading.served, opened)
    status = (np.arange(made.n_rows) % len(REVIEW_STATUS)).astype(np.uint8)
    table = pa.ipc.open_stream(made.encoded(status)).read_all()
    told = json.loads(table.schema.metadata[b"burnish"])
    assert values_of(table, told, "review")[:6] == list(REVIEW_STATUS)


def test_a_version_that_was_not_audited_has_no_map(reading):
    answer = reading.get("/api/map", params={"v": "plain@1"})
    assert (answer.status_code, set(answer.json())) == (409, {"error", "remedy"})


def test_rows_without_a_place_are_left_out():
    x = pa.array([0.0, 1.0, None, float("nan"), 0.5], pa.float32())
    facts = SimpleNamespace(column=lambda name: x if name == "map_x" else pa.array([1.0, 1, 1, 1, 1]))
    places = points._places(facts)
    assert sorted(places.rows.tolist()) == [0, 1, 4]
    assert places.x[np.argsort(places.rows)].tolist() == [0, 65_535, 32_768]
    assert places.y.tolist() == [0, 0, 0]


def test_a_map_without_points_is_a_stream_without_rows():
    none = np.empty(0, np.uint16)
    made = Points("v@1", 3, np.empty(0, np.uint32), none, none, 1.0, ())
    table = pa.ipc.open_stream(made.encoded(np.zeros(3, np.uint8))).read_all()
    assert (len(table), table.column_names) == (0, ["x", "y", "row"])


def test_many_rows_come_in_batches():
    n = 2 * points.BATCH_ROWS + 5
    some = np.zeros(n, np.uint16)
    made = Points("v@1", n, np.arange(n, dtype=np.uint32), some, some, 1.0, ())
    batches = [batch.num_rows for batch in pa.ipc.open_stream(made.encoded(np.zeros(n, np.uint8)))]
    assert batches == [points.BATCH_ROWS, points.BATCH_ROWS, 5]


def test_what_is_kept_of_a_version_is_made_once_and_let_go_with_it():
    class Version:
        pass

    kept, made, one = PerVersion(), [], Version()
    for _ in range(2):
        assert kept.of(one, lambda: made.append(1) or "made") == "made"
    assert len(made) == len(kept._made) == 1
    del one
    assert len(kept._made) == 0


def test_the_column_of_the_review_is_that_of_the_map_as_it_is_now(client):
    first, told = read(client.get("/api/map", params={"v": "small@1"}))
    queue = client.get("/api/findings", params={"v": "small@1"}).json()["items"]
    item = next(one for one in queue if one["suggested_edit"] == "drop" and not one["evaluation"])
    asked = {"v": "small@1", "action": "accept", "finding_id": item["finding_id"]}
    assert client.post("/api/decisions", json=asked).status_code == 200
    answer = client.get("/api/map/review", params={"v": "small@1"})
    column = facet(told, "review")["column"]
    assert answer.headers["x-burnish-points"] == told["points"]
    codes = np.frombuffer(answer.content, np.uint8)
    table, again = read(client.get("/api/map", params={"v": "small@1"}))
    assert again["points"] == told["points"]
    assert codes.tolist() == table[column].to_pylist() != first[column].to_pylist()


def test_another_version_has_other_points(reading):
    keys = [read(reading.get("/api/map", params={"v": v}))[1]["points"] for v in ("small@1", "small@2")]
    assert keys[0] != keys[1]


@pytest.mark.parametrize("highest", [False, True])
@pytest.mark.parametrize("by", ["label_quality", "outlier_score"])
def test_rows_are_ordered_by_a_number_with_those_without_one_last(reading, opened, by, highest):
    answer = reading.get("/api/order", params={"v": "small@1", "by": by, "highest": highest})
    order = np.frombuffer(answer.content, np.uint32)
    assert sorted(order.tolist()) == list(range(len(opened.dataset)))
    numbers = [value for value in opened.facts.rows[by].to_pylist() if value is not None]
    listed = [opened.facts.rows[by].to_pylist()[row] for row in order]
    assert listed[: len(numbers)] == sorted(numbers, reverse=highest)


def test_rows_without_a_number_come_last():
    facts = SimpleNamespace(column=lambda _: pa.array([0.5, None, 0.1, 0.5]))
    for highest, expected in ((False, [2, 0, 3, 1]), (True, [0, 3, 2, 1])):
        assert order_by(SimpleNamespace(facts=facts), "label_quality", highest=highest).tolist() == expected
