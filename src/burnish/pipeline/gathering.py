"""Gathering: which steps run, in which order; what each took; why one did not run."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from time import perf_counter

from burnish.dataset import Column, Evidence, Finding, Former, Summary
from burnish.errors import UsageError
from burnish.kernels.items import Scratch
from burnish.pipeline.kept import Parts, keep_parts, kept_parts
from burnish.protocols import Check, Progress, Step

BUILT_ON = "+former:"
"""Stands, in a recipe, before the digest of the former version that a column was built on."""


@dataclass(frozen=True)
class Skipped:
    """A step that did not run, and what it lacked."""

    step: str
    reason: str


@dataclass(frozen=True)
class Gathered:
    """Evidence after the steps, what was skipped, and seconds per step."""

    evidence: Evidence
    skipped: tuple[Skipped, ...]
    timings: dict[str, float]


def ordered(steps: Sequence[Step]) -> list[Step]:
    """Give the steps so that each comes after the writers of what it reads or uses.

    Raises UsageError when two steps write the same name or steps wait for each other.
    """
    writer: dict[str, Step] = {}
    for step in steps:
        for name in step.writes:
            if name in writer:
                raise UsageError(
                    f"steps {writer[name].name!r} and {step.name!r} both write {name!r}.", remedy="Leave one out."
                )
            writer[name] = step
    done: list[Step] = []
    waiting = list(steps)
    while waiting:
        ready = [
            s for s in waiting if not any(writer.get(n) in waiting for n in (*s.reads, *s.uses) if n not in s.writes)
        ]
        if not ready:
            names = ", ".join(s.name for s in waiting)
            raise UsageError(f"steps wait for each other: {names}.", remedy="Break the circle of reads and writes.")
        done += ready
        waiting = [s for s in waiting if s not in ready]
    return done


def gather(
    evidence: Evidence, steps: Sequence[Step], *, seed: int, progress: Progress, scratch: Scratch | None = None
) -> Gathered:
    """Run every step whose reads are there, in order, and give all evidence with its recipes.

    What a step gave is left in `scratch`, and not made again by a run of the same data and seed that finds it.
    """
    skipped: list[Skipped] = []
    timings: dict[str, float] = {}
    progress.start("gather", len(steps))
    for step in ordered(steps):
        lacking = [name for name in step.reads if name not in evidence]
        if lacking:
            skipped.append(Skipped(step.name, f"needs {', '.join(_plain(n, evidence) for n in lacking)}"))
        else:
            progress.tell(step.name)
            started = perf_counter()
            evidence = evidence.adding(_parts(step, evidence, seed, scratch))
            timings[step.name] = perf_counter() - started
        progress.advance()
    progress.finish()
    return Gathered(evidence, tuple(skipped), timings)


def _parts(step: Step, evidence: Evidence, seed: int, scratch: Scratch | None) -> Parts:
    evidence = replace(evidence, former=_former_of(step, evidence))
    digest = recipe(step, evidence)
    kept = None if scratch is None else kept_parts(scratch, digest)
    if kept is not None:
        return kept
    parts = _stamped(step.run(evidence, seed=seed), digest)
    return parts if scratch is None else keep_parts(scratch, digest, parts)


def judge(evidence: Evidence, checks: Sequence[Check]) -> list[Finding]:
    """Give the findings of every check whose reads are there, check by check."""
    able = [check for check in checks if all(name in evidence for name in check.reads)]
    return [finding for check in able for finding in check.judge(evidence)]


def recipe(step: Step, evidence: Evidence) -> str:
    """Give a digest of how: the step, its revision and parameters, and the recipes of what it reads.

    Where it, or what it reads, was built on a former version, a second digest, of what that was, follows `BUILT_ON`.
    """
    # What does not compare, as who runs it, changes no result.
    named: list[str] = [f.name for f in fields(step) if f.compare] if is_dataclass(step) else []
    parameters: dict[str, object] = {name: getattr(step, name) for name in named}
    read = {n: evidence.columns[n].recipe for n in (*step.reads, *step.uses) if n in evidence.columns}
    inputs = {name: _way(given) for name, given in read.items()}
    way = _digest([step.name, step.revision, parameters, inputs])
    grown = {name: given for name, given in read.items() if BUILT_ON in given}
    if evidence.former is not None and {"former", "any_former"} & set(step.uses):
        grown["former"] = evidence.former.key
    return f"{way}{BUILT_ON}{_digest(grown)}" if grown else way


def _former_of(step: Step, evidence: Evidence) -> Former | None:
    """Give the former version as a step may see it: near only where the step wrote there all it writes, as now."""
    former = evidence.former
    if former is None or not {"former", "any_former"} & set(step.uses):
        return None
    parts: dict[str, Column | Summary] = {**former.evidence.columns, **former.evidence.summaries}
    written, now = [parts[name].recipe for name in step.writes if name in parts], recipe(step, evidence)
    near = former.near and bool(written) and all(_way(recipe) == _way(now) for recipe in written)
    return replace(former, near=near) if near or "any_former" in step.uses else None


def _way(recipe: str) -> str:
    """Give how something was made, whatever it was built on."""
    return recipe.partition(BUILT_ON)[0]


def _digest(document: object) -> str:
    text = json.dumps(document, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _stamped(parts: Iterable[Column | Summary], digest: str) -> Parts:
    return [replace(part, recipe=digest) for part in parts]


def _plain(name: str, evidence: Evidence) -> str:
    if name == "@label" and evidence.dataset.roles.label is not None:
        return "labels that are classes"
    if not name.startswith("@"):
        return name
    return f"{'an' if name[1] in 'aeiou' else 'a'} {name[1:]} field"
