from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Former, Roles
from burnish.steps.clusters import Clusters
from burnish.steps.neighbors import NearestNeighbors

WORDS = ["refund card", "beach flight", "tomato soup", "football goal"]


def evidence_of(fields, roles, *, n_rows=240, seed=0):
    truth = np.arange(n_rows) % 4
    rng = np.random.default_rng(seed)
    embeddings = (np.eye(8)[truth] + 0.1 * rng.normal(size=(n_rows, 8))).astype(np.float32)
    ids = pa.array([f"r{i}" for i in range(n_rows)])
    content = np.arange(2 * n_rows, dtype=np.uint64).reshape(n_rows, 2)
    table = pa.table({name: make(truth) for name, make in fields.items()} | {"id": ids})
    evidence = Evidence(Dataset(table, ids, content, roles)).adding([Column("embeddings", embeddings, "row")])
    return evidence.adding(NearestNeighbors().run(evidence, seed=0)), truth


@pytest.fixture
def text_evidence():
    fields = {"text": lambda truth: pa.array([f"{WORDS[t]} please {i}" for i, t in enumerate(truth)])}
    return evidence_of(fields, Roles(text="text", id="id"))


def test_the_step_writes_what_it_names(text_evidence):
    evidence, truth = text_evidence
    parts = list(Clusters().run(evidence, seed=0))
    assert tuple(part.name for part in parts) == Clusters.writes
    after = evidence.adding(parts)
    cluster = after["cluster"]
    assert cluster.dtype == np.int64
    assert len(np.unique(cluster)) == 4
    assert all(len(np.unique(truth[cluster == code])) == 1 for code in range(4))
    assert np.any(np.all(after["cluster_path"] == cluster[:, None], axis=0))


def test_the_summary_has_a_line_for_every_cluster_of_every_level(text_evidence):
    evidence, truth = text_evidence
    after = evidence.adding(Clusters().run(evidence, seed=0))
    lines = after.table("clusters").to_pylist()
    assert [line["cluster"] for line in lines] == sorted(np.unique(after["cluster_path"]))
    for line in lines:
        members = np.flatnonzero((after["cluster_path"] == line["cluster"]).any(axis=1))
        assert line["size"] == len(members)
        assert line["share"] == pytest.approx(len(members) / len(truth))
        assert 0 <= line["stability"] <= 1
        assert set(line["exemplars"]) <= set(members.tolist())
        assert line["exemplars"]
    for line in lines[:4]:
        topic = WORDS[truth[line["exemplars"][0]]]
        assert set(topic.split()) & set(line["keywords"])
        assert line["name"].split(" · ")[0] in line["keywords"]


def test_without_text_clusters_are_named_by_label_and_metadata():
    fields = {
        "label": lambda truth: pa.array([f"class{t}" for t in truth]),
        "age": lambda truth: pa.array(truth * 20 + np.linspace(0, 10, len(truth))),
        "shop": lambda truth: pa.array(["north"] * len(truth)),
        "note": lambda truth: pa.array([f"note {i}" for i in range(len(truth))]),
        "blob": lambda truth: pa.array([b"x"] * len(truth)),
    }
    evidence, truth = evidence_of(fields, Roles(label="label", id="id", meta=("age", "shop", "note", "blob")))
    after = evidence.adding(Clusters().run(evidence, seed=0))
    for line in after.table("clusters").to_pylist()[:4]:
        keywords = " ".join(line["keywords"])
        assert f"label = class{truth[line['exemplars'][0]]} (100%)" in keywords
        assert "age =" in keywords
        assert not {"shop", "note", "blob"} & set(keywords.split())


def test_a_set_without_a_usable_row_is_all_noise():
    evidence, _ = evidence_of({}, Roles(id="id"), n_rows=8)
    evidence = evidence.adding([Column("neighbors", np.full((8, 3), -1, np.int32))])
    after = evidence.adding(Clusters().run(evidence, seed=0))
    assert np.all(after["cluster"] == -1)
    assert after.table("clusters").num_rows == 0


def test_only_the_stated_characters_of_a_text_are_read():
    fields = {"text": lambda truth: pa.array([f"{WORDS[t]} {'filler ' * 40} hidden" for t in truth])}
    evidence, _ = evidence_of(fields, Roles(text="text", id="id"))
    after = evidence.adding(Clusters(max_characters=16).run(evidence, seed=0))
    words = {word for line in after.table("clusters")["keywords"].to_pylist() for word in line}
    assert "hidden" not in words
    assert {"refund", "tomato"} <= words


