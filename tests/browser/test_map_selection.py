import json
from urllib.parse import quote, urlsplit

import numpy as np
import pyarrow as pa
import pytest
from map_page import READY, V, circle, drag, number, param, shown, value

from burnish.workspace.reviewing import Reviewing

SAID = "() => document.querySelector('.status [aria-live]').textContent.trim() !== ''"


def keep(server, name, positions, kind="tag"):
    opened = server.served.versions.opened(V)
    rows = opened.dataset.row_ids.take(pa.array(positions))
    Reviewing(server.served.workspace.history).keep_set("small", name, kind, rows)


def findings(server):
    return server.served.versions.opened(V).facts.findings.to_pylist()


def asked_of(page):
    """Give the paths that the page asks the API for from now on."""
    paths = []
    page.on("request", lambda one: paths.append(urlsplit(one.url).path.removeprefix("/api/")))
    return paths


# Tags.


def test_tags_and_slices_are_listed_with_their_sizes_chosen_and_forgotten_after_asking(writing, look, points):
    keep(writing, "odd", [3, 5, 9])
    keep(writing, "late", [1, 2, 3, 4], "slice")
    page = look(writing)
    lines = page.locator(".sets li")
    lines.nth(1).wait_for()
    assert [" ".join(one.split()) for one in lines.all_inner_texts()] == ["late slice 4 ×", "odd 3 ×"]
    lines.nth(1).get_by_role("button").first.click()
    page.wait_for_selector(f"{READY}[data-shown='3']")
    assert param(page, "set") == "odd"
    page.get_by_role("button", name="Forget odd").click()
    page.get_by_role("button", name="Cancel").click()
    assert len(json.loads(writing.ask(f"sets?v={V}"))["sets"]) == 2
    page.get_by_role("button", name="Forget odd").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget", exact=True).click()
    page.wait_for_selector(f"{READY}[data-shown='{points.n}']")
    assert [one["name"] for one in json.loads(writing.ask(f"sets?v={V}"))["sets"]] == ["late"]
    page.wait_for_function("() => document.querySelectorAll('.sets li').length === 1")


def test_a_tag_that_is_made_is_in_the_list_at_once(writing, look):
    page = look(writing, "&f.label=0")
    n = shown(page)
    page.get_by_role("button", name="Tag…").click()
    page.get_by_label("Name of the tag").fill("zero")
    page.keyboard.press("Enter")
    page.locator(".sets li").wait_for()
    assert page.locator(".sets .number").inner_text() == f"{n:,}"


# Findings.


def test_a_finding_opens_all_rows_that_it_flags_and_the_map_goes_to_them(look, reading, points):
    groups = {}
    for line in findings(reading):
        groups.setdefault(line["finding_id"], set()).add(line["row_id"])
    finding, ids = max(groups.items(), key=lambda item: len(item[1]) if item[0].startswith("DUP") else 0)
    page = look(reading, f"&finding={quote(finding)}")
    page.wait_for_selector(f"{READY}[data-shown='{len(ids)}']")
    page.wait_for_function("() => new URL(location.href).searchParams.get('view') !== null")
    x, y, zoom = map(float, param(page, "view").split(","))
    positions = reading.served.versions.opened(V).dataset.positions_of(sorted(ids))
    chosen = np.isin(points.row, positions)
    for given, middle in ((points.x, x), (points.y, y)):
        spread = given[chosen] / 65_535
        assert abs((spread.min() + spread.max()) / 2 - middle) < 1e-3
    assert 1 < zoom <= 6


def test_the_findings_of_a_selection_are_counted_by_kind_and_lead_to_their_review(look, reading, points):
    page = look(reading, "&f.label=0&f.finding=0.1.2")
    shown(page)
    page.get_by_role("tab", name="Findings").click()
    page.locator(".in-selection li").first.wait_for()
    codes = points.codes["finding"]
    selected = (points.codes["label"] == 0) & ((codes & 7) != 0)
    values = points.facets["finding"]["values"]
    wanted = [(name, int(np.sum(selected & ((codes >> bit) & 1 == 1)))) for bit, name in enumerate(values)]
    told = [one.split() for one in page.locator(".in-selection li").all_inner_texts()]
    assert [(" ".join(words[:-1]), int(words[-1])) for words in told] == [one for one in wanted if one[1] > 0]
    link = page.locator(".in-selection a.button")
    link.wait_for()
    rows = [int(one) for one in link.get_attribute("href").split("rows=")[1].split(".")]
    assert rows == points.row[selected].tolist()


