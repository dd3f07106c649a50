"""Parquet files, and Arrow IPC files and streams (Feather version 2), memory-mapped."""

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

from burnish.adapters.sources.files import DataFile
from burnish.adapters.sources.opened import Given, Guess
from burnish.errors import InputError

ARROW_FILE_MAGIC = b"ARROW1"
FEATHER_V1_MAGIC = b"FEA1"


def read_parquet(file: DataFile, given: Given) -> tuple[pa.Table, list[Guess]]:
    """Give the fields of one Parquet file; raises InputError when it is not one."""
    del given
    try:
        with pq.ParquetFile(file.open()) as opened:
            return opened.read(), []
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _corrupt(file, "a Parquet file", error) from error


def read_arrow(file: DataFile, given: Given) -> tuple[pa.Table, list[Guess]]:
    """Give the fields of one Arrow IPC file or stream, without copying them when they are local."""
    del given
    try:
        opened = file.open()
        magic = opened.read(len(ARROW_FILE_MAGIC))
        opened.seek(0)
        if magic == ARROW_FILE_MAGIC:
            return pa.ipc.open_file(opened).read_all(), []
        if magic.startswith(FEATHER_V1_MAGIC):
            return feather.read_table(opened), []
        return pa.ipc.open_stream(opened).read_all(), []
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _corrupt(file, "an Arrow file", error) from error


def _corrupt(file: DataFile, kind: str, error: Exception) -> InputError:
    reason = str(error).partition("\n")[0].rstrip(".")
    return InputError(
        f"{file.path!r} cannot be read as {kind}: {reason}.",
        remedy="The file is damaged, cut off, or of another kind: write it again or correct its suffix.",
    )
