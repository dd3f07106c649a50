"""Splits: which rows are the locked evaluation rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from burnish.dataset import Column, Dataset, Evidence, Summary
from burnish.errors import UsageError

SHARE = 0.2


@dataclass(frozen=True)
class Splits:
    """Mark the evaluation rows: those of the named split, else a seeded 20 % that no copy or group straddles.

    `evaluation_split`: the value of the split field that is locked. None takes `test` where the
    field has it, else draws; a name that does not occur raises UsageError. `locked_ids`: the rows that a
    former draw locked, which are drawn again, and no others; rows that came since are training rows.
    """

    evaluation_split: str | None = None
    share: float = SHARE
    locked_ids: tuple[str, ...] | None = field(default=None, compare=False)  # on what, not how: no part of a recipe

    name: ClassVar[str] = "splits"
    reads: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[tuple[str, ...]] = ("@split", "@group", "@label", "exact_group", "near_group")
    writes: ClassVar[tuple[str, ...]] = ("evaluation", "split_origin")
    revision: ClassVar[int] = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give `evaluation` (n_rows,) bool, and whether it was given or drawn."""
        given = given_evaluation(evidence.dataset, self.evaluation_split)
        if given is not None:
            mask, origin = given, "given"
        elif self.locked_ids is not None:
            mask, origin = _among(evidence.dataset, self.locked_ids), "drawn"
        else:
            mask, origin = self._draw(evidence, seed), "drawn"
        return [Column("evaluation", mask), Summary("split_origin", pa.table({"origin": [origin]}))]

    def _draw(self, evidence: Evidence, seed: int) -> NDArray[np.bool_]:
        """Draw whole components of copies and groups, class by class in proportion, until the share is met."""
        n_rows = len(evidence.dataset)
        component = _components(evidence, n_rows)
        labels = evidence.dataset.labels
        codes = np.zeros(n_rows, np.int32) if labels is None else labels.codes
        first = np.unique(component, return_index=True)[1]
        sizes = np.bincount(component)
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(first))
        chosen = np.zeros(len(first), bool)
        for code in np.unique(codes[first]):
            of_class = order[codes[first][order] == code]
            before = np.cumsum(sizes[of_class]) - sizes[of_class] / 2
            chosen[of_class[before <= self.share * sizes[of_class].sum()]] = True
        mask: NDArray[np.bool_] = chosen[component]
        return mask & (codes >= 0)


def given_evaluation(dataset: Dataset, split: str | None) -> NDArray[np.bool_] | None:
    """Give the mask of the named split's rows; None when nothing was named and there is no `test`."""
    if dataset.splits is None:
        if split is not None:
            raise UsageError(f"--eval-split {split!r} needs a split field.", remedy="Pass --split FIELD too.")
        return None
    values = [v for v in pc.unique(dataset.splits).to_pylist() if v is not None]
    name = split or "test"
    if name not in values:
        if split is None:
            return None
        raise UsageError(f"no row is in split {split!r}.", remedy=f"Splits here: {', '.join(sorted(values)[:10])}.")
    mask = pc.equal(dataset.splits, name).fill_null(fill_value=False)
    return np.asarray(mask.to_numpy(zero_copy_only=False), bool)


def _among(dataset: Dataset, row_ids: tuple[str, ...]) -> NDArray[np.bool_]:
    mask = pc.is_in(dataset.row_ids, value_set=pa.array(row_ids, pa.string()))
    return np.asarray(mask.to_numpy(zero_copy_only=False), bool)


def _components(evidence: Evidence, n_rows: int) -> NDArray[np.int64]:
    """Number the sets of rows that must stay on one side: chained copies and groups."""
    columns = [evidence.get("exact_group"), evidence.get("near_group"), evidence.dataset.group_codes]
    rows, columns_ = [], []
    offset = n_rows
    for codes in columns:
        if codes is not None:
            values = np.asarray(codes, np.int64)
            member = np.flatnonzero(values >= 0)
            rows.append(member)
            columns_.append(values[member] + offset)
            offset += int(values.max(initial=-1)) + 1
    if not rows:
        return np.arange(n_rows)
    left, right = np.concatenate(rows), np.concatenate(columns_)
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(offset, offset))
    labels = connected_components(graph, directed=False)[1][:n_rows]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
