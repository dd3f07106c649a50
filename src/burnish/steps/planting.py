"""Planting: samples of the user's rows with near copies or strangers among them, to try a detector on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.kernels.planting import jittered, strangers
from burnish.kernels.vectors import Vectors
from burnish.steps.duplicates import is_table

Rows = NDArray[np.int64]
Content: TypeAlias = pa.Array | pa.Table
"""Texts (strings), images (bytes of a file), or rows of a table."""

POOL_ROWS = 500
"""Rows whose parts off-topic items are made of."""

OFF_TOPIC = (
    "The committee postponed its vote on the harbor bridge until spring.",
    "Whisk two eggs with sugar until pale, then fold in the flour.",
    "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.",
    "Our flight to Lisbon was delayed because of fog over the runway.",
    "The goalkeeper saved the penalty in the last minute of extra time.",
    "A sonnet has fourteen lines and a fixed scheme of rhymes.",
    "Tighten the bolts crosswise and check the torque after fifty miles.",
    "Glaciers carve valleys with steep walls and flat floors.",
    "She tuned the violin a half tone lower before the slow movement.",
    "The treaty of 1648 ended thirty years of war in central Europe.",
    "lorem ipsum dolor sit amet consectetur adipiscing elit",
    "Knit two, purl two, and slip the last stitch of each row.",
    "Der Zug nach Wien hat heute leider vierzig Minuten Verspätung.",
    "import os; print([x for x in range(10) if x % 2])",
    "Mars has two small moons, Phobos and Deimos.",
    "asdf qwer zxcv 1234 ;;;",
)

TILES = 4


@dataclass(frozen=True)
class Material:
    """How to plant in content: `take` gives the items of rows (images as bytes), `embed` their row-scoped columns.

    `embed` gives `embeddings` and, for images, `image_pixels`.
    """

    take: Callable[[Rows], Content]
    embed: Callable[[Content], Mapping[str, NDArray[np.floating]]]


@dataclass(frozen=True, eq=False)
class Planted:
    """A sample of `n_rows` rows and, after them, what was planted: evidence with the row-scoped columns only.

    `origin` (n,): the row that each planted copy was made of, -1 for other rows.
    """

    start: Evidence
    n_rows: int
    origin: Rows


def with_copies(
    evidence: Evidence, rows: Rows, originals: Rows, material: Material | None, *, rng: np.random.Generator
) -> Planted:
    """Give the `rows` (positions) and a near copy of each of the `originals` (places among the rows).

    Copies are edited and embedded anew where there is material, else vectors at a small part of the distance of the
    nearest row (and edited texts, where there are any).
    """
    take = _taking(evidence, material)
    items = None if take is None else near_copies(take(rows[originals]), rng)
    if material and items is not None:
        columns = material.embed(items)
    else:
        nearest = np.asarray(evidence["neighbor_distances"][rows[originals], 0], np.float64)
        chosen = _units(evidence, rows)[originals]
        columns = {"embeddings": jittered(chosen, np.where(np.isfinite(nearest), nearest, 0.1), rng)}
    origin = np.concatenate([np.full(len(rows), -1), originals])
    return Planted(_joined(evidence, rows, items, columns), len(rows), origin)


def with_strangers(
    evidence: Evidence, rows: Rows, n: int, material: Material | None, *, rng: np.random.Generator
) -> Planted:
    """Give the `rows` (positions) and `n` that belong to none of them: off-topic content, or strange vectors."""
    take = _taking(evidence, material)
    items = None if take is None else off_topic(take(np.sort(rng.permutation(rows)[:POOL_ROWS])), n, rng)
    if material and items is not None:
        columns = material.embed(items)
    else:
        columns = {"embeddings": strangers(_units(evidence, rows), n, rng)}
    return Planted(_joined(evidence, rows, items, columns), len(rows), np.full(len(rows) + n, -1))


def _taking(evidence: Evidence, material: Material | None) -> Callable[[Rows], Content] | None:
    texts = evidence.dataset.texts
    if material or texts is None:
        return material.take if material else None
    return lambda rows: texts.take(pa.array(rows))


def _units(evidence: Evidence, rows: Rows) -> NDArray[np.float32]:
    return Vectors.of(np.asarray(evidence["embeddings"][rows], np.float32)).all()


def _joined(
    evidence: Evidence, rows: Rows, items: Content | None, planted: Mapping[str, NDArray[np.floating]]
) -> Evidence:
    """Put rows and what was planted behind one another, as a data set of the same kind."""
    texts = evidence.dataset.texts
    known = {"embeddings": _units(evidence, rows)}
    if "image_pixels" in evidence:
        known["image_pixels"] = np.asarray(evidence["image_pixels"][rows], np.float32)
    columns = [
        Column(name, np.concatenate([values, np.asarray(planted[name], np.float32)]), "row")
        for name, values in known.items()
    ]
    n, field = len(columns[0].values), "row"
    fields = pa.table({field: np.arange(n)})
    if texts is not None and isinstance(items, pa.Array):
        field = "text"
        fields = pa.table({field: pa.concat_arrays([texts.take(pa.array(rows)).cast(items.type), items])})
    brought = None if is_table(evidence) else np.asarray(columns[0].values, np.float32)
    content = np.arange(2 * n, dtype=np.uint64).reshape(n, 2)
    ids = pa.array([str(i) for i in range(n)])
    roles = Roles(text="text" if field == "text" else None)
    return Evidence(Dataset(fields, ids, content, roles, vectors=brought)).adding(columns)


def near_copies(content: Content, rng: np.random.Generator) -> Content:
    """Give each item with one small edit that leaves its meaning: other bytes, the same thing.

    Texts: a word dropped, swapped with the next or misspelt, other case, other punctuation. Images: encoded anew,
    cropped by a few percent, a little brighter or darker. Table rows: one field nudged, or another of its values.
    """
    if isinstance(content, pa.Table):
        return _one_field_changed(content, rng)
    if _is_text(content):
        return pa.array([_reworded(text or "", rng) for text in content.to_pylist()], pa.string())
    return pa.array([_retouched(image, rng) for image in content.to_pylist()], pa.binary())


def off_topic(content: Content, n: int, rng: np.random.Generator) -> Content:
    """Give `n` items that belong to nothing in `content`, though made of the same parts where they can be.

    Texts: the sentences of `OFF_TOPIC`, each once, half of all at most, and words of many texts in a row. Images:
    tiles of several images. Table rows: each field from another row.
    """
    if isinstance(content, pa.Table):
        columns = [column.take(pa.array(rng.integers(len(content), size=n))) for column in content.columns]
        return pa.table(dict(zip(content.column_names, columns, strict=True)))
    if _is_text(content):
        texts = [text for text in content.to_pylist() if text]
        sentences = rng.permutation(OFF_TOPIC)[: n // 2].tolist()
        return pa.array([*sentences, *(_salad(texts, rng) for _ in range(n - len(sentences)))], pa.string())
    images = content.to_pylist()
    return pa.array([_tiled(images, rng) for _ in range(n)], pa.binary())


def _is_text(content: pa.Array) -> bool:
    return bool(pa.types.is_string(content.type) or pa.types.is_large_string(content.type))


def _reworded(text: str, rng: np.random.Generator) -> str:
    """Change a text a little; one of a single word gets another case or a full stop."""
    edits: tuple[Callable[[list[str], int], list[str]], ...] = (
        lambda words, i: [*words[:i], *words[i + 1 :]],
        lambda words, i: [*words[:i], *words[i : i + 2][::-1], *words[i + 2 :]],
        lambda words, i: [*words[:i], _misspelt(words[i], rng), *words[i + 1 :]],
        lambda words, _: [word.strip(".,;:!?") for word in words],
        lambda words, i: [word.swapcase() if place == i else word for place, word in enumerate(words)],
    )
    words = text.split()
    if len(words) < 2:
        return f"{text.swapcase()}."
    edited = " ".join(edits[rng.integers(len(edits))](words, int(rng.integers(len(words)))))
    return edited if edited != text else f"{text} ."


def _misspelt(word: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(len(word)))
    return word[:place] + word[place + 1 :] if len(word) > 3 else word * 2


def _salad(texts: list[str], rng: np.random.Generator) -> str:
    length = max(3, len(str(rng.choice(np.array(texts, object))).split()))
    words = [
        str(rng.choice(np.array(texts[int(i)].split() or [""], object))) for i in rng.integers(len(texts), size=length)
    ]
    return " ".join(words)


def _opened(image: bytes) -> Image.Image | None:
    try:
        return Image.open(BytesIO(image)).convert("RGB")
    except (OSError, ValueError, TypeError):  # unreadable rows are told by QUA010 and stay as they are
        return None


def _encoded(image: Image.Image, *, quality: int = 90) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _retouched(image: bytes, rng: np.random.Generator) -> bytes:
    opened = _opened(image)
    if opened is None:
        return image
    kind = int(rng.integers(3))
    if kind == 0:
        return _encoded(opened, quality=int(rng.integers(50, 90)))
    if kind == 1:
        x, y = (max(1, round(0.04 * size)) for size in opened.size)
        return _encoded(opened.crop((x, y, opened.width, opened.height)).resize(opened.size))
    return _encoded(ImageEnhance.Brightness(opened).enhance(float(rng.choice([0.8, 0.9, 1.1, 1.2]))))


def _tiled(images: list[bytes], rng: np.random.Generator) -> bytes:
    first = _opened(images[int(rng.integers(len(images)))]) or Image.new("RGB", (32, 32))
    canvas = Image.new("RGB", first.size)
    width, height = (max(1, size // TILES) for size in first.size)
    for x in range(0, first.width, width):
        for y in range(0, first.height, height):
            other = (_opened(images[int(rng.integers(len(images)))]) or first).resize(first.size)
            left, top = (
                int(rng.integers(max(1, size - side))) for size, side in zip(first.size, (width, height), strict=True)
            )
            canvas.paste(other.crop((left, top, left + width, top + height)), (x, y))
    return _encoded(canvas)


def _one_field_changed(table: pa.Table, rng: np.random.Generator) -> pa.Table:
    chosen = rng.integers(table.num_columns, size=len(table))
    columns = {}
    for place, name in enumerate(table.column_names):
        column = table.column(name).combine_chunks()
        other = (
            _nudged(column) if pa.types.is_floating(column.type) else column.take(pa.array(rng.permutation(len(table))))
        )
        columns[name] = pc.if_else(pa.array(chosen == place), other, column)
    return pa.table(columns)


def _nudged(column: pa.Array) -> pa.Array:
    spread = pc.stddev(column).as_py() or 0.0
    return pc.add(column, pa.scalar(0.01 * spread)).cast(column.type)
