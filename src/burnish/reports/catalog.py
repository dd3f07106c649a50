"""Catalog: every data set of a workspace, what people say of it, and where its newest version comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from burnish.dataset.history import Version, ancestry
from burnish.reports.log import Tags, changed_rows, effect_sentence, effect_short, tags_of, versions_table, when
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import count, plural
from burnish.reports.page import card, html_page, page_bar, page_hero, page_section
from burnish.reports.tables import Cell, Table, data_table

LONG, NAME_LENGTH = 1_000, 60
STEPS_SHOWN = 12


@dataclass(frozen=True)
class Entry:
    """One data set: what people wrote of it, its versions by number, its tags."""

    about: Mapping[str, Any]
    versions: Mapping[int, Version]
    tags: Tags

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.about["name"])

    @property
    def newest(self) -> Version:
        """Its newest version."""
        return self.versions[max(self.versions)]

    @property
    def path(self) -> list[Version]:
        """Where the newest version comes from, the first one first."""
        return ancestry(self.versions, self.newest.number)

    @property
    def source(self) -> str | None:
        """What the newest version was read from, in the end."""
        return next((v.source for v in reversed(self.path) if v.how == "import" and v.source is not None), None)

    @property
    def judged(self) -> Version | None:
        """The newest version whose effect was measured."""
        return next((v for v in reversed(list(self.versions.values())) if v.effect is not None), None)

    def to_json(self) -> dict[str, Any]:
        """Give what a script needs."""
        newest, judged = self.newest, self.judged
        return {
            "name": self.name, "description": self.about.get("description"), "owner": self.about.get("owner"),
            "source": self.source, "roles": newest.roles.named(), "meta": list(newest.roles.meta),
            "n_rows": newest.n_rows, "newest": newest.name, "n_versions": len(self.versions), "tags": dict(self.tags),
            "last_verdict": None if judged is None else {"version": judged.name, **(judged.effect or {})},
            "lineage": [{"version": v.name, "how": v.how, "parent": v.parent} for v in self.path],
        }  # fmt: skip


def facts_of(entry: Entry) -> dict[str, str]:
    """Give the facts about a data set by name, those that are known."""
    newest, judged = entry.newest, entry.judged
    fields = [f"{role} = {field}" for role, field in newest.roles.named().items()]
    fields += [f"sliced by {', '.join(newest.roles.meta)}"] if newest.roles.meta else []
    verdict = "" if judged is None or judged.effect is None else f"{effect_sentence(judged.effect)} ({judged.name})"
    told = {
        "description": entry.about.get("description"), "owner": entry.about.get("owner"), "source": entry.source,
        "fields": "; ".join(fields), "last verdict": verdict, "lineage": lineage_words(entry),
    }  # fmt: skip
    return {name: clean(said, LONG) for name, said in told.items() if said}


def lineage_words(entry: Entry) -> str:
    """Give the way to the newest version: `@1 import → @2 curate (v2) −245 → @3 undo +245`."""
    path = entry.path
    steps = [_step(version, entry.tags) for version in path[-STEPS_SHOWN:]]
    before = [f"… {len(path) - STEPS_SHOWN:,} before"] if len(path) > STEPS_SHOWN else []
    aside = len(entry.versions) - len(path)
    return " → ".join([*before, *steps]) + (f"; {plural(aside, 'version')} beside" if aside else "")


def catalog_table(entries: Iterable[Entry]) -> Table:
    """Give a line each data set."""
    head = ("data set", "owner", "rows", "versions", "newest", "when (UTC)", "last verdict")
    lines = [
        (
            clean(entry.name, NAME_LENGTH),
            clean(entry.about.get("owner") or "", NAME_LENGTH),
            Cell(count(entry.newest.n_rows), entry.newest.n_rows),
            Cell(count(len(entry.versions)), len(entry.versions)),
            clean(entry.newest.name, NAME_LENGTH),
            when(entry.newest.created),
            "" if entry.judged is None else effect_short(entry.judged.effect),
        )
        for entry in entries
    ]
    return Table("Data sets", head, lines)


def catalog_html(entries: Iterable[Entry], *, workspace: str) -> str:
    """Give the catalog as one self-contained page."""
    listed = list(entries)
    anchors = {entry.name: f"set-{number}" for number, entry in enumerate(listed, 1)}
    links = [(anchors[entry.name], clean(entry.name, 30), clean(entry.name, NAME_LENGTH)) for entry in listed]
    cards = [
        card("data sets", count(len(listed))),
        card("versions", count(sum(len(entry.versions) for entry in listed))),
        card("rows, newest versions", count(sum(entry.newest.n_rows for entry in listed))),
    ]
    hero = page_hero(f"workspace {workspace}", "", (f"{plural(len(listed), 'data set')}.",), cards)
    sections = [page_section("all", "All data sets", data_table(*catalog_table(listed)))]
    sections += [page_section(anchors[entry.name], clean(entry.name, NAME_LENGTH), _entry(entry)) for entry in listed]
    foot = element("span", "Made by burnish; this page holds its data and makes no request.")
    bar = page_bar([("all", "All", "All data sets"), *links])
    return html_page("Catalog · burnish", bar, [hero, *sections], foot)


def _entry(entry: Entry) -> Markup:
    facts = facts_of(entry)
    about = element("p", facts.pop("description", "No description yet."))
    lines = [(name, said) for name, said in facts.items()]
    versions = versions_table(entry.versions.values(), entry.tags)
    return join([about, data_table("Facts", ("fact", ""), lines), data_table(*versions, wide=True)])


def _step(version: Version, tags: Tags) -> str:
    named = tags_of(version, tags)
    words = [f"@{version.number}", version.how, f"({', '.join(named)})" if named else "", changed_rows(version)]
    return " ".join(word for word in words if word)
