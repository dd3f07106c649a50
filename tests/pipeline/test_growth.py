from dataclasses import replace

import numpy as np
import pytest

from burnish.dataset import Column, Evidence
from burnish.pipeline.growth import MAX_CHANGED, grown, match_rows
from burnish.testing.planted import planted_vectors

SET = planted_vectors(300, seed=0).dataset


def evidence_of(dataset, recipe="static"):
    vectors = np.zeros((len(dataset), 4), np.float32)
    return Evidence(dataset).adding([Column("embeddings", vectors, "row", recipe)])


def test_rows_are_the_same_when_id_and_content_are():
    order = np.random.default_rng(0).permutation(300)[:290]
    now = SET.take(order)
    np.testing.assert_array_equal(match_rows(SET, now), order)
    content = now.content.copy()
    content[3] += 1
    rows = match_rows(SET, replace(now, content=content))
    assert rows[3] == -1
    assert np.all(np.delete(rows, 3) == np.delete(order, 3))


def test_a_version_that_differs_little_is_built_on_the_former_one():
    found = grown(evidence_of(SET), evidence_of(SET.take(np.arange(5, 295))))
    assert found.former is not None
    assert found.former.near
    assert found.former.new.sum() == 10
    line = found.table("growth").to_pylist()[0]
    assert line == {"kept": 290, "new": 10, "gone": 0, "changed": pytest.approx(10 / 300)}


def test_what_changed_adds_up_until_all_is_made_anew():
    versions = [evidence_of(SET.take(np.arange(n))) for n in range(270, 301, 6)]
    known, changed = versions[0], []
    for version in versions[1:]:
        known = grown(version, known)
        changed.append(known.table("growth")["changed"][0].as_py())
        assert known.former is not None
        assert known.former.near == (0 < changed[-1] <= MAX_CHANGED)
    assert changed[:4] == sorted(changed[:4])
    assert changed[4] == 0


@pytest.mark.parametrize("other", ["other recipe", "other width"])
def test_other_embeddings_are_not_near_but_rows_are_still_told(other):
    before = evidence_of(SET, "minilm" if other == "other recipe" else "static")
    if other == "other width":
        before = before.adding([Column("embeddings", np.zeros((300, 5), np.float32), "row", "static")])
    found = grown(evidence_of(SET), before)
    assert found.former is not None
    assert not found.former.near


def test_a_version_without_a_common_row_is_built_on_nothing():
    other = planted_vectors(50, seed=1).dataset
    found = grown(evidence_of(replace(other, content=other.content + 1)), evidence_of(SET))
    assert found.former is None
    assert "growth" not in found