def test_a_label_that_is_a_number_names_clusters_by_its_classes_however_many():
    def numbers(truth):
        rare = np.arange(len(truth)) % 5 == 0
        return pa.array(np.where(rare, 1_000 + np.arange(len(truth)), 7 * truth))

    evidence, truth = evidence_of({"label": numbers}, Roles(label="label", id="id"))
    after = evidence.adding(Clusters().run(evidence, seed=0))
    for line in after.table("clusters").to_pylist()[:4]:
        assert line["keywords"][0] == f"label = {7 * truth[line['exemplars'][0]]} (80%)"


def grown(before, rows, embeddings, near=True):
    """Give the clusters of a version that has the rows of another (their positions there, -1 for a new one)."""
    n_rows = len(rows)
    ids = pa.array([f"n{i}" for i in range(n_rows)])
    content = np.zeros((n_rows, 2), np.uint64)
    texts = before.dataset.texts.to_pylist()
    table = pa.table({"text": [texts[row] if row >= 0 else "chess pawn opening" for row in rows], "id": ids})
    evidence = Evidence(
        Dataset(table, ids, content, Roles(text="text", id="id")), former=Former(before, rows, near=near)
    )
    evidence = evidence.adding([Column("embeddings", embeddings.astype(np.float32), "row")])
    evidence = evidence.adding(NearestNeighbors().run(replace(evidence, former=None), seed=0))
    return evidence.adding(Clusters().run(evidence, seed=0))


@pytest.mark.parametrize("near", [True, False])
def test_clusters_that_persist_keep_id_and_name_and_a_new_one_has_a_fresh_id(text_evidence, near):
    evidence, _ = text_evidence
    before = evidence.adding(Clusters().run(evidence, seed=0))
    rows = np.concatenate([np.random.default_rng(0).permutation(240)[:230], np.full(40, -1)])
    born = np.eye(8)[6] + 0.1 * np.random.default_rng(1).normal(size=(40, 8))
    after = grown(before, rows, np.vstack([evidence["embeddings"][rows[:230]], born]), near)
    # Found anew, a cluster of this small set may be cut in two: one part goes on as what it was.
    assert np.mean(after["cluster"][:230] == before["cluster"][rows[:230]]) >= (1 if near else 0.8)
    lines = {line["cluster"]: line for line in after.table("clusters").to_pylist()}
    known = {line["cluster"]: line for line in before.table("clusters").to_pylist()}
    (fresh,) = np.unique(after["cluster"][230:])
    assert fresh > max(known)
    assert {"chess", "pawn", "opening"} & set(" ".join(lines[fresh]["keywords"]).split())
    assert lines[fresh]["size"] == 40
    assert (lines[fresh]["stability"] is None) == near
    for cluster in {*np.unique(after["cluster"][:230]).tolist()} & {*known}:
        assert lines[cluster]["name"] == known[cluster]["name"]


def test_an_id_is_never_given_twice(text_evidence):
    evidence, _ = text_evidence
    before = evidence.adding(Clusters().run(evidence, seed=0))
    top = max(line["cluster"] for line in before.table("clusters").to_pylist())
    only = np.flatnonzero(before["cluster"] != before["cluster"].max())
    smaller = grown(before, only, evidence["embeddings"][only], near=False)
    rows = np.concatenate([np.arange(len(only)), np.full(40, -1)])
    born = np.eye(8)[6] + 0.1 * np.random.default_rng(1).normal(size=(40, 8))
    later = grown(smaller, rows, np.vstack([smaller["embeddings"], born]))
    assert later["cluster"][-1] > top


def test_a_version_after_one_without_clusters_finds_its_own(text_evidence):
    evidence, _ = text_evidence
    few = grown(evidence.adding(Clusters().run(evidence, seed=0)), np.full(3, -1), np.eye(3, 8), near=False)
    assert np.all(few["cluster"] == -1)
    rows = np.concatenate([np.arange(3), np.full(237, -1)])
    after = grown(few, rows, np.vstack([few["embeddings"], evidence["embeddings"][3:]]))
    assert len(np.unique(after["cluster"][after["cluster"] >= 0])) >= 4