# What facets and lines tell.


@pytest.mark.parametrize("facet", ["label", "cluster"])
def test_a_facet_lists_what_is_shown_most_first_and_what_is_not_last(look, reading, points, facet):
    other = {"label": "cluster", "cluster": "label"}[facet]
    page = look(reading, f"&f.{other}=1")
    values = points.facets[facet]["values"]
    counts = np.bincount(points.codes[facet][points.codes[other] == 1], minlength=len(values))
    assert np.sum(counts == 0) > 0
    named = [count for count, name in zip(counts, values, strict=True) if name != "none"]
    places = page.locator(f"[data-facet={facet}] .values button:not(.none)")
    few = len(values) <= 12
    seen = [counts[int(one.get_attribute("data-place"))] for one in places.all()]
    assert seen == sorted((n for n in named if few or n > 0), reverse=True)[:12]
    if not few:
        page.locator(f"[data-facet={facet}] .more").click()
        assert places.count() == len(named)


def test_the_facet_that_colors_the_map_comes_first_as_its_legend(look, reading):
    page = look(reading, "&color=split")
    first = page.locator(".facets .facet").first
    assert first.get_attribute("data-facet") == "split"
    assert "colors the map" in first.inner_text()
    assert first.locator(".swatch").count() > 0


def test_a_line_tells_the_label_and_what_was_predicted_before_all_else(look, reading):
    rows = json.loads(reading.ask(f"rows?v={V}&at={','.join(map(str, range(200)))}"))["rows"]
    row = next(one for one in rows if one["codes"] and one["predicted"] not in (None, one["label"]))
    page = look(reading, f"&row={quote(row['row_id'])}")
    line = page.locator(".map-rows [aria-current=true]")
    line.wait_for()
    answer = line.locator(".answer")
    assert answer.inner_text().startswith(f"{row['label']} → ")
    assert row["predicted"] in answer.inner_text()
    inside, around = answer.bounding_box(), line.locator(".chips").bounding_box()
    assert inside["y"] + inside["height"] <= around["y"] + around["height"] + 1
    assert inside["x"] + inside["width"] <= around["x"] + around["width"] + 1


