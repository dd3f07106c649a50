"""The history's commands: what there is, what became of it, and the way back."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from burnish.cli.files import refuse_no_place, write_text
from burnish.cli.running import print_json, workspace_of
from burnish.cli.terminal_history import (
    show_catalog,
    show_diff,
    show_log,
    show_story,
    show_undone,
    show_versions,
)
from burnish.dataset import Evaluation
from burnish.dataset.history import ancestry
from burnish.errors import InputError, UnknownVersionError, UsageError
from burnish.protocols import Silent
from burnish.reports.catalog import Entry, catalog_html
from burnish.reports.diff import diff_html
from burnish.reports.log import story_end, version_facts
from burnish.workspace.history import History, Note


def versions(*, name: str | None, as_json: bool, **options: Any) -> int:
    """List the versions of one data set or of all."""
    history = _history(options)
    names = _names(history) if name is None else [name.partition("@")[0]]
    listed = {one: (list(history.store.versions(one).values()), history.store.tags(one)) for one in names}
    if as_json:
        print_json({"versions": [version_facts(v, tags) for some, tags in listed.values() for v in some]}, {})
    else:
        for one, (some, tags) in listed.items():
            show_versions(Console(), one, some, tags)
    return 0


def log(*, name: str | None, as_json: bool, **options: Any) -> int:
    """Tell of each version, newest first; of one alone where it is named."""
    history = _history(options)
    if name is not None and "@" in name:
        chosen = [history.store.find(name)]
    else:
        names = _names(history) if name is None else [name]
        chosen = [v for one in names for v in reversed(list(history.store.versions(one).values()))]
    tags = {one: history.store.tags(one) for one in {v.dataset for v in chosen}}
    tried = [history.store.tried(version) for version in chosen]
    if as_json:
        lines = [version_facts(v, tags[v.dataset], some) for v, some in zip(chosen, tried, strict=True)]
        print_json({"log": lines}, {})
    else:
        for version, some in zip(chosen, tried, strict=True):
            show_log(Console(), [(version, some)], tags[version.dataset])
    return 0


def diff(*, a: str, b: str, html: str | None, as_json: bool, **options: Any) -> int:
    """Tell what lies between two versions."""
    refuse_no_place(html)
    history = _history(options)
    found = history.diff(a, b)
    kept = None if found.effect is None else history.store.evaluation(found.second)
    evaluation = None if kept is None else Evaluation.from_json(kept)
    written = {}
    if html is not None:
        write_text(html, diff_html(found, evaluation))
        written = {"html": html}
    if as_json:
        print_json(found.to_json(), written)
    else:
        show_diff(Console(), found, evaluation)
        _say_where(written)
    return 0


def tag(*, version: str, tag: str, delete: bool, as_json: bool, **options: Any) -> int:
    """Give a version a tag, or take it away."""
    history = _history(options)
    found = history.untag(version, tag) if delete else history.tag(version, tag)
    tags = history.store.tags(found.dataset)
    if as_json:
        print_json(version_facts(found, tags), {})
    else:
        said = f"{found.name} is no longer {tag}" if delete else f"{found.name} is {found.dataset}@{tag}"
        Console().print(said, markup=False, highlight=False)
    return 0


def undo(
    *, version: str, rows: tuple[str, ...], codes: tuple[str, ...], why: str | None, tag: str | None, as_json: bool,
    **options: Any,
) -> int:  # fmt: skip
    """Take back what a version changed as a new one."""
    history = _history(options)
    history.refuse_tag(version.partition("@")[0], tag)
    undone = history.undo(version, Note(why=why or "", tag=tag), row_ids=rows, codes=codes)
    if as_json:
        made = undone.version
        tags = {} if made is None else history.store.tags(made.dataset)
        facts = None if made is None else version_facts(made, tags)
        print_json({"new": facts, "changed_since": list(undone.changed_since)}, {})
    else:
        show_undone(Console(), undone, version)
    return 0


def why(*, row_id: str, name: str | None, as_json: bool, **options: Any) -> int:
    """Tell the whole story of a row."""
    history = _history(options)
    names = _names(history) if name is None else [name.partition("@")[0]]
    stories = dict(_stories(history, names, row_id))
    if len(stories) > 1:
        raise UsageError(
            f"{len(stories)} data sets have a row {row_id!r}.",
            remedy=f"Say which: burnish why {row_id} {next(iter(stories))}, or {', '.join(list(stories)[1:])}.",
        )
    if not stories:
        raise InputError(
            f"no version of {', '.join(map(repr, names))} has a row {row_id!r}.",
            remedy="Ids are those of rows.parquet; `burnish diff` names rows too.",
        )
    [(found, story)] = stories.items()
    known = history.store.versions(found)
    end = story_end(story, [v.name for v in ancestry(known, max(known))])
    if as_json:
        newest, there, label = end
        now = {"version": newest, "there": there, "relabelled_to": label if there else None}
        print_json({"row_id": row_id, "dataset": found, "story": story, "now": now}, {})
    else:
        show_story(Console(), row_id, story, end)
    return 0


def catalog(
    *, html: str | None, describe: tuple[tuple[str, str], ...], owner: tuple[tuple[str, str], ...], as_json: bool,
    **options: Any,
) -> int:  # fmt: skip
    """List every data set, after what people say of them is written down."""
    refuse_no_place(html)
    history = _history(options)
    said = [*((name, "description", text) for name, text in describe), *((name, "owner", text) for name, text in owner)]
    for name, _, _ in said:
        history.store.versions(name)  # raises where there is none, before anything is written
    for name, what, text in said:
        history.store.describe(name, **{what: text})
    entries = [
        Entry(history.store.about(name), history.store.versions(name), history.store.tags(name))
        for name in _names(history)
    ]
    written = {}
    if html is not None:
        write_text(html, catalog_html(entries, workspace=options["workspace"]))
        written = {"html": html}
    if as_json:
        print_json({"datasets": [entry.to_json() for entry in entries]}, written)
    else:
        show_catalog(Console(), entries)
        _say_where(written)
    return 0


def _history(options: Mapping[str, Any]) -> History:
    return workspace_of(dict(options), Silent()).history


def _names(history: History) -> list[str]:
    """Give the names of all data sets; raises UnknownVersionError where there is none."""
    names = history.store.names()
    if not names:
        raise UnknownVersionError(
            f"the workspace {history.store.root.parent} has no data set yet.",
            remedy="Audit a source first: burnish audit SOURCE. Or name another folder with --workspace.",
        )
    return names


def _stories(history: History, names: Iterable[str], row_id: str) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    for name in names:
        try:
            yield name, history.why(name, row_id)
        except InputError as error:
            if type(error) is not InputError:  # a damaged file is no answer
                raise


def _say_where(written: Mapping[str, str]) -> None:
    for path in written.values():
        Console().print(f"page: {path}", soft_wrap=True, highlight=False, markup=False)
