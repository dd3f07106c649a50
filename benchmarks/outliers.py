"""Outlier scores against k-NN distance, LOF, Mahalanobis and isolation forest; false alarms of OUT001, COV001, QUA0xx.

`python -m benchmarks.outliers` prints the tables and writes benchmarks/results/outliers.json.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler

from benchmarks import sets
from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.kernels.coverage import thin_regions
from burnish.kernels.kmeans import assign, spherical_kmeans
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.outliers import outlier_score
from burnish.pipeline.embedding import unit_rows
from burnish.steps import quality, quality_fields, quality_images
from burnish.steps.coverage import Coverage, CoverageGaps
from burnish.steps.outliers import OutlierRows

RESULT = Path(__file__).parent / "results" / "outliers.json"
PEERS = ("kNN5", "kNN10 mean", "LOF20", "Mahalanobis LW", "isolation forest")
TEXT_CHECKS = (
    quality.EmptyText(), quality.TruncatedText(), quality.GarbledText(), quality.ForeignText(), quality.MarkupInText(),
)  # fmt: skip
IMAGE_CHECKS = (
    quality_images.UnreadableImage(), quality_images.DarkImage(), quality_images.BrightImage(),
    quality_images.BlurredImage(), quality_images.TinyImage(), quality_images.OddAspect(), quality_images.BlankImage(),
)  # fmt: skip
FIELD_CHECKS = (
    quality_fields.ConstantField(), quality_fields.MissingField(), quality_fields.MixedField(),
    quality_fields.CategoryVariants(), quality_fields.ExtremeValues(),
)  # fmt: skip


def burnish_score(vectors):
    found = nearest_neighbors(vectors, 15)
    return outlier_score(vectors, found.positions, found.distances)


def peer_scores(vectors):
    distances = NearestNeighbors(n_neighbors=10).fit(vectors).kneighbors()[0]
    return {
        "kNN5": distances[:, 4],
        "kNN10 mean": distances.mean(axis=1),
        "LOF20": -LocalOutlierFactor(n_neighbors=20).fit(vectors).negative_outlier_factor_,
        "Mahalanobis LW": LedoitWolf().fit(vectors).mahalanobis(vectors),
        "isolation forest": -IsolationForest(random_state=0).fit(vectors).score_samples(vectors),
    }


def adbench():
    """AUROC per set; each peer on the vectors as given, as unit rows, and standardised."""
    rows = {}
    for anomalies in sets.adbench():
        given = anomalies.vectors.astype(np.float64)
        forms = {
            "given": given,
            "unit": given / np.linalg.norm(given, axis=1, keepdims=True),
            "standardised": StandardScaler().fit_transform(given),
        }
        scores = {"burnish": burnish_score(anomalies.vectors)}
        for form, vectors in forms.items():
            scores |= {f"{name}, {form}": score for name, score in peer_scores(vectors).items()}
        name = anomalies.name.replace("CV_by_ResNet18__", "").replace("MVTec-AD_", "").replace("NLP_by_BERT__", "")
        rows[name] = {method: float(roc_auc_score(anomalies.anomaly, score)) for method, score in scores.items()}
    return rows


def clinc():
    """AUROC of is_oos among all rows of clinc150."""
    vectors = sets.embeddings("clinc150")
    truth = sets.clinc150()["is_oos"].to_numpy(zero_copy_only=False)
    near = nearest_neighbors(vectors, 10, recall=1).distances
    scores = {
        "burnish": burnish_score(vectors),
        "cosine kNN5": near[:, 4],
        "cosine kNN5 mean": near[:, :5].mean(axis=1),
    }
    scores["cosine kNN10 mean"] = near.mean(axis=1)
    scores["Mahalanobis LW"] = LedoitWolf().fit(vectors).mahalanobis(vectors)
    return {name: float(roc_auc_score(truth, score)) for name, score in scores.items()}


def mixture(rng, *, n_rows, n_dims, n_clusters):
    centers, spread = rng.normal(size=(n_clusters, n_dims)), rng.uniform(0.3, 0.6, n_clusters)
    codes = rng.integers(n_clusters, size=n_rows)
    return (centers[codes] + spread[codes, None] * rng.normal(size=(n_rows, n_dims))).astype(np.float32), codes


def outlier_flags(n_runs=5):
    """Share of clean rows, and of planted strangers (2 %), at or beyond OUT001's bound."""
    rows = []
    for n_dims in (8, 32, 128):
        for n_clusters in (1, 10):
            for n_rows in (500, 3000):
                rng = np.random.default_rng(n_dims + n_clusters + n_rows)
                false, found = [], []
                for _ in range(n_runs):
                    clean, _ = mixture(rng, n_rows=n_rows, n_dims=n_dims, n_clusters=n_clusters)
                    false.append(np.mean(burnish_score(clean) >= OutlierRows().min_score))
                    strange = (1.5 * rng.normal(size=(n_rows // 50, n_dims))).astype(np.float32)
                    scores = burnish_score(np.vstack([clean, strange]))
                    found.append(np.mean(scores[n_rows:] >= OutlierRows().min_score))
                rows.append([n_dims, n_clusters, n_rows, float(np.mean(false)), float(np.mean(found))])
    return rows


def plain_dataset(table, roles=None):
    n = table.num_rows
    ids = pa.array([str(i) for i in range(n)])
    return Dataset(table, ids, np.zeros((n, 2), np.uint64), roles or Roles())


def gaps(vectors, regions, evaluation):
    columns = [Column("embeddings", vectors), Column("cluster", regions), Column("evaluation", evaluation)]
    evidence = Evidence(plain_dataset(pa.table({"i": range(len(vectors))}))).adding(columns)
    return CoverageGaps().judge(evidence.adding(Coverage(n_references=1024).run(evidence, seed=0)))


def coverage_runs(n_runs=200):
    """Share of runs with any region under random splits, and with the thinned region found."""
    rng = np.random.default_rng(0)
    vectors, _ = mixture(rng, n_rows=2000, n_dims=32, n_clusters=20)
    unit = unit_rows(vectors)
    regions = assign(unit, spherical_kmeans(unit, 20, seed=0))
    splits = [rng.random(2000) < 0.2 for _ in range(n_runs)]
    lines = {"random split, q alone": np.mean([np.min(thin_regions(regions, s).q_values) <= 0.05 for s in splits])}
    lines["random split, COV001"] = np.mean([bool(gaps(vectors, regions, s)) for s in splits])
    for kept in (0.0, 0.2, 0.4):
        found, false = [], []
        for split in splits[:50]:
            target = int(rng.integers(20))
            moved = (regions == target) & (rng.random(2000) >= kept)
            named = [finding.evidence["cluster"] for finding in gaps(vectors, regions, split | moved)]
            found.append(target in named)
            false.append(any(name != target for name in named))
        lines[f"one region has {kept:.0%} of its train rows: found"] = np.mean(found)
        lines[f"one region has {kept:.0%} of its train rows: another reported"] = np.mean(false)
    return {name: float(value) for name, value in lines.items()}


def quality_counts():
    """Flagged rows (QUA02x: fields) per set and code."""
    counts = {}
    for name in ("youtube_spam", "banking77", "clinc150", "dblp_acm", "adult", "online_shoppers"):
        table = getattr(sets, name)()
        text = "text" if "text" in table.column_names else None
        meta = tuple(c for c in table.column_names if c not in ("id", "text", "label", "split"))
        evidence = Evidence(plain_dataset(table, Roles(text=text, meta=meta)))
        evidence = evidence.adding(quality.Quality().run(evidence, seed=0))
        checks = (*(TEXT_CHECKS if text else ()), *(FIELD_CHECKS if meta else ()))
        counts[name] = {check.code: len(check.judge(evidence)) for check in checks}
    stats = sets.image_stats()
    evidence = Evidence(plain_dataset(pa.table({"i": range(len(stats))}))).adding([Column("image_stats", stats)])
    counts["cifar10_A"] = {check.code: len(check.judge(evidence)) for check in IMAGE_CHECKS}
    return counts


def print_table(header, rows):
    print("\n| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in row) + " |")


def main():
    results = {
        "adbench": adbench(),
        "clinc150": clinc(),
        "OUT001": outlier_flags(),
        "COV001": coverage_runs(),
        "quality": quality_counts(),
    }
    names = list(results["adbench"])
    rows = []
    for method in results["adbench"][names[0]]:
        values = [results["adbench"][name][method] for name in names]
        images = [value for name, value in zip(names, values, strict=True) if "20news" not in name]
        rows.append([method, *values, float(np.mean(images)), float(np.mean(values))])
    print_table(["AUROC", *names, "mean of 8 image sets", "mean of 9"], rows)
    print_table(["clinc150 out of scope", "AUROC"], results["clinc150"].items())
    print_table(["dimensions", "clusters", "rows", "clean rows flagged", "strangers flagged"], results["OUT001"])
    print_table(["COV001", "share of runs"], results["COV001"].items())
    codes = [check.code for check in (*TEXT_CHECKS, *IMAGE_CHECKS, *FIELD_CHECKS)]
    lines = [[name, *(counts.get(code, "") for code in codes)] for name, counts in results["quality"].items()]
    print_table(["flagged", *codes], lines)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
