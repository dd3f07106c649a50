"""Suspect labels against cleanlab and against the rank average of probe and neighbors.

`python -m benchmarks.labels`: every method sees the same probabilities and the same neighbors (copies of the
row left out). Truth: human labels (CIFAR-10N), weak rules against true labels (youtube_spam), and planted
noise on the other sets.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks import sets
from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.kernels.labels import judge_labels
from burnish.kernels.votes import without_copies
from burnish.pipeline.embedding import unit_rows
from burnish.steps.neighbors import NearestNeighbors
from burnish.steps.predictions import Predictions

RESULTS = Path(__file__).parent / "results" / "labels.json"
METHODS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
FLAG_AT = 0.5
RELABEL_AT = 0.95


@dataclass(frozen=True, eq=False)
class Task:
    """Given and true codes, the probabilities and (where there are vectors) the neighbors that all methods get."""

    name: str
    given: NDArray[np.int64]
    true: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    neighbors: NDArray[np.int32] | None = None


def main() -> None:
    measured = []
    for task in tasks():
        line = measure(task)
        measured.append(line)
        print(line["set"], "done", flush=True)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(measured, indent=1))
    print(ranking_table([line for line in measured if "ap" in line]))
    print(flag_table(measured))


def tasks() -> Iterator[Task]:
    yield from image_tasks()
    yield from weak_text_tasks()
    yield from near_class_tasks()
    yield from given_probability_tasks()
    yield from planted_tasks()


def image_tasks() -> Iterator[Task]:
    table, vectors = sets.cifar10(), sets.embeddings("cifar10")
    train = sets.is_train(table)
    true = table["label"].to_numpy()[train].astype(np.int64)
    for field in ("noisy_worst", "noisy_aggre"):
        given = table[field].to_numpy()[train].astype(np.int64)
        yield embedded(f"cifar10 {field}", vectors[train], given, true)


def weak_text_tasks() -> Iterator[Task]:
    table = sets.youtube_spam()
    given = table["weak_majority"].to_numpy().astype(np.int64)
    covered = given >= 0
    true = table["label"].to_numpy().astype(np.int64)
    copies = _codes(table["text"])
    for embedder in (None, "minilm"):
        vectors = sets.embeddings("youtube_spam", embedder)
        name = f"youtube_spam weak rules, {embedder or 'static'}"
        yield embedded(name, vectors[covered], given[covered], true[covered], copies=copies[covered])


def near_class_tasks() -> Iterator[Task]:
    table = sets.banking77()
    train = sets.is_train(table)
    true, copies = _codes(table["label"])[train], _codes(table["text"])[train]
    for embedder in (None, "minilm"):
        vectors = sets.embeddings("banking77", embedder)[train]
        given = near_class_noise(vectors, true, 0.1)
        yield embedded(f"banking77 10 % near-class, {embedder or 'static'}", vectors, given, true, copies=copies)
    vectors, true = clinc_in_scope()
    yield embedded("clinc150 10 % near-class", vectors, near_class_noise(vectors, true, 0.1), true)


def given_probability_tasks() -> Iterator[Task]:
    for noise in ("worst", "aggre"):
        published = sets.predprobs(noise)
        for network, probabilities in published.probabilities.items():
            yield Task(f"cifar10n {noise}, {network}", published.given, published.clean, probabilities)


def planted_tasks() -> Iterator[Task]:
    """Uniform noise of 0, 5, 20 % on labels that are nearly clean."""
    cifar, spam, banking = sets.cifar10(), sets.youtube_spam(), sets.banking77()
    images, asked = sets.is_train(cifar), sets.is_train(banking)
    known = {
        "clinc150": (*clinc_in_scope(), None),
        "cifar10": (sets.embeddings("cifar10")[images], _codes(cifar["label"])[images], None),
        "youtube_spam": (sets.embeddings("youtube_spam"), _codes(spam["label"]), _codes(spam["text"])),
        "banking77": (
            sets.embeddings("banking77")[asked],
            _codes(banking["label"])[asked],
            _codes(banking["text"])[asked],
        ),
    }
    for name, (vectors, true, copies) in known.items():
        for rate in (0.0, 0.05, 0.2):
            yield embedded(f"{name} {rate:.0%} planted", vectors, uniform_noise(true, rate), true, copies=copies)


def clinc_in_scope() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Give vectors and codes of the training queries that belong to one of the 150 intents."""
    clinc = sets.clinc150()
    inside = sets.is_train(clinc) & ~clinc["is_oos"].to_numpy(zero_copy_only=False).astype(bool)
    return sets.embeddings("clinc150")[inside], _codes(clinc.filter(pa.array(inside))["label"])


