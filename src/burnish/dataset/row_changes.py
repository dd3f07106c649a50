"""RowChanges: what has become of the rows of one data set in another, by row id."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset.fingerprints import table_fingerprint
from burnish.dataset.rows import Dataset

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Vectors = NDArray[np.floating]

BLOCK_ROWS = 16_384


@dataclass(frozen=True, eq=False)
class RowChanges:
    """Positions of rows that two data sets share, and of those that one of them lacks.

    `here`, `there` (n,): the same row in the first and the second, in the order of the second. `relabelled`: which of
    these have another label. `gone`: rows of the first that the second has not, or has with another content or
    another value of any field but the label; `new`: rows of the second that the first has not.
    """

    here: Places
    there: Places
    relabelled: Mask
    gone: Places
    new: Places

    @property
    def nothing(self) -> bool:
        """Whether the two hold the same rows in the same order."""
        in_order = len(self.gone) + len(self.new) == 0 and bool(np.all(np.diff(self.here) > 0))
        return in_order and not self.relabelled.any()


def row_changes(first: Dataset, second: Dataset) -> RowChanges:
    """Compare two data sets row by row; where their fields have other names or types, no row is the same."""
    n_rows = len(second)
    found = first.positions_of(second.row_ids)
    alike = first.fields.schema.equals(second.fields.schema)
    there = np.flatnonzero(found >= 0) if alike else np.empty(0, np.int64)
    here = found[there]
    same = np.all(first.content[here] == second.content[there], axis=1)
    relabelled = np.zeros(len(there), np.bool_)
    seen = {first.roles.image, first.roles.embedding}
    for name in first.fields.column_names if alike else ():
        if name in seen:  # their content was compared
            continue
        changed = differ(first.field(name).take(pa.array(here)), second.field(name).take(pa.array(there)))
        if name == first.roles.label:
            relabelled = changed
        else:
            same &= ~changed
    if not (first.vectors_are_content and second.vectors_are_content):
        same &= ~_moved(first.vectors, second.vectors, (here, there))
    kept = np.zeros(len(first), np.bool_)
    kept[here[same]] = True
    new = np.ones(n_rows, np.bool_)
    new[there[same]] = False
    return RowChanges(here[same], there[same], relabelled[same], np.flatnonzero(~kept), np.flatnonzero(new))


def _moved(first: Vectors | None, second: Vectors | None, pairs: tuple[Places, Places]) -> Mask:
    """Mask (n,) of the pairs of rows whose vectors are not the same."""
    here, there = pairs
    if first is None or second is None or first.shape[1] != second.shape[1]:
        return np.full(len(here), (first is None) != (second is None) or first is not None, np.bool_)
    moved = np.empty(len(here), np.bool_)
    for start in range(0, len(here), BLOCK_ROWS):
        some = slice(start, start + BLOCK_ROWS)
        one, other = first[here[some]], second[there[some]]
        moved[some] = ((one != other) & ~(np.isnan(one) & np.isnan(other))).any(axis=1)
    return moved


def differ(first: pa.Array, second: pa.Array) -> Mask:
    """Mask (n,) of the values that are not the same; two nulls are, and two NaN."""
    if table_fingerprint(pa.table({"": first})) == table_fingerprint(pa.table({"": second})):
        return np.zeros(len(first), np.bool_)
    if pa.types.is_nested(first.type) or pa.types.is_dictionary(first.type):
        pairs = zip(first.to_pylist(), second.to_pylist(), strict=True)
        return np.array([one != other for one, other in pairs], np.bool_)
    unlike = pc.not_equal(first, second)
    if pa.types.is_floating(first.type):
        unlike = pc.and_(unlike, pc.invert(pc.and_(pc.is_nan(first), pc.is_nan(second))))
    one_null = pc.xor(first.is_null(), second.is_null())
    return np.asarray(pc.or_(unlike.fill_null(fill_value=False), one_null).to_numpy(zero_copy_only=False), np.bool_)
