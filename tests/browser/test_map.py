import io
import json
import math
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from axe import AXE, needs_axe, wcag_faults
from map_page import READY, V, circle, drag, late_by, number, param, polygons, shown, value

from app_server import SIZES

WEB = Path(__file__).parents[2] / "web"


@pytest.mark.skipif(shutil.which("node") is None or not AXE.exists(), reason="no node, or no web/node_modules")
def test_the_point_layer_agrees_with_slow_versions_of_itself():
    done = subprocess.run(["node", "--test", "test"], cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


# What is shown.


def test_every_row_with_a_place_is_shown_and_counted(look, reading, points):
    page = look(reading)
    assert shown(page) == points.n
    for place in range(len(points.facets["label"]["values"])):
        assert number(page, "label", place) == np.sum(points.codes["label"] == place)


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_a_map_that_comes_in_many_batches_is_the_same(look, reading, points, rows):
    table = pa.ipc.open_stream(io.BytesIO(reading.ask(f"map?v={V}"))).read_all()
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table, max_chunksize=rows)
    whole = look(reading, "&color=label")
    page = look(
        reading, "&color=label",
        before=lambda page: page.route("**/api/map?*", lambda route: route.fulfill(body=sink.getvalue())),
    )  # fmt: skip
    assert shown(page) == points.n
    for place in range(len(points.facets["label"]["values"])):
        assert number(page, "label", place) == np.sum(points.codes["label"] == place)
    page.wait_for_timeout(200)
    assert page.locator(".stage").screenshot() == whole.locator(".stage").screenshot()


