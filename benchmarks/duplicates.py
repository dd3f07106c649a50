"""Near duplicates and leaks on real sets, beside cleanlab and SemHash on the same embeddings.

    python -m benchmarks.duplicates

Prints Markdown tables and writes benchmarks/results/duplicates.json. A peer that is not installed is left out.
"""

import hashlib
import importlib
import importlib.util
import json
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import sets
from burnish.adapters.embedders.tabular import fit_tabular
from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.kernels.duplicates import group_members
from burnish.pipeline.embedding import unit_rows
from burnish.steps.duplicates import Duplicates, NearDuplicates
from burnish.steps.leaks import Leaks
from burnish.steps.neighbors import NearestNeighbors

RESULT = Path(__file__).parent / "results" / "duplicates.json"
TEXT_SETS = ("banking77", "clinc150", "youtube_spam")
TABLES = {"adult": ("split", "label"), "online_shoppers": ("Revenue",)}
N_PLANTED = 200


def evidence_of(table, vectors, *, role=None, field=None):
    """Wrap a table and its vectors; content is the field, or the whole row of a table."""
    values = table[field].to_pylist() if field else [tuple(row.values()) for row in table.to_pylist()]
    digests = [hashlib.blake2b(repr(value).encode(), digest_size=16).digest() for value in values]
    content = np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 2)
    ids = pa.array([str(i) for i in range(len(table))])
    dataset = Dataset(table, ids, content, Roles(**({role: field} if role else {})))
    evidence = Evidence(dataset).adding([Column("embeddings", unit_rows(vectors), "row")])
    return evidence.adding(NearestNeighbors().run(evidence, seed=0))


def deduplicated(evidence):
    started = time.process_time()
    evidence = evidence.adding(Duplicates().run(evidence, seed=0))
    return evidence, time.process_time() - started


def grouped_pairs(groups):
    members = (m.tolist() for m in group_members(groups))
    return {(a, b) for group in members for i, a in enumerate(group) for b in group[i + 1 :]}


def scored(name, pairs, gold, judged):
    """Precision, recall, F1 of (smaller, larger) position pairs, of those that were judged."""
    given = pairs & judged
    hits = len(given & gold)
    precision, recall = hits / max(1, len(given)), hits / len(gold)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"method": name, "pairs": len(given), "precision": precision, "recall": recall, "f1": f1}


def cleanlab_pairs(vectors):
    datalab = importlib.import_module("cleanlab").Datalab({"row": list(range(len(vectors)))}, verbosity=0)
    datalab.find_issues(features=vectors, issue_types={"near_duplicate": {}})
    members = datalab.get_issues("near_duplicate")["near_duplicate_sets"]
    return {(min(i, int(j)), max(i, int(j))) for i, others in enumerate(members) for j in others}


def semhash_pairs(texts, vectors):
    semhash = importlib.import_module("semhash").SemHash
    encoder = importlib.import_module("model2vec").StaticModel.__new__(importlib.import_module("model2vec").StaticModel)
    index = semhash.from_embeddings(embeddings=vectors, records=texts, model=encoder)
    position = {text: i for i, text in enumerate(texts)}
    found = set()
    for record in index.self_deduplicate().filtered:
        for other, _ in record.duplicates:
            a, b = position[record.record], position[other]
            found.add((min(a, b), max(a, b)))
    return found


def bibliography(embedder):
    """P/R/F1 on dblp_acm: over the labelled pairs, and over every pair across the catalogues (unlisted: no match)."""
    table, labelled = sets.dblp_acm(), sets.dblp_acm_pairs()
    position = {row: i for i, row in enumerate(table["id"].to_pylist())}
    lines = zip(*(labelled[c].to_pylist() for c in ("id_a", "id_b", "match")), strict=True)
    judged = {tuple(sorted((position[a], position[b]))): match for a, b, match in lines}
    gold = {pair for pair, match in judged.items() if match}
    vectors = unit_rows(sets.embeddings("dblp_acm", embedder))
    evidence, seconds = deduplicated(evidence_of(table, vectors, role="text", field="text"))
    found = {"burnish": grouped_pairs(evidence["near_group"])}
    if importlib.util.find_spec("cleanlab"):
        found["cleanlab Datalab"] = cleanlab_pairs(vectors)
    if importlib.util.find_spec("semhash"):
        found["SemHash 0.9"] = semhash_pairs(table["text"].to_pylist(), vectors)
    source = np.array(table["source"].to_pylist())
    results = []
    for name, pairs in found.items():
        across = {(a, b) for a, b in pairs if source[a] != source[b]}
        results.append({"over": "labelled", **scored(name, pairs, gold, set(judged))})
        results.append({"over": "across", **scored(name, across, gold, across)})
        results[-1]["same_catalogue_pairs"] = len(pairs) - len(across)
    results[0]["cpu_seconds"] = seconds
    for line in results:
        if line["over"] == "labelled" and line["method"] != "burnish":
            line["burnish_precision_at_its_recall"] = precision_at(evidence, gold, set(judged), line["recall"])
    return [{"embedder": embedder, **line} for line in results]


def precision_at(evidence, gold, judged, recall):
    """Precision of the surest labelled pairs of burnish, as many as reach `recall`."""
    pairs = evidence.table("duplicate_pairs").sort_by([("score", "descending")])
    ends = zip(pairs["a"].to_pylist(), pairs["b"].to_pylist(), strict=True)
    hits = np.array([pair in gold for pair in (tuple(sorted(both)) for both in ends) if pair in judged])
    reached = int(np.searchsorted(np.cumsum(hits), recall * len(gold))) + 1
    return float(hits[:reached].mean())


