"""Whether trials tell the truth: their precision and recall beside those known, and what `--min-precision 0.9` gives.

`python -m benchmarks.trials [labels|copies|outliers|cost ...]` prints Markdown tables and leaves JSON.
The sets marked * were first measured when the method was fixed; on the others it was developed.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import labels as label_sets
from benchmarks import sets
from burnish.adapters.embedders.tabular import fit_tabular
from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.pipeline.catalog import CHECKS
from burnish.pipeline.embedding import unit_rows
from burnish.pipeline.trials import Trial, label_trials, run_trials, threshold_for
from burnish.steps.duplicates import Duplicates, NearDuplicates
from burnish.steps.labels import LabelQuality
from burnish.steps.leaks import Leaks, NearLeaks
from burnish.steps.neighbors import NearestNeighbors
from burnish.steps.outliers import OutlierRows, Outliers
from burnish.steps.planting import Material
from burnish.steps.predictions import Predictions
from burnish.testing.planted import Defects, planted_vectors
from burnish.workspace import Limits, Workspace

RESULTS = Path(__file__).parent / "results" / "trials.json"
SHOWN = (0.5, 0.7, 0.9, 0.98)
WANTED = 0.9
FIGURES = "told precision [95 %] / true; told recall / true, at"
OUTLIER_SHOWN = (0.98, 0.99, 0.9991, 0.9994)
HEADS = {
    **{
        part: f"| set | defects | {' | '.join(f'{FIGURES} {t}' for t in shown)} | set for 0.9: precision, recall, n |"
        for part, shown in (("labels", SHOWN), ("copies", SHOWN), ("outliers", OUTLIER_SHOWN))
    },
    "cost": "| rows | audit, CPU s | trials, CPU s | share |",
}


def label_tasks() -> Iterator[tuple]:
    """Name, vectors, given codes, true codes, groups of copies."""
    cifar, spam, banking = sets.cifar10(), sets.youtube_spam(), sets.banking77()
    images, vectors = sets.is_train(cifar), sets.embeddings("cifar10")
    true = cifar["label"].to_numpy()[images].astype(np.int64)
    for field in ("noisy_worst", "noisy_aggre"):
        yield f"cifar10 {field}", vectors[images], cifar[field].to_numpy()[images].astype(np.int64), true, None
    given = spam["weak_majority"].to_numpy().astype(np.int64)
    covered, label = given >= 0, spam["label"].to_numpy().astype(np.int64)
    for embedder in (None, "minilm"):
        name = f"youtube_spam weak rules, {embedder or 'static'}"
        copies = label_sets._codes(spam["text"])[covered]
        yield name, sets.embeddings("youtube_spam", embedder)[covered], given[covered], label[covered], copies
    asked = sets.is_train(banking)
    intents, texts = label_sets._codes(banking["label"])[asked], label_sets._codes(banking["text"])[asked]
    static, clinc = sets.embeddings("banking77")[asked], label_sets.clinc_in_scope()
    near = label_sets.near_class_noise
    yield "banking77 10 % near-class", static, near(static, intents, 0.1), intents, texts
    yield "clinc150 10 % near-class", clinc[0], near(*clinc, 0.1), clinc[1], None
    known = {
        "cifar10": (vectors[images], true, None), "clinc150": (*clinc, None), "banking77": (static, intents, texts),
        "youtube_spam": (sets.embeddings("youtube_spam"), label, label_sets._codes(spam["text"])),
    }  # fmt: skip
    for name, (rows, codes, copies) in known.items():
        for rate in (0.0, 0.05, 0.2):
            yield f"{name} {rate:.0%} planted", rows, label_sets.uniform_noise(codes, rate), codes, copies
    yield from held_out_labels()


def held_out_labels() -> Iterator[tuple]:
    cifar, banking = sets.cifar10(), sets.banking77()
    images, asked = sets.is_train(cifar), sets.is_train(banking)
    vectors, true = sets.embeddings("cifar10")[images], cifar["label"].to_numpy()[images].astype(np.int64)
    yield "* cifar10 10 % near-class", vectors, label_sets.near_class_noise(vectors, true, 0.1), true, None
    yield "* cifar10 40 % planted", vectors, label_sets.uniform_noise(true, 0.4), true, None
    minilm, intents = sets.embeddings("banking77", "minilm")[asked], label_sets._codes(banking["label"])[asked]
    texts = label_sets._codes(banking["text"])[asked]
    yield "* banking77 10 % planted, minilm", minilm, label_sets.uniform_noise(intents, 0.1), intents, texts
    for name, label in (("adult", "income-per-year"), ("online_shoppers", "Revenue")):
        table = getattr(sets, name)().slice(0, 12_000)
        fields = table.drop_columns([c for c in (label, "split") if c in table.column_names])
        codes = label_sets._codes(table[label])
        rows = fit_tabular(fields).embed(fields)
        yield f"* {name} 10 % planted", rows, label_sets.uniform_noise(codes, 0.1), codes, None


def label_evidence(vectors, given, copies) -> Evidence:
    evidence = label_sets.labelled(vectors, given, copies)
    for step in (NearestNeighbors(), Predictions(), LabelQuality()):
        evidence = evidence.adding(step.run(evidence, seed=0))
    return evidence


def truth_at(scores, real, threshold) -> tuple[float, float, int]:
    flagged = scores >= threshold
    precision = float(real[flagged].mean()) if flagged.any() else float("nan")
    return precision, float(real[flagged].sum() / max(1, real.sum())), int(flagged.sum())


def compared(name: str, trial: Trial, scores, real, *, shown=SHOWN) -> dict:
    """What the trial says beside what is true, at some thresholds and at the one that it would set."""
    lines = []
    for threshold in shown:
        told, true = trial.at(threshold), truth_at(scores, real, threshold)
        lines.append({"threshold": threshold, **told, "true_precision": true[0], "true_recall": true[1], "n": true[2]})
    chosen = threshold_for(trial, WANTED)
    set_to = (
        None if chosen is None else dict(zip(("precision", "recall", "n"), truth_at(scores, real, chosen), strict=True))
    )
    return {"set": name, "at": lines, "chosen": chosen, "chosen_truth": set_to, "notes": trial.notes}


def labels() -> list[dict]:
    found = []
    for name, vectors, given, true, copies in label_tasks():
        evidence = label_evidence(vectors, given, copies)
        started = time.process_time()
        trial = label_trials(evidence, {"LAB001": 0.5}, seed=0)[0]
        seconds = time.process_time() - started
        suspect = np.nan_to_num(evidence["label_suspect"])
        line = {**compared(name, trial, suspect, given != true), "wrong": float((given != true).mean()), "cpu": seconds}
        found.append(line)
        print_line(line)
    return found


def text_material(texts: pa.Array, embedder: str | None) -> Material:
    maker = sets.registry.embedder(embedder, kind="text", fit_on=texts)
    return Material(
        lambda rows: texts.take(pa.array(rows)), lambda items: {"embeddings": unit_rows(maker.embed(items))}
    )


def image_material(images: pa.Array) -> Material:
    maker = sets.registry.embedder(None, kind="image", fit_on=images)
    signature = sets.registry.embedder("image-signature", kind="image", fit_on=images)

    def embed(items):
        return {"embeddings": unit_rows(maker.embed(items)), "image_pixels": signature.embed(items)[:, :256]}

    return Material(lambda rows: images.take(pa.array(rows)), embed)


def content_evidence(table, vectors, *, role=None, field=None, locked=None, pixels=None) -> Evidence:
    """What an audit gathers for copies, leaks and outliers."""
    values = table[field].combine_chunks().cast(pa.binary()).to_pylist() if field else [bytes(row) for row in vectors]
    digests = [hashlib.blake2b(value or b"", digest_size=16).digest() for value in values]
    content = np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 2)
    ids, n = pa.array([str(i) for i in range(len(values))]), len(values)
    fields = pa.table({field: table[field]}) if field else pa.table({"row": np.arange(n)})
    dataset = Dataset(fields, ids, content, Roles(**({role: field} if role else {})), None if field else vectors)
    columns = [Column("embeddings", unit_rows(vectors), "row")]
    columns.append(Column("evaluation", np.zeros(n, bool) if locked is None else locked))
    columns += [] if pixels is None else [Column("image_pixels", pixels, "row")]
    evidence = Evidence(dataset).adding(columns)
    for step in (NearestNeighbors(), Duplicates(), Leaks(), Outliers()):
        evidence = evidence.adding(step.run(evidence, seed=0))
    return evidence


def one_trial(code: str, check, evidence: Evidence, material: Material | None) -> tuple[Trial, float]:
    started = time.process_time()
    trial = next(t for t in run_trials(evidence, [check], material, seed=0) if t.code == code)
    return trial, time.process_time() - started


def copies() -> list[dict]:
    found = [bibliography(None), bibliography("minilm"), images(), *map(words_dropped, ("banking77", "clinc150"))]
    for line in found:
        print_line(line)
    return found


def bibliography(embedder: str | None) -> dict:
    """Near pairs across the two catalogues of dblp_acm; a pair that is not listed is no match."""
    table, labelled = sets.dblp_acm(), sets.dblp_acm_pairs()
    position = {row: i for i, row in enumerate(table["id"].to_pylist())}
    lines = zip(*(labelled[c].to_pylist() for c in ("id_a", "id_b", "match")), strict=True)
    gold = {frozenset((position[a], position[b])) for a, b, match in lines if match}
    texts = table["text"].combine_chunks()
    evidence = content_evidence(table, sets.embeddings("dblp_acm", embedder or "static"), role="text", field="text")
    trial, seconds = one_trial("DUP002", NearDuplicates(), evidence, text_material(texts, embedder))
    scores, real, source = np.zeros(len(table)), np.zeros(len(table), bool), table["source"].to_pylist()
    for row, kept, score in flags(evidence):
        if source[row] != source[kept]:
            scores[row], real[row] = score, frozenset((row, kept)) in gold
    line = {**compared(f"dblp_acm, {embedder or 'static'}", trial, scores, real), "cpu": seconds}
    return corrected_recall(line, scores, real, len(gold))


def flags(evidence: Evidence) -> list[tuple[int, int, float]]:
    findings = NearDuplicates(0).judge(evidence)
    return [(flag.row, int(flag.evidence["kept"]), flag.score) for finding in findings for flag in finding.rows]


def corrected_recall(line: dict, scores, real, n_real: int) -> dict:
    """Recall over all that is to be found, not only over what has a score."""
    for at in line["at"]:
        at["true_recall"] = float((real & (scores >= at["threshold"])).sum() / n_real)
    if line["chosen_truth"]:
        line["chosen_truth"]["recall"] = float((real & (scores >= line["chosen"])).sum() / n_real)
    return line


def images() -> dict:
    """Leaks of cifar10; the list of pairs is not complete, so true precision is at least what stands here."""
    table, pairs = sets.cifar10(), sets.cifar10_pairs()
    ids, locked = table["id"].to_pylist(), ~sets.is_train(table)
    position = {row: i for i, row in enumerate(ids)}
    ends = [
        (position[a], position[b]) for a, b in zip(pairs["id_a"].to_pylist(), pairs["id_b"].to_pylist(), strict=True)
    ]
    real = np.zeros(len(ids), bool)
    real[[row for pair in ends if locked[pair[0]] != locked[pair[1]] for row in pair if locked[row]]] = True
    pictures = table["image"].combine_chunks()
    evidence = content_evidence(
        table, sets.embeddings("cifar10"), role="image", field="image", locked=locked, pixels=sets.image_pixels()
    )
    trial, seconds = one_trial("LEK002", NearLeaks(), evidence, image_material(pictures))
    return {**compared("cifar10 leaks", trial, evidence["leak_score"] * locked, real), "cpu": seconds}


def words_dropped(name: str) -> dict:
    """A set less its own near copies, with copies (3 %) in which one word is left out."""
    table, vectors = getattr(sets, name)(), sets.embeddings(name)
    own = content_evidence(table, vectors, role="text", field="text")
    grouped, kept = own["near_group"], own["near_representative"]
    clean = np.flatnonzero((grouped < 0) | (kept == np.arange(len(kept))))
    rng, maker = np.random.default_rng(1), sets.registry.embedder(None, kind="text")
    texts = [table["text"][int(i)].as_py() for i in clean]
    long = [i for i, text in enumerate(texts) if len(text.split()) >= 5]
    chosen = rng.choice(long, int(0.03 * len(texts)), replace=False)
    made = []
    for i in chosen:
        words = texts[i].split()
        words.pop(int(rng.integers(len(words))))
        made.append(" ".join(words))
    both = pa.table({"text": pa.array(texts + made)})
    rows = np.vstack([vectors[clean], maker.embed(pa.array(made))])
    evidence = content_evidence(both, rows, role="text", field="text")
    trial, seconds = one_trial("DUP002", NearDuplicates(), evidence, text_material(both["text"].combine_chunks(), None))
    scores, real = np.zeros(len(both)), np.zeros(len(both), bool)
    origin = {len(texts) + i: int(row) for i, row in enumerate(chosen)}
    for row, twin, score in flags(evidence):
        scores[row], real[row] = score, origin.get(row) == twin or origin.get(twin) == row
    line = {**compared(f"{name}, a word dropped", trial, scores, real), "cpu": seconds}
    return corrected_recall(line, scores, real, len(chosen))


def outliers() -> list[dict]:
    found = []
    for anomalies in sets.adbench():
        evidence = content_evidence(None, anomalies.vectors)
        trial, seconds = one_trial("OUT001", OutlierRows(), evidence, None)
        name = anomalies.name.replace("CV_by_ResNet18__", "").replace("MVTec-AD_", "").replace("NLP_by_BERT__", "")
        found.append({**outlier_line(name, trial, evidence, anomalies.anomaly), "cpu": seconds})
    clinc = sets.clinc150()
    evidence = content_evidence(clinc, sets.embeddings("clinc150"), role="text", field="text")
    trial, seconds = one_trial("OUT001", OutlierRows(), evidence, text_material(clinc["text"].combine_chunks(), None))
    oos = clinc["is_oos"].to_numpy(zero_copy_only=False).astype(bool)
    found.append({**outlier_line("clinc150 out of scope", trial, evidence, oos), "cpu": seconds})
    for line in found:
        print_line(line)
    return found


def outlier_line(name: str, trial: Trial, evidence: Evidence, real) -> dict:
    scores = np.nan_to_num(evidence["outlier_score"])
    return {**compared(name, trial, scores, real, shown=OUTLIER_SHOWN), "wrong": float(real.mean())}


def cost() -> list[dict]:
    """CPU seconds of an audit and of its trials, one thread, the second of two runs in a process."""
    defects = Defects(duplicates=0.01, near_duplicates=0.02, wrong_labels=0.05, outliers=0.01)
    found = []
    for n_rows in (2_000, 10_000, 50_000):
        dataset = planted_vectors(n_rows, n_dims=256, n_classes=10, defects=defects, spread=2.0).dataset
        for _ in range(2):
            with tempfile.TemporaryDirectory() as folder:
                started = time.process_time()
                audited = Workspace(folder, limits=Limits(threads=1)).audit(dataset)
                audit = time.process_time() - started
            started = time.process_time()
            run_trials(audited.evidence, CHECKS, None, seed=0)
            trial = time.process_time() - started
        found.append({"rows": n_rows, "audit": audit, "trials": trial, "share": trial / audit})
        print(f"| {n_rows:,} | {audit:.2f} | {trial:.2f} | {trial / audit:.0%} |", flush=True)
    return found


def print_line(line: dict) -> None:
    cells = [
        f"{_n(at['precision'])} [{_n(at['precision_low'])}, {_n(at['precision_high'])}] / {at['true_precision']:.2f}; "
        f"{_n(at['recall'])} / {at['true_recall']:.2f}"
        for at in line["at"]
    ]
    truth = line["chosen_truth"]
    set_to = (
        "none"
        if truth is None
        else f"{line['chosen']:.4g}: {truth['precision']:.2f}, {truth['recall']:.2f}, {truth['n']:,}"
    )
    print(f"| {line['set']} | {line.get('wrong', float('nan')):.1%} | {' | '.join(cells)} | {set_to} |", flush=True)


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=list(HEADS))
    parts = parser.parse_args().parts
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in parts:
        print(f"\n## {part}\n\n{HEADS[part]}\n{'|---' * (HEADS[part].count('|') - 1)}|")
        results[part] = globals()[part]()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
