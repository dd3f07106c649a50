import re
import shutil
import subprocess
from pathlib import Path

import pytest
import report_facts
from axe import AXE, needs_axe, wcag_faults
from small_map import Drawn, lasso

from app_server import SIZES
from burnish.reports import report_html


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    made = {
        "text": report_facts.text_facts(2000),
        "image": report_facts.image_facts(300),
        "table": report_facts.table_facts(200),
        "vectors": report_facts.vector_facts(200),
        "empty": report_facts.empty_facts(),
    }
    for name, facts in made.items():
        (folder / f"{name}.html").write_text(report_html(facts), encoding="utf-8")
    return folder


@pytest.fixture
def open_page(browser, pages):
    contexts = []

    def opened(name="text", *, size="laptop", scheme="light", **options):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.faults, page.requests = [], []
        page.on("console", lambda m: page.faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto((pages / f"{name}.html").as_uri())
        if name != "empty":
            page.wait_for_selector("html[data-ready=true]", timeout=60_000)
            page.wait_for_function("() => document.querySelector('#map-canvas').width > 300", timeout=60_000)
        return page

    yield opened
    for context in contexts:
        context.close()


def colors_of_map(page):
    """Give how many pixels of the map have a color of the legend, and how many of these colors are there."""
    return page.evaluate(
        """() => {
        const colors = [...document.querySelectorAll('.legend .swatch')].map((one) =>
            getComputedStyle(one).backgroundColor.match(/\\d+/g).map(Number));
        const wanted = new Map(colors.map(([r, g, b]) => [((255 << 24) | (b << 16) | (g << 8) | r) >>> 0, 0]));
        const canvas = document.querySelector('#map-canvas');
        const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        for (const pixel of new Uint32Array(image.data.buffer)) {
            if (wanted.has(pixel)) wanted.set(pixel, wanted.get(pixel) + 1);
        }
        const counts = [...wanted.values()].filter((n) => n > 50);
        return [counts.reduce((a, b) => a + b, 0), counts.length];
        }"""
    )


@pytest.mark.parametrize("name", ["text", "image", "table", "vectors", "empty"])
def test_a_page_opens_without_fault_and_without_request(open_page, name):
    page = open_page(name)
    assert page.faults == []
    assert [url for url in page.requests if not url.startswith("data:")] == [page.url]


def test_the_map_draws_every_cluster(open_page):
    drawn, colors = colors_of_map(open_page())
    assert drawn > 3000
    assert colors == 9


def test_every_chart_is_drawn(open_page):
    page = open_page()
    assert page.locator("[data-chart]").count() == 7
    assert page.locator("[data-chart] figure.chart").count() == 7
    lines, points = (page.locator(f"[data-chart=arms] {one}").count() for one in ("li.line", ".mark .point"))
    assert lines == points > 3


def test_a_press_on_the_legend_isolates_and_another_shows_all_again(open_page):
    page = open_page()
    page.locator(".legend button", has_text="card lost").click()
    count = int(page.locator(".legend button", has_text="card lost").locator(".count").inner_text())
    assert page.locator(".status").inner_text().startswith(f"{count} of 2,000 rows shown")
    assert page.locator(".legend button[aria-pressed=true]").count() == 1
    page.get_by_role("button", name="Show all rows again").click()
    assert page.locator(".status").inner_text().startswith("2,000 of 2,000")


def test_rows_can_be_colored_by_label_finding_error_split_and_change(open_page):
    page = open_page()
    titles = page.locator("#map-facet option").all_inner_texts()
    assert {"Cluster", "Label", "Finding", "Error", "Split", "Change", "Label quality"} <= set(titles)
    page.select_option("#map-facet", "finding")
    leaks = page.locator(".legend button", has_text="Leaks")
    leaks.click()
    assert page.locator(".status").inner_text().startswith(f"{leaks.locator('.count').inner_text()} of 2,000")


def test_a_lasso_shows_the_rows_that_numpy_finds_inside_and_lists_them(open_page):
    page = open_page()
    page.get_by_role("button", name="Lasso").click()
    drawn = Drawn(page.locator("#burnish-map").inner_text())
    polygon = drawn.on_the_map(*lasso(page, page.locator("#map-canvas")))
    inside = drawn.inside(polygon)
    assert 50 < inside.sum() < 1000
    assert page.locator(".status").inner_text().startswith(f"{inside.sum()} of 2,000 rows shown")
    page.locator(".found summary").click()
    assert page.locator(".rows-shown li .id").all_inner_texts() == list(drawn.ids[inside][:20])
    counts = [int(n.replace(",", "")) for n in page.locator(".legend .count").all_inner_texts()]
    assert sum(counts) == inside.sum()
    page.get_by_role("button", name="Show all rows again").click()
    assert page.locator(".status").inner_text().startswith("2,000 of 2,000")


def test_a_lasso_with_shift_adds_rows_and_with_alt_takes_them_away(open_page):
    page = open_page()
    page.get_by_role("button", name="Lasso").click()
    drawn, canvas = Drawn(page.locator("#burnish-map").inner_text()), page.locator("#map-canvas")
    left = ((0.1, 0.1), (0.45, 0.1), (0.45, 0.9), (0.1, 0.9))
    low, middle = ((0.3, 0.5), (0.9, 0.5), (0.9, 0.9), (0.3, 0.9)), ((0.2, 0.4), (0.7, 0.4), (0.7, 0.6), (0.2, 0.6))
    drew = [lasso(page, canvas, left), lasso(page, canvas, low, key="Shift"), lasso(page, canvas, middle, key="Alt")]
    first, second, third = (drawn.inside(drawn.on_the_map(*one)) for one in drew)
    assert page.locator(".status").inner_text().startswith(f"{((first | second) & ~third).sum():,} of 2,000 rows")


def test_a_reload_gives_the_same_pixels(open_page):
    page = open_page()
    pixels = "document.querySelector('#map-canvas').toDataURL()"
    page.wait_for_timeout(200)
    before = page.evaluate(pixels)
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    page.wait_for_function(f"before => {pixels} === before", arg=before, timeout=5_000)


def test_steps_of_a_score_are_colored_from_warm_to_cold_and_counted(open_page):
    page = open_page()
    page.select_option("#map-facet", "outlier_score")
    color = "(one) => getComputedStyle(one).backgroundColor"
    first, last = (page.locator(".legend .swatch").nth(place).evaluate(color) for place in (0, 4))
    assert [first, last] == ["rgb(11, 79, 128)", "rgb(163, 48, 59)"]
    entry = page.locator(".legend button", has_text="0.2 to 0.4")
    entry.click()
    assert page.locator(".status").inner_text().startswith(f"{entry.locator('.count').inner_text()} of 2,000 rows")


def test_search_shows_the_rows_that_hold_the_words(open_page):
    page = open_page()
    page.fill("#map-search", "passport")
    shown = int(page.locator(".status").inner_text().split()[0].replace(",", ""))
    assert 0 < shown < 2000
    page.locator(".found summary").click()
    texts = page.locator(".rows-shown li .text").all_inner_texts()
    assert texts
    assert all("passport" in text.lower() for text in texts)


def test_hovering_reads_a_row(open_page):
    page = open_page()
    page.locator("#map-canvas").scroll_into_view_if_needed()
    box = page.locator("#map-canvas").bounding_box()
    for i in range(40):
        page.mouse.move(box["x"] + box["width"] * (0.1 + 0.02 * i), box["y"] + box["height"] / 2)
        if page.locator(".hover").is_visible():
            break
    assert re.search(r"Cluster", page.locator(".hover").inner_text())


def test_keys_zoom_move_and_read_the_map(open_page):
    page = open_page()
    page.locator("#map-canvas").focus()
    before = page.locator("#map-canvas").screenshot()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(200)
    assert page.locator("#map-canvas").screenshot() != before
    page.keyboard.press("Enter")
    page.wait_for_selector(".hover:not([hidden])")
    assert "Cluster" in page.locator("[aria-live=polite]").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator(".hover").is_visible()


def test_tab_reaches_the_main_controls_and_shows_where_it_is(open_page):
    page = open_page()
    reached, outlined = [], True
    for _ in range(60):
        page.keyboard.press("Tab")
        name, width = page.evaluate(
            """(() => {
            const e = document.activeElement;
            return [e.id || e.className, parseFloat(getComputedStyle(e).outlineWidth)];
            })()"""
        )
        reached.append(name)
        outlined = outlined and width >= 2
        if name == "map-canvas":
            break
    assert {"skip", "theme", "map-facet", "map-search", "map-canvas"} <= set(reached)
    assert outlined


def test_titles_of_columns_sort_their_table(open_page):
    page = open_page()
    table = page.locator("#found table")
    table.get_by_role("button", name="rows", exact=True).click()
    shown = [int(v) for v in table.locator("tbody tr td:nth-child(5)").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert table.locator("th[aria-sort=descending]").count() == 1


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("name", ["text", "image", "table"])
def test_nothing_is_wider_than_the_screen(open_page, name, size):
    page = open_page(name, size=size)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system_and_the_switch_overrides_it(open_page, scheme):
    page = open_page(scheme=scheme)
    background = "getComputedStyle(document.body).backgroundColor"
    light, dark = "rgb(255, 255, 255)", "rgb(15, 18, 23)"
    assert page.evaluate(background) == (dark if scheme == "dark" else light)
    page.locator("#theme").click()
    assert page.evaluate(background) == light
    page.locator("#theme").click()
    assert page.evaluate(background) == dark


def test_the_page_prints_light_with_everything_opened(open_page, tmp_path):
    page = open_page(scheme="dark")
    page.evaluate(
        """addEventListener('beforeprint', () => {
        window.closed_parts = document.querySelectorAll('details:not([open])').length;
        window.paper = getComputedStyle(document.body).backgroundColor;
        const map = document.querySelector('#map-canvas').getContext('2d').getImageData(4, 4, 1, 1).data;
        window.ground = [...map];
        })"""
    )
    page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
    assert page.evaluate("[window.closed_parts, window.paper]") == [0, "rgb(255, 255, 255)"]
    assert page.evaluate("window.ground") == [255, 255, 255, 255]
    assert page.locator("details.changes[open]").count() == 0


def test_without_scripts_the_numbers_tables_and_a_picture_of_the_map_are_there(open_page, browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / "text.html").as_uri())
    assert page.locator("img.static-map").is_visible()
    assert page.locator("#lift table").count() == 4
    assert page.locator("[data-chart] > figure > svg[role=img]").count() == 7
    assert all(chart.is_visible() for chart in page.locator("[data-chart] svg").all())
    assert not page.locator("#theme").is_visible()
    context.close()


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_wcag_fault(open_page, scheme):
    page = open_page(scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert wcag_faults(page) == {}


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
@pytest.mark.skipif(not AXE.exists(), reason="npm ci in web/ was not run")
def test_the_committed_assets_are_what_the_sources_give():
    web = Path(__file__).parents[2] / "web"
    ran = subprocess.run(["node", "build.mjs", "--check"], cwd=web, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