def labelled(vectors: NDArray[np.float32], given: NDArray[np.int64], copies=None) -> Evidence:
    """Give rows with vectors and labels, none of them locked, as the first steps leave them."""
    ids = pa.array([str(i) for i in range(len(given))])
    fields = pa.table({"id": ids, "label": pa.array(given).cast(pa.string())})
    content = np.arange(2 * len(given), dtype=np.uint64).reshape(-1, 2)
    evidence = Evidence(Dataset(fields, ids, content, Roles(id="id", label="label")))
    columns = [Column("embeddings", unit_rows(vectors), "row"), Column("evaluation", np.zeros(len(given), bool))]
    columns += [] if copies is None else [Column("exact_group", copies)]
    return evidence.adding(columns)


def embedded(
    name: str, vectors: NDArray[np.float32], given: NDArray[np.int64], true: NDArray[np.int64], *, copies=None
) -> Task:
    """Run the steps of an audit as they stand by default, and hand their columns to all methods."""
    evidence = labelled(vectors, given, copies)
    evidence = evidence.adding(NearestNeighbors().run(evidence, seed=0))
    evidence = evidence.adding(Predictions().run(evidence, seed=0))
    order = np.array([int(c) for c in evidence.dataset.labels.classes])
    probabilities = np.zeros((len(given), int(max(given.max(), true.max())) + 1), np.float32)
    probabilities[:, order] = evidence["probabilities"]
    return Task(name, given, true, probabilities, without_copies(evidence["neighbors"], copies))


def near_class_noise(vectors: NDArray[np.float32], true: NDArray[np.int64], rate: float) -> NDArray[np.int64]:
    """Give `rate` of the rows one of the three classes whose centers lie nearest to that of their own."""
    rng = np.random.default_rng(0)
    unit = unit_rows(vectors)
    centers = unit_rows(np.stack([unit[true == c].mean(axis=0) for c in range(true.max() + 1)]))
    similarity = centers @ centers.T
    np.fill_diagonal(similarity, -2)
    nearest = np.argsort(-similarity, axis=1)[:, :3]
    given = true.copy()
    rows = rng.permutation(len(true))[: round(rate * len(true))]
    given[rows] = nearest[true[rows], rng.integers(3, size=len(rows))]
    return given


def uniform_noise(true: NDArray[np.int64], rate: float) -> NDArray[np.int64]:
    """Give `rate` of the rows any other class."""
    rng = np.random.default_rng(1)
    n_classes = int(true.max()) + 1
    given = true.copy()
    rows = rng.permutation(len(true))[: round(rate * len(true))]
    given[rows] = (true[rows] + rng.integers(1, n_classes, size=len(rows))) % n_classes
    return given


def measure(task: Task) -> dict[str, object]:
    wrong = task.given != task.true
    judged = judge_labels(task.given, task.probabilities, neighbors=task.neighbors)
    flagged = judged.suspect >= FLAG_AT
    issues = find_label_issues(task.given, task.probabilities.astype(np.float64))
    sure = (judged.suspect >= RELABEL_AT) & (judged.suggested >= 0)
    line: dict[str, object] = {
        "set": task.name, "n": len(wrong), "wrong": float(wrong.mean()),
        "flags": _flags(flagged, wrong), "cleanlab_flags": _flags(issues, wrong),
        "relabels": int(sure.sum()), "relabels_right": _mean(judged.suggested[sure] == task.true[sure]),
    }  # fmt: skip
    if wrong.any():
        peers = {name: (_ap(wrong, s), _auroc(wrong, s)) for name, s in peer_rankings(task).items()}
        line |= {"ap": _ap(wrong, judged.suspect), "auroc": _auroc(wrong, judged.suspect), "peers": peers}
    return line


