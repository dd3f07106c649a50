"""Pairs of rows as a former version left them, with those that new rows bring: what duplicates are found from."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Evidence, Former
from burnish.kernels.duplicates import N_USUAL, Hypotheses, Pairs, Views, nearest_distances, unit_centered
from burnish.kernels.overlap_growth import Texts
from burnish.kernels.vectors import Vectors

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]
FORMER = b"former"


class Measured(NamedTuple):
    """Pairs of rows, which see the rows in them, and how near others usually are: `lists` (n, k), ascending.

    `tested`: of how many mutually nearest pairs these are the closest, None where of all. `new`: those that were
    measured because a row of theirs is new. `n_common` tokens were in too many rows to propose candidates.
    """

    pairs: Pairs
    views: Views
    lists: Floats
    tested: Hypotheses | None
    new: pa.Table
    n_common: int


def measured_new_pairs(evidence: Evidence, former: Former) -> bool:
    """Tell whether `new_pairs` holds the pairs that new rows bring beside this former version."""
    if "new_pairs" not in evidence:
        return False
    metadata = evidence.table("new_pairs").schema.metadata or {}
    return bool(metadata.get(FORMER, b"").decode() == former.key)


def new_pairs_table(pairs: Pairs | None = None, former: Former | None = None) -> pa.Table:
    """Give the summary `new_pairs`: pairs that were measured because one row is new, empty without a former version."""
    nothing = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
    a, b, distance = nothing if pairs is None else pairs
    table = pa.table({"a": a, "b": b, "joint_distance": distance})
    return table.replace_schema_metadata({} if former is None else {FORMER: former.key.encode()})


def comparable_rows(evidence: Evidence) -> NDArray[np.bool_]:
    """Give the mask (n,) of rows that can be compared: a usable embedding, and a text that is not blank."""
    usable, texts = Vectors.of(evidence["embeddings"]).usable, evidence.dataset.texts
    if texts is None:
        return usable
    filled = [text is not None and text != "" and not text.isspace() for text in texts.to_pylist()]
    return np.asarray(usable & np.array(filled, bool))


def grown_pairs(evidence: Evidence, former: Former, first: Rows, n_overlap: int) -> Measured:
    """Give the pairs that a former version left, and measure those of rows that are new.

    `first` (n,): the first row with the content of each. New is also a row that stands for its copies only now, and
    one that can be compared only now. The distances of old pairs, and the lists of old rows, are as they were.
    """
    stands = comparable_rows(evidence) & (first == np.arange(len(first)))
    before = np.zeros(len(first), bool)
    before[former.kept] = _stood(former)[former.rows[former.kept]]
    fresh = stands & ~before
    near = np.append(first, -1)[np.asarray(evidence["neighbors"], np.int64)]
    left, right = _listed(near, fresh, stands)
    old = _old_pairs(former, stands)
    texts = evidence.dataset.texts
    dense = _dense_views(evidence)
    n_common = 0
    if texts is None:
        views = Views(dense)
        left, right = _once(left, right)
    else:
        read = Texts(texts.to_pylist())
        found = read.partners(np.flatnonzero(fresh), n_overlap)
        other = first[found.other]
        good = stands[other] & (other != found.new)
        left, right = _once(np.concatenate([left, found.new[good]]), np.concatenate([right, other[good]]))
        profiles = read.profiles(np.unique(np.concatenate([left, right, old.left, old.right])), found)
        views, n_common = Views(dense, profiles), found.n_common
    new = Pairs(left, right, views.distances(left, right))
    lists = np.array(former.carried("near_distances", np.inf), np.float32)
    lists[~before] = np.inf
    lists = np.sort(np.concatenate([lists, nearest_distances(new, len(first))], axis=1), axis=1)[:, :N_USUAL]
    pairs = Pairs(
        np.concatenate([old.left, new.left]),
        np.concatenate([old.right, new.right]),
        np.concatenate([old.distance, new.distance]),
    )
    tested = _tested(former, len(first))
    return Measured(pairs, views, lists, tested, new_pairs_table(new, former), n_common)


def _stood(former: Former) -> NDArray[np.bool_]:
    """Tell which rows of the former version stood in pairs: those with a distance in their list."""
    return np.isfinite(np.asarray(former.evidence["near_distances"])[:, 0])


def _listed(near: Rows, fresh: NDArray[np.bool_], stands: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Give the pairs in the lists `near` (n, k) that have a fresh row, both of which stand for their copies."""
    left, right = np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()
    some = (right >= 0) & (left != right) & (fresh[left] | fresh[right]) & stands[left] & stands[right]
    return left[some], right[some]


def _once(left: Rows, right: Rows) -> tuple[Rows, Rows]:
    pairs = np.unique(np.sort(np.column_stack([left, right]), axis=1), axis=0).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _old_pairs(former: Former, stands: NDArray[np.bool_]) -> Pairs:
    table = former.evidence.table("duplicate_pairs")
    a, b = (former.places[table[name].to_numpy()] for name in ("a", "b"))
    good = (a >= 0) & (b >= 0) & stands[a] & stands[b]
    distance = np.asarray(table["joint_distance"].to_numpy(), np.float32)[good]
    return Pairs(np.minimum(a, b)[good], np.maximum(a, b)[good], distance)


def _dense_views(evidence: Evidence) -> tuple[Vectors, ...]:
    vectors, pixels = Vectors.of(evidence["embeddings"]).centered(), evidence.get("image_pixels")
    return (vectors,) if pixels is None else (vectors, Vectors.of(unit_centered(np.asarray(pixels, np.float32))))


def _tested(former: Former, n_rows: int) -> Hypotheses:
    """Tell how many mutually nearest pairs there are by now: as many a row as there were."""
    line = former.evidence.table("duplicate_threshold").to_pylist()[0]
    n_tested = round(line["n_tested"] * n_rows / max(1, len(former.evidence.dataset)))
    precision = line["expected_precision"]
    share = min(1.0, (1 - precision) / line["max_false_share"]) if np.isfinite(precision) else 1.0
    return Hypotheses(n_tested, share * n_tested)
