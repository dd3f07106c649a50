"""What was measured and compared, kept beside the versions of a data set (docs/format.md).

The same question has the same key, so an answer takes the place of a former one to it.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from burnish.adapters import durable
from burnish.adapters.stores.history import HistoryStore
from burnish.dataset.history import Version
from burnish.errors import NotThereError

KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class MeasuredStore:
    """Measurements and comparisons of the data sets of `history`; readers need no lock."""

    history: HistoryStore

    def keep_measured(self, version: Version, measured: Mapping[str, Any]) -> None:
        """Write a measurement of what made a version, or of its review, under its `key`."""
        with self.history.writing(version.dataset) as folder:
            durable.write_json(folder / f"measured/{version.number:06d}-{measured['key']}.json", measured)

    def measured(self, version: Version) -> list[dict[str, Any]]:
        """Give what was measured of a version, newest first."""
        paths = self.history.folder(version.dataset).glob(f"measured/{version.number:06d}-*.json")
        return _newest_first(paths)

    def keep_compared(self, name: str, compared: Mapping[str, Any], outcomes: pa.Table) -> None:
        """Write a comparison under its `key`, and what became of every row that was compared."""
        key = str(compared["key"])
        with self.history.writing(name) as folder:
            rows = f"compared/{key}-{secrets.token_hex(4)}.parquet"
            files = {rows: durable.write_table(folder / rows, outcomes)}
            durable.write_json(folder / f"compared/{key}.json", {**compared, "files": files})
            for old in folder.glob(f"compared/{key}-*"):
                if old.name != Path(rows).name:
                    old.unlink()

    def comparisons(self, name: str) -> list[dict[str, Any]]:
        """Give the comparisons of a data set, newest first."""
        return _newest_first(self.history.folder(name).glob("compared/*.json"))

    def compared(self, key: str) -> dict[str, Any]:
        """Give a comparison, of whatever data set; raises NotThereError where there is none."""
        return durable.read_json(self._record(key))

    def outcomes(self, key: str) -> pa.Table:
        """Give what became of every row of a comparison; raises NotThereError, DamagedFileError."""
        record = self._record(key)
        [(name, told)] = durable.read_json(record)["files"].items()
        return durable.read_table(record.parent.parent / name, told)

    def _record(self, key: str) -> Path:
        found = list(self.history.root.glob(f"*/compared/{key}.json")) if KEY.fullmatch(key) else []
        if not found:
            raise NotThereError(
                f"the workspace {self.history.root.parent} holds no comparison {key[:40]!r}.",
                remedy="Compare the two again: the page Compare lists what is kept.",
            )
        return found[0]


def _newest_first(paths: Iterable[Path]) -> list[dict[str, Any]]:
    found = [durable.read_json(path) for path in paths]
    return sorted(found, key=lambda one: (str(one["created"]), str(one["key"])), reverse=True)
