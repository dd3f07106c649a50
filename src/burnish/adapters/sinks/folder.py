"""FolderSink: the files of one run into a folder, whole or not at all."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from burnish.adapters.durable import sync_folder
from burnish.errors import OutputError, UsageError

REMEDIES = {
    errno.ENOSPC: "Free some space, or choose another disk with --out.",
    errno.EDQUOT: "Free some space, or choose another disk with --out.",
    errno.EACCES: "Choose a folder that you may write to with --out.",
    errno.EPERM: "Choose a folder that you may write to with --out.",
    errno.EROFS: "Choose a folder that you may write to with --out.",
}

Content: TypeAlias = bytes | str | pa.Table | Callable[[Path], None]
"""What is written: bytes, text (as UTF-8), a table (as Parquet), or what writes a file or a folder at a path itself.

A writer runs after the contents that are named before it, and finds them beside its path.
"""


@dataclass(frozen=True)
class FolderSink:
    """Writes into `folder`, which need not exist; files of other names in it stay as they are.

    `owned`: names that belong to a run; one that is there and not written anew is removed, so that
    the folder never mixes two runs.
    """

    folder: Path
    owned: frozenset[str] = frozenset()

    def write(self, files: Mapping[str, Content]) -> dict[str, str]:
        """Write name → content; give name → path.

        All content is on disk under a hidden name before the first file appears; then each is
        renamed over its predecessor. On any error, and on Ctrl-C, what was there before is there
        again. Raises OutputError with a remedy, UsageError for a name that is a path.
        """
        for name in files:
            if name in ("", ".", "..") or Path(name).name != name:
                raise UsageError(f"{name!r} is no file name.", remedy="Give plain names without folders.")
        with _told(self.folder):
            if self.folder.is_dir():
                self._replace_files(files)
            else:
                self._create_folder(files)
        return {name: str(self.folder / name) for name in files}

    def _create_folder(self, files: Mapping[str, Content]) -> None:
        with ExitStack() as undo:
            for parent in reversed([p for p in self.folder.absolute().parents if not p.exists()]):
                parent.mkdir()
                undo.callback(_remove_if_empty, parent)
            draft = _draft_folder(self.folder.absolute().parent, undo)
            _write_all(draft, files)
            draft.rename(self.folder)
            undo.pop_all()
        sync_folder(self.folder.absolute().parent)

    def _replace_files(self, files: Mapping[str, Content]) -> None:
        # The draft lies inside: the folder may be a mount point, and renames do not cross file systems.
        with ExitStack() as cleanup:
            draft = _draft_folder(self.folder, cleanup)
            _write_all(draft, files)
            former = draft / "former"
            former.mkdir()
            with ExitStack() as undo:
                for name in files:
                    _swap(draft / name, self.folder / name, former / name, undo)
                for name in self.owned - files.keys():
                    _retire(self.folder / name, former / name, undo)
                undo.pop_all()
            sync_folder(self.folder)


def _draft_folder(parent: Path, cleanup: ExitStack) -> Path:
    draft = parent / f".burnish-{secrets.token_hex(6)}"
    cleanup.callback(shutil.rmtree, draft, ignore_errors=True)
    draft.mkdir()
    return draft


def _swap(new: Path, place: Path, former: Path, undo: ExitStack) -> None:
    """Rename `new` to `place`; `undo` puts back what was there. A folder takes the place of a folder only."""
    if new.is_dir():
        _swap_folder(new, place, former, undo)
        return
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(place))
    if place.exists():
        _keep(place, former)
        undo.callback(former.replace, place)
    else:
        undo.callback(place.unlink, missing_ok=True)
    new.replace(place)


def _swap_folder(new: Path, place: Path, former: Path, undo: ExitStack) -> None:
    """The same of a folder, which no rename replaces: for a moment there is none."""
    if place.exists():
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "is a file", str(place))
        place.replace(former)
        undo.callback(former.replace, place)
    new.replace(place)
    undo.callback(place.replace, new)


def _retire(place: Path, former: Path, undo: ExitStack) -> None:
    """Take the file of an earlier run away; `undo` puts it back."""
    if place.is_file():
        place.replace(former)
        undo.callback(former.replace, place)


def _keep(place: Path, former: Path) -> None:
    """Keep the old file under a second name, so that the rename over it leaves no moment without a file."""
    try:
        former.hardlink_to(place)
    except OSError:  # a file system without hard links
        shutil.copy2(place, former)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _write_all(folder: Path, files: Mapping[str, Content]) -> None:
    for name, content in files.items():
        if callable(content):
            content(folder / name)
            _sync_written(folder / name)
            continue
        with (folder / name).open("wb") as file:
            if isinstance(content, pa.Table):
                pq.write_table(content, file, compression="zstd")
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
    sync_folder(folder)


def _sync_written(place: Path) -> None:
    for path in (place, *place.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb+") as file:
                os.fsync(file.fileno())


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = REMEDIES.get(error.errno or 0, "Choose another folder with --out.")
        raise OutputError(
            f"{str(folder)!r} cannot be written: {reason}. Nothing in it was changed.", remedy=remedy
        ) from error
