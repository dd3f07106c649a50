"""The history of each data set in a local folder: rows as they came, edits, and a record of each version.

The layout is written down in docs/format.md; whatever a record names is on disk before the record is.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from burnish.adapters import durable
from burnish.dataset import Dataset
from burnish.dataset.changesets import with_labels
from burnish.dataset.history import Entry, RowEdits, RowState, Version, ancestry, row_edits
from burnish.errors import InputError, OutputError, ReadOnlyError, UnknownVersionError, UsageError, nearest

FORMAT = 1
ROW_ID = "burnish.row_id"
WAIT_SECONDS = 60.0


class Addition(NamedTuple):
    """What an entry brings along: rows of its own, edits of rows that were there, ranks, the whole evaluation.

    `ranks`: for each row that is there, in the order they came, its position in this version.
    """

    rows: Dataset | None = None
    edits: pa.Table | None = None
    ranks: NDArray[np.integer] | None = None
    evaluation: Mapping[str, Any] | None = None


class Audited(NamedTuple):
    """What is kept of an audit: findings and clusters as in its files, the cluster of each row (n,), and how it was.

    `facts`: JSON, with the key of the evidence that the steps left.
    """

    findings: pa.Table
    clusters: pa.Table
    cluster: NDArray[np.integer]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class HistoryStore:
    """Keeps the versions of every data set under `root`; nothing is created there before the first is kept.

    Readers need no lock: records never change, and a version is there once its record is. A writer holds the lock
    of its data set, which a process that dies lets go.
    """

    root: Path

    def names(self) -> list[str]:
        """Give the names of all data sets, sorted."""
        folders = {path.parent.parent for path in self.root.glob("*/versions/*.json")}
        return sorted(str(durable.read_json(folder / "about.json")["name"]) for folder in folders)

    def has(self, name: str) -> bool:
        """Tell whether a data set has a version."""
        return any(self.folder(name).glob("versions/*.json"))

    def folder(self, name: str) -> Path:
        """Give the folder of a data set, whose name may hold any character."""
        if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}", name):
            return self.root / name
        slug = re.sub(r"[^A-Za-z0-9]+", "-", name)[:40].strip("-")
        return self.root / f"{slug or 'dataset'}-{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}"

    @property
    def is_read_only(self) -> bool:
        """Tell whether no data set can be written, nor a new one be made, by whoever this process acts for."""
        there = next(folder for folder in (self.root, *self.root.parents) if folder.is_dir())
        return not any(durable.can_write(folder) for folder in (there, *self.root.glob("*/")))

    def refuse_read_only(self) -> None:
        """Raise ReadOnlyError where nothing can be written down: before work that would be for nothing."""
        if self.is_read_only:
            raise ReadOnlyError(
                f"the workspace {self.root.parent.absolute()} can only be read.", remedy=durable.WHERE_TO_WRITE
            )

    def about(self, name: str) -> dict[str, Any]:
        """Give what people wrote of a data set: name, description, owner."""
        try:
            return durable.read_json(self.folder(name) / "about.json")
        except FileNotFoundError as error:
            raise self._unknown(name) from error

    def describe(self, name: str, **told: str) -> None:
        """Write what people say of a data set, beside what was said before."""
        with self.writing(name):
            durable.write_json(self.folder(name) / "about.json", {**self.about(name), **told})

    def versions(self, name: str) -> dict[int, Version]:
        """Give every version by number, oldest first; raises UnknownVersionError where there is none."""
        return {number: self._record(name, number) for number in self.numbers(name)}

    def newest(self, name: str) -> Version:
        """Give the newest version, and read no other; raises UnknownVersionError where there is none."""
        return self._record(name, self.numbers(name)[-1])

    def numbers(self, name: str) -> list[int]:
        """Give the numbers of all versions, oldest first; raises UnknownVersionError where there is none."""
        folder = self.folder(name) / "versions"
        numbers = sorted(int(path.stem) for path in folder.glob("*.json") if path.stem.isdigit())
        if not numbers:
            raise self._unknown(name)
        if (found := self.about(name).get("format", FORMAT)) > FORMAT:
            raise InputError(
                f"{name!r} is of format {found}, which a newer burnish wrote; this one reads up to {FORMAT}.",
                remedy="pip install --upgrade burnish",
            )
        return numbers

    def _record(self, name: str, number: int) -> Version:
        return Version.from_json(durable.read_json(self.folder(name) / "versions" / f"{number:06d}.json"))

    def tags(self, name: str) -> dict[str, int]:
        """Give tag → number."""
        try:
            return {str(tag): int(n) for tag, n in durable.read_json(self.folder(name) / "tags.json")["tags"].items()}
        except FileNotFoundError:
            return {}

    def tag(self, name: str, tag: str, number: int | None) -> None:
        """Give a version a name, or take it away (None)."""
        with self.writing(name):
            tags = {other: n for other, n in self.tags(name).items() if other != tag}
            durable.write_json(
                self.folder(name) / "tags.json", {"tags": tags if number is None else {**tags, tag: number}}
            )

    def evaluation(self, version: Version) -> dict[str, Any] | None:
        """Give the whole evaluation that was kept with a version."""
        path = self._made_sure(version, f"effects/{version.number:06d}.json")
        return None if path is None else durable.read_json(path)

    def ledger(self, version: Version, columns: Sequence[str] | None = None) -> pa.Table | None:
        """Give the edits that made a version, one line each; None where it has none."""
        path = self._made_sure(version, f"edits/{version.number:06d}.parquet")
        return None if path is None else _read(path, columns)

    def edits(self, version: Version) -> RowEdits | None:
        """Give the same by place."""
        table = self.ledger(version, ["segment", "place", "action", "label"])
        return None if table is None else row_edits(table)

    def entries(self, name: str, number: int) -> list[Entry]:
        """Give a version and those that it comes from, the first one first, with what each did to the rows."""
        return [Entry(one, self.edits(one), self._ranks(one)) for one in ancestry(self.versions(name), number)]

    def _ranks(self, version: Version) -> NDArray[np.integer] | None:
        return self._array(version, f"order/{version.number:06d}.npy")

    def assemble(self, entries: Sequence[Entry], referenced: Callable[[Version], Dataset]) -> Dataset:
        """Give the rows after some entries, the files made sure of; raises DamagedFileError.

        `referenced` reads the rows of an entry that was kept by reference.
        """
        state, last = RowState.after(entries), entries[-1].version
        brought = [entry.version for entry in entries if entry.version.n_segment]
        parts = [_now(self._brought(version, referenced), version.number, state) for version in brought]
        fields = pa.concat_tables([part.fields for part in parts], promote_options="permissive")
        ids = pa.concat_arrays([part.row_ids for part in parts])
        content = np.concatenate([part.content for part in parts])
        vectors = None if parts[0].vectors is None else _joined([part.vectors for part in parts])
        whole = Dataset(fields, ids, content, last.roles, vectors, last.name, last.image_root, last.given_task)
        return whole if state.order is None else whole.take(state.order)

    def _brought(self, version: Version, referenced: Callable[[Version], Dataset]) -> Dataset:
        """Give the rows that an entry brought, as they came."""
        if version.by_reference:
            return referenced(version)
        stem = f"{version.number:06d}"
        path = self._made_sure(version, f"rows/{stem}.parquet")
        content, vectors = (self._array(version, f"rows/{stem}.{what}.npy") for what in ("content", "vectors"))
        if path is None or content is None:
            raise durable.damaged(self.folder(version.dataset) / f"versions/{stem}.json", "it names no rows")
        table = _read_beside(path, version.roles.embedding, vectors)
        ids, fields = table[ROW_ID].combine_chunks(), table.drop_columns([ROW_ID])
        return Dataset(fields, ids, content, version.roles, vectors)

    def _array(self, version: Version, name: str) -> NDArray[Any] | None:
        """Give an array of a version, None where it has none; raises DamagedFileError."""
        if name not in version.files:
            return None
        path = self.folder(version.dataset) / name
        try:
            return durable.read_array(path)
        except FileNotFoundError as error:
            raise durable.damaged(path, "it is not there") from error

    def keep_tried(self, version: Version, tried: Mapping[str, Any]) -> None:
        """Write down a change of a version that was measured and not kept."""
        with self.writing(version.dataset) as folder:
            durable.write_json(folder / f"tried/{version.number:06d}-{secrets.token_hex(4)}.json", tried)

    def tried(self, version: Version) -> list[dict[str, Any]]:
        """Give the changes of a version that were measured and not kept, oldest first."""
        paths = self.folder(version.dataset).glob(f"tried/{version.number:06d}-*.json")
        return sorted((durable.read_json(path) for path in paths), key=lambda one: str(one["created"]))

    def keep_audit(self, version: Version, audit: Audited) -> None:
        """Write what the newest audit of a version found, in place of what one before it did."""
        with self.writing(version.dataset) as folder:
            stem = f"{version.number:06d}-{secrets.token_hex(4)}"
            files = dict(
                [
                    _parquet(folder, f"audits/{stem}.findings.parquet", audit.findings),
                    _parquet(folder, f"audits/{stem}.clusters.parquet", audit.clusters),
                    _array(folder, f"audits/{stem}.cluster.npy", audit.cluster.astype(np.int32)),
                ]
            )
            document = {"stem": stem, "files": files, "facts": audit.facts}
            durable.write_json(folder / f"audits/{version.number:06d}.json", document)
            for old in folder.glob(f"audits/{version.number:06d}-*"):
                if not old.name.startswith(stem):
                    old.unlink()

    def audit_facts(self, version: Version) -> dict[str, Any] | None:
        """Give how the newest audit of a version was, None where it was not audited."""
        try:
            path = self.folder(version.dataset) / f"audits/{version.number:06d}.json"
            return dict(durable.read_json(path)["facts"])
        except FileNotFoundError:
            return None

    def audit(self, version: Version) -> Audited | None:
        """Give what the newest audit of a version found, None where it was not audited."""
        folder = self.folder(version.dataset)
        try:
            document = durable.read_json(folder / f"audits/{version.number:06d}.json")
        except FileNotFoundError:
            return None
        for name, written in document["files"].items():
            durable.refuse_damaged(folder / name, written)
        stem = folder / "audits" / document["stem"]
        findings, clusters = (_read(Path(f"{stem}.{what}.parquet")) for what in ("findings", "clusters"))
        return Audited(findings, clusters, durable.read_array(Path(f"{stem}.cluster.npy")), document["facts"])

    def row_ids(self, version: Version) -> pa.StringArray:
        """Give the ids of the rows that a version brought."""
        path = self.folder(version.dataset) / f"rows/{version.number:06d}.parquet"
        durable.refuse_damaged(path, version.files[f"rows/{path.name}"])
        return _read(path, [ROW_ID])[ROW_ID].combine_chunks()

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Hold the lock of a data set; raises OutputError when another process has it for a minute."""
        folder = self.folder(name)
        try:
            durable.make_folder(folder)
            lock = FileLock(folder / ".lock")
            lock.acquire(timeout=WAIT_SECONDS)
        except Timeout as error:
            raise OutputError(
                f"another process has been writing to {name!r} for {WAIT_SECONDS:.0f} seconds.",
                remedy="Wait until it is done, or end it.",
            ) from error
        except OSError as error:
            raise durable.unwritable(folder, error) from error
        try:
            yield folder
        finally:
            lock.release()

    def keep(self, draft: Version, addition: Addition, tag: str | None = None) -> Version:
        """Write a new version, its number the next one; it is there once its record is."""
        with self.writing(draft.dataset) as folder:
            if not (folder / "about.json").exists():
                durable.write_json(folder / "about.json", {"name": draft.dataset, "format": FORMAT})
            taken = [int(path.stem) for path in (folder / "versions").glob("*.json") if path.stem.isdigit()]
            number = max(taken, default=0) + 1
            files = dict(_write(folder, f"{number:06d}", addition, by_reference=draft.by_reference))
            version = replace(draft, number=number, files=files)
            durable.write_json(folder / "versions" / f"{number:06d}.json", version.to_json())
        if tag is not None:
            self.tag(draft.dataset, tag, number)
        return version

    def find(self, called: str) -> Version:
        """Give the version of `NAME` (the newest), `NAME@NUMBER`, `NAME@TAG` or `NAME@HASH` (its beginning).

        Raises UnknownVersionError with what there is.
        """
        name, _, which = called.partition("@")
        if not which:
            return self.newest(name)
        numbers, tags = self.numbers(name), self.tags(name)
        number = int(which) if which.isdecimal() and int(which) in numbers else tags.get(which)
        if number is not None:
            return self._record(name, number)
        same = [v for v in self.versions(name).values() if len(which) >= 4 and v.version.startswith(which)]
        if same:
            return same[-1]
        known = [*map(str, numbers), *tags]
        raise UnknownVersionError(
            f"{name!r} has no version {which!r}.",
            remedy=f"{nearest(which, known)}Versions: 1 to {numbers[-1]}{''.join(f', {tag}' for tag in tags)}.",
        )

    def _made_sure(self, version: Version, name: str) -> Path | None:
        """Give the path of a file of a version, None where it has none; raises DamagedFileError."""
        if name not in version.files:
            return None
        path = self.folder(version.dataset) / name
        durable.refuse_damaged(path, version.files[name])
        return path

    def _unknown(self, name: str) -> UnknownVersionError:
        names = self.names()
        there = f"Data sets here: {', '.join(names)}." if names else "Audit a source first: burnish audit SOURCE."
        return UnknownVersionError(
            f"the workspace {self.root.parent} has no data set {name!r}.", remedy=f"{nearest(name, names)}{there}"
        )


