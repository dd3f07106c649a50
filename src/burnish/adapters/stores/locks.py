"""Locks in a local folder: a Parquet file each."""

import re
from pathlib import Path
from typing import cast, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from burnish.adapters import durable
from burnish.dataset import Dataset
from burnish.dataset.locks import Lock, Origin, compare
from burnish.errors import InputError

FORMAT = "1"
COLUMNS = ("content_low", "content_high", "label")
TOLD = ("name", "version", "locked_at", "origin", "label")


class LockStore:
    """Keeps locks under `folder`; nothing is created there before the first is kept.

    A file holds a line for each row (`row_id`, and digests of content and label) and, in its metadata, the rest of
    the lock and its fingerprint. It is written beside its place, synced and renamed.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def find(self, dataset: Dataset) -> Lock | None:
        """Give the lock that belongs to the data set, of its own name rather than another, then the newest; or None.

        The name does not decide, since a curated version may be read from a file of another name; the label field
        does, since rows with another label are another task. Raises InputError for a file that is damaged: it may
        be the one.
        """
        every = (self.read(path) for path in sorted(self.folder.glob("*.parquet")))
        locks = [lock for lock in every if lock.label == (dataset.roles.label or "")]
        locks.sort(key=lambda lock: (lock.name == dataset.name, lock.locked_at), reverse=True)
        return next((lock for lock in locks if compare(lock, dataset).belongs), None)

    def keep(self, lock: Lock) -> Path:
        """Write the lock, over one of the same rows; give its place. Raises OutputError when it cannot be written."""
        slug = re.sub(r"[^a-z0-9]+", "-", lock.name.lower())[:40].strip("-")
        path = self.folder / f"{slug or 'dataset'}-{lock.fingerprint}.parquet"
        with durable.new_file(path) as file:
            pq.write_table(_table(lock), file)
        return path

    def read(self, path: Path) -> Lock:
        """Read a lock and make sure of its fingerprint; raises InputError for a file that is damaged."""
        try:
            return _lock(pq.read_table(path, partitioning=None))
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"the lock of evaluation rows in {path} is damaged: {reason}.",
                remedy="Restore the file from a copy, or delete it and lock the rows anew with --relock.",
            ) from error


def _table(lock: Lock) -> pa.Table:
    columns = {name: pa.array(lock.digests[:, i].copy()) for i, name in enumerate(COLUMNS)}
    told = {name: getattr(lock, name) for name in TOLD} | {"fingerprint": lock.fingerprint, "format": FORMAT}
    metadata = {f"burnish.lock.{name}": value for name, value in told.items()}
    return pa.table({"row_id": lock.row_ids, **columns}).replace_schema_metadata(metadata)


def _lock(table: pa.Table) -> Lock:
    metadata = table.schema.metadata or {}
    told = {name: metadata[f"burnish.lock.{name}".encode()].decode() for name in (*TOLD, "fingerprint", "format")}
    if told["format"] != FORMAT or told["origin"] not in get_args(Origin):
        raise ValueError(f"format {told['format']}, origin {told['origin']!r} are not known to this burnish")
    digests = np.column_stack([np.asarray(table.column(name).to_numpy(), np.uint64) for name in COLUMNS])
    row_ids = table.column("row_id").cast(pa.string()).combine_chunks()
    origin = cast("Origin", told["origin"])
    lock = Lock(told["name"], told["version"], told["locked_at"], origin, row_ids, digests, told["label"])
    if lock.fingerprint != told["fingerprint"]:
        raise ValueError(f"its rows have the fingerprint {lock.fingerprint}, not {told['fingerprint']}")
    return lock
