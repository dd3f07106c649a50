"""Plausible facts for reports, made from random tables in the schemas of the contract."""

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
from PIL import Image

from burnish.dataset.findings import SCHEMA as FINDINGS_SCHEMA
from burnish.pipeline.tables import CLUSTERS_SCHEMA, ROWS_SCHEMA, SLICES_SCHEMA
from burnish.reports import ReportFacts

TOPICS = {
    "card lost": "card lost stolen wallet street block replacement urgent freeze police abroad missing plastic",
    "refund delay": "refund merchant waiting money back purchase return store order pending days credited cancelled",
    "exchange rate": "exchange rate currency euro dollar holiday conversion fee market weekend travel converted spread",
    "card PIN": "pin code machine blocked attempts wrong forgot change reset number digits unlock entered",
    "transfer fee": "transfer fee charged bank international account sent amount swift costs recipient extra",
    "top up": "top balance add funds cheque cash machine app instant limit minimum automatic failed",
    "identity check": "identity passport document selfie verify photo rejected address proof upload residence why",
    "direct debit": "debit direct payment recognize month subscription cancel gym stop dispute collected unknown",
}
FILLER = (
    "i my the a is it to for and of on with when what how can please need why was not do have after still "
    "would like help me since yesterday tell know does your from this that long"
)
LABELS = (
    "lost_or_stolen_card",
    "refund_not_showing",
    "exchange_rate",
    "pin_blocked",
    "transfer_fee",
    "top_up",
    "verify_identity",
    "direct_debit",
)
CHOICE = [
    {"code": "DUP002", "treatment": "drop", "n_edits": 70, "value": 0.001, "low": -0.003, "high": 0.005, "kept": True,
     "reason": "a share above zero"},
    {"code": "QUA001", "treatment": "drop", "n_edits": 5, "value": -0.01, "low": -0.02, "high": 0.0, "kept": False,
     "reason": "a loss beyond the margin is likely enough"},
]  # fmt: skip


def sentences(rng: np.random.Generator, topics: np.ndarray, n_words: int = 18) -> list[str]:
    """Give one sentence per topic code, of about seven characters a word."""
    words = [np.array(text.split()) for text in TOPICS.values()]
    filler = np.array(FILLER.split())
    lines = []
    for topic in topics:
        drawn = np.where(rng.random(n_words) < 0.4, rng.choice(words[topic], n_words), rng.choice(filler, n_words))
        lines.append(" ".join(drawn).capitalize() + f" {rng.integers(1000, 9999)}.")
    return lines


def text_facts(n_rows: int = 3000, *, seed: int = 0, measured: bool = True, n_words: int = 18) -> ReportFacts:
    """Give the facts of a labelled text set with every kind of finding, and of its measurement."""
    rng = np.random.default_rng(seed)
    topics = rng.integers(0, len(TOPICS), n_rows)
    texts = sentences(rng, topics, n_words)
    ids = [f"{rng.integers(2**62):016x}-0" for _ in range(n_rows)]
    rows = _rows(rng, topics, ids)
    findings = _findings(rng, rows, ids, texts)
    document = summary(rows, findings, measured=measured)
    changes = changeset(rows, findings) if measured else None
    return ReportFacts(
        rows=rows,
        findings=findings,
        clusters=_clusters(rows, ids),
        slices=_slices(rng, ids),
        summary=document,
        evaluation=evaluation(rng) if measured else None,
        changeset=changes,
        texts=pa.array(texts),
        title="bank-questions",
    )


def image_facts(n_rows: int = 600, *, n_pictures: int = 200) -> ReportFacts:
    """Give the facts of a labelled image set with thumbnails."""
    facts = text_facts(n_rows, measured=True)
    rng = np.random.default_rng(1)
    shown = [r for r in dict.fromkeys(facts.findings["row_id"].to_pylist()) if r is not None]
    wanted = dict.fromkeys([*facts.clusters["exemplars"].combine_chunks().flatten().to_pylist(), *shown])
    thumbnails = {row_id: picture(rng) for row_id in list(wanted)[:n_pictures]}
    return replace(facts, texts=None, thumbnails=thumbnails, title="images", summary={**facts.summary, "kind": "image"})


