"""What a step gave, kept in a scratch, so that an audit that was interrupted does not run it again."""

import json

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Summary
from burnish.errors import DamagedFileError
from burnish.kernels.items import Scratch

Parts = list[Column | Summary]


def keep_parts(scratch: Scratch, recipe: str, parts: Parts) -> Parts:
    """Leave the columns and summaries that a step gave by `recipe`, and give them back, from where they lie now."""
    for part in parts:
        scratch.put(place(recipe, part.name), part.values if isinstance(part, Column) else table_bytes(part.table))
    contents = [[part.name, part.scope if isinstance(part, Column) else None] for part in parts]
    scratch.put(place(recipe, "@parts"), np.frombuffer(json.dumps(contents).encode(), np.uint8))
    return kept_parts(scratch, recipe) or []


def kept_parts(scratch: Scratch, recipe: str) -> Parts | None:
    """Give what was left by `recipe`, None where it was not, or not all of it, or where it was damaged since."""
    if not scratch.has(place(recipe, "@parts")):
        return None
    try:
        return _read_parts(scratch, recipe)
    except (DamagedFileError, FileNotFoundError):  # it is made again, and takes the place of what is there
        return None


def _read_parts(scratch: Scratch, recipe: str) -> Parts:
    contents = json.loads(bytes(scratch.get(place(recipe, "@parts"))))
    arrays = {name: scratch.get(place(recipe, name)) for name, _ in contents}
    return [
        Summary(name, _table_of(arrays[name]), recipe) if scope is None else Column(name, arrays[name], scope, recipe)
        for name, scope in contents
    ]


def table_bytes(table: pa.Table) -> NDArray[np.uint8]:
    """Give a table as the bytes of an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return np.frombuffer(sink.getvalue(), np.uint8)


def place(recipe: str, name: str) -> str:
    """Give the name under which a part lies that was given by `recipe`."""
    return f"steps/{recipe}/{name}"


def _table_of(array: NDArray[np.generic]) -> pa.Table:
    return pa.ipc.open_stream(pa.BufferReader(array.tobytes())).read_all()
