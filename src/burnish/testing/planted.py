"""Planted data sets: rows whose defects are known by position, to try checks and policies on.

No network and no files: vectors are drawn around class centers, texts from a small vocabulary.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Dataset, Roles
from burnish.errors import UsageError

REGIONS = ("north", "east", "south", "west")
DEVICES = ("desktop", "mobile", "tablet")
WEAK_REGION, WEAK_DEVICE = "south", "mobile"
EVAL_SHARE = 0.2
NEAR_COPY_NOISE = 0.1  # length against a unit row: a near copy lies at cosine distance of about 0.005
BLOBS_PER_CLASS = 2

TOPICS = {
    "cooking": (
        "oven garlic butter recipe simmer flour spice skillet broth onion roast dough whisk "
        "pepper sauce vinegar knife herbs grill yeast"
    ),
    "finance": (
        "loan interest budget dividend mortgage account invoice credit stock savings broker "
        "pension equity tax ledger bond fee bank audit profit"
    ),
    "gardening": (
        "soil compost seedling prune tulip mulch hedge rake bulb weeds greenhouse watering "
        "shrub lawn orchard petals trellis roots fern moss"
    ),
    "health": (
        "doctor fever clinic vitamin allergy surgery nurse symptom vaccine therapy diagnosis "
        "migraine dosage pulse cough bandage patient sleep rash ward"
    ),
    "music": (
        "guitar melody drummer concert chorus violin rhythm album singer piano tempo harmony "
        "orchestra lyrics bass encore chord trumpet opera jazz"
    ),
    "sports": (
        "goalkeeper tournament coach sprint referee league racket stadium marathon penalty "
        "striker medal wrestler innings relay defender trophy serve dribble hurdle"
    ),
    "travel": (
        "airport luggage hotel passport itinerary ferry hostel visa cruise museum train beach "
        "tourist border cabin souvenir flight island map harbor"
    ),
    "weather": (
        "storm drizzle humidity forecast thunder breeze frost sunshine cloudy hail blizzard "
        "drought rainfall fog cyclone heatwave snowfall barometer gust sleet"
    ),
}
TEMPLATES = (
    "We spoke of the {} and the {} all day. Then the {} came up, with a {} and a {}. In the end the {} won.",
    "My aunt wanted a {} next to the {}. Nobody expected the {}, but the {}, the {} and the {} were fine.",
    "First the {} failed, so they tried the {}. Later we found a {} behind the {}, a {} and one more {}.",
    "Is the {} better than the {}? With a good {} and some {}, even the {} looks like a {}.",
    "They wrote down {}, {} and {} on the list. By evening only {} was left, apart from the {} and the {}.",
    "Nothing beats a {} after the {}. The {} took an hour, the {} two, and the {} replaced the {}.",
)


@dataclass(frozen=True, slots=True)
class Defects:
    """Give the share of all rows (0..1) that carries each defect; a row carries at most one.

    `leaks`: train rows that copy an evaluation row, every second one exactly, the others nearly.
    `wrong_labels`: train rows whose given label is another class. `outliers`: train rows that look
    like no class. `weak_slice`: rows of region 'south' and device 'mobile', no other row is both;
    they lie halfway between two classes, so that no model can tell which.
    """

    duplicates: float = 0.0
    near_duplicates: float = 0.0
    leaks: float = 0.0
    wrong_labels: float = 0.0
    outliers: float = 0.0
    weak_slice: float = 0.0


@dataclass(frozen=True, eq=False)
class Planted:
    """A data set and the truth about it; all positions are rows of `table`.

    `table` has the fields id, label, split ('train' or 'test'), region, device, age, and `embedding`
    or `text`. `duplicates`, `near_duplicates` and `leaks` are (n, 2): the copy, then the row that it
    copies. `true_labels` (n_rows,) holds the labels before some were made wrong.
    """

    table: pa.Table
    vectors: NDArray[np.float32] | None
    duplicates: NDArray[np.int64]
    near_duplicates: NDArray[np.int64]
    leaks: NDArray[np.int64]
    wrong_labels: NDArray[np.int64]
    outliers: NDArray[np.int64]
    weak_slice: NDArray[np.int64]
    true_labels: tuple[str, ...]
    roles: Roles = field(default_factory=Roles)

    @cached_property
    def dataset(self) -> Dataset:
        """The table as a Dataset: with vectors beside it, or with a text field."""
        fields = self.table if self.vectors is None else self.table.drop_columns(["embedding"])
        return Dataset(
            fields=fields,
            row_ids=fields.column("id").combine_chunks(),
            content=_digests(self.table, self.vectors),
            roles=self.roles,
            vectors=self.vectors,
            name="planted",
        )


def planted_vectors(
    n_rows: int = 1_000,
    *,
    n_dims: int = 32,
    n_classes: int = 4,
    defects: Defects | None = None,
    spread: float = 1.0,
    seed: int = 0,
) -> Planted:
    """Draw unit vectors around two centers per class, with known defects.

    `spread` is the length of the noise against that of a center: at 1.0 and 32 dimensions the
    classes hardly overlap. Raises UsageError when the defects leave too few rows to copy.

    >>> planted = planted_vectors(500, defects=Defects(wrong_labels=0.04), seed=1)
    >>> len(planted.dataset), planted.vectors.shape, len(planted.wrong_labels)
    (500, (500, 32), 20)
    """
    rng = np.random.default_rng(seed)
    plan = _plan(n_rows, n_classes, defects or Defects(), rng)
    n_blobs = BLOBS_PER_CLASS * n_classes
    centers = _unit(rng.standard_normal((n_blobs, n_dims)))
    blob = plan.labels + n_classes * rng.integers(BLOBS_PER_CLASS, size=n_rows)
    middle = centers[blob]
    # Blobs are paired by their last bit, and a pair has two classes: halfway, both are as likely.
    middle[plan.weak_slice] = _unit(centers[blob] + centers[blob ^ 1])[plan.weak_slice]
    middle[plan.outliers] = _unit(rng.standard_normal((len(plan.outliers), n_dims))) * (1 + spread)
    vectors = _unit(middle + spread * _unit(rng.standard_normal((n_rows, n_dims))))
    vectors[plan.copies] = vectors[plan.origin[plan.copies]]
    noise = NEAR_COPY_NOISE * _unit(rng.standard_normal((len(plan.inexact), n_dims)))
    vectors[plan.inexact] = _unit(vectors[plan.inexact] + noise)
    kept = vectors.astype(np.float32)
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(kept.ravel()), n_dims).cast(pa.list_(pa.float32()))
    names = tuple(f"class_{code}" for code in range(n_classes))
    return _planted(plan, names, {"embedding": embedding}, vectors=kept, rng=rng)


def planted_texts(n_rows: int = 1_000, *, n_classes: int = 4, defects: Defects | None = None, seed: int = 0) -> Planted:
    """Write short texts about `n_classes` subjects (2 to 8), with known defects.

    A near copy has a word or two changed, swapped or cased otherwise; an outlier is made of letters
    without sense. Raises UsageError when the defects leave too few rows to copy.

    >>> planted = planted_texts(200, defects=Defects(near_duplicates=0.05), seed=3)
    >>> len(planted.near_duplicates)
    10
    """
    if n_classes > len(TOPICS):
        raise UsageError(f"no texts for {n_classes} classes.", remedy=f"Ask for 2 to {len(TOPICS)}.")
    rng = np.random.default_rng(seed)
    plan = _plan(n_rows, n_classes, defects or Defects(), rng)
    names = tuple(TOPICS)[:n_classes]
    second = plan.labels.copy()
    other = (plan.labels + rng.integers(1, n_classes, size=n_rows)) % n_classes
    second[plan.weak_slice] = other[plan.weak_slice]
    words = [TOPICS[name].split() for name in names]
    texts = [_text(words[a], words[b], rng) for a, b in zip(plan.labels, second, strict=True)]
    for row in plan.outliers:
        texts[row] = _nonsense(rng)
    for row in plan.copies:
        texts[row] = texts[plan.origin[row]]
    for row in plan.inexact:
        texts[row] = _reworded(texts[row], rng)
    return _planted(plan, names, {"text": pa.array(texts, pa.string())}, vectors=None, rng=rng)


@dataclass(frozen=True, eq=False)
class _Plan:
    labels: NDArray[np.int64]
    given: NDArray[np.int64]
    origin: NDArray[np.int64]
    evaluation: NDArray[np.bool_]
    duplicates: NDArray[np.int64]
    near_duplicates: NDArray[np.int64]
    leaks: NDArray[np.int64]
    wrong_labels: NDArray[np.int64]
    outliers: NDArray[np.int64]
    weak_slice: NDArray[np.int64]

    @property
    def copies(self) -> NDArray[np.int64]:
        return np.concatenate([self.duplicates, self.near_duplicates, self.leaks])

    @property
    def inexact(self) -> NDArray[np.int64]:
        return np.concatenate([self.near_duplicates, self.leaks[1::2]])


def _plan(n_rows: int, n_classes: int, defects: Defects, rng: np.random.Generator) -> _Plan:
    if n_classes < 2:
        raise UsageError(f"cannot plant {n_classes} class(es).", remedy="Ask for at least 2 classes.")
    counts = [round(share * n_rows) for share in astuple(defects)]
    order = rng.permutation(n_rows)
    parts = [np.sort(part) for part in np.split(order[: sum(counts)], np.cumsum(counts)[:-1])]
    duplicates, near, leaks, wrong, _, weak = parts
    plain = order[sum(counts) :]
    evaluation = np.zeros(n_rows, np.bool_)
    for rows in (plain, weak):
        evaluation[rng.permutation(rows)[: round(EVAL_SHARE * len(rows))]] = True
    origin = np.full(n_rows, -1, np.int64)
    copied = np.concatenate([duplicates, near])
    origin[copied] = _originals(plain[~evaluation[plain]], len(copied), rng)
    origin[leaks] = _originals(plain[evaluation[plain]], len(leaks), rng)
    labels = rng.integers(n_classes, size=n_rows)
    labels = np.where(origin >= 0, labels[origin], labels)
    given = labels.copy()
    given[wrong] = (labels[wrong] + rng.integers(1, n_classes, size=len(wrong))) % n_classes
    return _Plan(labels, given, origin, evaluation, *parts)


def _originals(rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if count > len(rows):
        raise UsageError(
            f"{count} copies were asked for and only {len(rows)} rows are free to be copied.",
            remedy="Plant smaller shares; leaks copy evaluation rows, a fifth of the rows without defect.",
        )
    return rng.permutation(rows)[:count]


def _planted(
    plan: _Plan,
    names: Sequence[str],
    content: dict[str, pa.Array],
    *,
    vectors: NDArray[np.float32] | None,
    rng: np.random.Generator,
) -> Planted:
    n_rows = len(plan.labels)
    region, device = _metadata(plan.weak_slice, n_rows, rng)
    table = pa.table(
        {
            "id": [f"row-{row:06d}" for row in range(n_rows)],
            **content,
            "label": [names[code] for code in plan.given],
            "split": np.where(plan.evaluation, "test", "train"),
            "region": region,
            "device": device,
            "age": rng.integers(18, 80, size=n_rows),
        }
    )
    return Planted(
        table=table,
        vectors=vectors,
        duplicates=_pairs(plan.duplicates, plan.origin),
        near_duplicates=_pairs(plan.near_duplicates, plan.origin),
        leaks=_pairs(plan.leaks, plan.origin),
        wrong_labels=plan.wrong_labels,
        outliers=plan.outliers,
        weak_slice=plan.weak_slice,
        true_labels=tuple(names[code] for code in plan.labels),
        roles=Roles(
            text="text" if "text" in content else None,
            label="label",
            split="split",
            id="id",
            meta=("region", "device", "age"),
        ),
    )


def _pairs(copies: NDArray[np.int64], origin: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.column_stack([copies, origin[copies]])


def _metadata(
    weak: NDArray[np.int64], n_rows: int, rng: np.random.Generator
) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    region, device = rng.choice(REGIONS, n_rows), rng.choice(DEVICES, n_rows)
    if len(weak):
        crossed = (region == WEAK_REGION) & (device == WEAK_DEVICE)
        others = [name for name in DEVICES if name != WEAK_DEVICE]
        device[crossed] = rng.choice(others, int(crossed.sum()))
        region[weak], device[weak] = WEAK_REGION, WEAK_DEVICE
    return region, device


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _digests(table: pa.Table, vectors: NDArray[np.float32] | None) -> NDArray[np.uint64]:
    contents = (
        (value.encode() for value in table.column("text").to_pylist())
        if vectors is None
        else (row.tobytes() for row in vectors)
    )
    joined = b"".join(hashlib.blake2b(content, digest_size=16).digest() for content in contents)
    return np.frombuffer(joined, np.uint64).reshape(-1, 2)


def _text(first: Sequence[str], second: Sequence[str], rng: np.random.Generator) -> str:
    """Write a text whose words are drawn from two vocabularies in equal parts."""
    template = TEMPLATES[rng.integers(len(TEMPLATES))]
    n_slots = template.count("{}")
    half = [*rng.choice(first, n_slots - n_slots // 2), *rng.choice(second, n_slots // 2)]
    return template.format(*rng.permutation(half))


def _nonsense(rng: np.random.Generator) -> str:
    letters = np.array(list("qxzjkvwyh0123456789#%"))
    return " ".join("".join(rng.choice(letters, size)) for size in rng.integers(3, 10, size=12))


def _reworded(text: str, rng: np.random.Generator) -> str:
    """Change a text a little: never into itself, never into something else."""
    edits: tuple[Callable[[list[str]], list[str]], ...] = (
        lambda words: [word.lower().strip(",.?") for word in words],
        lambda words: [*words[:3], words[4], words[3], *words[5:]],
        lambda words: [*words[:-1], "old", words[-1]],
        lambda words: [*words[:5], *words[6:]],
    )
    return " ".join(edits[rng.integers(len(edits))](text.split()))