def table_facts(n_rows: int = 500) -> ReportFacts:
    """Give the facts of a table set: evidence is shown as fields."""
    facts = text_facts(n_rows, measured=False)
    rng = np.random.default_rng(2)
    ids = facts.rows["row_id"].to_pylist()
    records = pa.table(
        {
            "row_id": ids,
            "age": rng.integers(18, 90, n_rows),
            "job": rng.choice(["clerk", "nurse", "farmer"], n_rows),
            "hours": rng.normal(38, 6, n_rows).round(1),
            "income": rng.choice([None, 21000, 43000], n_rows).tolist(),
        }
    )
    return replace(facts, texts=None, records=records, title="adult", summary={**facts.summary, "kind": "table"})


def vector_facts(n_rows: int = 400) -> ReportFacts:
    """Give the facts of bare vectors: no labels, no content, outliers and duplicates only."""
    facts = text_facts(n_rows, measured=False)
    blank = {
        name: pa.nulls(n_rows, ROWS_SCHEMA.field(name).type)
        for name in ("label", "predicted_label", "predicted_proba", "label_quality", "suggested_label", "split")
    }
    rows = pa.table({name: blank.get(name, facts.rows[name]) for name in facts.rows.column_names}, schema=ROWS_SCHEMA)
    keep = pa.array(
        [kind in {"outlier", "exact_duplicate", "near_duplicate"} for kind in facts.findings["kind"].to_pylist()]
    )
    findings = facts.findings.filter(keep)
    return ReportFacts(
        rows,
        findings,
        facts.clusters,
        SLICES_SCHEMA.empty_table(),
        summary(rows, findings, measured=False),
        title="vectors",
    )


def empty_facts(n_rows: int = 50) -> ReportFacts:
    """Give the facts of an audit that found nothing, without map, clusters or slices."""
    facts = text_facts(n_rows, measured=False)
    keep = {"row_id", "split"}
    rows = pa.table(
        {n: facts.rows[n] if n in keep else pa.nulls(n_rows, ROWS_SCHEMA.field(n).type) for n in ROWS_SCHEMA.names},
        schema=ROWS_SCHEMA,
    )
    findings = FINDINGS_SCHEMA.empty_table()
    document = summary(rows, findings, measured=False)
    return ReportFacts(rows, findings, CLUSTERS_SCHEMA.empty_table(), SLICES_SCHEMA.empty_table(), document)


def picture(rng: np.random.Generator, size: int = 64) -> str:
    """Give a small picture as a data URL."""
    base = rng.integers(40, 220, 3)
    ramp = np.linspace(-40, 40, size)[:, None, None] * np.array([1, -1, 0.5])
    noise = rng.normal(0, 6, (size, size, 3))
    pixels = np.clip(base + ramp + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=70)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def summary(rows: pa.Table, findings: pa.Table, *, measured: bool) -> dict[str, object]:
    """Give a summary document that agrees with the tables."""
    counts: dict[str, dict[str, object]] = {}
    for line in findings.to_pylist():
        entry = counts.setdefault(
            line["code"],
            {
                "kind": line["kind"],
                "severity": line["severity"],
                "message": line["message"],
                "ids": set(),
                "row_ids": set(),
            },
        )
        entry["ids"].add(line["finding_id"])
        entry["row_ids"].add(line["row_id"])
    found = {
        code: {
            "kind": e["kind"],
            "severity": e["severity"],
            "message": e["message"],
            "findings": len(e["ids"]),
            "rows": len(e["row_ids"] - {None}),
        }
        for code, e in sorted(counts.items())
    }
    n_evaluation = sum(split == "test" for split in rows["split"].to_pylist())
    sentence = None
    if measured:
        sentence = "Better: after the edits the model gains +2.4 points of accuracy [+1.1, +3.6] on locked rows."
    return {
        "title": None,
        "source": "bank.parquet",
        "version": "6f1c2a9be0d4417f",
        "created": "2026-11-23T14:00:00Z",
        "new_version": "a01b6c55e2f09d31" if measured else None,
        "n_rows": len(rows),
        "n_train": len(rows) - n_evaluation,
        "n_evaluation": n_evaluation,
        "kind": "text",
        "classes": list(LABELS),
        "embedder": "wordllama:l2_supercat_256",
        "findings": found,
        "verdict": "better" if measured else None,
        "verdict_sentence": sentence,
        "skipped": [{"step": "shortcuts", "reason": "no metadata field"}],
        "timings": {"read": 0.21, "embed": 1.9, "neighbors": 2.4},
        "parameters": {"seed": 0, "k": 15},
        "libraries": {"numpy": "2.4.0", "scikit-learn": "1.9.0"},
        "choice": CHOICE if measured else None,
        "guesses": [{"role": "text", "field": "question", "reason": "the longest string field"}],
    }


