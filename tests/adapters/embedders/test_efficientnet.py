import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from burnish.adapters.embedders.efficientnet import EfficientNetLite0
from burnish.testing.embedder_contract import EmbedderContract, cosines


def drawing(seed):
    """A smooth random image: coarse colors, enlarged."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)


def encoded(image, name="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


class TestContract(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls):
        return EfficientNetLite0()

    @pytest.fixture(scope="class")
    @classmethod
    def batch(cls):
        return pa.array([encoded(drawing(seed)) for seed in range(5)])

    def test_a_recompressed_copy_is_nearer_than_another_image(self, embedder, batch):
        copies = pa.array([encoded(drawing(seed), "JPEG", quality=70) for seed in range(5)])
        vectors, of_copies = embedder.embed(batch), embedder.embed(copies)
        own = cosines(vectors, of_copies)
        others = cosines(vectors, np.roll(of_copies, 1, axis=0))
        assert own.min() > others.max()

    def test_blocks_smaller_than_the_batch_change_nothing(self, embedder, batch):
        assert cosines(EfficientNetLite0(block_rows=2).embed(batch), embedder.embed(batch)).min() > 0.999

    def test_paths_and_bytes_give_the_same_vectors(self, embedder, batch, tmp_path):
        path = tmp_path / "a.png"
        path.write_bytes(batch[0].as_py())
        assert cosines(embedder.embed(pa.array([str(path)])), embedder.embed(batch.slice(0, 1))).min() > 0.9999

    def test_a_batch_of_unreadable_images_is_all_nan(self, embedder):
        assert np.isnan(embedder.embed(pa.array([b"", b"x"]))).all()
