"""Quality of table fields: QUA020 constant, 021 missing, 022 mixed types, 023 category variants, 024 extreme values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from burnish.dataset import Evidence, Finding, FlaggedRow, Severity

READS = ("field_stats",)


def lines(evidence: Evidence) -> list[dict[str, Any]]:
    """Give the lines of `field_stats`."""
    found: list[dict[str, Any]] = evidence.table("field_stats").to_pylist()
    return found


def _about(code: str, line: dict[str, Any], message: str, flags: Sequence[FlaggedRow] = ()) -> Finding:
    facts = {key: line[key] for key in ("field", "n_rows", "n_missing", "n_distinct")}
    severity: Severity = "warning" if flags else "info"
    return Finding(code, "quality", severity, f"Field “{line['field']}” {message}.", rows=tuple(flags), evidence=facts)


@dataclass(frozen=True)
class ConstantField:
    """QUA020: every known value of a field is the same."""

    min_rows: int = 10

    code: ClassVar[str] = "QUA020"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a field."""
        return [
            _about(self.code, line, "has the same value in every row")
            for line in lines(evidence)
            if line["n_distinct"] == 1 and line["n_rows"] - line["n_missing"] >= self.min_rows
        ]


@dataclass(frozen=True)
class MissingField:
    """QUA021: more than `max_missing` of the rows have no value."""

    max_missing: float = 0.5

    code: ClassVar[str] = "QUA021"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a field."""
        return [
            _about(self.code, line, f"has no value in {line['n_missing'] / line['n_rows']:.0%} of the rows")
            for line in lines(evidence)
            if line["n_rows"] and line["n_missing"] > self.max_missing * line["n_rows"]
        ]


@dataclass(frozen=True)
class MixedField:
    """QUA022: a text field of numbers with a few words in it, or of words with a few numbers."""

    max_share: float = 0.1
    min_rows: int = 20

    code: ClassVar[str] = "QUA022"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a field, with the rows of the rarer kind."""
        return [self._finding(line) for line in lines(evidence) if self._is_mixed(line)]

    def _is_mixed(self, line: dict[str, Any]) -> bool:
        known = line["n_rows"] - line["n_missing"]
        n_odd = len(line["odd_rows"] or ())
        return bool(n_odd and known >= self.min_rows and n_odd <= self.max_share * known)

    def _finding(self, line: dict[str, Any]) -> Finding:
        odd = line["odd_rows"]
        mostly_numbers = line["n_numbers"] > len(odd)
        words = ("words", "numbers") if mostly_numbers else ("numbers", "words")
        flags = [FlaggedRow(row, score=1.0, edit="review") for row in odd]
        return _about(self.code, line, f"holds {words[0]} among {words[1]} in {len(odd)} row(s)", flags)


@dataclass(frozen=True)
class CategoryVariants:
    """QUA023: one category spelt in several ways that differ in case, white space, hyphen or underscore."""

    code: ClassVar[str] = "QUA023"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a field, with the rows of the rarer spellings."""
        return [self._finding(line) for line in lines(evidence) if line["variant_rows"]]

    def _finding(self, line: dict[str, Any]) -> Finding:
        spelt = zip(line["variant_rows"], line["variants"], line["usuals"], strict=True)
        flags = [FlaggedRow(row, 1.0, "review", evidence={"value": v, "usual": u}) for row, v, u in spelt]
        value, usual = line["variants"][0], line["usuals"][0]
        message = f"spells a value in several ways, such as {value!r} for {usual!r}, in {len(flags)} row(s)"
        return _about(self.code, line, message, flags)


@dataclass(frozen=True)
class ExtremeValues:
    """QUA024: numbers further outside the middle 99 % of a field than `min_deviation` times its width."""

    min_deviation: float = 3.0

    code: ClassVar[str] = "QUA024"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a field, furthest row first."""
        found = [(line, self._flags(line)) for line in lines(evidence) if line["extreme_rows"]]
        return [
            _about(self.code, line, f"has {len(flags)} value(s) far from all others", flags)
            for line, flags in found
            if flags
        ]

    def _flags(self, line: dict[str, Any]) -> list[FlaggedRow]:
        told = zip(line["extreme_rows"], line["extremes"], line["deviations"], strict=True)
        return [
            FlaggedRow(row, 1.0, "review", evidence={"value": value, "deviation": round(deviation, 3)})
            for row, value, deviation in told
            if deviation >= self.min_deviation
        ]