def evaluation(rng: np.random.Generator) -> dict[str, object]:
    """Give a measurement with every arm and eight slices."""

    def arm(value: float, n_train: int, lift: float | None = None) -> dict[str, object]:
        ends = {"lift": lift, "lift_low": lift and lift - 0.012, "lift_high": lift and lift + 0.012}
        return {"value": value, "low": value - 0.017, "high": value + 0.016, "n_train": n_train, "seeds": 5, **ends}

    slices = []
    for i, name in enumerate(TOPICS):
        lift = float(rng.normal(0.015, 0.03)) if i else -0.06
        slices.append(
            {
                "slice": f"cluster: {name}",
                "size": int(rng.integers(60, 400)),
                "before": 0.8,
                "after": 0.8 + lift,
                "lift": lift,
                "low": lift - 0.03,
                "high": lift + 0.03,
                "q_value": float(rng.random()),
                "regressed": i == 0,
            }
        )
    found = {**slices[0], "slice": "cluster: card lost and channel = phone", "size": 58}
    buckets = [
        {"start": f"2025-{month:02}", "stop": f"2025-{month + 2:02}", "size": 150, "lift": lift, "low": lift - 0.03,
         "high": lift + 0.03}
        for month, lift in ((1, 0.05), (4, 0.03), (7, 0.01), (10, -0.04))
    ]  # fmt: skip
    return {
        "metric": "accuracy",
        "n_eval": 600,
        "lift": 0.024,
        "lift_low": 0.011,
        "lift_high": 0.036,
        "arms": {
            "before": arm(0.842, 2400),
            "after": arm(0.866, 2240, 0.024),
            "control": arm(0.839, 2240),
            "only:DUP002": arm(0.841, 2330, -0.001),
            "only:LAB001": arm(0.861, 2310, 0.019),
        },
        "lift_vs_control": 0.027,
        "lift_vs_control_low": 0.013,
        "lift_vs_control_high": 0.04,
        "smallest_visible_lift": 0.018,
        "verdict": "better",
        "confidence": 0.95,
        "margin": 0.005,
        "slices": slices,
        "notes": ["The model is a logistic regression on frozen embeddings."],
        "parameters": {"majority_class": 0.13, "slices_by": "accuracy"},
        "claim": "this data set is better",
        "shares": [
            {"code": "DUP002", "n_edits": 70, "value": 0.001, "low": -0.008, "high": 0.01},
            {"code": "LAB001", "n_edits": 90, "value": 0.023, "low": 0.011, "high": 0.035},
        ],
        "gate": {"max_slice_drop": 0.05, "passed": True, "failed": [], "n_slices": 8},
        "found": [found],
        "trend": {"buckets": buckets, "slope": -0.029, "slope_low": -0.05, "slope_high": -0.008, "unit": "quarter"},
        "asides": [
            {
                "rows": "without evaluation rows whose label is in doubt",
                "n_rows": 580,
                "before": 0.86,
                "after": 0.884,
                "lift": 0.024,
                "low": 0.01,
                "high": 0.038,
                "verdict": "better",
            }
        ],
        "rows_for_one_point": 1834.0,
    }


