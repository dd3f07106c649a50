"""What a text looks like from outside: length, letters, damage, markup, repetition, ending, language."""

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

MAX_CHARACTERS = 20_000
COMPRESSED_CHARACTERS = 2_000

SCRIPTS = (
    "Latin",
    "Cyrillic",
    "Greek",
    "Arabic",
    "Hebrew",
    "Devanagari",
    "Thai",
    "Hangul",
    "Han",
    "Hiragana",
    "Katakana",
)

# Frequent words that the other languages of this list do not have.
STOP_WORDS = {
    "English": "the and is are was were of to you my with for this that have what how not would should been",
    "German": "der und ist nicht das ich sie ein eine mit auf für wie wir auch dem den sind aber kann",
    "French": "le les est et dans une des pour qui vous je pas sur avec nous ce sont cette mais être",
    "Spanish": "el los las una por con como está pero muy más yo mi qué del esta hay también porque",
    "Italian": "il che di è una per non sono della con come anche gli questo più nel ho ma delle",
    "Portuguese": "não uma os você para mais eu muito isso são também está mas meu minha pela ele",
    "Dutch": "het een van niet ik dat zijn voor met maar je ook wij heeft deze naar bij wat hoe",
    "Swedish": "och att det är inte jag på som för med har till av hur vi kan den mitt från",
    "Polish": "jest nie się jak na czy to dla że mam po tym tego ale jestem mnie przez są",
    "Turkish": "bir ve bu için çok ne değil ama var gibi daha ben nasıl mı olarak kadar sonra",
    "Russian": "и не на что это как я с но мы он она для есть был все так мне",
    "Indonesian": "yang dan ini tidak saya untuk dengan itu dari ada akan bisa apa anda juga sudah",
}  # fmt: skip
LANGUAGES = tuple(STOP_WORDS)

STATS = (
    "characters", "visible", "words", "letter_share", "damaged", "mojibake", "markup", "compressed_share",
    "open_end", "script", "script_share", *LANGUAGES,
)  # fmt: skip

DAMAGE = r"[\x{FFFD}\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}]"
# UTF-8 bytes that were read as Latin-1 or Windows-1252: a lead byte, then what continuation bytes look like.
MOJIBAKE = r"(?:[ÂÃ][\x{80}-\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ])|(?:â€[\x{80}-\x{BF}™œ˜“”¦¢])|(?:ï»¿)"
MARKUP = r"</?(?:[a-zA-Z][a-zA-Z0-9]{0,9})(?:\s[^<>]{0,300})?/?>|&(?:[a-z]{2,6}|#[0-9]{2,5}|#x[0-9a-fA-F]{2,4});"
ADDRESS = r"(?:https?://|www\.)\S+|<[^<>]{0,300}>"
OPEN_END = r"[\pL\pN,\-–]\s*$"


def text_stats(texts: pa.Array, *, max_characters: int = MAX_CHARACTERS) -> NDArray[np.float32]:
    """Give (n, len(STATS)) numbers about each text; null counts as empty.

    `characters` is of the whole text; everything else but the ending is read from its first
    `max_characters` (repetition: 2,000), so that one cell of 10 MB costs no more than others.
    `visible`: characters that are not white space. `damaged`: replacement and control characters.
    `compressed_share`: bytes after zlib over bytes before; low is repetitive. `open_end` 1: ends in a
    letter, digit, comma or hyphen. `script`: number in SCRIPTS, -1 without letters, and its share of the
    letters. One column per language of LANGUAGES counts its frequent words.
    """
    given = pc.fill_null(texts.cast(pa.large_string()), "")
    head = pc.utf8_slice_codeunits(given, 0, max_characters)
    visible = _count(head, r"[^\s\x{00A0}\x{200B}\x{FEFF}]")
    script, script_share, letters = _scripts(head)
    columns = {
        "characters": _numbers(pc.utf8_length(given)),
        "visible": visible,
        "words": _count(head, r"\S+"),
        "letter_share": letters / np.maximum(visible, 1),
        "damaged": _count(head, DAMAGE),
        "mojibake": _count(head, MOJIBAKE),
        "markup": _count(head, MARKUP),
        "compressed_share": _compressed_share(pc.utf8_slice_codeunits(head, 0, COMPRESSED_CHARACTERS)),
        "open_end": _numbers(pc.match_substring_regex(pc.utf8_slice_codeunits(given, -20), OPEN_END)),
        "script": script,
        "script_share": script_share,
        **_language_hits(head),
    }
    return np.column_stack([columns[name] for name in STATS]).astype(np.float32)


def pile_up_length(characters: NDArray[np.floating], *, min_rows: int = 5, times_usual: float = 5.0) -> float:
    """Give the length that texts were cut at, or NaN.

    Texts are cut where the longest length of the set is held by at least `min_rows` rows and by
    `times_usual` times as many as the ten lengths below it hold on average.
    """
    if not len(characters):
        return float("nan")
    longest = float(characters.max())
    at_longest = int(np.sum(characters == longest))
    below = np.sum((characters < longest) & (characters >= longest - 10)) / 10
    return longest if at_longest >= max(min_rows, times_usual * below) else float("nan")


def _numbers(values: pa.Array) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = values.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.float64)
    return numbers


def _count(texts: pa.Array, pattern: str) -> NDArray[np.float64]:
    return _numbers(pc.count_substring_regex(texts, pattern))


def _compressed_share(texts: pa.Array) -> NDArray[np.float64]:
    raw = texts.cast(pa.large_binary()).to_pylist()
    return np.array([len(zlib.compress(value, 1)) / len(value) if value else 1.0 for value in raw])


def _scripts(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Give each row's most frequent script (-1 without letters), its share of the letters, and the letters."""
    letters = _count(texts, r"[\pL\pM]")
    latin = _count(texts, r"\p{Latin}")
    counts = np.zeros((len(letters), len(SCRIPTS)))
    counts[:, 0] = latin
    others = np.flatnonzero(letters > latin)  # most sets: few rows, so the other scripts cost little
    some = texts.take(pa.array(others))
    for at, script in enumerate(SCRIPTS[1:], start=1):
        counts[others, at] = _count(some, rf"\p{{{script}}}")
    best = counts.argmax(axis=1)
    share = counts.max(axis=1) / np.maximum(letters, 1)
    return np.where(letters > 0, best, -1), share, letters


def _language_hits(texts: pa.Array) -> dict[str, NDArray[np.float64]]:
    # Two blanks between words: matches may not share the blank that ends one word and begins the next.
    plain = pc.replace_substring_regex(pc.utf8_lower(texts), ADDRESS, " ")
    spaced = pc.replace_substring_regex(plain, r"[^\pL\pM]+", "  ")
    blank, nothing = pa.scalar(" ", pa.large_string()), pa.scalar("", pa.large_string())
    spaced = pc.binary_join_element_wise(blank, spaced, blank, nothing)
    return {name: _count(spaced, f" (?:{'|'.join(words.split())}) ") for name, words in STOP_WORDS.items()}
