import io
import json
from urllib.parse import quote

import numpy as np
import pyarrow as pa
from map_page import READY, V, param, shown

FIRST = """document.querySelector(".map-rows [aria-posinset='1'] .row-card")?.dataset.row"""


def listed(page, n=8):
    """Give the first rows of the list, once they have come."""
    page.wait_for_function("n => document.querySelectorAll('.map-rows ol .row-card').length >= n", arg=n)
    lines = page.locator(".map-rows ol > li")
    by_place = {int(one.get_attribute("aria-posinset")): one for one in lines.all()}
    return [by_place[place].locator(".row-card").get_attribute("data-row") for place in range(1, n + 1)]


def nearest(server, kind, value, k):
    return json.loads(server.ask("nearest", {"v": V, "kind": kind, "value": value, "k": k}))


def ids_at(server, positions):
    rows = json.loads(server.ask(f"rows?v={V}&at={','.join(map(str, positions))}"))["rows"]
    return [row["row_id"] for row in rows]


def row_at(server, position):
    return json.loads(server.ask(f"rows?v={V}&at={position}"))["rows"][0]


def test_a_key_selects_the_rows_most_like_the_chosen_one_nearest_first_with_their_distance(look, reading):
    row_id = row_at(reading, 40)["row_id"]
    page = look(reading, f"&row={quote(row_id)}")
    page.locator(".map-rows [aria-current=true]").wait_for()
    page.keyboard.press("s")
    page.wait_for_selector(f"{READY}[data-shown='100']")
    found = nearest(reading, "similar_row", row_id, 100)
    assert listed(page) == ids_at(reading, found["positions"][:8])
    words = page.locator(".map-rows ol > li").first.inner_text().split()
    assert words[words.index("distance") + 1] == f"{found['distances'][0]:.3f}"
    assert (param(page, "by"), param(page, "q")) == ("row", row_id)
    assert "the 100 rows most like row" in page.locator(".asked-now").inner_text()


def test_like_this_is_a_button_of_the_chosen_row(look, reading):
    row_id = row_at(reading, 7)["row_id"]
    page = look(reading, f"&row={quote(row_id)}&k=12")
    page.get_by_role("tab", name="Neighbors").click()
    page.get_by_role("button", name="Like this").click()
    page.wait_for_selector(f"{READY}[data-shown='12']")
    page.get_by_role("tab", name="Rows").click()
    assert listed(page, 12) == ids_at(reading, nearest(reading, "similar_row", row_id, 12)["positions"])


def test_rows_like_a_text_come_nearest_first_and_a_filter_keeps_their_order(look, reading, points):
    page = look(reading, "&by=like&q=garlic+and+olive+oil&k=60")
    found = nearest(reading, "similar_text", "garlic and olive oil", 60)["positions"]
    assert shown(page) == 60
    assert listed(page) == ids_at(reading, found[:8])
    split = dict(zip(points.row, points.codes["split"], strict=True))
    page.goto(page.url + "&f.split=0")
    page.wait_for_selector(f"{READY}:not([data-shown='60'])")
    assert listed(page, 5) == ids_at(reading, [one for one in found if split[one] == 0][:5])


def test_rows_are_listed_by_outlier_score_and_again_as_in_the_version(look, reading):
    page = look(reading)
    before = listed(page)
    page.get_by_label("Sort").select_option("-outlier_score")
    page.wait_for_function(f"first => {FIRST} !== first", arg=before[0])
    order = np.frombuffer(reading.ask(f"order?v={V}&by=outlier_score&highest=true"), np.uint32)
    assert listed(page) == ids_at(reading, order[:8])
    page.keyboard.press("j")
    page.wait_for_function("() => new URL(location.href).searchParams.get('row') !== null")
    assert param(page, "row") == ids_at(reading, order[:1])[0]
    page.keyboard.press("Escape")
    page.get_by_label("Sort").select_option("")
    page.wait_for_function(f"first => {FIRST} === first", arg=before[0])
    assert listed(page) == before


def told_otherwise(server, **told):
    """Give the map of a server whose metadata tells something else."""
    table = pa.ipc.open_stream(io.BytesIO(server.ask(f"map?v={V}"))).read_all()
    metadata = json.loads(table.schema.metadata[b"burnish"]) | told
    sink = io.BytesIO()
    table = table.replace_schema_metadata({"burnish": json.dumps(metadata)})
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def test_a_search_for_rows_like_a_text_is_offered_only_where_a_text_can_be_compared(look, reading):
    ways = "[aria-label='Search by'] option"
    assert "Similar" in look(reading).locator(ways).all_inner_texts()
    body = told_otherwise(reading, takes_texts=False)
    page = look(reading, before=lambda page: page.route("**/api/map?*", lambda route: route.fulfill(body=body)))
    assert "Similar" not in page.locator(ways).all_inner_texts()
