"""Lock: the evaluation rows as they were at the first audit, so that nothing is measured on others unnoticed."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset.rows import Dataset, is_list
from burnish.errors import LockedRowsError

Origin = Literal["given", "drawn"]
Digests = NDArray[np.uint64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

SHOWN_ROWS = 3


@dataclass(frozen=True, eq=False)
class Lock:
    """The evaluation rows of `version` of the data set `name`, locked at `locked_at` (ISO 8601).

    `origin`: whether a split field gave them or they were drawn. `row_ids`: n strings. `digests` (n, 3): content in
    two, the label in the last. `label`: the field that it came from, "" without one.
    """

    name: str
    version: str
    locked_at: str
    origin: Origin
    row_ids: pa.StringArray
    digests: Digests
    label: str = ""

    def __len__(self) -> int:
        return len(self.row_ids)

    @cached_property
    def fingerprint(self) -> str:
        """What tells this set of rows from any other, in any order: 16 hexadecimal digits."""
        order = pc.sort_indices(self.row_ids)
        digest = hashlib.blake2b(self.digests[order.to_numpy()].astype("<u8").tobytes(), digest_size=8)
        digest.update(json.dumps(self.row_ids.take(order).to_pylist()).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Drift:
    """What has become of the rows of a lock in a data set.

    `present`: those as they were locked, by the id that they have there. `moved`: which of these are training rows
    now. `relabelled` and `changed` (of another content): by the id they have. `gone`: by the id they had.
    `added`: evaluation rows that the lock does not know. The other training rows are no matter of a lock.
    """

    present: tuple[str, ...]
    moved: tuple[str, ...] = ()
    relabelled: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def there(self) -> tuple[str, ...]:
        """Give the ids of the locked rows that are not gone, whatever has become of them."""
        return (*self.present, *self.relabelled, *self.changed)

    @property
    def belongs(self) -> bool:
        """Whether the lock is one of this data set: at least half of its rows are there with their content."""
        there = len(self.present) + len(self.relabelled)
        return there > 0 and there >= len(self.changed) + len(self.gone)

    def refuse(self, lock: Lock) -> None:
        """Raise LockedRowsError if a locked row was relabelled, changed, moved to the training rows, or is gone."""
        kinds = {
            "relabelled": self.relabelled, "changed": self.changed, "now training rows": self.moved, "gone": self.gone,
        }  # fmt: skip
        wrong = {kind: ids for kind, ids in kinds.items() if ids}
        if wrong:
            told = "; ".join(f"{len(ids):,} {kind}, {_first(ids)}" for kind, ids in wrong.items())
            raise LockedRowsError(
                f"of the {len(lock):,} evaluation rows that were locked on {lock.locked_at[:10]} some are not as they "
                f"were: {told}.",
                remedy="Restore these rows, or lock the evaluation rows as they are now with --relock.",
            )


def lock_rows(dataset: Dataset, evaluation: Mask, *, origin: Origin, locked_at: str) -> Lock:
    """Give the lock of the rows of `evaluation` (n_rows,)."""
    rows = np.flatnonzero(evaluation)
    digests = _digests(dataset)[rows]
    return Lock(
        dataset.name,
        dataset.version,
        locked_at,
        origin,
        dataset.row_ids.take(pa.array(rows)),
        digests,
        dataset.roles.label or "",
    )


def compare(lock: Lock, dataset: Dataset, evaluation: Mask | None = None) -> Drift:
    """Tell what has become of the locked rows in `dataset`, of which `evaluation` (n_rows,) are evaluation rows.

    Rows are known by their id where the data set has an id field. Without one, ids count copies of a content and
    shift when one is dropped: then rows are known by content and label, copies being told apart by which side they
    are on, and a row of another content is gone. Without `evaluation` nothing is `moved` or `added`.
    """
    digests = _digests(dataset)
    sides = [np.ones(len(dataset), bool)] if evaluation is None else [evaluation, ~evaluation]
    places = _by_content(lock, digests, sides) if dataset.roles.id is None else _by_id(lock, dataset)
    found = places >= 0
    same = found & (digests[places] == lock.digests).T  # (3, n)
    content, label = same[0] & same[1], same[2]
    moved = np.zeros(len(lock), bool) if evaluation is None else ~evaluation[places]
    added = np.zeros(len(dataset), bool) if evaluation is None else evaluation.copy()
    added[places[found]] = False

    def here(mask: Mask) -> tuple[str, ...]:
        return tuple(dataset.row_ids.take(pa.array(places[mask])).to_pylist())

    return Drift(
        present=here(content & label),
        moved=here(content & label & moved),
        relabelled=here(content & ~label),
        changed=here(found & ~content),
        gone=tuple(lock.row_ids.filter(pa.array(~found)).to_pylist()),
        added=tuple(dataset.row_ids.filter(pa.array(added)).to_pylist()),
    )


def _by_id(lock: Lock, dataset: Dataset) -> Places:
    found = pc.index_in(lock.row_ids, value_set=dataset.row_ids)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def _by_content(lock: Lock, digests: Digests, sides: list[Mask]) -> Places:
    """Give each locked row the row of its content and label, else of its content, on the first side that has one."""
    places = np.full(len(lock), -1, np.int64)
    free = np.ones(len(digests), bool)
    for side in sides:
        for width in (3, 2):
            wanted, offered = np.flatnonzero(places < 0), np.flatnonzero(free & side)
            mine, theirs = _pairs(lock.digests[wanted, :width], digests[offered, :width])
            places[wanted[mine]] = offered[theirs]
            free[offered[theirs]] = False
    return places


def _pairs(left: Digests, right: Digests) -> tuple[Places, Places]:
    """Give the positions of equal rows, each row in one pair at most, first with first."""
    kept = _binary(left).unique()
    codes = [pc.index_in(_binary(side), value_set=kept) for side in (left, right)]
    mine, theirs = (_numbered(c.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)) for c in codes)
    known = np.flatnonzero(theirs[:, 0] >= 0)
    _, at, also = np.intersect1d(_packed(mine), _packed(theirs[known]), assume_unique=True, return_indices=True)
    return at, known[also]


def _numbered(codes: Places) -> Places:
    """Give (n, 2): the code, and how many rows before have the same."""
    order = np.argsort(codes, kind="stable")
    ranked = codes[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=-2)) if len(codes) else np.empty(0, np.int64)
    before = np.empty(len(codes), np.int64)
    before[order] = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    return np.stack([codes, before], axis=1)


def _packed(numbered: Places) -> Places:
    return np.asarray((numbered[:, 0] << 32) | numbered[:, 1])


def _binary(digests: Digests) -> pa.FixedSizeBinaryArray:
    buffer = pa.py_buffer(np.ascontiguousarray(digests))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(8 * digests.shape[1]), len(digests), [None, buffer])


def _digests(dataset: Dataset) -> Digests:
    """Give (n_rows, 3): content, label. A label counts by value: 1 and 1.0 are one, a set of labels has no order."""
    encoded = _plain_labels(dataset).dictionary_encode()
    known = [_digest(label) for label in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    return np.column_stack([dataset.content, np.array([*known, 0], np.uint64)[codes]])


def _plain_labels(dataset: Dataset) -> pa.Array:
    """Give the labels as strings, null where there is none."""
    name = dataset.roles.label
    if name is None:
        return pa.nulls(len(dataset), pa.string())
    labels = dataset.field(name)
    if is_list(labels.type):
        return pa.array([None if label is None else _set(label) for label in labels.to_pylist()], pa.string())
    if pa.types.is_integer(labels.type) or pa.types.is_floating(labels.type):
        labels = pc.cast(labels, pa.float64(), safe=False)
    strings = labels.cast(pa.string())
    return pc.if_else(pc.equal(strings, ""), None, strings)


def _set(label: list[Any]) -> str:
    return json.dumps(sorted(str(one) for one in label))


def _digest(label: str) -> int:
    return int.from_bytes(hashlib.blake2b(label.encode(), digest_size=8).digest(), "little")


def _first(ids: tuple[str, ...]) -> str:
    more = ", …" if len(ids) > SHOWN_ROWS else ""
    return f"first {', '.join(repr(one) for one in ids[:SHOWN_ROWS])}{more}"
