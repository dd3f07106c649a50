import numpy as np
import pytest

from burnish.dataset import Column, Evidence
from burnish.protocols import Check, Step
from burnish.steps.leaks import ExactLeaks, Leaks, NearLeaks
from burnish.steps.splits import Splits
from burnish.testing.planted import Defects, planted_vectors


def gathered(planted, evaluation=None, **columns):
    evidence = Evidence(planted.dataset).adding([Column("embeddings", planted.vectors, "row")])
    evidence = evidence.adding(Column(name, values) for name, values in columns.items())
    split = Splits().run(evidence, seed=0) if evaluation is None else [Column("evaluation", evaluation)]
    evidence = evidence.adding(split)
    return evidence.adding(Leaks().run(evidence, seed=0))


def flagged(findings, edit):
    return {flag.row for finding in findings for flag in finding.rows if flag.edit == edit}


@pytest.fixture(scope="module")
def planted():
    return planted_vectors(900, defects=Defects(leaks=0.04), seed=1)


@pytest.fixture(scope="module")
def evidence(planted):
    return gathered(planted)


def test_step_and_checks_keep_their_protocols():
    assert isinstance(Leaks(), Step)
    assert isinstance(ExactLeaks(), Check)
    assert isinstance(NearLeaks(), Check)


def test_planted_leaks_are_found_and_nothing_else(planted, evidence):
    exact, near = planted.leaks[0::2], planted.leaks[1::2]
    assert flagged(ExactLeaks().judge(evidence), "drop") == set(exact[:, 0])
    found = flagged(NearLeaks().judge(evidence), "drop")
    assert set(near[:, 0]) <= found
    assert len(found) <= len(near) + 1
    assert (evidence["leak_score"][exact[:, 1]] == 1).all()
    assert (evidence["leak_score"][planted.leaks[:, 1]] >= 0.5).all()


def test_evaluation_rows_get_no_edit_and_are_named_to_the_train_twin(planted, evidence):
    ids, locked = planted.dataset.row_ids.to_pylist(), evidence["evaluation"]
    for finding in [*ExactLeaks().judge(evidence), *NearLeaks().judge(evidence)]:
        row, *twins = finding.rows
        assert locked[row.row]
        assert row.edit is None
        assert not any(locked[twin.row] for twin in twins)
        assert all(twin.evidence["kept"] == twin.evidence["twin"] == ids[row.row] for twin in twins)
        assert row.evidence["twin"] == ids[twins[0].row]


def test_leak_of_names_a_train_row_of_leaked_evaluation_rows_only(planted, evidence):
    leak_of, locked = evidence["leak_of"], evidence["evaluation"]
    assert (leak_of[~locked] == -1).all()
    assert (leak_of[planted.leaks[:, 1]] == planted.leaks[:, 0]).mean() > 0.9
    assert (leak_of >= 0).sum() <= len(np.unique(planted.leaks[:, 1])) + 1
    assert (evidence["leak_score"][~locked] == 0).all()


def test_nothing_planted_nothing_leaks():
    evidence = gathered(planted_vectors(900, seed=2))
    assert ExactLeaks().judge(evidence) == []
    assert len(NearLeaks().judge(evidence)) <= 1


def test_every_exact_copy_in_train_is_dropped():
    planted = planted_vectors(400, defects=Defects(duplicates=0.1), seed=3)
    copy, origin = planted.duplicates[:, 0], planted.duplicates[:, 1]
    evaluation = np.zeros(400, bool)
    evaluation[copy[0]] = True
    evidence = gathered(planted, evaluation)
    same = np.flatnonzero((planted.dataset.content == planted.dataset.content[copy[0]]).all(axis=1))
    assert flagged(ExactLeaks().judge(evidence), "drop") == set(same) - {copy[0]}
    assert origin[0] in same


@pytest.mark.parametrize("side", [True, False])
def test_one_side_alone_leaks_nothing(planted, side):
    evidence = gathered(planted, np.full(len(planted.dataset), side))
    assert (evidence["leak_of"] == -1).all()
    assert ExactLeaks().judge(evidence) == NearLeaks().judge(evidence) == []


def test_pixels_reveal_a_twin_that_the_embedding_blurs():
    planted = planted_vectors(900, defects=Defects(leaks=0.04), seed=4)
    rng = np.random.default_rng(0)
    pixels = rng.random((900, 256)).astype(np.float32) * 255
    pixels[planted.leaks[:, 0]] = pixels[planted.leaks[:, 1]] * 0.8 + 20
    vectors = planted.vectors + 0.12 * rng.standard_normal(planted.vectors.shape)
    blurred = Column("embeddings", (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    alone = gathered(planted).adding([blurred])
    without = alone.adding(Leaks().run(alone, seed=0))
    both = alone.adding([Column("image_pixels", pixels)])
    both = both.adding(Leaks().run(both, seed=0))
    near = planted.leaks[1::2, 1]
    assert (without["leak_score"][near] >= 0.5).mean() < 0.7
    assert (both["leak_score"][near] >= 0.5).all()
