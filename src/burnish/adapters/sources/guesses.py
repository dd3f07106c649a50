"""Guess which field plays which role, from names that tell and values that agree; never from either alone."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from burnish.adapters.sources.images import SPLIT_NAMES, has_image_suffix, looks_like_image
from burnish.adapters.sources.opened import Guess
from burnish.adapters.sources.tables import (
    is_bytes,
    is_image_struct,
    is_number,
    is_scalar,
    is_text,
    is_vector,
    n_distinct,
)

SAMPLE_ROWS = 1000
TEXT_NAMES = (
    "text", "sentence", "review", "comment", "content", "body", "question", "query", "utterance",
    "document", "message", "prompt", "title", "description", "abstract", "headline",
)  # fmt: skip
IMAGE_NAMES = ("image", "img", "picture", "photo", "image_path", "path", "file", "file_name", "filename")
EMBEDDING_NAMES = ("embedding", "embeddings", "vector", "vectors", "emb", "features")
LABEL_NAMES = (
    "label", "labels", "class", "category", "target", "y", "intent", "income", "sentiment", "given_label",
    "noisy_label", "gold_label", "class_label", "outcome", "topic",
)  # fmt: skip
SPLIT_FIELD_NAMES = ("split", "fold", "set", "subset", "partition")
ID_NAMES = ("id", "row_id", "uuid", "guid", "key", "example_id", "sample_id", "doc_id", "idx")
GROUP_NAMES = ("group", "group_id")
TIME_NAMES = ("time", "timestamp", "date", "datetime", "created_at")
PREDICTION_NAMES = ("prediction", "pred", "predicted_label")
PROBA_NAMES = ("proba", "probabilities", "pred_probs")
MAX_SPLITS = 10
MAX_CLASS_SHARE = 0.5
MIN_TEXT_WORDS = 3.0
MIN_TEXT_DISTINCT = 0.5


@dataclass(frozen=True, eq=False)
class Fields:
    """The fields still free, with a sample of the first rows; `image_exists` tells whether a path leads to a file."""

    table: pa.Table
    free: tuple[str, ...]
    image_exists: Callable[[str], bool]

    def sample(self, name: str) -> pa.ChunkedArray:
        """The known values among the first rows of a field."""
        return self.table.column(name).slice(0, SAMPLE_ROWS).drop_null()

    def kind(self, name: str) -> pa.DataType:
        """The Arrow type of a field."""
        return self.table.schema.field(name).type

    def with_name(self, names: tuple[str, ...]) -> list[str]:
        """Free fields with one of the names, the most telling name first; case does not matter."""
        return [field for name in names for field in self.free if field.casefold() == name]


Finder = Callable[[Fields], Guess | None]


def guess_embedding(fields: Fields) -> Guess | None:
    """A list of floats with a telling name, else the only list of floats."""
    lists = [f for f in fields.free if is_vector(fields.kind(f)) and f.casefold() not in PROBA_NAMES]
    lists = [f for f in lists if pa.types.is_floating(fields.kind(f).value_type)]
    telling = [f for f in fields.with_name(EMBEDDING_NAMES) if f in lists]
    if telling:
        return Guess("embedding", telling[0], "lists of floats, and its name says so")
    return Guess("embedding", lists[0], "the only field of float lists") if len(lists) == 1 else None


def guess_image(fields: Fields) -> Guess | None:
    """Image bytes by their first bytes, or paths with an image suffix that lead to files."""
    for field in (*fields.with_name(IMAGE_NAMES), *fields.free):
        kind, sample = fields.kind(field), fields.sample(field)
        if is_image_struct(kind):
            return Guess("image", field, "structs of bytes and path")
        if is_bytes(kind) and _share(sample, looks_like_image) > 0.5:
            return Guess("image", field, "bytes that begin like images")
        if is_text(kind) and _share(sample, has_image_suffix) > 0.9:
            if any(fields.image_exists(path) for path in sample.slice(0, 20).to_pylist()):
                return Guess("image", field, "paths of image files")
            return Guess("note", field, "looks like image paths, but the files are not there")
    return None


def guess_id(fields: Fields) -> Guess | None:
    """A telling name, and a value in every row that no other row has."""
    for field in fields.with_name(ID_NAMES):
        column = fields.table.column(field)
        if not _is_identifier(fields.kind(field)):
            continue
        if n_distinct(column) == len(column):
            return Guess("id", field, "its name says so, and its values are all distinct")
        return Guess("note", field, "not taken as row ids: values are missing or come twice")
    return None


def guess_split(fields: Fields) -> Guess | None:
    """A telling name, and a few values that are names of splits."""
    for field in fields.with_name(SPLIT_FIELD_NAMES):
        if is_text(fields.kind(field)):
            values = fields.table.column(field).unique().drop_null().to_pylist()
            if len(values) <= MAX_SPLITS and any(v.casefold() in SPLIT_NAMES for v in values):
                return Guess("split", field, f"its name says so, and its values: {', '.join(values)}")
    return None


def guess_label(fields: Fields) -> Guess | None:
    """A telling name, and values that come again: never a field of another name, never numbers that look measured."""
    for field in fields.with_name(LABEL_NAMES):
        kind, column = fields.kind(field), fields.table.column(field)
        if not (is_text(kind) or is_number(kind) or pa.types.is_boolean(kind)):
            continue
        if looks_continuous(column):
            return Guess("note", field, "not taken as the label: its numbers look measured, not like classes")
        distinct = n_distinct(column)
        if distinct <= max(2, MAX_CLASS_SHARE * len(column)):
            return Guess("label", field, f"its name says so, and it has {distinct} classes")
    return None


def guess_time(fields: Fields) -> Guess | None:
    """A telling name with times, dates or strings, else the only field of times or dates."""
    timed = [f for f in fields.free if _is_moment(fields.kind(f))]
    telling = [f for f in fields.with_name(TIME_NAMES) if f in timed or is_text(fields.kind(f))]
    if telling:
        return Guess("time", telling[0], "its name says so")
    return Guess("time", timed[0], "the only field of times") if len(timed) == 1 else None


def guess_group(fields: Fields) -> Guess | None:
    """Only a field named exactly so: what belongs together is the user's knowledge."""
    return _by_name(fields, "group", GROUP_NAMES, is_scalar)