def flagged(name, evidence, seconds):
    threshold = evidence.table("duplicate_threshold").to_pylist()[0]
    near = [len(finding.rows) for finding in NearDuplicates().judge(evidence)]
    n_rows = len(evidence.dataset)
    return {
        "set": name, "rows": n_rows, "exact_copies": int((evidence["exact_group"] >= 0).sum()),
        "near_groups": len(near), "near_flagged": sum(near), "share": sum(near) / n_rows,
        "p_value": threshold["p_value"], "dimension": threshold["dimension"], "cpu_seconds": seconds,
    }  # fmt: skip


def sampled(evidence, n=5):
    """Print a few pairs from surest to least sure, to be read by a person."""
    texts, findings = evidence.dataset.texts, NearDuplicates().judge(evidence)
    for i in np.linspace(0, len(findings) - 1, min(n, len(findings))).astype(int):
        row = findings[i].rows[0]
        print(f"  {row.score:.3f} {texts[row.row].as_py()[:80]!r} | {texts[int(row.evidence['kept'])].as_py()[:80]!r}")


def everyday_sets():
    lines = []
    for name in TEXT_SETS:
        evidence = evidence_of(getattr(sets, name)(), sets.embeddings(name), role="text", field="text")
        evidence, seconds = deduplicated(evidence)
        lines.append(flagged(name, evidence, seconds))
        print(f"\n{name}, sampled pairs:")
        sampled(evidence)
    for name, left_out in TABLES.items():
        table = getattr(sets, name)()
        table = table.drop_columns([c for c in left_out if c in table.column_names]).slice(0, 12_000)
        lines.append(flagged(name, *deduplicated(evidence_of(table, fit_tabular(table).embed(table)))))
    return lines


def planted_copies(name="banking77"):
    """Take out what is flagged, then see what is flagged still, and of copies with one word left out."""
    table, vectors = getattr(sets, name)(), sets.embeddings(name)
    evidence, _ = deduplicated(evidence_of(table, vectors, role="text", field="text"))
    grouped = evidence["near_group"]
    clean = np.flatnonzero((grouped < 0) | (evidence["near_representative"] == np.arange(len(grouped))))
    again, _ = deduplicated(evidence_of(table.take(pa.array(clean)), vectors[clean], role="text", field="text"))
    rng = np.random.default_rng(0)
    long = [i for i in clean.tolist() if len(table["text"][i].as_py().split()) >= 8]
    chosen = rng.choice(long, N_PLANTED, replace=False)
    copies = []
    for i in chosen:
        words = table["text"][int(i)].as_py().split()
        words.pop(int(rng.integers(len(words))))
        copies.append(" ".join(words))
    texts = pa.table({"text": table["text"].take(pa.array(clean)).to_pylist() + copies})
    embedder = sets.registry.embedder(None, kind="text")
    added = embedder.embed(pa.array(copies))
    both = evidence_of(texts, np.vstack([vectors[clean], added]), role="text", field="text")
    groups = deduplicated(both)[0]["near_group"]
    where = np.searchsorted(clean, chosen)
    hits = (groups[len(clean) :] >= 0) & (groups[len(clean) :] == groups[where])
    return {
        "set": name, "flagged_after_cleaning": int((again["near_group"] >= 0).sum()), "rows": len(clean),
        "planted": N_PLANTED, "planted_recall": float(hits.mean()),
    }  # fmt: skip


def images():
    """Leaks and near-duplicate pairs on cifar10_A, both kinds of listed pair."""
    table, pairs = sets.cifar10(), sets.cifar10_pairs()
    ids, locked = table["id"].to_pylist(), ~sets.is_train(table)
    position = {row: i for i, row in enumerate(ids)}
    listed = {
        (position[a], position[b]) for a, b in zip(pairs["id_a"].to_pylist(), pairs["id_b"].to_pylist(), strict=True)
    }
    truth = np.array([locked[a] != locked[b] for a, b in listed])
    leaked = np.zeros(len(ids), bool)
    leaked[[row for pair, across in zip(listed, truth, strict=True) if across for row in pair]] = True
    leaked &= locked
    evidence = evidence_of(table.select(["id"]), sets.embeddings("cifar10"), role="image", field="id")
    evidence = evidence.adding([Column("image_pixels", sets.image_pixels()), Column("evaluation", locked)])
    evidence = evidence.adding(Leaks().run(evidence, seed=0))
    scores = evidence["leak_score"][locked]
    hits = leaked[locked][np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    evidence, seconds = deduplicated(evidence)
    summary = evidence.table("duplicate_pairs")
    sure = {(line["a"], line["b"]) for line in summary.to_pylist() if line["score"] >= 0.5}
    wanted = {tuple(sorted(pair)) for pair in listed}
    return {
        "listed": int(leaked.sum()), "recall_at_200": float(hits[:200].sum() / hits.sum()),
        "average_precision": float(precision[hits].mean()), "flagged": int((scores >= 0.5).sum()),
        "listed_flagged": int(hits[: int((scores >= 0.5).sum())].sum()),
        "pairs_near": len(sure), "listed_pairs_near": len(sure & wanted), "listed_pairs": len(wanted),
        "cpu_seconds": seconds,
    }  # fmt: skip


def markdown(title, lines):
    columns = list(dict.fromkeys(key for line in lines for key in line))
    print(f"\n## {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for line in lines:
        cells = (line.get(column, "") for column in columns)
        print("| " + " | ".join(f"{c:.4g}" if isinstance(c, float) else str(c) for c in cells) + " |")


def main():
    results = {
        "dblp_acm": [*bibliography("minilm"), *bibliography("static")],
        "sets": everyday_sets(),
        "planted": [planted_copies()],
        "cifar10_A": [images()],
    }
    for title, lines in results.items():
        markdown(title, lines)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
