import numpy as np
import pyarrow as pa
import pytest

from burnish.kernels.quality_text import LANGUAGES, SCRIPTS, STATS, STOP_WORDS, pile_up_length, text_stats


def described(*texts, **options):
    stats = text_stats(pa.array(texts, pa.string()), **options)
    return {name: stats[:, at] for at, name in enumerate(STATS)}


def test_each_text_has_one_number_per_name():
    stats = text_stats(pa.array(["a", None, ""]))
    assert stats.shape == (3, len(STATS))
    assert stats.dtype == np.float32


def test_no_texts_give_no_rows():
    assert text_stats(pa.array([], pa.string())).shape == (0, len(STATS))


def test_lengths_and_words_agree_with_python():
    texts = ["one two", "  padded  ", "", "naïve café", "日本語"]
    found = described(*texts)
    assert found["characters"].tolist() == [len(text) for text in texts]
    assert found["words"].tolist() == [len(text.split()) for text in texts]
    assert found["visible"].tolist() == [sum(not c.isspace() for c in text) for text in texts]


def test_null_counts_as_empty():
    found = described(None)
    assert (found["characters"][0], found["visible"][0]) == (0, 0)


@pytest.mark.parametrize("blank", [" ", "\t\n", "\u00a0", "\u200b\ufeff"])
def test_blanks_of_every_kind_are_not_visible(blank):
    assert described(blank)["visible"][0] == 0


def test_letters_of_every_script_are_letters():
    found = described("abc", "привет", "हिन्दी", "123", "a1")
    assert found["letter_share"].tolist() == [1, 1, 1, 0, 0.5]


def test_replacement_and_control_characters_are_damage_and_line_breaks_are_not():
    assert described("caf\ufffd", "a\x00b\x07", "line\nline\ttab\r", "fine")["damaged"].tolist() == [1, 2, 0, 0]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_utf8_read_in_another_encoding_is_seen(encoding):
    wrong = "café déjà vu für".encode().decode(encoding, errors="ignore")
    assert described(wrong)["mojibake"][0] >= 2


def test_right_accents_are_not_mojibake():
    texts = ["Não São Paulo âmbar", "ÂME CHÂTEAU", "Ça va à Genève", "£5 and 20 °C", "AÇÃO e CORAÇÃO"]
    assert described(*texts)["mojibake"].tolist() == [0] * len(texts)


def test_tags_and_entities_are_counted_and_comparisons_are_not():
    found = described("<br />hi <b>x</b>", "a &amp; b &#39;", "1 < 2 and 3 > 2", "AT&T; i <3 you", "x<y")
    assert found["markup"].tolist() == [3, 2, 0, 0, 0]


def test_repetition_compresses_and_prose_does_not():
    found = described("ha" * 400, "The quick brown fox jumps over the lazy dog while it rains in Spain.")
    repeated, prose = found["compressed_share"]
    assert repeated < 0.1
    assert prose > 0.8


def test_endings_are_open_or_closed():
    found = described("It was the", "It was.", "Was it?", "one, two,", 'she said "yes"', "trailing  ")
    assert found["open_end"].tolist() == [1, 0, 0, 1, 0, 1]


def test_scripts_are_told_apart():
    found = described("hello", "привет", "γειά", "日本", "안녕", "123")
    names = [SCRIPTS[int(code)] if code >= 0 else None for code in found["script"]]
    assert names == ["Latin", "Cyrillic", "Greek", "Han", "Hangul", None]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_of_frequent_words_is_in_their_language(language):
    found = described(" ".join(STOP_WORDS[language].split()[:8]))
    assert max(LANGUAGES, key=lambda name: found[name][0]) == language
    assert found[language][0] == 8


def test_words_of_addresses_and_tags_have_no_language():
    found = described('https://le.la.com/les/et/dans <a class="est qui">')
    assert found["French"][0] == 0


def test_ten_megabytes_in_one_cell_are_capped():
    found = described("x" * 10_000_000, "y", max_characters=1000)
    assert found["characters"].tolist() == [10_000_000, 1]
    assert found["visible"].tolist() == [1000, 1]


def test_other_rows_do_not_change_a_row():
    alone, among = described("hello there"), described("bonjour", "hello there", "x" * 99)
    assert all(among[name][1] == alone[name][0] for name in STATS)


def test_lengths_that_pile_up_at_the_longest_are_a_cut():
    lengths = np.random.default_rng(0).integers(10, 500, size=1000).astype(float)
    assert np.isnan(pile_up_length(lengths))
    assert pile_up_length(np.minimum(lengths, 280)) == 280


@pytest.mark.parametrize("lengths", [[], [5.0], [5.0] * 4])
def test_few_texts_are_no_pile(lengths):
    assert np.isnan(pile_up_length(np.array(lengths)))
