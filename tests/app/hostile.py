"""A hostile data set: whatever somebody else may put into a table, that no page may act on and none may fall over.

`hostile_workspace(root)` keeps three of them, audited, and gives their names: texts with 200 fields of every type,
pictures that are none, and rows that nobody audited.
"""

import io
import struct
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from burnish.testing.planted import planted_texts
from burnish.workspace import Limits, Workspace
from burnish.workspace.history import Note

NAME = "<img src=x onerror=alert(1)> \"&' ../../etc; DROP TABLE rows --\u202eevil 🏴\u200d☠️"
PICTURES = "pictures <script>alert(1)</script>"
PLAIN = "%2e%2e/plain?v=1#x"

N_ROWS = 96
N_FIELDS = 200
MARK = "__burnish_owned"
"""What every script here would set on `window`, were it run."""

ROLES = {"text": "text", "label": "label", "embedding": "", "proba": "", "image": "", "time": ""}

NASTY = (
    f"<script>window.{MARK}=1</script>",
    f'"><img src=x onerror="window.{MARK}=1">',
    f"<svg onload=window.{MARK}=1><a href='javascript:window.{MARK}=1'>",
    f"</textarea></style></title><iframe srcdoc='<script>parent.{MARK}=1</script>'>",
    "'; DROP TABLE rows; COPY (SELECT 1) TO '/tmp/owned'; --",
    "' OR 1=1 UNION SELECT * FROM read_csv('/etc/passwd') --",
    "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x1b[0m",
    "abc\u202egnp.exe\u202c \u2066isolate\u2069 \u200bzero\u200d",
    "nul\x00and\x01control\x7f\x85\u2028\u2029",
    "=HYPERLINK(\"http://example.org\",\"x\")", "@SUM(1+1)*cmd|' /C calc'!A0",
    "{{7*7}} ${7*7} #{7*7} %s %n %x", "\\u003cscript\\u003e &lt;script&gt; &#60;script&#62;",
    "🏳️‍🌈 👨‍👩‍👧‍👦 e\u0301\u0301\u0301\u0301 ﷽ \U0010ffff \ufffe \ufeff", "Z̸̡̛a̷l̶g̵o̴" * 40,
    "../../../../etc/passwd", "file:///etc/passwd", "\r\nSet-Cookie: owned=1\r\n\r\n<html>", "constructor",
    "__proto__", "",
)  # fmt: skip

ODD_IDS = (
    "a/b", "a?b=c", "a#b", "100%", "%2e%2e%2f", "a&b=c", "a+b c", "line\nbreak", "tab\tid", "quote\"'`", "nul\x00id",
    "<b>id</b>", "..", "/", "0", "-1", "null", "__proto__", "🏴‍☠️", "\u202edi", " leading", "a" * 3_000, "comma,comma",
    ";--",
)  # fmt: skip

LABELS = ("<script>alert('label')</script>", "'; DROP TABLE labels; --", "\u202elebal", "__proto__")

NAMES = (
    "n" * 300 + "\"'<b>`", "<script>alert('field')</script>", '"; DROP TABLE "rows', "line\nbreak", "__proto__",
    "constructor",
    "a.b[0]", "", " ", "\u202edleif", "🧨", "x" * 300, "row id", "label ", "count", "select", "f0", "x", "y",
)  # fmt: skip


def hostile_workspace(root: Path) -> tuple[str, str, str]:
    """Keep the three data sets in a workspace at `root`; give the names of their versions."""
    workspace = Workspace(root, limits=Limits(threads=1))
    dataset, guesses = workspace.read(hostile_table(), {**ROLES, "id": "id"}, name=NAME)
    texts = workspace.keep(workspace.audit(dataset, guesses), Note(source=NASTY[0], why=NASTY[1], who=NASTY[6]))
    dataset, guesses = workspace.read(hostile_pictures(), {"image": "picture", "label": "label"}, name=PICTURES)
    pictures = workspace.keep(workspace.audit(dataset, guesses), Note(why=NASTY[2]))
    plain, _ = workspace.read(hostile_table().slice(0, 30), ROLES, name=PLAIN)
    return texts.name, pictures.name, workspace.history.keep_source(plain, Note()).name


