"""Quality of texts and embeddings: the step that describes texts and fields, the checks QUA001–005 and QUA030."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Finding, Summary
from burnish.kernels.quality_fields import field_stats
from burnish.kernels.quality_text import LANGUAGES, MAX_CHARACTERS, SCRIPTS, STATS, pile_up_length, text_stats
from burnish.kernels.vectors import Vectors
from burnish.steps.quality_findings import Complaint

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Quality:
    """Writes `text_stats` (n, s) float32 of a text field and the summary `field_stats` of the other fields.

    The columns of `text_stats` are named by `kernels.quality_text.STATS`; all but the length and the
    ending is read from the first `max_characters` of a text. Without a text field (or without other
    fields) only the other is written. At most `n_extremes` extreme values a field are kept.
    """

    max_characters: int = MAX_CHARACTERS
    n_extremes: int = 100

    name: ClassVar[str] = "quality"
    reads: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[tuple[str, ...]] = ("@text", "@meta", "former")
    writes: ClassVar[tuple[str, ...]] = ("text_stats", "field_stats")
    revision: ClassVar[int] = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:  # noqa: ARG002 no chance here
        """Give the column and the summary, each where its fields are given."""
        dataset = evidence.dataset
        if dataset.texts is not None:
            yield Column("text_stats", self._text_stats(evidence, dataset.texts), "row")
        if dataset.roles.meta:
            fields = dataset.fields.select(list(dataset.roles.meta))
            yield Summary("field_stats", field_stats(fields, n_extremes=self.n_extremes))

    def _text_stats(self, evidence: Evidence, texts: pa.Array) -> NDArray[np.float32]:
        """Describe the texts: those of rows that were there before as they were."""
        former = evidence.former
        if former is None or "text_stats" not in former.evidence:
            return text_stats(texts, max_characters=self.max_characters)
        stats = np.array(former.carried("text_stats"), np.float32)
        new = np.flatnonzero(former.new)
        stats[new] = text_stats(texts.take(pa.array(new)), max_characters=self.max_characters)
        return stats


def stat(evidence: Evidence, name: str) -> NDArray[Any]:
    """Give one column (n,) of `text_stats` by its name."""
    stats: NDArray[Any] = evidence["text_stats"]
    return stats[:, STATS.index(name)]


@dataclass(frozen=True)
class EmptyText:
    """QUA001: no text, or nothing but white space."""

    code: ClassVar[str] = "QUA001"
    reads: ClassVar[tuple[str, ...]] = ("text_stats",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        complaint = Complaint(self.code, "The text is empty", severity="error", edit="drop")
        rows = np.flatnonzero(stat(evidence, "visible") == 0)
        return complaint.about(evidence, rows, {"characters": stat(evidence, "characters")})


@dataclass(frozen=True)
class TruncatedText:
    """QUA002: cut at a length where many texts end, or open-ended where nearly all others are closed.

    Cut: the set's longest length is shared by `min_rows` rows and `times_usual` times as many as lengths
    below it, and the text has that length and ends in a letter, digit or comma. Open-ended: `min_closed`
    of the texts of at least `min_characters` end in a mark, and this one does not.
    """

    min_rows: int = 5
    times_usual: float = 5.0
    min_closed: float = 0.98
    min_characters: int = 80

    code: ClassVar[str] = "QUA002"
    reads: ClassVar[tuple[str, ...]] = ("text_stats",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        length, is_open = stat(evidence, "characters"), stat(evidence, "open_end") == 1
        cut_at = pile_up_length(length, min_rows=self.min_rows, times_usual=self.times_usual)
        cut = is_open & (length == cut_at)
        found = Complaint(self.code, "The text is cut at the length where others are cut too").about(
            evidence, np.flatnonzero(cut), {"characters": length}
        )
        long = length >= self.min_characters
        if long.sum() < 50 or np.mean(~is_open[long]) < self.min_closed:
            return found
        unlike = np.flatnonzero(long & is_open & ~cut)
        complaint = Complaint(self.code, "The text ends in the middle of a sentence, unlike nearly all others")
        return found + complaint.about(evidence, unlike, {"characters": length})


@dataclass(frozen=True)
class GarbledText:
    """QUA003: replacement or control characters, hardly a letter where others have them, or endless repetition."""

    min_damaged: int = 1
    max_letter_share: float = 0.25
    usual_letter_share: float = 0.6
    min_visible: int = 20
    max_compressed_share: float = 0.12
    min_repeated: int = 200

    code: ClassVar[str] = "QUA003"
    reads: ClassVar[tuple[str, ...]] = ("text_stats",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row, by the first of the three reasons that holds."""
        letters, visible = stat(evidence, "letter_share"), stat(evidence, "visible")
        damaged, compressed = stat(evidence, "damaged"), stat(evidence, "compressed_share")
        usual = float(np.median(letters[visible > 0])) if np.any(visible > 0) else 0.0
        is_damaged = damaged >= self.min_damaged
        few = (letters <= self.max_letter_share) & (visible >= self.min_visible) & (usual >= self.usual_letter_share)
        repeated = (compressed <= self.max_compressed_share) & (stat(evidence, "characters") >= self.min_repeated)
        reasons: list[tuple[str, Bools, str, NDArray[Any]]] = [
            ("The text holds replacement or control characters", is_damaged, "damaged", damaged),
            ("Hardly a character of the text is a letter", few & ~is_damaged, "letter_share", letters),
            ("The text repeats itself", repeated & ~few & ~is_damaged, "compressed_share", compressed),
        ]
        found: list[Finding] = []
        for message, mask, name, values in reasons:
            found += Complaint(self.code, message).about(evidence, np.flatnonzero(mask), {name: values})
        return found


