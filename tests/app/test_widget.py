import base64
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from PIL import Image

import burnish as bn
from burnish.errors import MissingExtraError
from burnish.reports.blob import unpack
from burnish.testing.planted import planted_vectors

pytest.importorskip("anywidget")

from burnish.app.notebook import MapWidget

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    table = planted_vectors(200, n_dims=16, spread=1.4, seed=5).table
    return bn.audit(table, label="label", workspace=tmp_path_factory.mktemp("workspace"))


def unpacked(widget):
    """Give ids and header of what the page gets."""
    header, columns = unpack(base64.b64encode(widget._map).decode())
    at = header["columns"]["ids"]
    return columns[at["offset"] : at["offset"] + at["bytes"]].decode().split("\n"), header


def test_the_page_gets_every_row_with_its_position(audit):
    widget = bn.app.widget(audit)
    ids, header = unpacked(widget)
    positions = np.frombuffer(widget._positions, "<u4")
    assert audit.rows["row_id"].take(pa.array(positions)).to_pylist() == ids
    assert sorted(positions) == list(range(200))
    assert header["total"] == header["rows"] == 200
    assert {"cluster", "label"} <= {facet["name"] for facet in header["facets"]}


def test_a_selection_gives_ids_and_rows(audit):
    widget = bn.app.widget(audit)
    assert widget.selected == []
    assert len(widget.selected_ids) == len(widget.selected_rows) == 0
    widget.set_state({"selected": [3, 7, 150]})
    assert isinstance(widget.selected_ids, pa.Array)
    assert widget.selected_ids.to_pylist() == [audit.rows["row_id"][row].as_py() for row in (3, 7, 150)]
    assert widget.selected_rows.schema == audit.rows.schema
    assert widget.selected_rows["label"].to_pylist() == [audit.rows["label"][row].as_py() for row in (3, 7, 150)]


def test_more_rows_than_the_limit_are_a_uniform_sample(audit):
    widget = MapWidget(audit, max_points=60)
    ids, header = unpacked(widget)
    assert (len(ids), header["rows"], header["total"]) == (60, 60, 200)
    positions = np.frombuffer(widget._positions, "<u4")
    assert audit.rows["row_id"].take(pa.array(positions)).to_pylist() == ids
    assert 60 < positions.mean() < 140


def test_an_audit_and_its_map_say_in_a_line_what_they_are(audit):
    assert repr(audit) == f"<audit of 'dataset': 200 rows, {len(audit.audited.findings)} findings>"
    assert repr(bn.app.widget(audit)) == "<map of 'dataset': run the cell to see it>"


def test_a_notebook_is_given_the_script_and_the_rows(audit):
    widget = bn.app.widget(audit)
    shown = widget._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    state = widget.get_state()
    assert {"_esm", "_map", "_positions", "_pictures", "selected"} <= state.keys()
    assert "export{" in state["_esm"]
    assert bytes(state["_map"])[:2] == b"\x1f\x8b"


def test_pictures_of_flagged_rows_go_with_the_map(tmp_path):
    rng = np.random.default_rng(0)
    for name in range(12):
        Image.fromarray(rng.integers(0, 255, (24, 24, 3), np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "0.png").read_bytes())
    audit = bn.audit(tmp_path, workspace=tmp_path / "workspace")
    pictures = bn.app.widget(audit)._pictures
    copies = audit.findings.filter(pc.equal(audit.findings["code"], "DUP001"))["row_id"].to_pylist()
    assert len(copies) > 0
    assert set(copies) <= set(pictures) <= set(audit.rows["row_id"].to_pylist())
    assert all(one.startswith("data:image/") for one in pictures.values())


def test_without_anywidget_the_extra_is_named(audit, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "burnish.app.notebook")
    with pytest.raises(MissingExtraError, match="anywidget") as raised:
        bn.app.widget(audit)
    assert raised.value.remedy == "pip install 'burnish[notebook]'"


def test_the_app_package_loads_neither_server_nor_widget():
    probe = "import sys, burnish; burnish.app.widget; print({'fastapi', 'anywidget', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