def hostile_table() -> pa.Table:
    """Give rows of text: every second one nasty, the others ordinary, so that an audit has something to find."""
    ordinary = planted_texts(N_ROWS, seed=5).table["text"].to_pylist()
    texts = [NASTY[i // 2 % len(NASTY)] + f" {ordinary[i]}" if i % 2 else ordinary[i] for i in range(N_ROWS)]
    texts[3], texts[5], texts[7] = "<b>" + "A" * 2**20, NASTY[0] * 20_000, "🧨 " * 300_000
    texts[9], texts[11], texts[21] = "", texts[10], None
    named = {
        "id": pa.array([*ODD_IDS, *(f"r{i}" for i in range(N_ROWS - len(ODD_IDS)))]),
        "text": pa.array(texts, pa.string()),
        "label": pa.array([LABELS[i % len(LABELS)] if i % 17 else None for i in range(N_ROWS)]),
        "sound": pa.array([list(sounds().values())[i % len(sounds())] for i in range(N_ROWS)], pa.binary()),
        "path": pa.array([PATHS[i % len(PATHS)] for i in range(N_ROWS)]),
        "picture": pa.array([list(images().values())[i % len(images())] for i in range(N_ROWS)], pa.binary()),
        **typed_fields(),
    }
    left = N_FIELDS - len(named)
    for i in range(left):
        name = NAMES[i] if i < len(NAMES) else f"field {i} {NASTY[i % len(NASTY)]}"
        named.setdefault(name, pa.array([NASTY[(i + j) % len(NASTY)] for j in range(N_ROWS)]))
    return pa.table(named)


def hostile_pictures() -> pa.Table:
    """Give rows of pictures: half of them good, the others none that should be opened."""
    bad = list(images().values())
    rng = np.random.default_rng(0)
    good = [_png(Image.fromarray(rng.integers(0, 255, (24, 24, 3), dtype=np.uint8))) for _ in range(40)]
    pictures = [good[i // 2] if i % 2 else bad[i // 2 % len(bad)] for i in range(80)]
    return pa.table({"picture": pa.array(pictures, pa.binary()), "label": [LABELS[i % 2] for i in range(80)]})


def images() -> dict[str, bytes | None]:
    """Give what stands where a picture should: by what is wrong with it."""
    whole = _png(Image.fromarray(np.arange(3 * 64 * 64, dtype=np.uint8).reshape(64, 64, 3)))
    return {
        "bomb": png_bomb(60_000, 60_000), "cut off": whole[: len(whole) // 2], "no pixels": whole[:40],
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg' onload='window.{MARK}=1'/>".encode(),
        "html": NASTY[0].encode(), "text": b"not a picture", "empty": b"", "none": None,
        "head only": b"\x89PNG\r\n\x1a\n", "gif and script": b"GIF89a/*" + NASTY[0].encode() + b"*/",
        "jpeg head": b"\xff\xd8\xff\xe0" + b"\x00" * 20, "noise": bytes(range(256)) * 8,
    }  # fmt: skip


def sounds() -> dict[str, bytes | None]:
    """Give what stands where sound should: by what it is."""
    return {
        "wav": wav(), "html": f"<html><script>window.{MARK}=1</script></html>".encode(),
        "mp3 head": b"ID3" + b"\0" * 40,
        "ogg and script": b"OggS" + NASTY[0].encode(), "riff but avi": b"RIFF\x00\x00\x00\x00AVI LIST", "empty": b"",
        "none": None, "short": b"\xff", "mp4 video": b"\x00\x00\x00\x18ftypqt  " + b"\0" * 8,
    }  # fmt: skip


PATHS = (
    "/etc/passwd", "/etc/passwd.wav", "../../secret.mp3", "file:///etc/passwd.wav", "nul\x00.mp3", "x" * 5_000 + ".wav",
    "http://example.org/a.mp3", "/dev/zero.wav", "CON.wav", ".mp3", "\n.flac", "~/.ssh/id_rsa.ogg",
)  # fmt: skip


def typed_fields() -> dict[str, pa.Array]:
    """Give a field of each type that a table can have, with the values that break things."""
    floats = [np.nan, np.inf, -np.inf, -0.0, 1e150, 5e-324, None, 1 / 3]
    return {
        "floats": _cycled(floats, pa.float64()), "halves": _cycled([1.5, float("nan")], pa.float16()),
        "large": _cycled([2**53, -(2**53), None], pa.int64()), "unsigned": _cycled([2**53, 0], pa.uint64()),
        "truth": _cycled([True, None, False], pa.bool_()), "nothing": pa.nulls(N_ROWS),
        "when": _cycled([-(2**62), 2**62, None], pa.timestamp("ns")),
        "zone": _cycled([0], pa.timestamp("us", "Pacific/Chatham")),
        "date": _cycled([2_932_896, -719_162, 0], pa.date32()), "clock": _cycled([86_399, None], pa.time32("s")),
        "how long": _cycled([2**62, -1], pa.duration("ns")),
        "money": _cycled([Decimal("1e30"), Decimal("-0.1")], pa.decimal256(60, 5)),
        "digest": _cycled([b"\x00" * 16, b"<script>12345678"], pa.binary(16)),
        "list": _cycled([[1, None, 3], [], None, list(range(5_000))], pa.list_(pa.int64())),
        "texts": _cycled([list(NASTY), [NASTY[0] * 10_000], None], pa.list_(pa.string())),
        "nested": _cycled([[[1], []], None], pa.list_(pa.list_(pa.int64()))),
        "vector": _cycled([[np.nan, np.inf, 1.0]], pa.list_(pa.float32(), 3)),
        "record": _cycled(
            [{"<b>": NASTY[0], "n": [1]}, None], pa.struct([("<b>", pa.string()), ("n", pa.list_(pa.int8()))])
        ),
        "bytes and path": _cycled(
            [{"bytes": wav(), "path": "/etc/passwd"}, {"bytes": None, "path": "/etc/passwd.wav"}, None],
            pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
        ),
        "false image": _cycled(
            [{"bytes": 7, "path": [1]}], pa.struct([("bytes", pa.int8()), ("path", pa.list_(pa.int8()))])
        ),
        "pairs": _cycled([[(NASTY[0], 1)], None], pa.map_(pa.string(), pa.int64())),
        "kind": _cycled([NASTY[0], "b"], pa.string()).dictionary_encode(),
        "at": _cycled([datetime(9999, 12, 31, tzinfo=UTC)], pa.timestamp("s", "UTC")),
    }  # fmt: skip


def edge_fields() -> dict[str, pa.Array]:
    """Give fields of values at the very edge of their type, or that nothing here can write down."""
    return {
        "1e308": _cycled([1e308, 1e308, -1.0], pa.float64()), "int64": _cycled([2**63 - 1, -(2**63), 1], pa.int64()),
        "uint64": _cycled([2**64 - 1, 0], pa.uint64()), "date32": _cycled([2**31 - 1, -(2**31), 0], pa.date32()),
        "zone": _cycled([0, 1], pa.timestamp("us", "Mars/Crater")),
    }  # fmt: skip


def png_bomb(width: int, height: int) -> bytes:
    """Give a PNG of a few kilobytes that says it has `width` by `height` pixels, and holds a row of them."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * (width + 1))), (b"IEND", b""))
    )


def wav(n_samples: int = 800) -> bytes:
    """Give a sound of a tenth of a second."""
    data = b"\x80\x90" * (n_samples // 2)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 8_000, 1, 8)
    return (
        b"RIFF"
        + struct.pack("<I", 4 + len(form) + 8 + len(data))
        + b"WAVE"
        + form
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _cycled(values: list[object], kind: pa.DataType) -> pa.Array:
    return pa.array([values[i % len(values)] for i in range(N_ROWS)], kind)