NOT_A_NUMBER = "; a number alone would be the version of that number"


def refuse_unnameable(name: str, *, what: str) -> None:
    """Raise UsageError for a name that NAME@VERSION could not find again."""
    number = what == "tag" and name.isdigit()
    if not name or "@" in name or name != name.strip() or number or any(ord(c) < 32 for c in name):
        rest = NOT_A_NUMBER if what == "tag" else ""
        raise UsageError(
            f"{name!r} cannot be the name of a {what}.",
            remedy=f"Leave out @, tabs and line breaks, and blanks at either end{rest}.",
        )


def _write(folder: Path, stem: str, addition: Addition, *, by_reference: bool) -> Iterator[tuple[str, durable.Written]]:
    rows = addition.rows
    if rows is not None:
        if ROW_ID in rows.fields.column_names:
            raise InputError(f"a field is called {ROW_ID!r}.", remedy="Rename it.")
        given = rows.fields.column_names and not by_reference  # vectors alone have no fields
        ids = pa.table({ROW_ID: rows.row_ids})
        yield _parquet(
            folder, f"rows/{stem}.parquet", rows.fields.append_column(ROW_ID, rows.row_ids) if given else ids
        )
        yield _array(folder, f"rows/{stem}.content.npy", rows.content)
        if rows.vectors is not None and not by_reference:
            yield _array(folder, f"rows/{stem}.vectors.npy", rows.vectors)
    if addition.edits is not None and len(addition.edits):
        yield _parquet(folder, f"edits/{stem}.parquet", addition.edits)
    if addition.ranks is not None:
        yield _array(folder, f"order/{stem}.npy", addition.ranks.astype(np.int32))
    if addition.evaluation is not None:
        yield f"effects/{stem}.json", durable.write_json(folder / f"effects/{stem}.json", addition.evaluation)


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read one file as it is; `read_table` would load what reads folders of them, which takes longer than the file."""
    with pq.ParquetFile(path, memory_map=True) as file:
        return file.read(columns=None if columns is None else list(columns))


def _read_beside(path: Path, name: str | None, vectors: NDArray[Any] | None) -> pa.Table:
    """Read rows; a field that holds just the vectors that lie beside them becomes a view of these, and is not read."""
    with pq.ParquetFile(path, memory_map=True) as file:
        if name is None or vectors is None or not _holds(file, name, vectors):
            return file.read()
        others = file.read(columns=[one for one in file.schema_arrow.names if one != name])
        place = file.schema_arrow.get_field_index(name)
    same = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
    return others.add_column(place, name, same)


def _holds(file: pq.ParquetFile, name: str, vectors: NDArray[Any]) -> bool:
    """Tell whether a field holds lists of the type and length of the vectors, and no null."""
    same = pa.list_(pa.from_numpy_dtype(vectors.dtype), vectors.shape[1])
    if file.schema_arrow.get_field_index(name) < 0 or not file.schema_arrow.field(name).type.equals(same):
        return False
    groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
    leaves = [i for i in range(file.metadata.num_columns) if file.schema.column(i).path.split(".")[0] == name]
    told = [group.column(leaf).statistics for group in groups for leaf in leaves]
    return all(one is not None and one.null_count == 0 for one in told)


def _parquet(folder: Path, name: str, table: pa.Table) -> tuple[str, durable.Written]:
    return name, durable.write_table(folder / name, table)


def _array(folder: Path, name: str, array: NDArray[Any]) -> tuple[str, durable.Written]:
    return name, durable.write_array(folder / name, array)


def _now(rows: Dataset, segment: int, state: RowState) -> Dataset:
    """Give the rows of a segment that are there, with the labels that they have."""
    if segment in state.labels:
        rows = _relabelled(rows, *state.labels[segment])
    there = state.there[segment]
    return rows if there.all() else rows.take(np.flatnonzero(there))


def _relabelled(rows: Dataset, places: NDArray[np.int64], labels: NDArray[np.object_]) -> Dataset:
    name = rows.roles.label or ""
    column = with_labels(rows.field(name), places, labels.tolist())
    return replace(rows, fields=rows.fields.set_column(rows.fields.column_names.index(name), name, column))


def _joined(parts: Sequence[NDArray[np.floating] | None]) -> NDArray[np.floating]:
    known = [part for part in parts if part is not None]
    return known[0] if len(known) == 1 else np.concatenate(known)