def changeset(rows: pa.Table, findings: pa.Table) -> dict[str, object]:
    """Give edits for the findings that suggest one."""
    split = dict(zip(rows["row_id"].to_pylist(), rows["split"].to_pylist(), strict=True))
    label = dict(zip(rows["row_id"].to_pylist(), rows["label"].to_pylist(), strict=True))
    edits = {}
    for line in findings.to_pylist():
        row_id = line["row_id"]
        if line["suggested_edit"] not in ("drop", "relabel") or split.get(row_id) == "test" or row_id in edits:
            continue
        evidence = json.loads(line["evidence"])
        edits[row_id] = {
            "row_id": row_id,
            "action": line["suggested_edit"],
            "code": line["code"],
            "reason": line["message"],
            "evidence": evidence,
            "kept_row_id": evidence.get("kept"),
            "old_label": label[row_id],
            "label": line["suggested_label"],
            "weight": None,
        }
    return {"version": "6f1c2a9be0d4417f", "edits": list(edits.values())}


def _rows(rng: np.random.Generator, topics: np.ndarray, ids: list[str]) -> pa.Table:
    n_rows = len(ids)
    angle = 2 * np.pi * topics / len(TOPICS)
    names = np.array(LABELS)
    wrong = rng.random(n_rows) < 0.14
    predicted = np.where(wrong, rng.integers(0, len(LABELS), n_rows), topics)
    return pa.table(
        {
            "row_id": ids,
            "split": np.where(rng.random(n_rows) < 0.2, "test", "train"),
            "label": names[topics],
            "predicted_label": names[predicted],
            "predicted_proba": rng.beta(6, 2, n_rows).astype(np.float32),
            "label_quality": np.where(wrong, rng.random(n_rows) * 0.4, 0.6 + 0.4 * rng.random(n_rows)).astype(
                np.float32
            ),
            "suggested_label": pa.array(np.where(wrong, names[predicted], None), pa.string()),
            "outlier_score": rng.beta(1.5, 6, n_rows).astype(np.float32),
            "exact_group": pa.nulls(n_rows, pa.int64()),
            "near_group": pa.nulls(n_rows, pa.int64()),
            "nearest_row_id": [ids[i] for i in (np.arange(n_rows) + 8) % n_rows],
            "nearest_distance": rng.beta(2, 6, n_rows).astype(np.float32),
            "leak": rng.random(n_rows) < 0.01,
            "cluster": np.where(rng.random(n_rows) < 0.06, -1, topics),
            "cluster_path": [[int(t) // 4 + 100, int(t)] for t in topics],
            "map_x": (6 * np.cos(angle) + rng.normal(0, 1.1, n_rows)).astype(np.float32),
            "map_y": (5 * np.sin(angle) + rng.normal(0, 1.0, n_rows)).astype(np.float32),
            "weight": np.ones(n_rows, np.float32),
        },
        schema=ROWS_SCHEMA,
    )


def _findings(rng: np.random.Generator, rows: pa.Table, ids: list[str], texts: list[str]) -> pa.Table:
    n = len(ids)
    label, suggested = rows["label"].to_pylist(), rows["suggested_label"].to_pylist()
    drawn = iter(rng.permutation(n - 1).tolist())
    lines: list[dict[str, object]] = []

    def add(code: str, kind: str, row_ids: list[str | None], **more: object) -> None:
        shared = {
            "finding_id": f"{code}-{len(lines):06d}",
            "code": code,
            "kind": kind,
            "severity": "warning",
            "score": float(rng.random()),
            "evidence": "{}",
        }
        lines.extend({**shared, "row_id": row_id, **more} for row_id in row_ids)

    for _ in range(max(n // 60, 3)):
        kept, twin, third = next(drawn), next(drawn), next(drawn)
        texts[twin] = texts[kept].replace(" the ", " this ").replace("please", "kindly")
        add(
            "DUP002",
            "near_duplicate",
            [ids[twin]],
            suggested_edit="drop",
            message="near twin of a kept row",
            evidence=json.dumps({"kept": ids[kept], "twin": ids[kept], "distance": 0.031}),
        )
        texts[third] = texts[kept]
        add(
            "DUP001",
            "exact_duplicate",
            [ids[third]],
            suggested_edit="drop",
            message="equal content",
            evidence=json.dumps({"kept": ids[kept], "copies": 2}),
        )
    for i in [i for i in range(n) if suggested[i] is not None and suggested[i] != label[i]][: max(n // 20, 3)]:
        add(
            "LAB001",
            "suspect_label",
            [ids[i]],
            suggested_edit="drop",
            suggested_label=suggested[i],
            message=f"predicted {suggested[i]}, labelled {label[i]}",
            evidence=json.dumps({"label_quality": 0.04, "probability_given": 0.03}),
        )
    for _ in range(max(n // 100, 2)):
        a, b = next(drawn), next(drawn)
        texts[a] = texts[b].replace(" card", " bank card")
        add(
            "LEK002",
            "leak",
            [ids[a]],
            severity="error",
            suggested_edit="drop",
            message="twin across the split",
            evidence=json.dumps({"twin": ids[b], "distance": 0.02}),
        )
        add(
            "OUT001",
            "outlier",
            [ids[next(drawn)]],
            severity="info",
            suggested_edit="review",
            message="far from everything",
        )
        pair = [ids[next(drawn)], ids[next(drawn)]]
        add(
            "DUP003",
            "conflicting_label",
            pair,
            severity="error",
            suggested_edit="review",
            message="equal content, different labels",
            group=1,
        )
    add(
        "IMB001",
        "imbalance",
        [None],
        message="top_up has 4 times fewer rows than the mean",
        evidence=json.dumps({"share": 0.03, "expected": 0.125}),
    )
    add(
        "QUA003",
        "quality",
        [ids[next(drawn)] for _ in range(5)],
        message="text repeats itself",
        evidence=json.dumps({"repeated_share": 0.8}),
    )
    return pa.Table.from_pylist(lines, schema=FINDINGS_SCHEMA)


def _clusters(rows: pa.Table, ids: list[str]) -> pa.Table:
    codes = np.asarray(rows["cluster"].to_numpy())
    lines = []
    for i, (name, words) in enumerate(TOPICS.items()):
        members = np.flatnonzero(codes == i)
        accuracy = 0.95 - 0.03 * i
        lines.append(
            {
                "cluster": i,
                "parent": 100 + i // 4,
                "name": name,
                "keywords": words.split()[:7],
                "size": len(members),
                "share": len(members) / len(ids),
                "stability": 0.9 - 0.04 * i,
                "accuracy": accuracy,
                "accuracy_low": accuracy - 0.04,
                "accuracy_high": accuracy + 0.03,
                "exemplars": [ids[m] for m in members[:6]],
            }
        )
    return pa.Table.from_pylist(lines, schema=CLUSTERS_SCHEMA)


def _slices(rng: np.random.Generator, ids: list[str]) -> pa.Table:
    lines = []
    for i, name in enumerate(("cluster: identity check", "channel = phone", "channel = phone and cluster: top up")):
        metric = 0.62 + 0.05 * i
        rows = rng.choice(len(ids), min(40, len(ids)), replace=False)
        lines.append(
            {
                "slice": f"s{i}",
                "description": name,
                "kind": ("cluster", "metadata", "both")[i],
                "size": 120 + 40 * i,
                "metric": metric,
                "metric_low": metric - 0.07,
                "metric_high": metric + 0.07,
                "gap": 0.24 - 0.05 * i,
                "p_value": 1e-5,
                "q_value": 0.0004 * 10**i,
                "row_ids": [ids[r] for r in rows],
            }
        )
    return pa.Table.from_pylist(lines, schema=SLICES_SCHEMA)
