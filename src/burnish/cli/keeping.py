"""How a run is written into the history: what the flags say, and what would get in the way before any work."""

from collections.abc import Mapping
from typing import Any

from burnish.adapters.stores.history import refuse_unnameable
from burnish.dataset import Dataset
from burnish.dataset.history import Version
from burnish.errors import UsageError
from burnish.workspace import Audited, Workspace
from burnish.workspace.history import history_name, note_of


def name_of(workspace: Workspace, source: str, options: Mapping[str, Any]) -> str | None:
    """Give the name that the flags ask for; raises UsageError where the source is a version, which has one."""
    name = options.get("name")
    if name is not None and workspace.history.means(source):
        raise UsageError(f"{source!r} has a name already.", remedy="Leave --name out, or pass a file.")
    if name is not None and "@" in name:
        raise UsageError(f"{name!r} cannot be the name of a data set.", remedy="Leave out what begins with @.")
    return None if name is None else str(name)


def refuse_unkeepable(workspace: Workspace, dataset: Dataset, options: Mapping[str, Any], *, new: bool) -> None:
    """Raise UsageError, before any work, for a name or a tag that the version could not get.

    ReadOnlyError where a new version could not be kept.
    """
    if new:
        workspace.history.store.refuse_read_only()
    try:
        refuse_unnameable(history_name(dataset), what="data set")
    except UsageError as error:
        raise UsageError(str(error.args[0]), remedy="Say how to call it: --name NAME.") from error
    workspace.history.refuse_tag(history_name(dataset), options.get("tag"), free=None if new else dataset.version)


def keep_audited(
    workspace: Workspace, audited: Audited, source: str, options: Mapping[str, Any], *, new: bool = False
) -> Version:
    """Write the audited rows and what was found in them into the history; with `new`, tag and reason are for later."""
    why, tag = ("", None) if new else (options.get("why") or "", options.get("tag"))
    note = note_of(audited, source=source, why=why, tag=tag)
    return workspace.keep(audited, note, by_reference=bool(options.get("by_reference")))
