"""Log: the versions of a data set as people read them: when, who, what by which code, why, with what effect."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from burnish.dataset.history import Version
from burnish.reports.markup import clean
from burnish.reports.numbers import (
    MINUS,
    amount_unit,
    count,
    lift_interval,
    lift_unit,
    metric_amount,
    metric_lift,
    plural,
)
from burnish.reports.tables import Cell, Table

CHANGES = (("+", ("added", "restored")), (MINUS, ("dropped",)), ("~", ("relabelled",)))
WHY_LENGTH, NAME_LENGTH, WHO_LENGTH = 300, 60, 24

Tags = Mapping[str, int]


def versions_table(versions: Iterable[Version], tags: Tags) -> Table:
    """Give a line each version, oldest first; `from` is the number of the version that it was made from."""
    head = ("version", "tag", "from", "when (UTC)", "who", "how", "rows", "changed", "measured effect")
    lines = [
        (
            Cell(str(v.number), v.number),
            ", ".join(clean(tag, NAME_LENGTH) for tag in tags_of(v, tags)),
            Cell("" if v.parent is None else str(v.parent), v.parent),
            when(v.created),
            clean(v.who, WHO_LENGTH),
            v.how,
            Cell(count(v.n_rows), v.n_rows),
            Cell(changed_rows(v)),
            effect_short(v.effect),
        )
        for v in versions
    ]
    return Table("Versions", head, lines)


def tags_of(version: Version, tags: Tags) -> list[str]:
    """Give the tags of a version, in the order of the alphabet."""
    return sorted(tag for tag, number in tags.items() if number == version.number)


def version_title(version: Version, tags: Tags) -> str:
    """Give the name of a version with its tags: `reviews@2 (v2)`."""
    named = ", ".join(tags_of(version, tags))
    return clean(f"{version.name} ({named})" if named else version.name, 2 * NAME_LENGTH)


def changed_rows(version: Version) -> str:
    """Give `+12 −245 ~20`: rows that came, went, and got another label, against the version it was made from."""
    counts = {sign: sum(version.counts.get(name, 0) for name in names) for sign, names in CHANGES}
    return " ".join(f"{sign}{n:,}" for sign, n in counts.items() if n)


def done_sentence(version: Version) -> str:
    """Say what a version did: `curate of reviews@1: 245 rows dropped (DUP001 15, DUP002 230)`."""
    parent = None if version.parent is None else f"{version.dataset}@{version.parent}"
    of = version.recipe.get("undoes") if version.how == "undo" else parent
    start = version.how if of is None else f"{version.how} of {of}"
    if version.source is not None:
        start += f" from {clean(version.source, NAME_LENGTH)}"
    counts = [(n, word) for word, n in version.counts.items() if n]
    said = ", ".join(f"{plural(n, 'row')} {word}" if i == 0 else f"{n:,} {word}" for i, (n, word) in enumerate(counts))
    codes = ", ".join(f"{clean(code, 20)} {n:,}" for code, n in sorted(version.codes.items()))
    by_code = f" ({codes})" if codes else ""
    return f"{clean(start, 2 * NAME_LENGTH)}: {said or 'no row changed'}{by_code}"


def tried_sentence(tried: Mapping[str, Any]) -> str:
    """Say what was measured and not kept: `tried, not kept: 24 rows dropped (DUP001 24): inconclusive −0.3 …`."""
    counts = [(int(n), clean(word, 20)) for word, n in tried["counts"].items()]
    said = ", ".join(f"{plural(n, 'row')} {word}" if i == 0 else f"{n:,} {word}" for i, (n, word) in enumerate(counts))
    codes = ", ".join(f"{clean(code, 20)} {int(n):,}" for code, n in tried["codes"].items())
    return f"tried, not kept: {said} ({codes}): {effect_sentence(tried['effect'])}"


def effect_short(effect: Mapping[str, Any] | None) -> str:
    """Give verdict, lift and interval of a measured effect: `better +1.2 [+0.3, +2.1]`; nothing where there is none."""
    if effect is None:
        return ""
    metric = str(effect["metric"])
    ends = lift_interval(effect["lift_low"], effect["lift_high"], metric)
    return f"{effect['verdict']} {metric_lift(effect['lift'], metric)} {ends}"


def effect_sentence(effect: Mapping[str, Any]) -> str:
    """Say the same in full: metric, rows, the margin that it was held to where known, slices that fell too far."""
    metric = str(effect["metric"])
    ends = lift_interval(effect["lift_low"], effect["lift_high"], metric)
    lift = f"{metric_lift(effect['lift'], metric)} {lift_unit(metric)} {ends}"
    failed = [clean(name, NAME_LENGTH) for name in effect.get("slices_failed") or ()]
    fell = f"; fell too far in {'; '.join(failed[:3])}{'; …' if len(failed) > 3 else ''}" if failed else ""
    margin = effect.get("margin")
    held = "" if margin is None else f" (margin {metric_amount(margin, metric)} {amount_unit(metric)})"
    return f"{effect['verdict']}, {lift} on {count(effect['n_eval'])} evaluation rows{held}{fell}"


def version_facts(version: Version, tags: Tags, tried: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Give what a script needs of a version; `effect` as it was measured, or null; `tried` and not kept upon it."""
    return {
        "version": version.name, "number": version.number, "dataset": version.dataset, "hash": version.version,
        "tags": tags_of(version, tags), "parent": version.parent, "created": version.created, "who": version.who,
        "how": version.how, "why": version.why, "n_rows": version.n_rows, "counts": dict(version.counts),
        "codes": dict(version.codes), "source": version.source, "by_reference": version.by_reference,
        "effect": None if version.effect is None else dict(version.effect), "recipe": dict(version.recipe),
        "tried": [dict(one) for one in tried],
    }  # fmt: skip


def story_sentence(line: Mapping[str, Any]) -> str:
    """Say what one entry of the story of a row did, and why: `DUP001 dropped it: 2 rows have the same content`."""
    old, new = (clean(line.get(key) or "–", NAME_LENGTH) for key in ("old_label", "label"))
    done = {
        "add": "came", "drop": "dropped", "restore": "brought back", "relabel": f"relabelled {old} → {new}",
    }[str(line["action"])]  # fmt: skip
    code = f" by {clean(line['code'], 20)}" if line.get("code") else ""
    kept = line.get("kept_row_id") if line["action"] == "drop" else None
    twin = f"; kept: {clean(kept, NAME_LENGTH)}" if kept else ""
    return f"{done}{code}: {clean(line.get('reason') or '', WHY_LENGTH).removesuffix('.')}{twin}"


def story_end(story: Sequence[Mapping[str, Any]], path: Iterable[str]) -> tuple[str, bool, str | None]:
    """Give the version that the last of `path` is, whether the row is in it, and the label that an edit gave it."""
    names = list(path)
    lines = [line for line in story if line["version"] in set(names)]
    there = bool(lines) and lines[-1]["action"] != "drop"
    relabelled = [line["label"] for line in lines if line["action"] == "relabel"]
    return names[-1], there, relabelled[-1] if relabelled else None


def when(moment: str) -> str:
    """Give an ISO 8601 moment to the minute."""
    return clean(moment, 40)[:16].replace("T", " ")
