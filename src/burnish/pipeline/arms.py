"""Arms: the ways to train that a measurement compares, and what is read off them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Changeset, Sample, Targets
from burnish.errors import InputError
from burnish.pipeline.settings import Rows, Setting

Coalition = frozenset[str]
Contrast = Mapping[str, float]
"""What is added up: arm → factor."""

BEFORE, AFTER, CONTROL = "before", "after", "control"
ONLY, SHARE = "only:", "share:"
MAX_EXACT = 3
"""Up to so many codes every coalition is trained; beyond, orders are drawn."""


@dataclass(frozen=True, eq=False)
class Change:
    """A changeset in its setting: what each code drops and relabels among the training rows."""

    setting: Setting
    changeset: Changeset

    def __post_init__(self) -> None:
        weighted = sum(edit.action == "weight" for edit in self.changeset.edits)
        if weighted:
            raise InputError(
                f"the changeset weights {weighted} row(s), and a measurement trains every row alike.",
                remedy="Leave these edits out: drops and relabels are measured.",
            )

    @property
    def codes(self) -> tuple[str, ...]:
        """The check codes behind the edits, sorted."""
        return self.changeset.codes

    def training(self, drawn: Rows, codes: Iterable[str]) -> Sample:
        """Give the drawn rows as they are after the edits of some codes."""
        chosen = frozenset(codes)
        return self.setting.sample(np.setdiff1d(drawn, self._dropped(chosen)), self._relabelled(chosen))

    def n_train(self, codes: Iterable[str]) -> int:
        """Give how many training rows are left after the edits of some codes."""
        return len(self.training(self.setting.train, codes))

    @property
    def n_control(self) -> int:
        """Give how many training rows the control has."""
        return len(self.setting.train) - len(self.edited)

    @cached_property
    def edited(self) -> Rows:
        """The training rows that are edited."""
        positions = self.setting.dataset.row_positions
        rows = np.array([positions[e.row_id] for e in self.changeset.edits], np.int64)
        return np.intersect1d(rows, self.setting.train)

    def control(self, drawn: Rows, rng: np.random.Generator) -> Sample:
        """Give the drawn rows without as many random ones, class by class, as the change edits."""
        train, strata = self.setting.train, self.setting.targets.strata
        edited, counts = np.unique(strata[self.edited], return_counts=True)
        out = [
            rng.choice(train[strata[train] == stratum], size=count, replace=False)
            for stratum, count in zip(edited, counts, strict=True)
        ]
        return self.setting.sample(np.setdiff1d(drawn, np.concatenate([np.empty(0, np.int64), *out])))

    def _dropped(self, codes: Coalition) -> Rows:
        parts = [self._drops.get(code, np.empty(0, np.int64)) for code in codes]
        return np.concatenate([np.empty(0, np.int64), *parts])

    @cached_property
    def _drops(self) -> dict[str, Rows]:
        positions = self.setting.dataset.row_positions
        found: dict[str, list[int]] = {}
        for edit in self.changeset.edits:
            if edit.action == "drop":
                found.setdefault(edit.code, []).append(positions[edit.row_id])
        return {code: np.array(rows, np.int64) for code, rows in found.items()}

    def _relabelled(self, codes: Coalition) -> Targets:
        if codes not in self._known:
            positions = self.setting.dataset.row_positions
            chosen = (e for e in self.changeset.edits if e.action == "relabel" and e.code in codes)
            self._known[codes] = self.setting.targets.relabelled({positions[e.row_id]: e.label for e in chosen})
        return self._known[codes]

    @cached_property
    def _known(self) -> dict[Coalition, Targets]:
        return {}


@dataclass(frozen=True)
class Plan:
    """The arms of one retrain by name, each the codes whose edits it has, and the share of each code in them."""

    arms: Mapping[str, Coalition]
    shares: Mapping[str, Contrast]

    @classmethod
    def of(cls, codes: tuple[str, ...], rng: np.random.Generator) -> "Plan":
        """Plan before, after and each code alone; with several codes their shares.

        The share of a code is its Shapley value (Shapley 1953): its effect averaged over all orders in which
        the codes can be applied; shares add up to the lift. Up to MAX_EXACT codes every coalition is trained,
        beyond a drawn order and its reverse (Mitchell et al. 2022, section 3.2: antithetic permutations).
        """
        arms = {BEFORE: frozenset[str](), AFTER: frozenset(codes)}
        if len(codes) < 2:
            return cls(arms, {})
        arms |= {ONLY + code: frozenset({code}) for code in codes}
        weights = _exact(codes) if len(codes) <= MAX_EXACT else _drawn(codes, rng)
        names = {coalition: name for name, coalition in arms.items()}
        for terms in weights.values():
            for coalition in terms:
                names.setdefault(coalition, "+".join(sorted(coalition)))
        shares = {
            SHARE + code: {names[coalition]: factor for coalition, factor in terms.items()}
            for code, terms in weights.items()
        }
        return cls({name: coalition for coalition, name in names.items()}, shares)

    @property
    def lifts(self) -> dict[str, Contrast]:
        """The lift, that of each code alone, and the shares, as contrasts of arms."""
        alone = {name: {name: 1.0, BEFORE: -1.0} for name in self.arms if name.startswith(ONLY)}
        return {"lift": {AFTER: 1.0, BEFORE: -1.0}, **alone, **self.shares}


def _exact(codes: tuple[str, ...]) -> dict[str, dict[Coalition, float]]:
    n = len(codes)
    found: dict[str, dict[Coalition, float]] = {code: {} for code in codes}
    for code in codes:
        others = [other for other in codes if other != code]
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for some in combinations(others, size):
                _add(found[code], frozenset(some), weight, code)
    return found


def _drawn(codes: tuple[str, ...], rng: np.random.Generator) -> dict[str, dict[Coalition, float]]:
    order = [codes[i] for i in rng.permutation(len(codes))]
    found: dict[str, dict[Coalition, float]] = {code: {} for code in codes}
    for one in (order, order[::-1]):
        for place, code in enumerate(one):
            _add(found[code], frozenset(one[:place]), 0.5, code)
    return found


def _add(terms: dict[Coalition, float], without: Coalition, weight: float, code: str) -> None:
    terms[without] = terms.get(without, 0.0) - weight
    terms[without | {code}] = terms.get(without | {code}, 0.0) + weight


def contrast(values: Mapping[str, NDArray[np.float64]], of: Contrast) -> NDArray[np.float64]:
    """Add up what the arms gave."""
    return np.asarray(sum(factor * values[arm] for arm, factor in of.items()), np.float64)