def peer_rankings(task: Task) -> dict[str, NDArray[np.float64]]:
    """Give how suspect each label is to the peers, higher is more."""
    probabilities = task.probabilities.astype(np.float64)
    found = {}
    for method in METHODS:
        for adjusted in (False, True) if method != "confidence_weighted_entropy" else (False,):
            quality = get_label_quality_scores(task.given, probabilities, method=method, adjust_pred_probs=adjusted)
            found[f"cleanlab {method}{' adjusted' if adjusted else ''}"] = -quality
    if task.neighbors is not None:
        votes = rankdata(neighbor_margin(task))
        for method in METHODS[:2]:
            found[f"rank average of {method} and neighbors"] = rankdata(found[f"cleanlab {method}"]) + votes
    return found


def neighbor_margin(task: Task) -> NDArray[np.float64]:
    """Votes of the neighbors for the strongest other class, less those for the given one."""
    rows = np.arange(len(task.given))
    votes = np.zeros(task.probabilities.shape)
    for column in task.neighbors.T:
        votes[rows, task.given[column]] += column >= 0
    votes /= np.maximum(1, votes.sum(axis=1, keepdims=True))
    own = votes[rows, task.given].copy()
    votes[rows, task.given] = -1
    return votes.max(axis=1) - own


def ranking_table(lines: list[dict]) -> str:
    head = (
        "| set | rows | wrong | burnish AP / AUROC | best of cleanlab | best rank average |\n|---|---|---|---|---|---|"
    )
    return "\n".join([head, *(_ranking_line(line) for line in lines)])


def flag_table(lines: list[dict]) -> str:
    head = (
        "| set | wrong | burnish flags: n, precision, recall, F1 | cleanlab default filter: n, precision, recall, F1 "
        "| relabels (right) |\n|---|---|---|---|---|"
    )
    return "\n".join([head, *(_flag_line(line) for line in lines)])


def _ranking_line(line: dict) -> str:
    best = {
        kind: max(((ap, auroc) for name, (ap, auroc) in line["peers"].items() if name.startswith(kind)), default=None)
        for kind in ("cleanlab", "rank")
    }
    shown = ["–" if pair is None else f"{pair[0]:.4f} / {pair[1]:.4f}" for pair in best.values()]
    ours = f"**{line['ap']:.4f}** / {line['auroc']:.4f}"
    return f"| {line['set']} | {line['n']:,} | {line['wrong']:.1%} | {ours} | {shown[0]} | {shown[1]} |"


def _flag_line(line: dict) -> str:
    shown = [
        f"{f['n']:,} ({f['share']:.1%}), {f['precision']:.2f}, {f['recall']:.2f}, **{f['f1']:.3f}**"
        if line["wrong"]
        else f"{f['n']:,} ({f['share']:.1%})"
        for f in (line["flags"], line["cleanlab_flags"])
    ]
    relabels = f"{line['relabels']:,} ({line['relabels_right']:.2f})"
    return f"| {line['set']} | {line['wrong']:.1%} | {shown[0]} | {shown[1]} | {relabels} |"


def _flags(flagged: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> dict[str, float]:
    hits = int((flagged & wrong).sum())
    return {
        "n": int(flagged.sum()), "share": float(flagged.mean()), "precision": hits / max(1, int(flagged.sum())),
        "recall": hits / max(1, int(wrong.sum())), "f1": 2 * hits / max(1, int(flagged.sum() + wrong.sum())),
    }  # fmt: skip


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.unique(np.array(column.to_pylist(), dtype=str), return_inverse=True)[1].astype(np.int64)


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 0.0


def _ap(wrong: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    return float(average_precision_score(wrong, score))


def _auroc(wrong: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    return float(roc_auc_score(wrong, score))


if __name__ == "__main__":
    main()
