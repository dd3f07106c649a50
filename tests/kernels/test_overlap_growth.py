import numpy as np
import pytest

from burnish.kernels.overlap import character_profiles, nearest_by_overlap, pair_cosines, word_profiles
from burnish.kernels.overlap_growth import Texts
from burnish.testing.planted import Defects, planted_texts

TEXTS = [
    *planted_texts(500, defects=Defects(near_duplicates=0.1), seed=1).dataset.texts.to_pylist(),
    None,
    "",
    "Ünïcode ß!",
]
NEW = np.array([3, 40, 120, 333, 499, 500, 501])


@pytest.fixture(scope="module")
def read():
    return Texts(TEXTS)


@pytest.fixture(scope="module")
def partners(read):
    return read.partners(NEW, 10)


def test_profiles_of_some_rows_are_those_rows_of_the_profiles_of_all(read, partners):
    rows = np.array([0, 3, 7, 120, 499, 500, 501, 502])
    grams, words = read.profiles(rows, partners)
    assert (grams - character_profiles(TEXTS))[rows].nnz == 0 or abs(grams - character_profiles(TEXTS))[
        rows
    ].max() < 1e-6
    assert grams[[1]].nnz == 0
    left, right = np.repeat(rows, len(rows)), np.tile(rows, len(rows))
    expected = pair_cosines(word_profiles(TEXTS), left, right)
    np.testing.assert_allclose(pair_cosines(words, left, right), expected, atol=1e-5)


def test_partners_are_those_that_share_most_rare_tokens(partners):
    whole = nearest_by_overlap(character_profiles(TEXTS), 10)
    found = set(zip(partners.new.tolist(), partners.other.tolist(), strict=True))
    surest = {(row, int(whole.positions[row, 0])) for row in NEW.tolist() if whole.similarities[row, 0] > 0}
    assert surest <= found
    all_of_them = {(row, int(other)) for row in NEW.tolist() for other in whole.positions[row] if other >= 0}
    assert len(found & all_of_them) > 0.75 * len(all_of_them)
    assert all(row != other for row, other in found)
    assert partners.n_common == whole.n_common


def test_a_row_without_a_text_has_no_partner(partners):
    assert not np.isin([500, 501], partners.new).any()
    assert not np.isin([500, 501], partners.other).any()


def test_no_new_row_has_no_partner(read):
    nothing = read.partners(np.empty(0, np.int64), 10)
    assert len(nothing.new) == 0
    grams, words = read.profiles(np.empty(0, np.int64), nothing)
    assert grams.nnz == words.nnz == 0


def test_no_text_at_all_is_read_too():
    nothing = Texts([]).partners(np.empty(0, np.int64), 5)
    assert len(nothing.other) == 0