def guess_prediction(fields: Fields) -> Guess | None:
    """Only by name."""
    return _by_name(fields, "prediction", PREDICTION_NAMES, is_scalar)


def guess_proba(fields: Fields) -> Guess | None:
    """Only by name, lists of numbers."""
    return _by_name(fields, "proba", PROBA_NAMES, is_vector)


def guess_text(fields: Fields) -> Guess | None:
    """A telling name over strings of several words, else the longest strings of several words, mostly distinct."""
    strings = [f for f in fields.free if is_text(fields.kind(f))]
    for field in fields.with_name(TEXT_NAMES):
        if field in strings and _looks_like_text(fields.sample(field), 1.5, 0.1):
            return Guess("text", field, "its name says so, and its values are texts")
    wordy = [f for f in strings if _looks_like_text(fields.sample(f), MIN_TEXT_WORDS, MIN_TEXT_DISTINCT)]
    if not wordy:
        return None
    longest = max(wordy, key=lambda f: pc.mean(pc.utf8_length(fields.sample(f))).as_py())
    return Guess("text", longest, "the longest texts of several words, mostly distinct")


FINDERS: dict[str, Finder] = {
    "proba": guess_proba, "prediction": guess_prediction, "embedding": guess_embedding,
    "id": guess_id, "split": guess_split, "label": guess_label, "group": guess_group,
    "image": guess_image, "text": guess_text, "time": guess_time,
}  # fmt: skip
"""Role → how it is guessed, the surest first: a field that is taken is not free for the next."""


def looks_continuous(column: pa.ChunkedArray) -> bool:
    """Tell whether numbers look measured: more than 50 distinct values that are not whole."""
    if not (pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        return False
    values = column.cast(pa.float64(), safe=False).drop_null()
    broken = values.filter(pc.not_equal(values, pc.floor(values)))
    return n_distinct(broken) > 50


def _by_name(fields: Fields, role: str, names: tuple[str, ...], fits: Callable[[pa.DataType], bool]) -> Guess | None:
    found = [f for f in fields.with_name(names) if fits(fields.kind(f))]
    return Guess(role, found[0], "its name says so") if found else None


def _looks_like_text(sample: pa.ChunkedArray, min_words: float, min_distinct: float) -> bool:
    if len(sample) == 0 or _share(sample, has_image_suffix) > 0.5:
        return False
    words = pc.mean(pc.add(pc.count_substring(sample, " "), 1)).as_py()
    return bool(words >= min_words and n_distinct(sample) >= min_distinct * len(sample))


def _share(sample: pa.ChunkedArray, test: Callable[..., bool]) -> float:
    values = sample.slice(0, 100).to_pylist()
    return sum(map(test, values)) / len(values) if values else 0.0


def _is_identifier(kind: pa.DataType) -> bool:
    return is_text(kind) or bool(pa.types.is_integer(kind))


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))
