"""An audit that builds on a former one agrees with a full one, on planted sets of texts and of vectors."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from burnish.dataset import Column, Evidence
from burnish.pipeline.catalog import CHECKS, steps
from burnish.pipeline.gathering import gather, judge
from burnish.pipeline.growth import grown
from burnish.protocols import Silent
from burnish.steps.neighbors import NearestNeighbors
from burnish.testing.planted import Defects, planted_texts, planted_vectors

pytestmark = pytest.mark.slow

DEFECTS = Defects(duplicates=0.03, near_duplicates=0.04, leaks=0.03, wrong_labels=0.03, outliers=0.01)
N_ROWS, N_NEW, N_GONE = 1_200, 50, 30


def bag_of_words(dataset, n_dims=64):
    words = [text.lower().split() for text in dataset.texts.to_pylist()]
    drawn = {w: np.random.default_rng([*w.encode()]).standard_normal(n_dims) for line in words for w in line}
    rows = np.array([sum(drawn[w] for w in line) for line in words])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def audit(dataset, vectors, former=None):
    chosen = [NearestNeighbors(exact_rows=100) if s.name == "neighbors" else s for s in steps()]
    evidence = Evidence(dataset).adding([Column("embeddings", vectors, "row", "given")])
    if former is not None:
        evidence = grown(evidence, former)
    return gather(evidence, chosen, seed=0, progress=Silent()).evidence


@pytest.fixture(scope="module", params=["texts", "vectors"])
def both(request):
    """Give the evidence of a version by growth and in full: rows came, rows went, and all are in another order."""
    make = planted_texts if request.param == "texts" else planted_vectors
    whole = make(N_ROWS, defects=DEFECTS, seed=2)
    vectors = bag_of_words(whole.dataset) if request.param == "texts" else whole.vectors
    order = np.random.default_rng(5).permutation(N_ROWS)
    then, now = order[: N_ROWS - N_NEW], np.random.default_rng(6).permutation(order[N_GONE:])
    before = audit(whole.dataset.take(then), vectors[then])
    dataset = whole.dataset.take(now)
    return audit(dataset, vectors[now], before), audit(dataset, vectors[now])


def groups_of(codes):
    return {tuple(np.flatnonzero(codes == code).tolist()) for code in np.unique(codes[codes >= 0])}


def agreement(one, other):
    return len(one & other) / max(1, len(one | other))


def test_what_can_be_kept_was_kept_and_says_so(both):
    built, full = both
    assert built.table("growth").to_pylist()[0] == {
        "kept": N_ROWS - N_NEW - N_GONE,
        "new": N_NEW,
        "gone": N_GONE,
        "changed": pytest.approx((N_NEW + N_GONE) / (N_ROWS - N_GONE)),
    }
    for name in ("neighbors", "near_group", "leak_of", "cluster", "map", "outlier_score", "probabilities", "coverage"):
        assert "+former:" in built.columns[name].recipe
        assert "+former:" not in full.columns[name].recipe
    assert set(full.columns) == set(built.columns)


def test_neighbors_and_copies_and_leaks_agree_with_a_full_run(both):
    built, full = both
    lists = zip(built["neighbors"].tolist(), full["neighbors"].tolist(), strict=True)
    assert np.mean([len({*mine} & {*theirs}) / len(mine) for mine, theirs in lists]) > 0.95
    np.testing.assert_array_equal(built["exact_group"], full["exact_group"])
    assert agreement(groups_of(built["near_group"]), groups_of(full["near_group"])) > 0.9
    leaks = [set(np.flatnonzero(e["leak_of"] >= 0).tolist()) for e in both]
    assert agreement(*leaks) > 0.85


def test_scores_and_predictions_agree_with_a_full_run(both):
    built, full = both
    assert np.mean(built["predicted"] == full["predicted"]) > 0.93  # as two seeds agree
    for name, rank in (("outlier_score", 0.9), ("label_quality", 0.95)):
        known = np.isfinite(full[name]) & np.isfinite(built[name])
        assert np.corrcoef(built[name][known], full[name][known])[0, 1] > rank
    if "text_stats" in full:
        np.testing.assert_array_equal(built["text_stats"], full["text_stats"])


def test_clusters_agree_with_a_full_run_and_each_line_tells_its_rows(both):
    built, full = both
    assert adjusted_rand_score(built["cluster"], full["cluster"]) > 0.7
    path = built["cluster_path"]
    for line in built.table("clusters").to_pylist():
        inside = (path == line["cluster"]).any(axis=1)
        assert line["size"] == inside.sum()
        assert all(inside[row] for row in line["exemplars"])
        level = line["level"]
        if level:
            assert set(path[inside, level - 1].tolist()) == {line["parent"]}


def test_findings_agree_with_a_full_run(both):
    found = [{(f.code, flag.row) for f in judge(e, CHECKS) for flag in f.rows if f.code != "SLI001"} for e in both]
    assert agreement(*found) > 0.85


def test_rows_that_stay_keep_their_place_on_the_map_and_new_ones_lie_amid_their_neighbors(both):
    built = both[0]
    former = built.former
    np.testing.assert_array_equal(built["map"][former.kept], former.evidence["map"][former.rows[former.kept]])
    new = np.flatnonzero(former.new)
    near = built["neighbors"][new, :5]
    spread = np.linalg.norm(built["map"] - built["map"].mean(axis=0), axis=1).mean()
    away = np.linalg.norm(built["map"][new, None] - built["map"][near], axis=2).mean(axis=1)
    assert np.median(away) < spread


def test_a_version_that_changed_a_lot_is_made_anew_but_its_clusters_keep_their_names(both):
    full = both[1]
    rows = np.arange(0, len(full.dataset), 2)
    later = audit(full.dataset.take(rows), np.asarray(full["embeddings"])[rows], full)
    assert later.table("growth")["changed"].to_pylist() == [0.0]
    assert "+former:" not in later.columns["neighbors"].recipe
    names = dict(zip(*full.table("clusters").select(["cluster", "name"]).to_pydict().values(), strict=True))
    fresh = max(names) + 1
    same = 0
    for line in later.table("clusters").to_pylist():
        if line["cluster"] < fresh:
            assert line["name"] == names[line["cluster"]]
            same += 1
    assert same > 2


def test_the_same_version_again_changes_nothing():
    whole = planted_vectors(400, defects=DEFECTS, seed=3)
    before = audit(whole.dataset, whole.vectors)
    again = audit(whole.dataset, whole.vectors, before)
    for name, column in before.columns.items():
        np.testing.assert_array_equal(again[name], column.values)
    for name in ("clusters", "cluster_values", "leak_pairs"):
        assert again.table(name).equals(before.table(name))


def test_a_relabelled_row_is_judged_by_its_new_label():
    whole = planted_vectors(600, seed=4)
    before = audit(whole.dataset, whole.vectors)
    labels = whole.dataset.field("label").to_pylist()
    row = int(np.flatnonzero(~before["evaluation"])[0])
    labels[row] = next(name for name in sorted(set(labels)) if name != labels[row])
    place = whole.dataset.fields.column_names.index("label")
    fields = whole.dataset.fields.set_column(place, "label", [labels])
    later = audit(replace(whole.dataset, fields=fields), whole.vectors, before)
    assert before["label_quality"][row] > 0.5 > later["label_quality"][row]
