import numpy as np
import pytest

from burnish.kernels.keywords import exemplars, field_keywords, short_name, text_keywords, words_of

TOPICS = [
    ("refund", "card charged twice"),
    ("holiday", "flight to the beach"),
    ("recipe", "oven and tomato soup"),
    ("football", "goal in the second half"),
    ("engine", "oil leak under the car"),
]


def topic_rows(n_each=20, extra=""):
    texts = [f"Hello {word} {rest} number {i} {extra}" for word, rest in TOPICS for i in range(n_each)]
    codes = np.repeat(np.arange(len(TOPICS)), n_each)
    return texts, np.column_stack([np.full(len(codes), len(TOPICS)), codes])


def test_each_topic_gets_its_own_word_and_not_what_all_share():
    texts, path = topic_rows()
    keywords = text_keywords(texts, path)
    for (word, _), found in zip(TOPICS, keywords, strict=False):
        assert word in found
        assert not {"hello", "number", "the", "and"} & set(found)
        assert len(found) <= 8


def test_word_pairs_are_found():
    texts, path = topic_rows()
    assert any(" " in keyword for keyword in text_keywords(texts, path)[1])


def test_one_row_that_repeats_itself_does_not_speak_for_its_cluster():
    texts, path = topic_rows()
    texts[0] = "spam " * 150
    texts[25] = "spam once"
    assert "spam" not in text_keywords(texts, path)[0][:2]


def test_common_words_of_another_language_are_left_out():
    texts, path = topic_rows(extra="und der die nicht")
    assert not {"und", "der", "die", "nicht"} & {word for words in text_keywords(texts, path)[:5] for word in words}


def test_markup_addresses_digits_and_symbols_are_no_words():
    text = "<p class='x'>Gr&uuml;ße 😀 https://a.example/b?c=1 me@b.example 12345 don’t</p>"
    assert words_of(text, 1000) == ["grüße", "don’t"]


def test_only_the_stated_characters_are_read():
    assert words_of("alpha " + "x" * 10_000_000 + " omega", 50) == ["alpha"]


def test_rows_without_text_and_noise_are_passed_over():
    texts, path = topic_rows()
    texts[0], texts[1] = None, ""
    path[2] = -1
    assert "refund" in text_keywords(texts, path)[0]
    assert text_keywords([None, "x"], np.full((2, 2), -1)) == []
    assert text_keywords([None, ""], np.zeros((2, 1), np.int64)) == [[]]


def test_a_value_is_named_for_its_lift_and_not_for_being_common():
    path = np.repeat([0, 1], 100)[:, None]
    fields = {
        "country": np.array(["US"] * 200),
        "device": np.array(["mobile"] * 90 + ["desktop"] * 10 + ["desktop"] * 100),
    }
    keywords = field_keywords(fields, path)
    assert keywords[0] == ["device = mobile (90%)"]
    assert keywords[1] == ["device = desktop (100%)"]


def test_the_share_of_a_value_is_counted_over_the_whole_cluster():
    path = np.repeat([0, 1], 50)[:, None]
    half_known = {"label": np.array(["dog"] * 25 + [""] * 75)}
    assert field_keywords(half_known, path) == [["label = dog (50%)"], []]


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        (["refund", "card", "charged", "twice"], "refund · card · charged"),
        (["refund", "refund money", "refunds", "card"], "refund · card"),
        ([], "cluster 7"),
    ],
)
def test_a_name_is_three_terms_that_share_no_word(keywords, expected):
    assert short_name(keywords, 7) == expected


def test_exemplars_are_central_and_no_copies_of_one_another():
    rng = np.random.default_rng(0)
    rows = np.eye(5)[np.repeat([0, 1], 100)] + 0.2 * rng.normal(size=(200, 5))
    rows[10:30] = np.eye(5)[0]
    rows[150] = np.nan
    path = np.repeat([0, 1], 100)[:, None]
    first, second = exemplars(rows, path)
    assert 1 <= len(first) <= 6
    assert all(row < 100 for row in first)
    assert sum(10 <= row < 30 for row in first) == 1
    assert 150 not in second
    center = rows[:100].mean(axis=0)
    similarity = rows[:100] @ center / np.linalg.norm(rows[:100], axis=1)
    assert np.median(similarity[first]) > np.quantile(similarity, 0.6)


def test_a_cluster_of_copies_has_one_exemplar():
    assert exemplars(np.ones((500, 3)), np.zeros((500, 1), np.int64)) == [[0]]
