"""The widget's own script in a plain page, with a model that behaves as anywidget's does."""

import base64

import numpy as np
import pytest
from axe import needs_axe, wcag_faults
from small_map import Drawn, lasso

import burnish as bn
from burnish.testing.planted import planted_vectors

pytest.importorskip("anywidget")

from burnish.app.notebook import MapWidget

PAGE = """<!doctype html><html lang="en"><head><title>notebook</title><style>
body { margin: 0; background: %s; } button { background: red !important; } canvas { width: 9px !important; }
.stage { display: none !important; }</style></head>
<body><main><h1>cell</h1><div id="cell"></div></main></body></html>"""

# As a notebook does it: the script is a module made of its text, bytes are views of a buffer.
SHOW = """async ([script, map, positions, pictures]) => {
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer);
  const state = { _map: bytes(map), _positions: bytes(positions), _pictures: pictures, selected: [] };
  window.saved = [];
  const changed = {};
  const heard = new Set();
  window.model = {
    get: (name) => state[name],
    set: (name, value) => { changed[name] = value; },
    save_changes: () => window.saved.push(Object.assign(state, structuredClone(changed)).selected),
    on: (name, hear) => heard.add(hear), off: (name, hear) => heard.delete(hear),
  };
  window.fromPython = (selected) => { state.selected = selected; heard.forEach((hear) => hear()); };
  window.listeners = () => heard.size;
  const module = await import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
  window.render = module.default.render;
  window.cleanup = await module.default.render({ model: window.model, el: document.querySelector('#cell') });
}"""


@pytest.fixture(scope="module")
def widget(tmp_path_factory):
    table = planted_vectors(400, n_dims=16, spread=1.4, seed=5).table
    return bn.app.widget(bn.audit(table, label="label", workspace=tmp_path_factory.mktemp("workspace")))


