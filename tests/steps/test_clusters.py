import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
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
