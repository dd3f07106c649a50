import doctest

import numpy as np
import pytest

from burnish.errors import UsageError
from burnish.testing import planted as module
from burnish.testing.planted import Defects, Planted, planted_texts, planted_vectors

ALL = Defects(duplicates=0.03, near_duplicates=0.04, leaks=0.02, wrong_labels=0.05, outliers=0.02, weak_slice=0.06)


@pytest.fixture(params=[planted_vectors, planted_texts], ids=["vectors", "texts"])
def make(request):
    return request.param


def content_of(planted: Planted) -> np.ndarray:
    return planted.dataset.content.view("V16").ravel()


def test_the_example_of_the_docs_runs():
    assert doctest.testmod(module).failed == 0


def test_each_defect_has_the_share_that_was_asked_for(make):
    planted = make(1_000, defects=ALL, seed=2)
    counts = [len(getattr(planted, name)) for name in Defects.__dataclass_fields__]
    assert counts == [30, 40, 20, 50, 20, 60]


def test_no_row_carries_two_defects(make):
    planted = make(1_000, defects=ALL, seed=2)
    parts = [planted.duplicates[:, 0], planted.near_duplicates[:, 0], planted.leaks[:, 0]]
    parts += [planted.wrong_labels, planted.outliers, planted.weak_slice]
    rows = np.concatenate(parts)
    assert len(np.unique(rows)) == len(rows) == 220


def test_exact_copies_are_exactly_the_planted_ones(make):
    planted = make(1_000, defects=ALL, seed=2)
    content = content_of(planted)
    exact = np.concatenate([planted.duplicates, planted.leaks[::2]])
    assert (content[exact[:, 0]] == content[exact[:, 1]]).all()
    assert len(content) - len(np.unique(content)) == len(exact)


def test_near_copies_differ_from_their_original(make):
    planted = make(1_000, defects=ALL, seed=2)
    content = content_of(planted)
    near = np.concatenate([planted.near_duplicates, planted.leaks[1::2]])
    assert (content[near[:, 0]] != content[near[:, 1]]).all()


def test_near_copies_of_vectors_lie_far_closer_than_any_other_pair():
    planted = planted_vectors(600, defects=Defects(near_duplicates=0.05))
    similarity = planted.vectors @ planted.vectors.T
    np.fill_diagonal(similarity, -1)
    copy, original = planted.near_duplicates.T
    assert similarity[copy, original].min() > 0.98
    similarity[copy, original] = similarity[original, copy] = -1
    assert similarity.max() < 0.95


def test_leaks_cross_the_split_and_duplicates_do_not(make):
    planted = make(1_000, defects=ALL, seed=5)
    split = planted.table.column("split").to_numpy(zero_copy_only=False)
    assert set(split[planted.leaks[:, 0]]) == {"train"}
    assert set(split[planted.leaks[:, 1]]) == {"test"}
    assert set(split[planted.duplicates.ravel()]) | set(split[planted.near_duplicates.ravel()]) == {"train"}


def test_given_labels_differ_from_the_truth_on_the_planted_rows_only(make):
    planted = make(1_000, defects=ALL, seed=5)
    given = planted.table.column("label").to_pylist()
    wrong = [i for i, (a, b) in enumerate(zip(given, planted.true_labels, strict=True)) if a != b]
    assert wrong == planted.wrong_labels.tolist()


def test_the_weak_slice_is_one_cross_of_two_fields(make):
    planted = make(1_000, defects=ALL, seed=5)
    rows = zip(*(planted.table.column(name).to_pylist() for name in ("region", "device")), strict=True)
    crossed = [i for i, pair in enumerate(rows) if pair == ("south", "mobile")]
    assert crossed == planted.weak_slice.tolist()


@pytest.mark.slow
def test_vectors_halfway_between_classes_are_told_apart_by_chance_only():
    planted = planted_vectors(4_000, defects=Defects(weak_slice=0.2), seed=1)
    truth = np.array(planted.true_labels)
    similarity = planted.vectors @ planted.vectors.T
    np.fill_diagonal(similarity, -1)
    nearest = truth[np.argsort(-similarity, axis=1)[:, :5]] == truth[:, None]
    weak = np.isin(np.arange(4_000), planted.weak_slice)
    assert nearest[weak].mean() < 0.6
    assert nearest[~weak].mean() > 0.9


def test_the_same_seed_gives_the_same_data_and_another_seed_does_not(make):
    versions = [make(200, defects=ALL, seed=seed).dataset.version for seed in (4, 4, 5)]
    assert versions[0] == versions[1] != versions[2]


def test_without_defects_nothing_is_planted(make):
    planted = make(200)
    assert not any(len(getattr(planted, name)) for name in Defects.__dataclass_fields__)
    assert planted.table.column("label").to_pylist() == list(planted.true_labels)
    assert len(np.unique(content_of(planted))) == 200


def test_the_data_set_knows_its_roles(make):
    dataset = make(100).dataset
    assert dataset.roles.meta == ("region", "device", "age")
    assert len(dataset.labels.classes) == 4
    assert dataset.row_ids[7].as_py() == "row-000007"
    assert (dataset.vectors is None) == (dataset.texts is not None)


@pytest.mark.parametrize("defects", [Defects(leaks=0.3), Defects(duplicates=0.6)])
def test_more_copies_than_rows_to_copy_are_refused(make, defects):
    with pytest.raises(UsageError, match="free to be copied"):
        make(100, defects=defects)


@pytest.mark.parametrize("n_classes", [1, 9])
def test_a_number_of_classes_without_texts_is_refused(n_classes):
    with pytest.raises(UsageError):
        planted_texts(100, n_classes=n_classes)
