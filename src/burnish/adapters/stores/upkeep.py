"""Upkeep of a workspace: make sure of every file, and free what no version needs."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import FileLock, Timeout

from burnish.adapters import durable
from burnish.adapters.stores.history import HistoryStore
from burnish.adapters.stores.local import LocalStore
from burnish.adapters.stores.locks import LockStore
from burnish.adapters.stores.reviews import cut_torn, orphans, read_journal
from burnish.dataset.history import Version
from burnish.errors import DamagedFileError, InputError

PARTS = ("rows", "edits", "order", "effects", "audits", "compared")


class Problem(NamedTuple):
    """A file that is not as it was written. `rebuilt`: whether the next run makes it again by itself."""

    path: str
    reason: str
    rebuilt: bool


class Freed(NamedTuple):
    """How many bytes were, or would be, freed: of what kind."""

    kind: str
    n_bytes: int


@dataclass(frozen=True)
class Upkeep:
    """Looks after the workspace at `root`."""

    root: Path

    @property
    def _history(self) -> HistoryStore:
        return HistoryStore(self.root / "datasets")

    def problems(self) -> list[Problem]:
        """Give every file that is damaged or missing, those that cannot be made again first."""
        found = [*self._history_problems(), *self._lock_problems(), *self._cache_problems()]
        return sorted(found, key=lambda problem: (problem.rebuilt, problem.path))

    def _history_problems(self) -> Iterator[Problem]:
        for folder in sorted(path.parent for path in (self.root / "datasets").glob("*/versions")):
            numbers = sorted(int(path.stem) for path in folder.glob("versions/*.json") if path.stem.isdigit())
            for gap in sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers)):
                yield Problem(str(folder / f"versions/{gap:06d}.json"), "it is not there", rebuilt=False)
            documents = [folder / "about.json", *folder.glob("tags.json"), *sorted(folder.glob("tried/*.json"))]
            yield from (found for path in documents for found in _problem(path, rebuilt=False))
            for path in sorted(folder.glob("versions/*.json")):
                yield from self._version_problems(folder, path)
            for path in _orphans(folder):
                yield Problem(
                    str(path), "no record names it: a write was interrupted, or the record is lost", rebuilt=True
                )
            yield from _review_problems(folder)
            for path in sorted(folder.glob("measured/*.json")):
                yield from _problem(path, rebuilt=True)
            for path in sorted([*folder.glob("audits/*.json"), *folder.glob("compared/*.json")]):
                yield from _problem(path, rebuilt=True)
                yield from (
                    p for name, told in _named(path).items() for p in _problem(folder / name, told, rebuilt=True)
                )

    def _version_problems(self, folder: Path, path: Path) -> Iterator[Problem]:
        unreadable = list(_problem(path, rebuilt=False))
        yield from unreadable
        if not unreadable:
            for name, told in _named(path).items():
                yield from _problem(folder / name, told, rebuilt=False)

    def _lock_problems(self) -> Iterator[Problem]:
        for path in sorted((self.root / "locks").glob("*.parquet")):
            try:
                LockStore(path.parent).read(path)
            except InputError as error:
                yield Problem(str(path), str(error.args[0]).partition(" is damaged: ")[2].rstrip("."), rebuilt=False)

    def _cache_problems(self) -> Iterator[Problem]:
        for path in sorted([*(self.root / "vectors").glob("*/*.npy"), *(self.root / "evidence").rglob("*.npy")]):
            if not path.name.startswith("."):
                yield from _problem(path, rebuilt=True)

    def discard(self, problems: list[Problem]) -> None:
        """Remove the damaged files that the next run makes again; raises ReadOnlyError where it may not."""
        for problem in problems:
            if problem.rebuilt:
                _unlink(Path(problem.path))

    def free(self, *, dry_run: bool = False) -> list[Freed]:
        """Free what no version needs: give how many bytes of each kind.

        That is what an interruption left, vectors of rows that are in no version, and evidence, which can be made
        again, but for the newest audited version of each data set and those with a tag. Raises DamagedFileError when
        a record cannot be read: what it needs is not known.
        """
        names = self._history.names()
        keys: set[str] = set()
        content = [np.empty((0, 2), np.uint64)]
        left = 0
        for name in names:
            with self._history.writing(name) as folder:
                versions = self._history.versions(name)
                left += _remove(_orphans(folder), dry_run=dry_run)
                left += sum(cut_torn(path, dry_run=dry_run) for path in folder.glob("reviews/*.jsonl"))
                keys |= self._needed_evidence(name, versions)
                brought = [number for number, version in versions.items() if version.n_segment]
                content += [durable.read_array(folder / f"rows/{number:06d}.content.npy") for number in brought]
        return [
            Freed("interrupted writes", left + self._partials(dry_run=dry_run)),
            Freed("evidence", self._folders("evidence", keys, dry_run=dry_run)),
            Freed("intermediate results", self._folders("work", set(), dry_run=dry_run)),
            Freed("vectors", LocalStore(self.root / "vectors").keep_only(np.concatenate(content), dry_run=dry_run)),
        ]

    def _needed_evidence(self, name: str, versions: Mapping[int, Version]) -> set[str]:
        facts = {number: self._history.audit_facts(version) for number, version in versions.items()}
        audited = {number: str(one["key"]) for number, one in facts.items() if one is not None}
        named = {*self._history.tags(name).values(), max(audited, default=0)}
        return {key for number, key in audited.items() if number in named}

    def _partials(self, *, dry_run: bool) -> int:
        """Remove files that were being written to caches when a process died."""
        with LocalStore(self.root / "vectors").writing():
            return _remove(list((self.root / "vectors").rglob(".*.tmp")), dry_run=dry_run)

    def _folders(self, kind: str, kept: set[str], *, dry_run: bool) -> int:
        """Remove folders that are not kept and that no process has."""
        freed = 0
        for folder in sorted(path for path in (self.root / kind).glob("*") if path.is_dir()):
            lock = FileLock(f"{folder}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            except OSError as error:
                raise durable.unwritable(folder, error) from error
            try:
                gone = [path for path in folder.rglob("*") if path.is_file()]
                if folder.name in kept:
                    gone = [path for path in gone if path.name.endswith(".tmp")]
                freed += sum(path.stat().st_size for path in gone)
                if folder.name not in kept and not dry_run:
                    shutil.rmtree(folder)
                elif not dry_run:
                    _remove(gone, dry_run=False)
            finally:
                lock.release()
        return freed


def _review_problems(folder: Path) -> Iterator[Problem]:
    """Give what is wrong with reviews and sets of rows; a last event that was cut short was told to nobody."""
    for path in sorted([*folder.glob("reviews/*.jsonl"), *folder.glob("sets/*.json")]):
        yield from _problem(path, rebuilt=False)
        named = {} if path.suffix == ".jsonl" else _named(path)
        yield from (found for name, told in named.items() for found in _problem(folder / name, told, rebuilt=False))


def _problem(path: Path, told: tuple[int, int] | None = None, *, rebuilt: bool) -> Iterator[Problem]:
    try:
        if told is not None:
            durable.refuse_damaged(path, told)
        elif path.suffix == ".json":
            durable.read_json(path)
        elif path.suffix == ".jsonl":
            read_journal(path)
        else:
            durable.read_array(path)
    except DamagedFileError as error:
        yield Problem(str(path), str(error.args[0]).partition(" is damaged: ")[2].rstrip("."), rebuilt)
    except OSError as error:
        yield Problem(str(path), error.strerror or str(error), rebuilt)


def _named(path: Path) -> dict[str, tuple[int, int]]:
    """Give the files that a record names, none where it cannot be read."""
    try:
        return {name: (int(size), int(crc)) for name, (size, crc) in durable.read_json(path)["files"].items()}
    except (InputError, KeyError, TypeError, ValueError):
        return {}


def _orphans(folder: Path) -> list[Path]:
    """Give the files of a data set that no record names, and those that were being written when a process died.

    Those of a version whose record is there but cannot be read are none.
    """
    versions = sorted(folder.glob("versions/*.json"))
    answers = sorted([*folder.glob("audits/*.json"), *folder.glob("compared/*.json")])
    named = {name for path in (*answers, *versions) for name in _named(path)} | {
        str(p.relative_to(folder)) for p in answers
    }
    stems = {path.stem for path in versions if not _named(path)}
    there = [path for part in PARTS for path in (folder / part).glob("*") if path.is_file()]
    beside = [path for part in ("versions", "tried", "measured") for path in folder.glob(f"{part}/.*.tmp")]
    partial = [*folder.glob(".*.tmp"), *beside]
    left = [p for p in there if str(p.relative_to(folder)) not in named and p.name[:6] not in stems]
    return left + partial + orphans(folder)


def _remove(paths: list[Path], *, dry_run: bool) -> int:
    freed = sum(path.stat().st_size for path in paths)
    if not dry_run:
        for path in paths:
            _unlink(path)
    return freed


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise durable.unwritable(path.parent, error) from error
