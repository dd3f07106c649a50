import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.agreement import agreeing_with_others, krippendorff_alpha, leader

MEG, OWEN = "0100000010", "1110010000"
BEN, GERRY = "aabbdcccedda", "babbbccceddd"
FOUR = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]


def lines(people):
    """One line a label: rows, people, labels; a dot is a row that a person skipped."""
    names = sorted({label for said in people for label in said} - {"."})
    found = [(i, p, names.index(c)) for p, said in enumerate(people) for i, c in enumerate(said) if c != "."]
    return np.array(found, np.int64).reshape(-1, 3).T


def alpha(people, **options):
    rows, _, labels = lines(people)
    return krippendorff_alpha(rows, labels, seed=0, **options)


@pytest.mark.parametrize(
    ("people", "published"),
    [((MEG, OWEN), 0.095), ((BEN, GERRY), 0.692), (FOUR, 0.743)],
    ids=["section A: binary", "section B: nominal", "section C: several people, missing labels"],
)
def test_agrees_with_the_worked_examples_of_krippendorff_2011(people, published):
    assert alpha(people).value == pytest.approx(published, abs=5e-4)


def by_coincidences(people):
    """Alpha from the matrix of coincidences, pair by pair, as the paper writes it."""
    names = sorted({label for said in people for label in said} - {"."})
    matrix = np.zeros((len(names), len(names)))
    for unit in zip(*people, strict=True):
        said = [names.index(c) for c in unit if c != "."]
        for i, a in enumerate(said):
            for j, b in enumerate(said):
                if i != j:
                    matrix[a, b] += 1 / (len(said) - 1)
    totals = matrix.sum(axis=1)
    n = totals.sum()
    expected = sum(totals[a] * totals[b] for a in range(len(names)) for b in range(len(names)) if a != b)
    observed = matrix.sum() - np.trace(matrix)
    return 1 - (n - 1) * observed / expected if expected > 0 else np.nan


answers = st.integers(2, 4).flatmap(lambda n: st.lists(st.text("abc.", min_size=6, max_size=6), min_size=n, max_size=n))


@settings(max_examples=60)
@given(answers)
def test_agrees_with_the_matrix_of_coincidences(people):
    assert alpha(people, n_draws=2).value == pytest.approx(by_coincidences(people), nan_ok=True)


def test_all_agree_is_one_and_one_label_or_no_pair_tells_nothing():
    assert alpha(("abab", "abab"))[:3] == (1, 1, 1)
    assert np.isnan(alpha(("aaaa", "aaaa")).value)
    assert alpha(("ab..", "..ab")).n_rows == 0
    assert np.isnan(alpha(("ab..", "..ab")).value)


def drawn(n_rows, share, n_people, n_labels, *, rng):
    """Answers of people who know the label with this chance and else guess: alpha is its square."""
    truth = rng.integers(0, n_labels, n_rows)
    said = [np.where(rng.random(n_rows) < share, truth, rng.integers(0, n_labels, n_rows)) for _ in range(n_people)]
    return np.tile(np.arange(n_rows), n_people), np.concatenate(said)


def covered(n_draws, n_rows, share, *people):
    rng = np.random.default_rng(n_rows)
    found = [krippendorff_alpha(*drawn(n_rows, share, *people, rng=rng), seed=i, n_draws=400) for i in range(n_draws)]
    return np.mean([a.low <= share**2 <= a.high for a in found]), np.mean([a.high - a.low for a in found])


def test_the_interval_covers_the_truth_and_narrows_with_more_rows():
    often, wide = covered(60, 100, 0.85, 3, 3)
    _, narrow = covered(5, 800, 0.85, 3, 3)
    assert often >= 0.87
    assert narrow < 0.5 * wide


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [50, 100, 400])
@pytest.mark.parametrize("share_and_people", [(0.95, 2, 2), (0.85, 2, 3), (0.85, 3, 3)])
def test_the_interval_covers_nearly_as_often_as_it_promises_from_fifty_rows_on(n_rows, share_and_people):
    assert covered(400, n_rows, *share_and_people)[0] >= 0.87


def test_blocks_do_not_change_the_interval(monkeypatch):
    whole = alpha(FOUR)
    monkeypatch.setattr("burnish.kernels.agreement.BLOCK_CELLS", 40)
    assert alpha(FOUR) == pytest.approx(whole)


def test_each_person_is_compared_with_the_majority_of_the_others():
    agreed, compared = agreeing_with_others(*lines(("aaab", "aabb", "ab.b", "aab.")))
    # The third row is a, b, skipped, b: without the second or the fourth person the others are tied.
    assert compared.tolist() == [4, 3, 3, 2]
    assert agreed.tolist() == [3, 3, 2, 2]


@settings(max_examples=60)
@given(answers)
def test_agreement_with_others_is_that_of_a_slow_count(people):
    rows, persons, labels = lines(people)
    agreed, compared = agreeing_with_others(rows, persons, labels)
    for person in range(len(agreed)):
        expected = [0, 0]
        for row in rows[persons == person]:
            own = labels[(rows == row) & (persons == person)][0]
            others = labels[(rows == row) & (persons != person)].tolist()
            best = max((others.count(one) for one in others), default=0)
            tops = {one for one in others if others.count(one) == best}
            if len(tops) == 1:
                expected[1] += 1
                expected[0] += tops == {own}
        assert [agreed[person], compared[person]] == expected


def test_a_tie_has_no_leader():
    assert leader([("a", 2), ("b", 2), ("c", 1)]) is None
    assert leader([("a", 1), ("b", 2)]) == "b"
    assert leader([("a", 0)]) is None
    assert leader([]) is None