@pytest.fixture
def show(browser, widget):
    """Open a page with the widget in it; a fault of the page or a request fails the test."""
    opened = []

    def shown(widget=widget, *, ground="white", width=1000, bypass_csp=False, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=bypass_csp, **options)
        page = context.new_page()
        page.faults, page.asked = [], []
        page.on("console", lambda m: page.faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.set_content(PAGE % ground)
        blob, positions = (base64.b64encode(part).decode() for part in (widget._map, widget._positions))
        page.evaluate(SHOW, [widget.get_state()["_esm"], blob, positions, widget._pictures])
        page.wait_for_function(
            "document.querySelector('#cell > div').shadowRoot.querySelector('canvas').width > 300", timeout=30_000
        )
        opened.append((context, page))
        return page

    yield shown
    for context, page in opened:
        assert page.faults == []
        assert [url for url in page.asked if not url.startswith(("blob:", "data:"))] == []
        context.close()


def selected(page, n_before=0):
    """Give what the page has told of the selection."""
    page.wait_for_function("n => window.saved.length > n", arg=n_before)
    return page.evaluate("window.model.get('selected')")


def background(locator):
    return locator.evaluate("(one) => getComputedStyle(one).backgroundColor")


def test_the_rows_are_drawn_in_the_colors_of_the_legend(show):
    page = show()
    assert page.locator("#map-facet").input_value() == "cluster"
    page.select_option("#map-facet", "label")
    page.wait_for_timeout(200)
    counts = page.evaluate(
        """() => {
        const root = document.querySelector('#cell > div').shadowRoot;
        const canvas = root.querySelector('canvas');
        const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const tally = new Map();
        for (const one of new Uint32Array(image.data.buffer)) tally.set(one, (tally.get(one) ?? 0) + 1);
        return [...root.querySelectorAll('.legend .swatch')].map((one) => {
            const [r, g, b] = getComputedStyle(one).backgroundColor.match(/\\d+/g).map(Number);
            return tally.get(((255 << 24) | (b << 16) | (g << 8) | r) >>> 0) ?? 0;
        });
        }"""
    )
    assert len(counts) == 4
    assert min(counts) > 200


def test_a_lasso_selects_the_positions_that_numpy_finds_inside(show, widget):
    page = show()
    drawn = Drawn(base64.b64encode(widget._map).decode())
    page.get_by_role("button", name="Lasso").click()
    inside = drawn.inside(drawn.on_the_map(*lasso(page, page.locator("#map-canvas"))))
    assert 20 < inside.sum() < 300
    positions = np.frombuffer(widget._positions, "<u4")
    told = selected(page)
    assert told == sorted(positions[inside].tolist())
    widget.set_state({"selected": told})
    assert set(widget.selected_ids.to_pylist()) == set(drawn.ids[inside])


def test_legend_and_search_select_and_show_all_selects_nothing(show, widget):
    page = show()
    rows = widget.audit.rows
    page.select_option("#map-facet", "label")
    entry = page.locator(".legend button").first
    label = entry.locator(".value").inner_text()
    before = page.evaluate("window.saved.length")
    entry.click()
    of_label = [i for i, one in enumerate(rows["label"].to_pylist()) if one == label]
    assert selected(page, before) == of_label
    page.fill("#map-search", "row-00010")
    wanted = [i for i in of_label if "row-00010" in rows["row_id"][i].as_py()]
    page.wait_for_function("n => window.model.get('selected').length === n", arg=len(wanted))
    assert page.evaluate("window.model.get('selected')") == wanted
    before = page.evaluate("window.saved.length")
    page.get_by_role("button", name="Show all rows again").click()
    assert selected(page, before) == []


def test_another_color_tells_python_nothing(show):
    page = show()
    page.select_option("#map-facet", "label")
    page.wait_for_timeout(400)
    assert page.evaluate("window.saved") == []


def test_rows_that_python_selects_are_shown_and_no_answer_is_sent(show):
    page = show()
    page.evaluate("window.fromPython([3, 5, 8])")
    assert page.locator(".status").inner_text().startswith("3 of 400 rows shown")
    page.wait_for_timeout(300)
    assert page.evaluate("window.saved") == []
    page.evaluate("window.fromPython([])")
    assert page.locator(".status").inner_text().startswith("400 of 400 rows shown")


def test_styles_of_the_notebook_and_of_the_map_leave_one_another_alone(show):
    page = show()
    page.evaluate("document.querySelector('main').append(Object.assign(document.createElement('button'), {id: 'own'}))")
    assert background(page.locator("#own")) == "rgb(255, 0, 0)"
    assert background(page.get_by_role("button", name="Lasso")) == "rgb(244, 246, 249)"
    assert page.locator("#map-canvas").bounding_box()["width"] > 600


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_theme_is_that_of_the_ground_and_follows_it(show, system):
    page = show(ground="#111", color_scheme=system)
    assert background(page.locator(".stage")) == "rgb(21, 26, 33)"
    page.evaluate("document.body.style.background = 'white'")
    page.wait_for_function("document.querySelector('#cell > div').dataset.theme === 'light'")
    assert background(page.locator(".stage")) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("color", ["color(srgb 0.9 0.9 0.9)", "oklch(0.95 0 0)", "hsl(0 0% 90%)"])
def test_a_ground_is_read_however_its_color_is_written(show, color):
    page = show(ground=color)
    assert background(page.locator(".stage")) == "rgb(255, 255, 255)"


def test_the_ground_is_found_from_inside_a_shadow_tree(show):
    page = show(ground="#111")
    page.evaluate("window.cleanup()")
    page.evaluate(
        """async () => {
        const outer = document.createElement('div');
        document.querySelector('#cell').replaceWith(outer);
        const cell = Object.assign(document.createElement('div'), { id: 'cell' });
        outer.attachShadow({ mode: 'open' }).append(cell);
        await window.render({ model: window.model, el: cell });
        }"""
    )
    page.wait_for_function("document.querySelector('main > div').shadowRoot.querySelector('#cell > div').dataset.theme")
    assert background(page.locator(".stage")) == "rgb(21, 26, 33)"


def test_a_map_that_was_hidden_while_the_theme_changed_is_drawn_in_it_when_it_is_back(show):
    page = show()
    drawn = "(canvas) => canvas.width / devicePixelRatio - canvas.clientWidth"
    hide, bring = "document.body.style.display = 'none'", "document.body.style.display = ''"
    page.evaluate(f"{hide}; document.body.style.background = '#111'; queueMicrotask(() => {{ {bring} }})")
    page.wait_for_function("document.querySelector('#cell > div').dataset.theme === 'dark'")
    assert page.locator("#map-canvas").evaluate(drawn) == 0
    page.evaluate(hide)
    page.evaluate("document.body.style.background = 'white'")
    page.wait_for_timeout(100)
    page.evaluate(bring)
    page.wait_for_function("document.querySelector('#cell > div').dataset.theme === 'light'")
    assert page.locator("#map-canvas").evaluate(drawn) == 0


def test_what_is_not_on_the_map_is_said(show, widget):
    sample = show(MapWidget(widget.audit, max_points=100))
    assert sample.locator(".status").inner_text().startswith("100 of 100 rows shown, a uniform sample of 400.")
    none = show(MapWidget(widget.audit, max_points=0))
    assert none.locator(".status").inner_text() == "No row has a place on the map: none could be embedded."


def test_a_narrow_cell_holds_the_map_without_scrolling_sideways(show):
    page = show(width=390)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    legend, stage = (page.locator(one).bounding_box() for one in (".legend", ".stage"))
    assert legend["y"] > stage["y"] + stage["height"] - 1


def test_nothing_is_left_when_the_cell_is_cleared(show):
    page = show()
    page.evaluate("window.cleanup()")
    assert page.locator("#cell").evaluate("(one) => one.children.length") == 0
    assert page.evaluate("window.listeners()") == 0


@needs_axe
@pytest.mark.parametrize("ground", ["white", "#111"])
def test_axe_finds_no_wcag_fault_in_the_cell(show, ground):
    page = show(ground=ground, bypass_csp=True)
    page.evaluate("document.querySelector('h1').style.color = '#777'")
    assert wcag_faults(page, "#cell") == {}
