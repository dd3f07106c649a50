"""Trials of the detectors, kept beside the evidence that they were made on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from burnish.dataset import Evidence, Summary
from burnish.kernels.items import Scratch
from burnish.pipeline.kept import keep_parts, kept_parts
from burnish.pipeline.trials import Rates, Trial, run_trials, tried_thresholds
from burnish.protocols import Check
from burnish.steps.planting import Material

REVISION = 1
"""Goes up when the same evidence and thresholds give other trials."""

_CURVES = ("thresholds", "floor")
_RATES = ("precision", "recall")


OF_FORMER = "tried on an earlier version, of which few rows have changed"


@dataclass(frozen=True)
class KeptTrials:
    """Trials that were kept: `here` belongs to the rows, parameters and code of the evidence, as in `gather`.

    `former`: the place of a version that the evidence builds on, whose trials still tell what the detectors can do.
    """

    here: Scratch
    former: Scratch | None = None

    def of(
        self, evidence: Evidence, checks: Sequence[Check], material: Material | None, *, seed: int
    ) -> tuple[Trial, ...]:
        """Give the trials of the detectors; they are made only where none was kept."""
        document = [REVISION, tried_thresholds(checks), material is None, seed]
        recipe = hashlib.blake2b(json.dumps(document).encode(), digest_size=8).hexdigest()
        known = _read(self.here, recipe)
        if known is not None:
            return known
        before = None if self.former is None else _read(self.former, recipe)
        if before is None:
            trials = run_trials(evidence, checks, material, seed=seed)
        else:
            trials = tuple(replace(one, notes=(*dict.fromkeys((*one.notes, OF_FORMER)),)) for one in before)
        keep_parts(self.here, recipe, [Summary("trials", _table(trials))])
        return trials


def _read(scratch: Scratch, recipe: str) -> tuple[Trial, ...] | None:
    parts = kept_parts(scratch, recipe)
    if parts is None:
        return None
    return tuple(_trial(line) for part in parts if isinstance(part, Summary) for line in part.table.to_pylist())


def _table(trials: Sequence[Trial]) -> pa.Table:
    fields = [("code", pa.string()), ("n_planted", pa.int64()), ("at_threshold", pa.float64())]
    curves = [(name, pa.list_(pa.float64())) for name in _CURVES]
    rates = [(f"{name}_{end}", pa.list_(pa.float64())) for name in _RATES for end in Rates._fields]
    schema = pa.schema([*fields, *curves, *rates, ("notes", pa.list_(pa.string()))])
    return pa.Table.from_pylist([_line(trial) for trial in trials], schema=schema)


def _line(trial: Trial) -> dict[str, Any]:
    line: dict[str, Any] = {name: getattr(trial, name) for name in ("code", "n_planted", "at_threshold", *_CURVES)}
    for name in _RATES:
        line |= {f"{name}_{end}": values for end, values in getattr(trial, name)._asdict().items()}
    return line | {"notes": list(trial.notes)}


def _trial(line: dict[str, Any]) -> Trial:
    rates = {name: Rates(*(np.array(line[f"{name}_{end}"], float) for end in Rates._fields)) for name in _RATES}
    curves = {name: np.array(line[name], float) for name in _CURVES}
    return Trial(
        line["code"], line["n_planted"], line["at_threshold"], curves["thresholds"],
        precision=rates["precision"], recall=rates["recall"], floor=curves["floor"], notes=tuple(line["notes"]),
    )  # fmt: skip