def test_a_map_that_ends_too_early_is_told(look, reading):
    body = reading.ask(f"map?v={V}")
    page = look(reading)
    page.route("**/api/map?*", lambda route: route.fulfill(body=body[: len(body) // 2]))
    page.reload()
    page.locator(".trouble").wait_for()
    page.faults.clear()


@pytest.mark.parametrize("color", ["label", "finding"])
def test_a_reload_gives_the_same_pixels(look, reading, color):
    page = look(reading, f"&color={color}&view=0.45,0.55,1.80")
    first = page.locator(".stage").screenshot()
    page.reload()
    page.wait_for_selector(READY)
    assert page.locator(".stage").screenshot() == first


def test_a_search_and_the_address_that_it_gives_draw_the_same_pixels(look, reading):
    page = look(reading, "&color=finding")
    whole = page.locator(".stage").screenshot()
    n = shown(page)
    page.get_by_label("Search rows").fill("garlic")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{READY}:not([data-shown='{n}'])")
    page.wait_for_timeout(200)
    found = page.locator(".stage").screenshot()
    assert found != whole
    page.reload()
    page.wait_for_selector(READY)
    page.wait_for_timeout(200)
    assert page.locator(".stage").screenshot() == found


def test_points_have_the_colors_of_the_facet(look, reading):
    page = look(reading, "&color=split")
    by_split = page.locator(".stage").screenshot()
    page.get_by_label("Color").select_option("label")
    page.wait_for_timeout(200)
    assert page.locator(".stage").screenshot() != by_split
    assert param(page, "color") == "label"


def test_the_outcome_of_a_comparison_is_a_facet(look, reading, points):
    codes = np.arange(600, dtype=np.uint8) % 3
    outcomes = {"fixed": 200, "broken": 200}

    def routed(page):
        page.route("**/api/compared?*", lambda route: route.fulfill(json={"outcomes": outcomes}))
        page.route("**/api/outcomes?*", lambda route: route.fulfill(body=codes.tobytes()))

    page = look(reading, "&cmp=key&f.cmp=2", before=routed)
    page.wait_for_selector("[data-facet=cmp]")
    page.wait_for_selector(f"{READY}[data-shown='{np.sum(codes[points.row] == 2)}']")
    assert [number(page, "cmp", place) for place in range(3)] == [np.sum(codes[points.row] == n) for n in range(3)]
    assert page.get_by_label("Color").input_value() == "cmp"


def crowded(server, flagged):
    """Give the map with all its points in one place, of which one has a finding."""
    table = pa.ipc.open_stream(io.BytesIO(server.ask(f"map?v={V}"))).read_all()
    (facet,) = (one for one in json.loads(table.schema.metadata[b"burnish"])["facets"] if one["name"] == "finding")
    codes = np.zeros(len(table), table[facet["column"]].type.to_pandas_dtype())
    codes[flagged] = 1
    columns = {axis: np.full(len(table), 30_000, np.uint16) for axis in "xy"} | {facet["column"]: codes}
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), table.schema.field(name), pa.array(values))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue(), int(table["row"][flagged].as_py())


COLOR_OF_THE_MIDDLE = """() => {
  const map = document.getElementById("map-canvas");
  const context = new OffscreenCanvas(map.width, map.height).getContext("2d");
  context.drawImage(map, 0, 0);
  const [r, g, b] = context.getImageData(map.width / 2, map.height / 2, 1, 1).data;
  return `rgb(${r}, ${g}, ${b})`;
}"""


def test_one_flagged_point_lies_over_all_others_in_its_place_and_is_the_one_that_is_picked(look, reading):
    body, row = crowded(reading, 100)
    middle = f"{30_000 / 65_535:.4f}"
    page = look(
        reading, f"&color=finding&view={middle},{middle},2.00",
        before=lambda page: page.route("**/api/map?*", lambda route: route.fulfill(body=body)),
    )  # fmt: skip
    swatch = page.locator("[data-facet=finding] .swatch").first
    assert page.evaluate(COLOR_OF_THE_MIDDLE) == swatch.evaluate("one => getComputedStyle(one).backgroundColor")
    page.locator("#map-canvas").click()
    page.wait_for_function("() => new URL(location.href).searchParams.get('row') !== null")
    (wanted,) = json.loads(reading.ask(f"rows?v={V}&at={row}"))["rows"]
    assert param(page, "row") == wanted["row_id"]


# Filters.


def test_a_press_filters_and_a_facet_counts_without_its_own_filter(look, reading, points):
    page = look(reading)
    before = number(page, "label", 1)
    value(page, "label", 0).click()
    label, split = points.codes["label"], points.codes["split"]
    assert shown(page) == np.sum(label == 0)
    assert number(page, "label", 1) == before
    assert number(page, "split", 0) == np.sum((label == 0) & (split == 0))
    assert param(page, "f.label") == "0"


def test_a_second_value_adds_and_alt_shows_only_that(look, reading, points):
    page = look(reading)
    label = points.codes["label"]
    value(page, "label", 0).click()
    value(page, "label", 2).click()
    assert shown(page) == np.sum(np.isin(label, (0, 2)))
    value(page, "label", 1).click(modifiers=["Alt"])
    assert shown(page) == np.sum(label == 1)


def test_back_undoes_a_filter_and_forward_makes_it_again(look, reading, points):
    page = look(reading)
    value(page, "label", 0).click()
    some = shown(page)
    page.go_back()
    page.wait_for_selector(f"html[data-shown='{points.n}']")
    page.go_forward()
    page.wait_for_selector(f"html[data-shown='{some}']")


def test_flags_are_rows_with_any_of_them_or_with_none(look, reading, points):
    codes, n = points.codes["finding"], len(points.facets["finding"]["values"])
    page = look(reading, f"&f.finding=0.{n}")
    assert shown(page) == np.sum(((codes & 1) != 0) | (codes == 0))


def test_the_brush_moves_by_keys_and_is_kept_in_the_address(look, reading, points):
    page = look(reading)
    page.get_by_label("Lowest Label quality").focus()
    for _ in range(5):
        page.keyboard.press("PageUp")
    low = int(page.get_by_label("Lowest Label quality").input_value())
    assert low > 0
    codes = points.codes["label_quality"]
    assert shown(page) == np.sum((codes >= low) & (codes != 255))
    assert "~" in param(page, "f.label_quality")
    page.reload()
    assert shown(page) == np.sum((codes >= low) & (codes != 255))


def test_the_brush_is_drawn_over_the_histogram(look, reading, points):
    page = look(reading)
    histogram = page.locator("[data-facet=label_quality] svg")
    histogram.scroll_into_view_if_needed()
    box = histogram.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 10, steps=5)
    page.mouse.up()
    low, high = (int(page.get_by_label(f"{end} Label quality").input_value()) for end in ("Lowest", "Highest"))
    assert 120 <= low <= 134
    codes = points.codes["label_quality"]
    assert shown(page) == np.sum((codes >= low) & (codes <= high) & (codes != 255))


