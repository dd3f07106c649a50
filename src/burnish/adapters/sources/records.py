"""Python records (dicts) to an Arrow table, a batch at a time; a field of mixed scalars becomes strings."""

import json
import numbers
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from burnish.adapters.sources.opened import Guess
from burnish.adapters.sources.tables import concatenate
from burnish.errors import InputError

BATCH_ROWS = 8192
SCALARS = {"number", "string", "truth value"}

Record: TypeAlias = Mapping[str, Any]
Numbered: TypeAlias = Iterable[tuple[int, Record]]
"""Records with the number of their line (or of their place in a list)."""


def records_table(records: Callable[[], Numbered], where: str) -> tuple[pa.Table, list[Guess]]:
    """Give the records as a table with every field that any record has; `where` names a place for errors.

    `records` is called twice: once to see the types, once to build. Numbers, strings and truth
    values in one field become strings, which a note tells; a list or struct beside a scalar
    raises InputError with the line.
    """
    kinds = _kinds(records(), where)
    mixed = {name for name, seen in kinds.items() if len(seen) > 1}
    numbered = iter(records())
    tables = []
    while batch := [record for _, record in islice(numbered, BATCH_ROWS)]:
        tables.append(_batch_table(batch, kinds, mixed, where))
    if not tables:
        return pa.table({}), []
    notes = [
        Guess("note", name, f"holds {' and '.join(sorted(kinds[name]))}s; kept as strings") for name in sorted(mixed)
    ]
    return concatenate(tables, where), notes


def _kinds(records: Numbered, where: str) -> dict[str, dict[str, int]]:
    """Field → kind of value → line where it is first seen."""
    kinds: dict[str, dict[str, int]] = {}
    for line, record in records:
        for name, value in record.items():
            seen = kinds.setdefault(str(name), {})
            if value is not None:
                kind = _kind(value)
                if kind not in seen:
                    seen[kind] = line
                    _refuse_mixture(str(name), seen, where)
    return kinds


def _refuse_mixture(name: str, seen: Mapping[str, int], where: str) -> None:
    if len(seen) > 1 and not set(seen) <= SCALARS:
        (old, first), *_, (new, line) = seen.items()
        raise InputError(
            f"{where} {line}: field {name!r} holds a {new}, but a {old} in the one numbered {first}.",
            remedy="Give a field one type.",
        )


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, (bool, np.bool_)):
        return "truth value"
    if isinstance(value, numbers.Number):
        return "number"
    if isinstance(value, Mapping):
        return "struct"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "list"
    return type(value).__name__


def _batch_table(batch: list[Record], kinds: Iterable[str], mixed: set[str], where: str) -> pa.Table:
    columns = {name: _column(name, batch, where, as_text=name in mixed) for name in kinds}
    return pa.table(columns)


def _column(name: str, batch: list[Record], where: str, *, as_text: bool) -> pa.Array:
    values = (record.get(name) for record in batch)
    try:
        return pa.array(list(_strings(values)) if as_text else list(values))
    except (pa.ArrowException, OverflowError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")[:200]
        raise InputError(
            f"{where}: field {name!r} cannot be kept as one type: {reason}.", remedy="Give a field one type."
        ) from error


def _strings(values: Iterable[Any]) -> Iterator[str | None]:
    for value in values:
        yield value if value is None or isinstance(value, str) else json.dumps(value, default=str)
