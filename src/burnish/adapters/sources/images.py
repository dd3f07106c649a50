"""Folders of images, and image paths in fields: never a file outside the source's own folder."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from burnish.adapters.sources.files import IMAGE_SUFFIXES, DataFile
from burnish.adapters.sources.opened import Guess, Opened
from burnish.errors import InputError, UsageError

SPLIT_NAMES = frozenset(
    ("train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval", "evaluation", "holdout")
)
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")


def open_images(files: list[DataFile], root: Path | None, name: str) -> Opened:
    """Give one row an image: its path below `root`, its sub-folder as `label`, and as `split` a level above.

    `root/cat/1.jpg` has label cat; `root/train/cat/1.jpg` split train and label cat; images right
    in `root` have neither. A link that leads out of `root` raises InputError.
    """
    if root is None:
        raise UsageError("images are read from this machine only.", remedy="Download the folder first.")
    paths = [os.path.relpath(file.path, root) for file in files]
    resolve_all(root, paths)
    folders = [Path(path).parts[:-1] for path in paths]
    in_splits = all(parts and parts[0].lower() in SPLIT_NAMES for parts in folders)
    fields: dict[str, list[str | None]] = {"path": list(paths)}
    notes = [Guess("image", "path", f"{len(paths)} image files")]
    if in_splits:
        fields["split"] = [parts[0] for parts in folders]
        folders = [parts[1:] for parts in folders]
    if any(folders):
        fields["label"] = [parts[0] if parts else None for parts in folders]
    table = pa.table({key: pa.array(values, pa.string()) for key, values in fields.items()})
    return Opened(table, name, folder=root, notes=tuple(notes))


def resolve_all(root: Path | None, paths: Iterable[str | None]) -> list[Path | None]:
    """Give each path as a real file, None where there is none; `root` None: the caller's own paths.

    Raises InputError for a path that leads out of `root`, by `..`, from `/`, or through a link: a
    table from elsewhere must not name which files of this machine are read.
    """
    bound = None if root is None else root.resolve()
    return [None if path is None else _resolve(bound, path) for path in paths]


def _resolve(bound: Path | None, path: str) -> Path | None:
    if "\0" in path:
        return None
    found = Path(path).resolve() if bound is None else (bound / path).resolve()
    if bound is not None and not found.is_relative_to(bound):
        raise InputError(
            f"the image path {path!r} leads out of {str(bound)!r}.",
            remedy="Image paths are relative to the folder of the source: move the images or the source.",
        )
    return found if found.is_file() else None


def resolve_paths(opened: Opened, paths: Iterable[str | None]) -> list[Path | None]:
    """Give the files of the image paths of a source; raises InputError where they may not be read."""
    if opened.folder is None and not opened.own_paths:
        listed = list(paths)
        if any(path is not None for path in listed):
            raise InputError(
                f"{opened.name} is not on this machine, so its image paths lead nowhere.",
                remedy="Download it with its images, or put the image bytes into the field.",
            )
        return [None] * len(listed)
    return resolve_all(opened.folder, paths)


def file_digest(path: Path | None, given: str | None) -> bytes:
    """Give the 128-bit digest of the file's bytes; of the path as given where no file can be read."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        if path is not None:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
            return digest.digest()
    except OSError:
        digest = hashlib.blake2b(digest_size=16)
    # An image that cannot be read is a row like any other: a check reports it, nothing stops here.
    digest.update(b"\0unreadable\0" + (given or "").encode())
    return digest.digest()


def looks_like_image(head: bytes) -> bool:
    """Tell whether bytes begin like an image file."""
    return head.startswith(MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def has_image_suffix(path: str) -> bool:
    """Tell whether a string ends like the name of an image file."""
    return path.lower().endswith(IMAGE_SUFFIXES)