# Selections.


def test_a_lasso_selects_the_rows_that_numpy_selects(look, reading, points):
    page = look(reading)
    page.keyboard.press("l")
    drag(page, circle(0.3))
    n = shown(page)
    (corners,) = polygons(page)
    assert n == np.sum(points.inside(corners))
    assert 0 < n < points.n
    mask = np.frombuffer(reading.ask("mask", {"v": V, "kind": "polygon", "polygon": corners}), np.uint8)
    of_server = np.flatnonzero(np.unpackbits(mask, bitorder="little"))
    assert np.array_equal(of_server, points.row[points.inside(corners)])


def test_a_lasso_that_crosses_itself_is_decided_by_the_even_odd_rule(look, reading, points):
    star = [(0.5 + 0.45 * math.sin(a), 0.5 + 0.45 * math.cos(a)) for a in np.arange(5) * 4 * math.pi / 5]
    rounded = [(round(x, 4), round(y, 4)) for x, y in star]
    page = look(reading, "&sel=" + quote(";".join(f"{x},{y}" for x, y in rounded)))
    assert shown(page) == np.sum(points.inside(rounded))


def test_shift_adds_to_a_selection_and_alt_takes_from_it(look, reading, points):
    page = look(reading)
    page.keyboard.press("b")
    drag(page, [(0.1, 0.1), (0.6, 0.6)])
    shown(page)
    drag(page, [(0.5, 0.5), (0.9, 0.9)], modifier="Shift")
    shown(page)
    drag(page, [(0.4, 0.4), (0.7, 0.7)], modifier="Alt")
    n = shown(page)
    assert re.fullmatch(r"[^|-]+\|[^|-]+\|-[^|]+", param(page, "sel"))
    first, second, third = (points.inside(one) for one in polygons(page))
    assert n == np.sum((first | second) & ~third)
    page.keyboard.press("Escape")
    assert shown(page) == points.n


def test_a_shared_address_shows_the_same_rows_in_a_fresh_browser(look, reading, points):
    page = look(reading)
    value(page, "label", 0).click()
    shown(page)
    page.keyboard.press("l")
    drag(page, circle(0.35))
    n = shown(page)
    assert 0 < n < np.sum(points.codes["label"] == 0)
    query = urlsplit(page.url).query
    other = look(reading, "&" + query.split("&", 1)[1])
    assert shown(other) == n
    assert other.locator(".asked-now li").count() == 3  # the filter, the area, and a way to clear both


# Search.


def test_search_narrows_to_what_the_server_finds(look, reading, points):
    page = look(reading)
    page.keyboard.press("/")
    page.keyboard.type("garlic")
    page.keyboard.press("Enter")
    page.wait_for_selector(".asked-now")
    n = shown(page)
    mask = np.frombuffer(reading.ask("mask", {"v": V, "kind": "text", "value": "garlic"}), np.uint8)
    assert n == np.unpackbits(mask, bitorder="little").sum()
    assert 0 < n < points.n
    page.locator(".asked-now button").first.click()
    assert shown(page) == points.n


def test_a_second_search_replaces_the_first(look, reading):
    page = look(reading, "&q=garlic")
    first = shown(page)
    page.get_by_label("Search rows").fill("fever")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"html[data-map-ready=true]:not([data-shown='{first}'])")
    mask = np.frombuffer(reading.ask("mask", {"v": V, "kind": "text", "value": "fever"}), np.uint8)
    assert shown(page) == np.unpackbits(mask, bitorder="little").sum()


def test_an_expression_that_cannot_be_read_is_told(look, reading, points):
    page = look(reading, "&by=regex&q=(")
    told = page.locator("#search-wrong")
    told.wait_for()
    assert told.inner_text().strip() != ""
    assert page.get_by_label("Search rows").get_attribute("aria-invalid") == "true"
    assert shown(page) == points.n
    page.faults.clear()  # the browser itself tells of the refusal


# Rows.


