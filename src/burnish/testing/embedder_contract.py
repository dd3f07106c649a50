"""What every Embedder owes its rows: one vector each, the same whatever is embedded beside them."""
# ruff: noqa: D102, S101  # test names are sentences; the asserts are the contract: pytest runs them

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.protocols import Embedder

LEAST_COSINE = 0.999


class EmbedderContract:
    """Subclass it, give the fixtures `embedder` and `batch`, and pytest runs the rest.

    `batch`: an Arrow array (or table) of three or more readable rows with different content.

    `least_cosine`: how alike the vectors of one row must be whatever rows are embedded with it. Bits
    need not agree: matrix products depend on the size of the batch.
    """

    least_cosine = LEAST_COSINE

    def test_it_offers_the_members_of_the_protocol(self, embedder: Any) -> None:
        assert isinstance(embedder, Embedder)
        assert isinstance(embedder.recipe, str)
        assert embedder.recipe
        assert embedder.n_dims >= 1

    def test_it_gives_a_finite_float32_row_for_each_readable_item(self, embedder: Any, batch: Any) -> None:
        vectors = embedder.embed(batch)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(batch), embedder.n_dims)
        assert np.isfinite(vectors).all()

    def test_an_empty_batch_gives_no_rows(self, embedder: Any, batch: Any) -> None:
        assert embedder.embed(batch.slice(0, 0)).shape == (0, embedder.n_dims)

    def test_different_content_gives_different_vectors(self, embedder: Any, batch: Any) -> None:
        vectors = embedder.embed(batch)
        assert not any(np.allclose(vectors[i], vectors[j]) for i in range(len(batch)) for j in range(i))

    def test_the_rows_embedded_with_it_do_not_matter(self, embedder: Any, batch: Any) -> None:
        together = embedder.embed(batch)
        alone = np.concatenate([embedder.embed(batch.slice(i, 1)) for i in range(len(batch))])
        assert cosines(together, alone).min() >= self.least_cosine

    def test_the_order_of_rows_does_not_matter(self, embedder: Any, batch: Any) -> None:
        order = np.arange(len(batch))[::-1].copy()
        turned = embedder.embed(batch.take(pa.array(order)))
        assert cosines(embedder.embed(batch)[order], turned).min() >= self.least_cosine

    def test_the_batch_is_left_as_it_was(self, embedder: Any, batch: Any) -> None:
        before = batch.to_pylist()
        embedder.embed(batch)
        assert batch.to_pylist() == before

    def test_an_unreadable_item_is_a_row_without_numbers_and_spares_its_neighbors(
        self, embedder: Any, batch: Any
    ) -> None:
        if isinstance(batch, pa.Table):
            return
        given = pa.concat_arrays([batch.slice(0, 1), pa.nulls(1, batch.type), batch.slice(1, 1)])
        vectors = embedder.embed(given)
        assert not np.isfinite(vectors[1]).all()
        assert np.isfinite(vectors[[0, 2]]).all()
        assert cosines(vectors[[0, 2]], embedder.embed(batch.slice(0, 2))).min() >= self.least_cosine


def cosines(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give the cosine between rows at equal positions."""
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    return np.asarray((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)))
