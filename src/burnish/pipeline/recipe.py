"""Recipe: what `burnish.toml` says (flags, checks, policy, gates), all of it checked before any work is done."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeGuard, get_args

from burnish.errors import UsageError, nearest
from burnish.pipeline.catalog import CHECKS
from burnish.pipeline.decision import DEFAULT_TREATMENTS, Policy, Treatment
from burnish.protocols import Check

Flag = str | int | float | bool | tuple[str, ...]

TABLES = ("burnish", "checks", "policy", "gates")
GATES = ("baseline", "fail_on", "fail_on_new", "margin", "max_slice_drop")
"""Flags that decide the exit code; they may stand under `[gates]`, or under `[burnish]` like any other."""
SAID: Mapping[type, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes", tuple: "a list of texts",
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """How a data set is curated: the flags that are set, the checks that run, what findings become."""

    flags: Mapping[str, Flag] = field(default_factory=dict)
    checks: tuple[Check, ...] = CHECKS
    policy: Policy = field(default_factory=Policy)

    @classmethod
    def of(cls, document: Mapping[str, Any], *, flags: Mapping[str, type], name: str = "burnish.toml") -> "Recipe":
        """Give the recipe that a parsed file says; `flags` maps each flag it may set to its type.

        Raises UsageError, with the nearest name, for a table, key, code, treatment or parameter that is not
        known, and for a value of another type.
        """
        return _Reader(name, flags).recipe(document)


def changed_checks(checks: Sequence[Check]) -> dict[str, object]:
    """Give how these checks depart from the built-in ones: code → False where left out, else the new parameters."""
    kept = {check.code: check for check in checks}
    return {
        usual.code: False if usual.code not in kept else _parameters(kept[usual.code])
        for usual in CHECKS
        if usual.code not in kept or kept[usual.code] != usual
    }


def checks_of(changed: Mapping[str, Any]) -> tuple[Check, ...]:
    """Give the checks that `changed_checks` told of; a null threshold is one that nothing passes."""
    told = {code: setting for code, setting in changed.items() if setting is not False}
    kept = [check for check in CHECKS if changed.get(check.code) is not False]
    return tuple(_restored(check, told.get(check.code, {})) for check in kept)


@dataclass(frozen=True)
class _Reader:
    name: str
    known_flags: Mapping[str, type]

    def recipe(self, document: Mapping[str, Any]) -> Recipe:
        for key, table in document.items():
            self._refuse_unknown(key, TABLES, "table", homeless=not isinstance(table, Mapping))
            if not isinstance(table, Mapping):
                raise self._wrong(f"{key} is {table!r} and no table", f"Write [{key}] on a line, and its keys below.")
        flags = dict(self._flags(document, "burnish", self.known_flags))
        for key, value in self._flags(document, "gates", [gate for gate in GATES if gate in self.known_flags]):
            if key in flags:
                raise self._wrong(f"{key} stands under [burnish] and under [gates]", "Name it once.")
            flags[key] = value
        return Recipe(flags, tuple(self._checks(document.get("checks", {}))), self._policy(document.get("policy", {})))

    def _flags(self, document: Mapping[str, Any], table: str, known: Collection[str]) -> Iterator[tuple[str, Flag]]:
        seen: set[str] = set()
        for written, value in document.get(table, {}).items():
            key = written.replace("-", "_")
            self._refuse_unknown(key, known, f"key in [{table}]")
            if key in seen:
                raise self._wrong(f"{key} stands twice under [{table}]", "Name it once.")
            seen.add(key)
            yield key, self._typed(value, self.known_flags[key], f"[{table}] {key}")

    def _checks(self, table: Mapping[str, Any]) -> Iterator[Check]:
        for code in table:
            self._refuse_unknown(code, [check.code for check in CHECKS], "check in [checks]")
        for check in CHECKS:
            setting = table.get(check.code, True)
            if isinstance(setting, Mapping):
                yield self._with_parameters(check, setting)
            elif not isinstance(setting, bool):
                remedy = "Write false to leave it out, or { parameter = value }."
                raise self._wrong(f"[checks] {check.code} is {setting!r}", remedy)
            elif setting:
                yield check

    def _with_parameters(self, check: Check, setting: Mapping[str, Any]) -> Check:
        usual = _parameters(check)
        for key in setting:
            self._refuse_unknown(key, usual, f"parameter of {check.code}")
        typed = {k: self._typed(v, type(usual[k]), f"[checks] {check.code}.{k}") for k, v in setting.items()}
        return replace(check, **typed)  # type: ignore[type-var]  # what has parameters is a dataclass

    def _policy(self, table: Mapping[str, Any]) -> Policy:
        for code, treatment in table.items():
            self._refuse_unknown(code, [check.code for check in CHECKS], "check in [policy]")
            self._refuse_unknown(treatment, get_args(Treatment), f"treatment of {code}")
        return Policy({**DEFAULT_TREATMENTS, **table})

    def _typed(self, value: object, kind: type, place: str) -> Any:
        if not _fits(value, kind):
            raise self._wrong(f"{place} is {value!r}", f"Give it {SAID[kind]}.")
        return kind(value)

    def _refuse_unknown(self, key: object, known: Collection[str], what: str, *, homeless: bool = False) -> None:
        if key in known:
            return
        if homeless and str(key).replace("-", "_") in self.known_flags:
            raise self._wrong(f"{key} stands in no table", "Write [burnish] on a line above it.")
        hint = nearest(key, known).strip() or f"Known: {', '.join(sorted(known)) or 'none'}."
        raise self._wrong(f"unknown {what}: {key!r}", hint)

    def _wrong(self, problem: str, remedy: str) -> UsageError:
        return UsageError(f"{self.name}: {problem}.", remedy=remedy)


def _parameters(check: Check) -> dict[str, Any]:
    return {f.name: getattr(check, f.name) for f in fields(check)} if is_dataclass(check) else {}


def _restored(check: Check, told: Mapping[str, Any]) -> Check:
    """Give a check with the parameters that JSON kept: it writes tuples as lists and infinity as null."""
    usual = _parameters(check)
    typed = {
        name: math.inf if value is None else tuple(value) if isinstance(value, list) else value
        for name, value in told.items()
        if name in usual
    }
    return replace(check, **typed) if typed else check  # type: ignore[type-var]  # what has parameters is a dataclass


def _fits(value: object, kind: type) -> bool:
    """Whether a value of a TOML file is of the type; true and false are no numbers, inf and nan no thresholds."""
    if kind is tuple:
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    if kind is float:
        return _is_number(value) and math.isfinite(value)
    return type(value) is kind


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
