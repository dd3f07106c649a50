"""Vectorising: the content of rows becomes vectors, each content once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.embedders.pictures import picture_bytes
from burnish.adapters.registry import embedder as make_embedder
from burnish.adapters.stores.local import LocalStore, ReadStore
from burnish.dataset import Column, Dataset
from burnish.errors import InputError
from burnish.kernels.vectors import Vectors
from burnish.pipeline.embedding import embed_rows, unit_rows
from burnish.protocols import Progress
from burnish.steps.planting import Material
from burnish.workspace.audited import RowKind

PIXELS = 256
ASKED_AGAIN = ("http", "openai")
"""Embedders that cost money or time of others: no planted row is sent to them."""


@dataclass(frozen=True, eq=False)
class Vectorised:
    """The row-scoped columns, what made them, and how to make more; `material` is None where rows come as vectors."""

    columns: list[Column]
    recipe: str
    material: Material | None = None


@dataclass(frozen=True)
class Vectoriser:
    """Embeds the rows of a data set through the store under `root`; `name`: the embedder, None for that of the kind.

    `reads`: the rows are only looked at, and vectors that are not there and cannot be kept are made each time.
    """

    root: Path
    progress: Progress
    threads: int
    name: str | None = None
    reads: bool = False

    def vectorise(self, dataset: Dataset, kind: RowKind) -> Vectorised:
        """Give the vectors of all rows; raises InputError when none can be embedded."""
        if kind == "vectors":
            return Vectorised([Column("embeddings", _given_vectors(dataset), "row", "given")], "given")
        items = content_of(dataset, kind)
        chosen = make_embedder(self.name, kind=kind, fit_on=items, threads=self.threads)
        vectors = self._through_store(dataset, chosen, items)
        if not np.isfinite(vectors).all(axis=1).any():
            raise InputError(
                f"none of the {len(dataset):,} rows could be embedded by {chosen.recipe}.",
                remedy="Check that the field holds readable text or images, or pass --embedding FIELD.",
            )
        columns = [Column("embeddings", unit_rows(vectors), "row", chosen.recipe)]
        signature = make_embedder("image-signature", kind="image", fit_on=items) if kind == "image" else None
        if signature is not None:
            known = self._through_store(dataset, signature, items)
            columns += [
                Column("image_pixels", known[:, :PIXELS], "row", signature.recipe),
                Column("image_stats", known[:, PIXELS:], "row", signature.recipe),
            ]
        asked_again = (self.name or "").split(":")[0] in ASKED_AGAIN
        return Vectorised(columns, chosen.recipe, None if asked_again else _material(items, chosen, signature))

    def vectors_like(self, pool: Dataset, dataset: Dataset, kind: RowKind) -> NDArray[np.float32]:
        """Give the vectors of a pool as those of the data set are made, fitted on the data set where they are."""
        if kind == "vectors":
            return np.asarray(_given_vectors(pool), np.float32)
        chosen = make_embedder(self.name, kind=kind, fit_on=content_of(dataset, kind), threads=self.threads)
        return unit_rows(self._through_store(pool, chosen, content_of(pool, kind)))

    def _through_store(self, dataset: Dataset, embedder: Any, items: pa.Array | pa.Table) -> NDArray[np.float32]:
        store = (ReadStore if self.reads else LocalStore)(self.root / "vectors")
        return embed_rows(embedder, store, dataset.content, items, progress=self.progress)


def row_kind(dataset: Dataset) -> RowKind:
    """Give what rows are embedded as: vectors that were given, else images, else text, else their scalar fields."""
    if dataset.vectors is not None or dataset.roles.embedding is not None:
        return "vectors"
    if dataset.roles.image is not None:
        return "image"
    if dataset.roles.text is not None:
        return "text"
    if not dataset.roles.meta:
        raise InputError(
            f"{dataset.name} has nothing to embed: no text, image or embedding field, and no scalar field.",
            remedy="Pass --text FIELD, --image FIELD or --embedding FIELD.",
        )
    return "table"


def content_of(dataset: Dataset, kind: RowKind) -> pa.Array | pa.Table:
    """Give what a model sees of each row."""
    if kind == "text":
        return dataset.texts
    if kind == "image":
        return dataset.images
    return dataset.fields.select(list(dataset.roles.meta))


def _material(items: pa.Array | pa.Table, embedder: Any, signature: Any) -> Material:
    def take(rows: NDArray[np.int64]) -> pa.Array | pa.Table:
        taken = items.take(pa.array(rows))
        return taken if signature is None else picture_bytes(taken)

    def embed(batch: pa.Array | pa.Table) -> Mapping[str, NDArray[np.floating]]:
        made = {"embeddings": unit_rows(embedder.embed(batch))}
        return made if signature is None else {**made, "image_pixels": signature.embed(batch)[:, :PIXELS]}

    return Material(take, embed)


def _given_vectors(dataset: Dataset) -> NDArray[np.floating]:
    vectors = dataset.vectors
    if vectors is None:
        raise InputError("the embedding field was not read as vectors.", remedy="Pass --embedding FIELD.")
    if not len(Vectors.of(vectors)):
        raise InputError(
            f"none of the {len(vectors):,} embeddings is usable: all are zero, NaN or infinite.",
            remedy="Embed the rows again, or leave --embedding out to let burnish embed them.",
        )
    return vectors