def test_the_card_of_a_point_goes_when_a_filter_takes_the_point_out(look, reading, points):
    page = look(reading, "&view=" + ",".join(f"{v[0] / 65535:.4f}" for v in (points.x, points.y)) + ",8.00")
    box = page.locator("#map-canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 2, box["y"] + box["height"] / 2 + 1)
    page.locator(".preview").wait_for()
    page.evaluate("document.querySelector('[data-facet=label] .values button').click()")
    page.locator(".preview").wait_for(state="detached")


def test_a_search_that_runs_is_said_over_the_map_and_the_former_answer_is_dim(look, reading):
    page = look(reading)

    def held(route):
        page.wait_for_timeout(600)
        route.continue_()

    page.route("**/api/mask", held)
    page.get_by_label("Search rows").fill("garlic")
    page.keyboard.press("Enter")
    page.get_by_text("Searching …").wait_for()
    assert page.locator(".middle").get_attribute("aria-busy") == "true"
    page.get_by_text("Searching …").wait_for(state="detached")
    assert page.locator(".middle").get_attribute("aria-busy") == "false"


# Decisions.


def relabel(page, label):
    page.get_by_role("button", name="Relabel…").click()
    page.get_by_label("New label").fill(label)
    page.keyboard.press("Enter")
    page.wait_for_function(SAID)


def test_a_decision_or_a_tag_asks_for_the_column_of_the_review_and_not_for_the_map(writing, look, points):
    page = look(writing, "&f.split=0&f.label=0")
    paths = asked_of(page)
    relabel(page, points.facets["label"]["values"][1])
    place = points.facets["review"]["values"].index("to be relabelled")
    page.wait_for_function(
        "place => document.querySelector(`[data-facet=review] [data-place='${place}'] .number`)?.textContent > '0'",
        arg=place,
    )
    assert "map/review" in paths
    assert "map" not in paths
    assert number(page, "review", place) == json.loads(writing.ask(f"review?v={V}"))["relabels"]


def test_a_decision_is_taken_back_by_the_button_beside_what_is_said_and_by_a_key(writing, look, points):
    page = look(writing, "&f.split=0&f.label=0")
    for undo in (lambda: page.locator(".status button").click(), lambda: page.keyboard.press("u")):
        relabel(page, points.facets["label"]["values"][1])
        page.get_by_role("button", name="Undo").wait_for()
        assert json.loads(writing.ask(f"review?v={V}"))["relabels"] > 0
        undo()
        page.get_by_role("button", name="Undo").wait_for(state="detached")
        assert json.loads(writing.ask(f"review?v={V}"))["relabels"] == 0


def test_focus_is_where_it_was_after_a_relabel(writing, look, points):
    page = look(writing, "&f.split=0&f.label=0")
    relabel(page, points.facets["label"]["values"][1])
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.textContent") == "Relabel…"


# By keys.


def test_each_facet_is_one_stop_and_arrow_keys_go_through_its_values(look, reading):
    page = look(reading)
    assert all(
        one.locator(".values button[aria-pressed][tabindex='0']").count() == 1
        for one in page.locator(".facet:has(.values)").all()
    )
    value(page, "label", 0).focus()
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.dataset.place")
    assert focused != "0"
    page.keyboard.press("Space")
    page.wait_for_function("() => new URL(location.href).searchParams.get('f.label') !== null")
    assert param(page, "f.label") == focused


def test_a_link_skips_to_the_map(look, reading):
    page = look(reading)
    page.evaluate("document.querySelector('main .skip').focus()")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "map-canvas"


def test_a_lasso_is_drawn_and_nothing_tells_of_frames(look, reading):
    page = look(reading)
    page.keyboard.press("l")
    drag(page, circle(0.2))
    assert shown(page) > 0
    assert "ms" not in page.locator(".told").inner_text().split()


def test_m_of_a_finding_opens_its_rows_on_the_map(open_page, reading):
    (finding, ids), *_ = (
        (line["finding_id"], {one["row_id"] for one in findings(reading) if one["finding_id"] == line["finding_id"]})
        for line in findings(reading)
        if line["code"] == "DUP001"
    )
    page = open_page(reading, f"/findings?v={V}&state=all&id={quote(finding)}", until=".evidence .row-card")
    page.keyboard.press("m")
    page.wait_for_selector(f"{READY}[data-shown='{len(ids)}']")
    assert param(page, "finding") == finding
    assert param(page, "row") in ids


def beside(page, wanted):
    """Wait until the page draws a text, and give what it drew since it was told to listen."""
    page.wait_for_function("wanted => window.drawnTexts.some((one) => one.startsWith(wanted))", arg=wanted)
    return page.evaluate("window.drawnTexts")


LISTEN = """window.drawnTexts = [];
const draw = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
  window.drawnTexts.push(text);
  return draw.call(this, text, ...at);
};"""


def test_few_points_in_sight_have_their_text_beside_them_and_many_have_none(look, reading, points):
    text = json.loads(reading.ask(f"rows?v={V}&at={points.row[0]}"))["rows"][0]["text"]
    middle = ",".join(f"{v[0] / 65535:.4f}" for v in (points.x, points.y))

    def listening(page):
        page.add_init_script(LISTEN)

    page = look(reading, f"&view={middle},40.00", before=listening)
    assert beside(page, text[:20])
    page = look(reading, "", before=listening)
    page.wait_for_timeout(500)
    assert not [one for one in page.evaluate("window.drawnTexts") if one.startswith(text[:20])]
