"""Files that are there whole or not at all, and that tell when they were damaged.

A file is written beside its place, synced, renamed, and its folder synced. Three kinds carry a checksum, CRC-32 as
gzip has it: JSON documents in their member `checksum`, arrays (`.npy`) in a seal behind their values, which every
reader of `.npy` passes over, and all other files in the JSON document that names them.
"""

import errno
import io
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from burnish.errors import DamagedFileError, OutputError, ReadOnlyError

SEAL = b"burnish seal"
"""What stands behind the values of a sealed array, followed by the checksum in four bytes, little-endian."""

BLOCK_BYTES = 16 << 20
DENIED = (errno.EROFS, errno.EACCES, errno.EPERM)
CHECKSUM = "checksum"
WHERE_TO_WRITE = "Make the folder writable, or copy the workspace and name the copy: --workspace DIR."


class Written(NamedTuple):
    """The size of a file and its CRC-32."""

    n_bytes: int
    crc: int


class Writing(io.RawIOBase):
    """A file being written; `written` tells its size and checksum so far."""

    def __init__(self, handle: int) -> None:
        super().__init__()
        self.written = Written(0, 0)
        self._handle = handle

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def tell(self) -> int:
        """Give how many bytes were written."""
        return self.written.n_bytes

    def write(self, data: Any) -> int:
        """Write all of `data`; give how many bytes that were."""
        view = memoryview(data).cast("B")
        written = 0
        while written < len(view):
            written += os.write(self._handle, view[written : written + BLOCK_BYTES])
        self.written = Written(self.written.n_bytes + written, zlib.crc32(view, self.written.crc))
        return written


@contextmanager
def new_file(path: Path) -> Iterator[Writing]:
    """Give a file to write; it takes its place when the block ends, and never does when it fails.

    Raises OutputError when it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        make_folder(path.parent)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            yield Writing(handle)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(partial, path)  # noqa: PTH105 - one door to the system, which tests can count
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and sync where each was entered."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    for one in reversed(missing):
        with suppress(FileExistsError):
            os.mkdir(one)  # noqa: PTH102
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Make sure that what was entered in a folder is on disk."""
    if os.name != "posix":  # pragma: no cover  # Windows has no handle on a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(path: Path, error: OSError) -> OutputError:
    """Give the error of a file that the system did not let write."""
    said = f"{path} cannot be written: {error.strerror or error}."
    if error.errno in DENIED:
        return ReadOnlyError(said, remedy=WHERE_TO_WRITE)
    return OutputError(said, remedy="Free space, make the folder writable, or pass --workspace DIR.")


def can_write(folder: Path) -> bool:
    """Tell whether files can be made in a folder, by whoever this process acts for."""
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def checksum(path: Path) -> Written:
    """Give the size and the CRC-32 of a file."""
    crc, n_bytes = 0, 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            crc, n_bytes = zlib.crc32(block, crc), n_bytes + len(block)
    return Written(n_bytes, crc)


def refuse_damaged(path: Path, expected: tuple[int, int]) -> None:
    """Raise DamagedFileError when a file is not there, or not as it was written."""
    try:
        found = checksum(path)
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
    if found.n_bytes != expected[0]:
        raise damaged(path, f"it has {found.n_bytes:,} bytes of {expected[0]:,}")
    if found.crc != expected[1]:
        raise damaged(path, f"its checksum is {found.crc:08x}, not {expected[1]:08x}")


def damaged(path: Path, reason: str) -> DamagedFileError:
    """Give the error of a file that is not as it was written."""
    return DamagedFileError(
        f"{path} is damaged: {reason}.",
        remedy="Run `burnish verify` to see what else is, restore the file from a copy, or rebuild what can be.",
    )


def write_json(path: Path, document: Mapping[str, Any]) -> Written:
    """Write a document with its checksum in it; give size and checksum of the file.

    Raises ValueError for NaN and infinity, which JSON has not.
    """
    plain = json.loads(json.dumps(document, allow_nan=False))  # as a reader will see it
    with new_file(path) as file:
        text = json.dumps({**plain, CHECKSUM: document_checksum(plain)}, indent=1, ensure_ascii=False)
        file.write(text.encode() + b"\n")
    return file.written


def read_json(path: Path) -> dict[str, Any]:
    """Read a document and make sure of its checksum; raises DamagedFileError, FileNotFoundError."""
    try:
        document = json.loads(path.read_bytes())
        told = document.pop(CHECKSUM)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise damaged(path, f"it is no JSON document with a checksum ({error})") from error
    if told != (found := document_checksum(document)):
        raise damaged(path, f"its checksum is {found}, not {told}")
    return cast("dict[str, Any]", document)


def write_array(path: Path, array: NDArray[Any]) -> Written:
    """Write a `.npy` file with a seal behind its values; give its size and checksum."""
    with new_file(path) as file:
        np.lib.format.write_array(cast("BinaryIO", file), np.asanyarray(array), allow_pickle=False)
        file.write(SEAL + file.written.crc.to_bytes(4, "little"))
    return file.written


def write_table(path: Path, table: pa.Table) -> Written:
    """Write a Parquet file; give its size and checksum."""
    with new_file(path) as file:
        pq.write_table(table, file, compression="zstd")
    return file.written


def read_table(path: Path, expected: tuple[int, int]) -> pa.Table:
    """Read a Parquet file and make sure that it is as it was written; raises DamagedFileError."""
    refuse_damaged(path, expected)
    with pq.ParquetFile(path, memory_map=True) as file:
        return file.read()


def read_array(path: Path, *, writable: bool = False) -> NDArray[Any]:
    """Map a sealed array and make sure of its seal; raises DamagedFileError, FileNotFoundError.

    What is written to a `writable` one stays in this process.
    """
    whole = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
    end = len(whole) - len(SEAL) - 4
    if end < 0 or bytes(whole[end : end + len(SEAL)]) != SEAL:
        raise damaged(path, "its end is missing")
    crc = 0
    for start in range(0, end, BLOCK_BYTES):
        crc = zlib.crc32(whole[start : min(end, start + BLOCK_BYTES)].data, crc)
    if crc != (told := int.from_bytes(bytes(whole[end + len(SEAL) :]), "little")):
        raise damaged(path, f"its checksum is {crc:08x}, not {told:08x}")
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="c" if writable else "r", allow_pickle=False)
    except ValueError:  # an array of no values cannot be mapped
        array = np.load(path, allow_pickle=False)
    return array


def document_checksum(document: Mapping[str, Any]) -> str:
    """Give the checksum of a JSON document, however it is laid out: eight hexadecimal digits."""
    return f"{zlib.crc32(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()):08x}"