@dataclass(frozen=True)
class ForeignText:
    """QUA004: another language or script than the one that the set is in.

    Language: `min_hits` frequent words of another language, at least `min_share` of all words, and at
    most `max_dominant` as many of the set's. Script: `min_script_share` of at least `min_letters` letters.
    Both only where `min_main_share` of the rows that can be told agree on the set's own.
    """

    min_hits: int = 3
    min_share: float = 0.15
    max_dominant: float = 0.25
    min_script_share: float = 0.7
    min_letters: int = 8
    min_main_share: float = 0.8

    code: ClassVar[str] = "QUA004"
    reads: ClassVar[tuple[str, ...]] = ("text_stats",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row, other scripts first."""
        script, share = stat(evidence, "script"), stat(evidence, "script_share")
        letters = stat(evidence, "letter_share") * stat(evidence, "visible")
        told = (script >= 0) & (letters >= self.min_letters)
        other = told & (share >= self.min_script_share) & self._unlike_most(script, told)
        names = np.array([*SCRIPTS, "unknown"])[script.astype(int)]
        found = Complaint(self.code, "The text is in another script than the set").about(
            evidence, np.flatnonzero(other), {"script": names}
        )
        return found + self._other_language(evidence, ~other)

    def _other_language(self, evidence: Evidence, among: Bools) -> list[Finding]:
        stats: NDArray[Any] = evidence["text_stats"]
        counts = stats[:, -len(LANGUAGES) :]
        language, hits = counts.argmax(axis=1), counts.max(axis=1, initial=0)
        clear = (hits >= self.min_hits) & (hits >= self.min_share * stat(evidence, "words"))
        if not clear.any():
            return []
        main = np.bincount(language[clear]).argmax()
        foreign = clear & (counts[:, main] <= self.max_dominant * hits) & self._unlike_most(language, clear) & among
        complaint = Complaint(self.code, "The text seems to be in another language than the set")
        facts = {"language": np.array(LANGUAGES)[language], "frequent_words": hits}
        return complaint.about(evidence, np.flatnonzero(foreign), facts)

    def _unlike_most(self, values: NDArray[Any], told: Bools) -> Bools:
        if not told.any():
            return told
        counts = np.bincount(values[told].astype(int))
        if counts.max() < self.min_main_share * counts.sum():
            return np.zeros_like(told)
        return np.asarray(values != counts.argmax(), bool)


@dataclass(frozen=True)
class MarkupInText:
    """QUA005: tags, entities, or UTF-8 read in the wrong encoding; silent where most texts are markup."""

    min_markup: int = 1
    min_mojibake: int = 1
    max_usual_share: float = 0.5

    code: ClassVar[str] = "QUA005"
    reads: ClassVar[tuple[str, ...]] = ("text_stats",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        markup, mojibake = stat(evidence, "markup"), stat(evidence, "mojibake")
        wrong, tagged = mojibake >= self.min_mojibake, markup >= self.min_markup
        found = Complaint(self.code, "The text was read in the wrong encoding").about(
            evidence, np.flatnonzero(wrong), {"wrong_characters": mojibake}
        )
        if len(tagged) and tagged.mean() > self.max_usual_share:
            return found
        complaint = Complaint(self.code, "Markup is left in the text", severity="info")
        return found + complaint.about(evidence, np.flatnonzero(tagged & ~wrong), {"tags_and_entities": markup})


PLAIN = (1e-15, 1e15)
"""A row whose largest value lies between these is usable; others are looked at more closely."""


@dataclass(frozen=True)
class UnusableEmbedding:
    """QUA030: the embedding is NaN, infinite or all zero, so that nothing else can be said of the row."""

    code: ClassVar[str] = "QUA030"
    reads: ClassVar[tuple[str, ...]] = ("embeddings",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        given = evidence["embeddings"]
        largest = np.abs(given).max(axis=1, initial=0.0).astype(np.float64)
        odd = np.flatnonzero(~((largest > PLAIN[0]) & (largest < PLAIN[1])))  # NaN too
        rows = odd[~Vectors.of(given[odd]).usable] if len(odd) else odd
        finite = np.isfinite(given[rows]).all(axis=1)
        found = Complaint(self.code, "The embedding is not finite", severity="error").about(evidence, rows[~finite], {})
        complaint = Complaint(self.code, "The embedding is all zero", severity="error")
        return found + complaint.about(evidence, rows[finite], {})
