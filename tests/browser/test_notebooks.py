"""The real JupyterLab and marimo: what an audit shows there, and the widget's way to Python and back.

`pip install jupyterlab marimo` beside burnish; each is a server of its own on 127.0.0.1, with its files in a folder.
"""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import numpy as np
import pytest
from small_map import Drawn, lasso

pytest.importorskip("anywidget")

pytestmark = pytest.mark.slow

SECONDS = 120
AUDIT = """
import burnish as bn
from burnish.testing.planted import Defects, planted_vectors
table = planted_vectors(400, n_dims=16, spread=1.4, defects=Defects(wrong_labels=0.08), seed=5).table
audit = bn.audit(table, label="label", workspace="ws")
audit"""
EFFECT = """
effect = bn.measure(audit, audit.changeset(drop=["LAB001"]), retrains=2)
effect"""
WIDGET = """
shown = bn.app.widget(audit)
shown"""
# What the page was given, so that numpy can say which rows the lasso holds.
TELL = """
import base64, json
import numpy as np
told = {"map": base64.b64encode(shown._map).decode(), "positions": np.frombuffer(shown._positions, "<u4").tolist(),
        "selected": list(shown.selected), "ids": shown.selected_ids.to_pylist()}
with open("told.json", "w") as file:
    json.dump(told, file)
print("told", len(shown.selected))"""
IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
NOTEBOOK = "window.jupyterapp.shell.currentWidget"
COLORS = """(canvas) => {
  const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return [new Set(new Uint32Array(image.data.buffer)).size, canvas.width, canvas.clientWidth];
}"""


