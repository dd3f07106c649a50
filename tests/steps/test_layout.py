import numpy as np
import pyarrow as pa

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.steps.layout import Layout
from burnish.steps.neighbors import NearestNeighbors


def test_the_step_writes_a_finite_place_for_every_row():
    embeddings = np.random.default_rng(0).normal(size=(80, 6)).astype(np.float32)
    embeddings[4] = np.nan
    ids = pa.array([f"r{i}" for i in range(80)])
    content = np.arange(160, dtype=np.uint64).reshape(80, 2)
    evidence = Evidence(Dataset(pa.table({"id": ids}), ids, content, Roles(id="id")))
    evidence = evidence.adding([Column("embeddings", embeddings, "row")])
    evidence = evidence.adding(NearestNeighbors().run(evidence, seed=0))
    parts = list(Layout(n_epochs=20).run(evidence, seed=0))
    assert tuple(part.name for part in parts) == Layout.writes
    assert parts[0].values.shape == (80, 2)
    assert np.all(np.isfinite(parts[0].values))
