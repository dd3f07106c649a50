"""History: what is known of each version of a data set, and how one becomes another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset.rows import Roles, Task
from burnish.errors import DamagedFileError, InputError

How = Literal["import", "apply", "curate", "relabel", "undo"]
LedgerAction = Literal["drop", "relabel", "restore"]

LEDGER = pa.schema(
    [
        ("row_id", pa.string()), ("action", pa.string()), ("code", pa.string()), ("reason", pa.string()),
        ("evidence", pa.string()), ("kept_row_id", pa.string()), ("old_label", pa.string()), ("label", pa.string()),
        ("decided_by", pa.string()), ("segment", pa.int32()), ("place", pa.int64()),
    ]
)  # fmt: skip
"""One line an edit. `segment`, `place`: where the row lies among the rows as they came. `evidence`: JSON."""

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Version:
    """One entry of the history of a data set: immutable, numbered from 1.

    `version`: content hash of its rows; an undo can give a hash that an earlier entry has. `parent`: number of the
    entry that it was made from; None for the first, and for one that shares few rows with those before.
    `n_segment`: how many rows of its own it brought. `reordered`: whether it put the rows into another order.
    `counts`: rows `added`, `dropped`, `restored`, `relabelled` against the parent. `codes`: edits of each check code.
    `profile`: field → counts of its values, or mean and spread. `effect`: the measured effect against the parent:
    verdict, lift and interval. `recipe`: parameters and libraries that it was made with. `files`: path below the folder
    of the data set → bytes and CRC-32 of what this entry added.
    """

    number: int
    dataset: str
    version: str
    n_rows: int
    how: How
    created: str
    who: str
    why: str = ""
    parent: int | None = None
    n_segment: int = 0
    reordered: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    by_reference: bool = False
    roles: Roles = field(default_factory=Roles)
    given_task: Task | None = None
    image_root: str | None = None
    effect: Mapping[str, Any] | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How it is called: `reviews@3`."""
        return f"{self.dataset}@{self.number}"

    def to_json(self) -> dict[str, Any]:
        """Give the document of `versions/NUMBER.json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Version":
        """Read such a document; raises InputError for one that a newer burnish wrote otherwise."""
        try:
            known = {f.name: document[f.name] for f in fields(cls) if f.name in document}
            roles = {**known["roles"], "meta": tuple(known["roles"]["meta"])}
            files = {name: (int(size), int(crc)) for name, (size, crc) in known["files"].items()}
            return replace(cls(**known), roles=Roles(**roles), files=files)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"this is not the record of a version: {error}.", remedy="Run `burnish verify` to see what is damaged."
            ) from error


class RowEdits(NamedTuple):
    """The edits of one entry by place: segment and position inside it (n,), what was done, and the new label."""

    segment: NDArray[np.int32]
    place: Places
    action: NDArray[np.str_]
    label: NDArray[np.object_]


class Entry(NamedTuple):
    """A version with its edits and, where its rows were put into another order, the rank of each (see `RowState`)."""

    version: Version
    edits: RowEdits | None = None
    ranks: NDArray[np.integer] | None = None


class Placed(NamedTuple):
    """Where each row of a version lies (n,): its segment and the place inside it."""

    segment: NDArray[np.int32]
    place: Places


@dataclass(frozen=True, eq=False)
class RowState:
    """Which rows a version has: for each segment, in the order they came, a mask of rows that are there and new labels.

    `labels`: segment → places and labels that replaced the given ones. `keys`: segment → what its rows are sorted by. A
    row keeps its key while it is away, so that it comes back to its place. `as_they_came`: whether that sorts nothing.
    """

    there: Mapping[int, Mask]
    labels: Mapping[int, tuple[Places, NDArray[np.object_]]]
    keys: Mapping[int, Places]
    as_they_came: bool = True

    @classmethod
    def after(cls, entries: Sequence[Entry]) -> "RowState":
        """Give the state after some entries, each the parent of the next, the first without a parent."""
        there: dict[int, Mask] = {}
        keys: dict[int, Places] = {}
        labels: dict[int, dict[int, str | None]] = {}
        for version, edits, ranks in entries:
            if version.n_segment:
                start = 1 + max((int(of_segment.max()) for of_segment in keys.values()), default=-1)
                there[version.number] = np.ones(version.n_segment, np.bool_)
                keys[version.number] = start + np.arange(version.n_segment)
            for segment, place, action, label in _by_segment(edits):
                there[segment][place[action == "drop"]] = False
                there[segment][place[action == "restore"]] = True
                new = action == "relabel"
                labels.setdefault(segment, {}).update(zip(place[new].tolist(), label[new].tolist(), strict=True))
            if ranks is not None:
                _rank(there, keys, ranks)
        replaced = {segment: _as_arrays(of_segment) for segment, of_segment in labels.items() if of_segment}
        return cls(there, replaced, keys, all(entry.ranks is None for entry in entries))

    @property
    def order(self) -> Places | None:
        """Give the order of the rows that are there, among those as they came; None where it is that."""
        if self.as_they_came:
            return None
        return np.argsort(np.concatenate([self.keys[segment][mask] for segment, mask in self.there.items()]))

    def ranks_as(self, former: "RowState") -> Places:
        """Give the ranks (see `Entry`) that put the rows that are there in the order of a former state.

        Rows that came later stay behind them, in the order that they have.
        """
        late = 1 + max((int(keys.max()) for keys in former.keys.values()), default=-1)
        keys = [
            (former.keys[segment] if segment in former.keys else late + self.keys[segment])[mask]
            for segment, mask in self.there.items()
        ]
        ranks = np.empty(sum(map(len, keys)), np.int64)
        ranks[np.argsort(np.concatenate(keys), kind="stable")] = np.arange(len(ranks))
        return ranks

    @property
    def placed(self) -> Placed:
        """Give where each row lies, in the order of the version."""
        segments = [np.full(int(mask.sum()), number, np.int32) for number, mask in self.there.items()]
        places = [np.flatnonzero(mask) for mask in self.there.values()]
        segment, place, order = np.concatenate(segments), np.concatenate(places), self.order
        return Placed(segment, place) if order is None else Placed(segment[order], place[order])


def row_edits(lines: pa.Table) -> RowEdits:
    """Give what lines of a ledger do, by place."""
    return RowEdits(
        lines["segment"].to_numpy(),
        lines["place"].to_numpy(),
        lines["action"].to_numpy(zero_copy_only=False).astype(str),
        lines["label"].to_numpy(zero_copy_only=False),
    )


def ancestry(versions: Mapping[int, Version], number: int) -> list[Version]:
    """Give the entries from the first to `number`, each the parent of the next; raises DamagedFileError for a gap."""
    path = [versions[number]]
    while (parent := path[-1].parent) is not None:
        if parent not in versions:
            raise DamagedFileError(
                f"{path[-1].name} comes from version {parent}, whose record is missing.",
                remedy="Run `burnish verify`, and restore the file that it names from a copy.",
            )
        path.append(versions[parent])
    return path[::-1]


def is_held(versions: Mapping[int, Version], number: int) -> bool:
    """Tell whether the history holds the rows of an entry itself: neither it nor one it comes from is by reference."""
    return not any(version.by_reference for version in ancestry(versions, number))


def descendants(versions: Mapping[int, Version], number: int) -> list[int]:
    """Give the entries that come from `number`, itself first, the newest last."""
    found = {number}
    for version in versions.values():  # oldest first: a parent comes before its children
        if version.parent in found:
            found.add(version.number)
    return sorted(found)


def common_ancestor(versions: Mapping[int, Version], first: int, second: int) -> int | None:
    """Give the youngest entry that both descend from, or are; None where there is none."""
    ours = {version.number for version in ancestry(versions, first)}
    return next((v.number for v in reversed(ancestry(versions, second)) if v.number in ours), None)


def _by_segment(edits: RowEdits | None) -> Iterator[tuple[int, Places, NDArray[np.str_], NDArray[np.object_]]]:
    if edits is not None:
        for segment in np.unique(edits.segment).tolist():
            some = edits.segment == segment
            yield segment, edits.place[some], edits.action[some], edits.label[some]


def _as_arrays(labels: Mapping[int, str | None]) -> tuple[Places, NDArray[np.object_]]:
    return np.array(list(labels), np.int64), np.array(list(labels.values()), object)


def _rank(there: Mapping[int, Mask], keys: Mapping[int, Places], ranks: NDArray[np.integer]) -> None:
    """Sort the rows that are there by their ranks, those that are not after them."""
    start = 0
    for segment, mask in there.items():
        stop = start + int(mask.sum())
        keys[segment][mask] = ranks[start:stop]
        start = stop
    for segment, mask in there.items():
        keys[segment][~mask] = start + np.arange(int((~mask).sum()))
        start += int((~mask).sum())
