"""Data files behind a path, a glob, a folder or a URI, and what kind they are."""

import difflib
import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyarrow import fs

from burnish.errors import InputError, UsageError

KINDS = {
    ".parquet": "parquet", ".pq": "parquet",
    ".csv": "delimited", ".tsv": "delimited",
    ".jsonl": "json lines", ".ndjson": "json lines", ".json": "json lines",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
    ".npy": "numpy", ".npz": "numpy",
    ".jpg": "image", ".jpeg": "image", ".png": "image", ".webp": "image", ".bmp": "image",
    ".gif": "image", ".tif": "image", ".tiff": "image",
}  # fmt: skip
IMAGE_SUFFIXES = tuple(suffix for suffix, kind in KINDS.items() if kind == "image")
COMPRESSIONS = (".gz", ".bz2", ".zst")
REMOTE_SCHEMES = ("s3", "gs")
READABLE = "Readable: Parquet, CSV, JSONL, Arrow/Feather, .npy/.npz, a folder of images."


@dataclass(frozen=True)
class DataFile:
    """One file on some file system."""

    path: str
    filesystem: fs.FileSystem

    @property
    def local(self) -> Path | None:
        """The path on this machine, or None for a remote file."""
        return Path(self.path) if isinstance(self.filesystem, fs.LocalFileSystem) else None

    @property
    def kind(self) -> str | None:
        """What the name says the file is, or None."""
        name = PurePath(self.path.lower())
        return KINDS.get(PurePath(name.stem).suffix if self.compressed else name.suffix)

    @property
    def compressed(self) -> bool:
        """Whether the name says that the bytes are compressed."""
        return self.path.lower().endswith(COMPRESSIONS)

    @property
    def size(self) -> int:
        """Size in bytes."""
        return int(self.filesystem.get_file_info(self.path).size)

    def open(self) -> pa.NativeFile:
        """Open for reading anywhere in the file; memory-mapped when local."""
        return self.filesystem.open_input_file(self.path)

    def stream(self) -> pa.NativeFile:
        """Open for reading from start to end, decompressed by the name."""
        return self.filesystem.open_input_stream(self.path)


@dataclass(frozen=True)
class Located:
    """The files of a source, sorted by path; `folder` is the local folder that bounds its image paths."""

    files: list[DataFile]
    folder: Path | None


def locate(source: str | os.PathLike[str]) -> Located:
    """Give the files of a path, glob, folder or URI.

    The folder of a named folder is itself, else the one that the files share.

    Raises InputError when there is none (with the nearest name), UsageError for an unknown scheme.
    """
    text = os.fspath(source)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", text)
    if scheme is None:
        return _local(text)
    if scheme[1].lower() == "file":
        return _local(unquote(urlsplit(text).path))
    if scheme[1].lower() in REMOTE_SCHEMES:
        return _remote(text)
    raise UsageError(
        f"{scheme[1]}:// is not a scheme that can be read: {text!r}.",
        remedy="Use a path, file://, s3:// or gs://; download anything else first.",
    )


def _local(text: str) -> Located:
    path = Path(text).expanduser().absolute()
    if path.is_dir():
        found = _walk(path)
        if not found:
            raise InputError(f"the folder {text!r} holds no file that can be read.", remedy=READABLE)
    elif path.exists():
        found = [path]
    elif glob.has_magic(text):
        matches = map(Path, glob.glob(str(path), recursive=True))  # noqa: PTH207  # patterns may be absolute
        found = sorted(match for match in matches if match.is_file())
        if not found:
            raise InputError(f"no file matches {text!r}.", remedy="Check the pattern, and quote it in a shell.")
    else:
        raise InputError(f"no such file: {text!r}.", remedy=_nearest(path))
    system = fs.LocalFileSystem(use_mmap=True)
    folder = path if path.is_dir() else Path(os.path.commonpath([p.parent for p in found]))
    return Located([DataFile(str(p), system) for p in found], folder)


def _walk(folder: Path) -> list[Path]:
    """Data files below a folder, hidden ones and files of other kinds left out."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        _refuse_links_out(folder, [Path(parent, name) for name in folders])
        paths = (Path(parent, name) for name in names if not name.startswith("."))
        found += [path for path in paths if DataFile(str(path), fs.LocalFileSystem()).kind is not None]
    return sorted(found)


def _refuse_links_out(root: Path, folders: list[Path]) -> None:
    """Links to folders are not followed; one that leads out of `root` is no mere second way to the same files."""
    for link in folders:
        if link.is_symlink() and not link.resolve().is_relative_to(root.resolve()):
            raise InputError(
                f"the link {str(link)!r} leads out of {str(root)!r}.",
                remedy="Pass the folder that it leads to, or copy the files.",
            )


def _nearest(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"The folder {str(folder)!r} does not exist either."
    near = difflib.get_close_matches(path.name, [entry.name for entry in folder.iterdir()], n=1)
    return f"Did you mean {str(folder / near[0])!r}?" if near else "Check the path."


def _remote(uri: str) -> Located:
    try:
        system, path = fs.FileSystem.from_uri(uri)
        info = system.get_file_info(path)
        if info.type == fs.FileType.Directory:
            entries = system.get_file_info(fs.FileSelector(path, recursive=True))
            files = [DataFile(e.path, system) for e in entries if e.type == fs.FileType.File]
            found = sorted((f for f in files if f.kind is not None), key=lambda f: f.path)
        else:
            found = [DataFile(path, system)] if info.type == fs.FileType.File else []
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{uri!r} cannot be read: {error}.", remedy="Check the address and your credentials."
        ) from error
    if not found:
        raise InputError(f"nothing that can be read at {uri!r}.", remedy=READABLE)
    return Located(found, None)