def installed(module):
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"no {module}: pip install {module}")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give a folder that holds all that a notebook server reads and writes."""
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"JUPYTER_{name}", str(tmp_path / name.lower()))
    for name in ("SETTINGS", "WORKSPACES"):
        monkeypatch.setenv(f"JUPYTERLAB_{name}_DIR", str(tmp_path / name.lower()))
    for name in ("HOME", "IPYTHONDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    return tmp_path


@contextlib.contextmanager
def server(home, module, *arguments, ready):
    """Run a module of this Python until it answers, and end it with all that it started."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", module, *arguments, f"--port={port}"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=home / "work", stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(f"http://127.0.0.1:{port}{ready}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for(address, process):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the server has ended"
        with contextlib.suppress(URLError, OSError):
            try:
                return urlopen(address, timeout=5).close()  # noqa: S310 - our own address
            except HTTPError:
                return None
        time.sleep(0.2)
    raise TimeoutError(address)


@pytest.fixture
def look(browser):
    """Open a page that may ask this machine only; what it logs as an error is in `faults`."""
    contexts = []

    def opened(address, **options):
        context = browser.new_context(viewport={"width": 1400, "height": 1000}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.faults, page.outside = [], []
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        here = ("http://127.0.0.1:", "blob:", "data:")
        page.on("request", lambda one: None if one.url.startswith(here) else page.outside.append(one.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            assert page.outside == []
        context.close()


class Lab:
    """A notebook that is open in JupyterLab, run cell by cell."""

    def __init__(self, page):
        self.page = page
        page.wait_for_selector(".jp-Notebook .jp-Cell")

    def cell(self, place):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(place)

    def run(self, place):
        """Run a cell to its end; give what it printed or shows."""
        self.page.wait_for_function(IDLE)
        done = self.page.evaluate(
            f"""async (place) => {{
            const notebook = {NOTEBOOK}.content;
            notebook.activeCellIndex = place;
            await window.jupyterapp.commands.execute('notebook:run-cell');
            return notebook.widgets[place].model.executionCount;
            }}""",
            place,
        )
        assert done
        return self.cell(place).locator(".jp-OutputArea").inner_text()

    def command(self, name, **options):
        self.page.evaluate(
            "([name, options]) => void window.jupyterapp.commands.execute(name, options)", [name, options]
        )

    def save(self):
        self.page.evaluate(f"{NOTEBOOK}.context.save()")


@pytest.fixture
def lab(home, look):
    """Open sources of cells, or a notebook file, in JupyterLab."""
    with contextlib.ExitStack() as ends:
        servers = []

        def opened(*cells, path=None, theme="Light", save_widgets=False):
            set_up(home, theme, save_widgets)
            file = home / "work" / "a.ipynb"
            if path is None:
                file.write_text(json.dumps(notebook(cells)))
            elif path != file:
                shutil.copy(path, file)
            if not servers:
                flags = (
                    "--no-browser",
                    "--ip=127.0.0.1",
                    "--allow-root",
                    "--expose-app-in-browser",
                    "--IdentityProvider.token=t",
                )
                servers.append(ends.enter_context(server(home, "jupyterlab", *flags, ready="/api")))
            return Lab(look(f"{servers[0]}/lab/tree/a.ipynb?token=t&reset"))

        yield opened


def set_up(home, theme, save_widgets):
    settings = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "apputils-extension/themes": {"theme": f"JupyterLab {theme}"},
    }
    for name, value in settings.items():
        write_settings(home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings", value)
    manager = home / "settings" / "@jupyter-widgets" / "jupyterlab-manager" / "plugin.jupyterlab-settings"
    write_settings(manager, {"saveState": save_widgets})


def write_settings(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def notebook(cells):
    made = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": one.strip(),
        }
        for i, one in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def assert_drawn(canvas):
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    page = canvas.page
    page.wait_for_function("(canvas) => canvas.width >= canvas.clientWidth", arg=canvas.element_handle())
    colors, width, shown = canvas.evaluate(COLORS)
    assert colors > 10
    assert width >= shown > 300


def inside(told, corners):
    """Give positions and ids of the rows that numpy finds inside the corners of a lasso."""
    drawn = Drawn(told["map"])
    within = drawn.inside(drawn.on_the_map(*corners))
    positions = np.array(told["positions"])
    order = np.argsort(positions[within])
    return positions[within][order].tolist(), drawn.ids[within][order].tolist()


def read(home):
    return json.loads((home / "work" / "told.json").read_text())


@installed("jupyterlab")
def test_a_lasso_in_jupyterlab_selects_in_python_the_rows_that_numpy_finds_inside(lab, home):
    opened = lab(AUDIT, WIDGET, TELL, "shown", "shown.selected = [3, 5, 8]")
    opened.run(0)
    opened.run(1)
    canvas = opened.cell(1).locator("#map-canvas")
    assert_drawn(canvas)
    opened.cell(1).get_by_role("button", name="Lasso").click()
    corners = lasso(opened.page, canvas)
    opened.page.wait_for_timeout(1_000)
    opened.run(2)
    told = read(home)
    assert 20 < len(told["selected"]) < 300
    assert (told["selected"], told["ids"]) == inside(told, corners)
    opened.run(3)
    second = opened.cell(3).locator(".status")
    assert second.inner_text().startswith(f"{len(told['selected'])} of ")
    opened.run(4)
    for place in (1, 3):
        opened.cell(place).locator(".status", has_text="3 of 400 rows shown").wait_for()
    assert opened.page.faults == []


@installed("jupyterlab")
def test_the_map_follows_the_theme_of_jupyterlab_while_it_is_open(lab):
    opened = lab(AUDIT, WIDGET)
    opened.run(0)
    opened.run(1)
    canvas = opened.cell(1).locator("#map-canvas")
    assert_drawn(canvas)
    assert theme_of(canvas) == "light"
    opened.command("apputils:change-theme", theme="JupyterLab Dark")
    opened.page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    opened.page.wait_for_timeout(1_500)
    assert theme_of(canvas) == "dark"
    assert_drawn(canvas)


def theme_of(canvas):
    return canvas.evaluate("(canvas) => canvas.getRootNode().host.dataset.theme")


@installed("jupyterlab")
def test_jupyterlab_shows_tables_to_the_left_and_charts_in_its_own_theme(lab):
    opened = lab(AUDIT, EFFECT, theme="Dark")
    assert "400 rows" in opened.run(0)
    assert "Arms of the measurement" in opened.run(1)
    cell = opened.cell(0).locator("td").first
    assert cell.evaluate("(one) => getComputedStyle(one).textAlign") == "left"
    chart = opened.cell(1).locator("img").first
    chart.scroll_into_view_if_needed()
    assert chart.evaluate("(one) => [one.naturalWidth, getComputedStyle(one).colorScheme]") == [720, "dark"]
    assert opened.page.faults == []


@installed("jupyterlab")
def test_a_notebook_that_is_not_trusted_still_says_what_was_found_and_what_each_chart_holds(lab, home):
    opened = lab(AUDIT, EFFECT, WIDGET)
    for place in range(3):
        opened.run(place)
    opened.save()
    # Trust is a signature kept beside, not in the file.
    moved = home / "moved.ipynb"
    saved = json.loads((home / "work" / "a.ipynb").read_text())
    saved["cells"][0]["outputs"][0]["data"]["text/html"] += "<i>by another</i>"
    moved.write_text(json.dumps(saved))
    page = lab(path=moved).page
    outputs = page.locator(".jp-OutputArea-output")
    outputs.first.wait_for()
    said = outputs.nth(1).inner_text()
    assert "LAB001" in outputs.nth(0).inner_text()
    assert "Arms of the measurement" in said
    assert "before: " not in said
    assert outputs.nth(1).locator("svg").count() == 0
    assert "after − before: " in outputs.nth(1).locator("img").last.get_attribute("alt")
    assert outputs.nth(2).inner_text() == "<map of 'dataset': run the cell to see it>"


@installed("jupyterlab")
def test_a_notebook_saved_with_its_widgets_draws_the_map_before_any_cell_is_run(lab, home):
    opened = lab(AUDIT, WIDGET, save_widgets=True)
    opened.run(0)
    opened.run(1)
    assert_drawn(opened.cell(1).locator("#map-canvas"))
    opened.save()
    opened.page.wait_for_timeout(500)
    opened.page.evaluate(f"{NOTEBOOK}.sessionContext.shutdown()")
    opened.page.close()
    again = lab(path=home / "work" / "a.ipynb")
    assert_drawn(again.cell(1).locator("#map-canvas"))
    assert again.page.faults == []


@installed("marimo")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_marimo_a_lasso_runs_again_the_cell_that_reads_the_selection(look, home, theme):
    cells = (AUDIT, EFFECT, "import marimo as mo\nshown = mo.ui.anywidget(bn.app.widget(audit))\nshown", TELL)
    functions = [f"@app.cell\ndef _():\n{textwrap.indent(one.strip(), '    ')}\n    return\n" for one in cells]
    (home / "work" / "m.py").write_text("\n".join(["import marimo", "app = marimo.App()", *functions]))
    settings = home / "home" / "marimo" / "marimo.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[display]\ntheme = "{theme}"\n[runtime]\nauto_instantiate = true\n')
    flags = ("edit", "m.py", "--headless", "--host=127.0.0.1", "--no-token", "--skip-update-check")
    with server(home, "marimo", *flags, ready="/health") as address:
        page = look(address)
        canvas = page.locator("#map-canvas")
        canvas.wait_for(timeout=SECONDS * 1000)
        assert_drawn(canvas)
        assert theme_of(canvas) == theme
        page.get_by_text("told 0", exact=True).wait_for()
        page.get_by_role("button", name="Lasso").click()
        corners = lasso(page, canvas)
        page.wait_for_function(
            "() => !/^told 0$/m.test(document.body.innerText) && /^told \\d+$/m.test(document.body.innerText)"
        )
        told = read(home)
        assert (told["selected"], told["ids"]) == inside(told, corners)
        assert len(told["selected"]) > 10
        page.get_by_text("What was found").first.wait_for()
        charts = page.locator("img[alt*='after − before']")
        assert charts.evaluate_all("all => all.map((one) => getComputedStyle(one).colorScheme)") == [theme]
        assert [one for one in page.faults if "burnish" in one or re.search("mime|widget", one)] == []
