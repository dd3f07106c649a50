import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels import overlap
from burnish.kernels.overlap import character_profiles, characters_read, nearest_by_overlap, pair_cosines, word_profiles

WORDS = ["red", "green", "blue", "seven", "eight", "cat", "dog", "house", "river", "stone"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join), min_size=2, max_size=15)


@pytest.mark.parametrize("profiles", [character_profiles, word_profiles])
def test_rows_have_unit_length_and_absent_texts_are_empty(profiles):
    rows = profiles(["some text here", None, "", "other text", "  "])
    norms = np.sqrt(rows.multiply(rows).sum(axis=1))
    np.testing.assert_allclose(norms, [1, 0, 0, 1, 0], atol=1e-6)


@pytest.mark.parametrize("profiles", [character_profiles, word_profiles])
def test_case_and_white_space_do_not_count_but_words_do(profiles):
    rows = profiles(["Red  House\n", "red house", "red river"])
    same, other = pair_cosines(rows, np.array([0, 0]), np.array([1, 2]))
    assert same == pytest.approx(1, abs=1e-5)
    assert 0 < other < 0.9


def test_a_rare_shared_word_weighs_more_than_a_common_one():
    rows = word_profiles(["the zebra", "a zebra", "the cat", *["the dog"] * 20])
    rare, common = pair_cosines(rows, np.array([0, 0]), np.array([1, 2]))
    assert rare > common


def test_characters_see_through_a_typo_where_words_do_not():
    texts = ["parallelising queries", "parallelizing queriez", "gardening at night"]
    left, right = np.array([0]), np.array([1])
    assert pair_cosines(character_profiles(texts), left, right)[0] > 0.3
    assert pair_cosines(word_profiles(texts), left, right)[0] == 0


@settings(max_examples=25)
@given(TEXTS, st.integers(0, 999))
def test_products_of_pairs_in_any_order_are_those_of_the_matrix(texts, seed):
    profiles = character_profiles(texts)
    left, right = np.random.default_rng(seed).integers(len(texts), size=(2, 40))
    similar = (profiles @ profiles.T).toarray()
    np.testing.assert_allclose(pair_cosines(profiles, left, right), np.clip(similar[left, right], 0, 1), atol=1e-5)


def test_n_grams_do_not_cross_from_one_text_into_the_next():
    alone = character_profiles(["abcdef", "ghijkl"])
    assert pair_cosines(alone, np.array([0]), np.array([1]))[0] == 0


@settings(max_examples=25)
@given(TEXTS)
def test_nearest_rows_agree_with_all_pairs(texts):
    profiles = character_profiles(texts)
    similar = (profiles @ profiles.T).toarray()
    np.fill_diagonal(similar, -1)
    found = nearest_by_overlap(profiles, 3, max_token_rows=len(texts))
    best = -np.sort(-similar, axis=1)[:, :3]
    width = min(3, best.shape[1])
    np.testing.assert_allclose(found.similarities[:, :width], np.maximum(best, 0)[:, :width], atol=1e-5)
    rows, columns = np.nonzero(found.positions >= 0)
    there = found.positions[rows, columns]
    np.testing.assert_allclose(similar[rows, there], found.similarities[rows, columns], atol=1e-5)
    assert (there != rows).all()


def test_nearest_keys_may_be_the_same_position():
    rows = word_profiles(["red cat", "blue dog", "seven stones", "eight rivers", "green house"])
    found = nearest_by_overlap(rows, 1, keys=rows)
    assert found.positions.ravel().tolist() == [0, 1, 2, 3, 4]


def test_common_tokens_propose_nothing_and_are_counted():
    rows = word_profiles(["the cat", "the dog", "the house", "the cat"])
    found = nearest_by_overlap(rows, 2, max_token_rows=2)
    assert found.n_common == 1
    assert found.positions.tolist() == [[3, -1], [-1, -1], [-1, -1], [0, -1]]


def test_block_size_does_not_matter(monkeypatch):
    texts = [f"{a} {b} {i}" for i, (a, b) in enumerate(zip(WORDS * 3, WORDS[3:] * 3, strict=False))]
    whole = character_profiles(texts)
    monkeypatch.setattr(overlap, "BLOCK_CHARACTERS", 30)
    assert abs(whole - character_profiles(texts)).max() < 1e-6


def test_characters_are_fewer_the_more_texts_there_are():
    assert characters_read(10) == overlap.MAX_CHARACTERS
    assert characters_read(10**9) == overlap.FEWEST_CHARACTERS
    long, cut = character_profiles(["ab " * 5_000]), character_profiles(["ab " * 5_000], max_characters=300)
    assert set(long.indices) == set(cut.indices)


@pytest.mark.parametrize("profiles", [character_profiles, word_profiles])
def test_no_texts_give_no_rows(profiles):
    rows = profiles([])
    assert rows.shape[0] == 0
    assert nearest_by_overlap(rows, 3).positions.shape == (0, 3)