def test_a_point_that_is_pressed_is_the_row_of_the_list(look, reading, points):
    page = look(reading)
    box = page.locator("#map-canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("#map-canvas").focus()
    page.keyboard.press("Enter")
    chosen = page.locator(".map-rows [aria-current=true]")
    chosen.wait_for()
    assert chosen.locator(".row-card").get_attribute("data-row") == param(page, "row")
    assert chosen.is_visible()


def test_j_and_k_go_through_the_rows_in_their_order(look, reading):
    page = look(reading, "&f.label=1")
    ids = page.locator(".map-rows .row-card")
    ids.nth(2).wait_for()
    wanted = [ids.nth(i).get_attribute("data-row") for i in range(3)]
    seen = []
    for key in "jjjkk":
        before = param(page, "row")
        page.keyboard.press(key)
        page.wait_for_function("before => new URL(location.href).searchParams.get('row') !== before", arg=before)
        page.wait_for_function(
            "() => document.querySelector('.map-rows [aria-current] .row-card')?.dataset.row"
            " === new URL(location.href).searchParams.get('row')"
        )
        seen.append(param(page, "row"))
    assert seen == [*wanted, wanted[1], wanted[0]]


@pytest.mark.parametrize("path", ["map", "row"])
def test_a_row_out_of_sight_is_brought_in_sight_whatever_comes_late(look, reading, points, path):
    left = int(points.row[np.argmin(points.x)])
    row_id = json.loads(reading.ask(f"rows?v={V}&at={left}"))["rows"][0]["row_id"]
    late = partial(late_by, 1)
    page = look(
        reading, f"&view=0.9,0.5,6.00&row={quote(row_id)}", before=lambda page: page.route(f"**/api/{path}?*", late)
    )
    page.wait_for_function("() => Number(new URL(location.href).searchParams.get('view')?.split(',')[0] ?? 0.9) < 0.3")


def test_hovering_shows_the_row_beside_its_point(look, reading, points):
    page = look(reading, "&view=" + ",".join(f"{v[0] / 65535:.4f}" for v in (points.x, points.y)) + ",8.00")
    box = page.locator("#map-canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 2, box["y"] + box["height"] / 2 + 1)
    preview = page.locator(".preview")
    preview.wait_for()
    assert len(preview.inner_text()) > 20
    page.mouse.move(box["x"] - 20, box["y"] + 5)
    preview.wait_for(state="detached")


def test_neighbors_and_findings_are_those_of_the_chosen_row(look, reading):
    page = look(reading, "&f.finding=0")
    page.keyboard.press("j")
    page.locator(".map-rows [aria-current=true]").wait_for()
    page.keyboard.press("]")
    page.get_by_text("Nearest to it").wait_for()
    assert page.locator("[role=tab][aria-selected=true]").inner_text().startswith("Neighbors")
    page.keyboard.press("]")
    first = page.locator(".about a").first
    first.wait_for()
    assert first.get_attribute("href").startswith("/findings?")


# Without a pointer.


def test_keys_pick_the_tool_zoom_and_show_the_whole_map(look, reading):
    page = look(reading)
    for key, name in (("l", "Lasso"), ("b", "Box"), ("v", "Pan")):
        page.keyboard.press(key)
        assert page.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"
    page.keyboard.press("+")
    page.locator("#map-canvas").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => parseFloat(new URL(location.href).searchParams.get('view')) > 0.5")
    _, y, zoom = map(float, param(page, "view").split(","))
    assert (y, zoom) == (0.5, 1.5)
    page.keyboard.press("0")
    page.wait_for_function("() => new URL(location.href).searchParams.get('view') === null")


def test_a_box_drawn_by_keys_selects_as_one_drawn_by_the_mouse(look, reading, points):
    page = look(reading, "&view=0.5,0.5,1.50")
    box = page.locator("#map-canvas").bounding_box()
    left, top = round(box["width"] / 3) + 20, round(box["height"] / 3) - 10
    right, bottom = round(2 * box["width"] / 3) + 20 - 30, round(2 * box["height"] / 3) - 10 + 10
    page.keyboard.press("b")
    drag(page, [(x / box["width"], y / box["height"]) for x, y in ((left, top), (right, bottom))])
    n, by_mouse = shown(page), param(page, "sel")
    assert 0 < n < points.n
    page.keyboard.press("Escape")
    assert shown(page) == points.n
    page.locator("#map-canvas").focus()
    for key in ("b", "ArrowRight", "ArrowRight", "ArrowUp", *["Shift+ArrowLeft"] * 3, "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert (shown(page), param(page, "sel")) == (n, by_mouse)


def test_a_box_drawn_by_keys_adds_with_shift_takes_away_with_alt_and_is_left_by_escape(look, reading, points):
    page = look(reading)
    canvas, live = page.locator("#map-canvas"), page.locator(".status [aria-live]")
    canvas.focus()
    for key in ("b", *["ArrowLeft"] * 40, "Enter"):
        page.keyboard.press(key)
    shown(page)
    for key in ("b", *["ArrowRight"] * 40):
        page.keyboard.press(key)
    assert "100 % from the left" in live.inner_text()
    page.keyboard.press("Shift+Enter")
    shown(page)
    for key in ("b", *["Shift+ArrowUp"] * 40, "Alt+Enter"):
        page.keyboard.press(key)
    n = shown(page)
    first, second, third = (points.inside(one) for one in polygons(page))
    assert n == np.sum((first | second) & ~third)
    assert min(x for x, _ in polygons(page)[0]) < 0
    assert max(x for x, _ in polygons(page)[1]) > 1
    kept = param(page, "sel")
    page.keyboard.press("b")
    assert "Escape leaves it" in live.inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")  # moves the map again
    page.wait_for_function("() => new URL(location.href).searchParams.get('view') !== null")
    assert param(page, "sel") == kept
    page.keyboard.press("Escape")
    assert shown(page) == points.n


def test_all_rows_are_selected_by_a_key_and_only_then_can_be_acted_on(look, reading):
    page = look(reading)
    tag = page.get_by_role("button", name="Tag…")
    assert tag.is_disabled()
    page.keyboard.press("Control+a")
    assert tag.is_enabled()
    page.keyboard.press("Escape")
    assert tag.is_disabled()


# What is done with a selection.


def test_a_selection_becomes_a_tag(writing, look):
    page = look(writing)
    page.keyboard.press("l")
    drag(page, circle(0.25))
    n = shown(page)
    page.get_by_role("button", name="Tag…").click()
    page.get_by_label("Name of the tag").fill("middle")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.status [aria-live]').textContent.trim() !== ''")
    (kept,) = json.loads(writing.ask(f"sets?v={V}"))["sets"]
    assert (kept["name"], kept["kind"], kept["n_rows"]) == ("middle", "tag", n)
    again = look(writing, "&set=middle")
    assert shown(again) == n


def test_rows_that_are_dropped_are_pending_in_the_review_and_on_the_map(writing, look, points):
    page = look(writing, "&f.split=0&f.label=0")
    n = shown(page)
    page.get_by_role("button", name="Drop…").click()
    page.get_by_role("button", name="Drop", exact=True).click()
    page.wait_for_function("() => document.querySelector('.status [aria-live]').textContent.trim() !== ''")
    review = json.loads(writing.ask(f"review?v={V}"))
    assert 0 < review["drops"] <= n
    place = points.facets["review"]["values"].index("to be dropped")
    text = f"{review['drops']:,}"
    page.wait_for_function(
        "([facet, text]) => document.querySelector(`${facet} .number`)?.textContent === text",
        arg=[f"[data-facet=review] [data-place='{place}']", text],
    )


def test_a_selection_is_exported_as_a_file(look, reading, tmp_path):
    page = look(reading, "&f.label=0", accept_downloads=True)
    n = shown(page)
    page.get_by_role("button", name="Export…").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export", exact=True).click()
    download.value.save_as(tmp_path / "rows.parquet")
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == n


# For everyone.


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(look, reading, scheme):
    page = look(reading, "&f.label=0", scheme=scheme, bypass_csp=True)
    page.keyboard.press("j")
    page.locator(".map-rows [aria-current=true]").wait_for()
    assert wcag_faults(page) == {}


@pytest.mark.parametrize("size", list(SIZES))
def test_nothing_overflows(look, reading, size):
    page = look(reading, "&f.label=0", size=size)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    main = page.locator("main")
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth")
