"""Media: pictures and sound of rows, told by what they begin with, and pictures made anew from their pixels."""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Literal, NamedTuple, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from burnish.adapters.embedders.pictures import PictureReader
from burnish.adapters.embedders.thumbnails import webp
from burnish.adapters.sources.digests import digest_values, join_digests
from burnish.adapters.sources.files import IMAGE_SUFFIXES
from burnish.adapters.sources.images import looks_like_image, resolve_all
from burnish.adapters.sources.tables import is_bytes, is_image_struct, is_text
from burnish.dataset import Dataset
from burnish.errors import InputError, NotThereError

Media = Literal["image", "audio"]
Content: TypeAlias = "pa.Buffer | Path"

SIZES = (64, 96, 192, 256, 512, 1024, 2048)
"""Longest sides of pictures in pixels: a few, so that few are kept."""
QUALITY = 80
KEPT_BYTES = 64 * 2**20
SOUND_BYTES = 100 * 10**6
SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a")
HEAD = 16
PIECE_BYTES = 2**20
MAX_PATH = 1_000
_SUFFIX = r"(?i)\.(" + "|".join(suffix[1:] for suffix in (*SOUND_SUFFIXES, *IMAGE_SUFFIXES)) + ")$"
_RANGE = re.compile(r"bytes\s*=\s*([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)
_M4A_BRANDS = (b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso5", b"iso6", b"dash")


class Sound(NamedTuple):
    """Sound as it is stored, its type by its first bytes, and how many bytes it has."""

    content: Content
    media_type: str
    size: int

    def pieces(self, part: range) -> Iterator[bytes]:
        """Give some of its bytes, a piece at a time."""
        with self._file() as file:
            file.seek(part.start)
            left = len(part)
            while left and (piece := file.read(min(left, PIECE_BYTES))):
                left -= len(piece)
                yield piece

    def head(self) -> bytes:
        """Give its first bytes."""
        return b"".join(self.pieces(range(HEAD)))

    def _file(self) -> IO[bytes]:
        opened = self.content.open("rb") if isinstance(self.content, Path) else pa.BufferReader(self.content)
        return cast("IO[bytes]", opened)


def media_of(rows: Dataset) -> list[dict[str, Media]]:
    """Give for each of a few rows which fields hold a picture or sound.

    The image field always does; another one where its bytes begin so, or where it is the path of such a file in the
    folder of the source.
    """
    found: list[dict[str, Media]] = [{} for _ in range(len(rows))]
    for name in rows.fields.column_names:
        for told, kind in zip(found, _kinds(rows, name), strict=False):
            if kind is not None:
                told[name] = kind
    return found


def sound_of(row: Dataset, name: str) -> Sound:
    """Give the sound that a field of a single row holds; raises NotThereError with the reason why there is none."""
    content = _content(row, name)
    try:
        size = content.stat().st_size if isinstance(content, Path) else content.size
        sound = Sound(content, "", size)
        media_type = sound_type(sound.head())
    except OSError as error:
        raise _none(row, name, f"its file cannot be read ({error.strerror})") from error
    if media_type is None:
        raise _none(row, name, "it does not begin as WAV, FLAC, OGG, MP3 or M4A does")
    if size > SOUND_BYTES:
        raise _none(row, name, f"it has {size / 1e6:,.0f} MB, and at most {SOUND_BYTES / 1e6:,.0f} MB are played")
    return sound._replace(media_type=media_type)


def sound_type(head: bytes) -> str | None:
    """Give the media type of sound by its first 16 bytes; None for anything else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[4:8] == b"ftyp" and head[8:12] in _M4A_BRANDS:
        return "audio/mp4"
    known = {b"fLaC": "audio/flac", b"OggS": "audio/ogg"}
    return known.get(head[:4]) or ("audio/mpeg" if head[:3] == b"ID3" or _is_frame(head) else None)


def byte_range(asked: str | None, size: int) -> range | None:
    """Give the bytes that a Range header asks for, none where they lie outside; None where all are to be sent.

    What is no such header, and one for several ranges, is left out of account, as RFC 9110 (14.2) allows.
    """
    found = _RANGE.fullmatch((asked or "").strip())
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return None
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(size, int(last) + 1) if last else size)


@dataclass
class Pictures:
    """Pictures as WebP, made anew from pixels; the last ones stay in memory, `max_bytes` of them at most.

    One at a time is decoded, so that memory is bounded by one: a reader's limits hold for each.
    """

    max_bytes: int = KEPT_BYTES
    _made: OrderedDict[tuple[str, ...], bytes] = field(default_factory=OrderedDict, repr=False)
    _n_bytes: int = 0
    _using: Lock = field(default_factory=Lock, repr=False)
    _decoding: Lock = field(default_factory=Lock, repr=False)

    def webp(self, row: Dataset, name: str, size: int, *, version: str) -> bytes:
        """Give the picture of a single row at the least of SIZES that is at least `size`; raises NotThereError."""
        edge = next((one for one in SIZES if one >= size), SIZES[-1])
        key = version, row.row_ids[0].as_py(), name, str(edge), str(row.image_root)
        with self._using:
            made = self._made.get(key)
            if made is not None:
                self._made.move_to_end(key)
        return made if made is not None else self._keep(key, self._make(row, name, edge))

    def _make(self, row: Dataset, name: str, edge: int) -> bytes:
        content = _content(row, name)
        with self._decoding:
            reader = PictureReader(edge_pixels=edge)
            data = _bytes_of(reader, content)
            if data is not None and isinstance(content, Path) and _has_changed(row, name, data):
                raise _none(row, name, "its file has changed since these rows were read; read the source again")
            picture = reader.read(data)
            if picture is None:
                limit = f"{reader.max_pixels / 1e6:,.0f} megapixels"
                raise _none(row, name, f"no picture can be read: cut off, of another format, or of more than {limit}")
            return webp(picture.rgb, edge, quality=QUALITY)

    def _keep(self, key: tuple[str, ...], made: bytes) -> bytes:
        with self._using:
            if key not in self._made and len(made) <= self.max_bytes:
                self._made[key] = made
                self._n_bytes += len(made)
            while self._n_bytes > self.max_bytes:
                self._n_bytes -= len(self._made.popitem(last=False)[1])
        return made


def _kinds(rows: Dataset, name: str) -> list[Media | None]:
    column = rows.fields.column(name)
    if name == rows.roles.image:
        return ["image" if known else None for known in pc.is_valid(column).to_pylist()]
    held, paths = _parts(column)
    found: list[Media | None] = [None] * len(rows)
    if held is not None:
        found = [_kind_of(head) for head in pc.binary_slice(held, 0, HEAD).to_pylist()]
    if paths is not None and rows.image_root is not None:
        named = pc.match_substring_regex(paths, _SUFFIX)
        for i in pc.indices_nonzero(pc.fill_null(named, fill_value=False)).to_pylist():
            path = paths[i].as_py()
            if found[i] is None and _file(rows, path) is not None:
                found[i] = "audio" if path.lower().endswith(SOUND_SUFFIXES) else "image"
    return found


def _kind_of(head: bytes | None) -> Media | None:
    if head is None:
        return None
    return "image" if looks_like_image(head) else "audio" if sound_type(head) else None


def _parts(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray | None, pa.ChunkedArray | None]:
    """Give the bytes and the paths that a field holds, None where its type holds none."""
    both = is_image_struct(column.type)
    held, paths = (pc.struct_field(column, part) if both else column for part in ("bytes", "path"))
    return (held if is_bytes(held.type) else None), (paths if is_text(paths.type) else None)


def _content(row: Dataset, name: str) -> Content:
    """Give the bytes that a field of a single row holds, or the file that it names; raises NotThereError."""
    if name not in row.fields.column_names:
        raise NotThereError(
            f"no field {name[:100]!r} in {row.name}.", remedy="The row's `media` names those there are."
        )
    held, paths = (
        None if part is None or not part[0].is_valid else part[0] for part in _parts(row.fields.column(name))
    )
    if held is not None and len(held.as_buffer()):
        return held.as_buffer()
    found = None if paths is None else _file(row, paths.as_py(), own=name == row.roles.image)
    if found is None:
        raise _none(row, name, "it is empty, of another type, or leads to no file in the folder of the source")
    return found


def _file(rows: Dataset, path: str, *, own: bool = False) -> Path | None:
    """Give the file that a path of a field leads to; None without one, and for one outside the folder of the source.

    `own`: without a folder, the path is one that the program of the user wrote.
    """
    if len(path) > MAX_PATH or (rows.image_root is None and not own):
        return None
    try:
        return resolve_all(None if rows.image_root is None else Path(rows.image_root), [path])[0]
    except (InputError, OSError, RuntimeError):
        return None


def _bytes_of(reader: PictureReader, content: Content) -> bytes | None:
    try:
        return reader.bytes_of(str(content)) if isinstance(content, Path) else content.to_pybytes()
    except OSError:  # it may not be read, or is gone by now
        return None


def _has_changed(row: Dataset, name: str, data: bytes) -> bool:
    """Tell whether the file of the image field is another than the one that the row had when it was read."""
    if name != row.roles.image or not is_text(row.fields.column(name).type):
        return False
    parts = [digest_values(pa.chunked_array([pa.array([data], pa.large_binary())]))]
    if row.roles.text is not None:
        parts.insert(0, digest_values(row.fields.column(row.roles.text)))
    return not np.array_equal(join_digests(parts), row.content)


def _is_frame(head: bytes) -> bool:
    """Tell whether bytes begin like a frame of MPEG audio, layer III."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[1] & 0x18 != 0x08 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C


def _none(row: Dataset, name: str, why: str) -> NotThereError:
    shown = f"row {row.row_ids[0].as_py()[:100]!r}, field {name[:100]!r}"
    return NotThereError(f"{shown}: {why}.", remedy="The rest of the row is there: /api/row.")
