"""Additions: what a review came to since a version was made of it, as edits of that version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from burnish.dataset import Changeset, Edit
from burnish.dataset.history import Version
from burnish.pipeline.reviewing import ReviewState
from burnish.workspace.history import History

Done = Mapping[str, tuple[str, str | None]]
"""Row id → what was done to it: the action, and the label that it got."""


@dataclass(frozen=True)
class Made:
    """The newest version that was made of a review and stands.

    `edits`: what the review comes to and it has not, as edits of its rows. `hindrance`: why no version can be made of
    these upon it, in a sentence, else empty.
    """

    version: Version
    edits: tuple[Edit, ...] = ()
    hindrance: str = ""

    @property
    def has_all(self) -> bool:
        """Whether the version is just what the review comes to."""
        return not self.edits and not self.hindrance

    def changes(self) -> Changeset:
        """Give the edits as a changeset of the version."""
        return Changeset(self.version.version, self.edits)


def made_so_far(history: History, version: Version, state: ReviewState) -> Made | None:
    """Give the newest version that was made of a review, and what that lacks; None where none was made."""
    known = _versions(history, version)
    standing = _standing(known, version)
    if not standing:
        return None
    newest, done = standing[0], _done(history, reversed(standing))
    edits = tuple(
        replace(edit, old_label=done[row_id][1]) if row_id in done else edit
        for row_id, edit in state.edits.items()
        if done.get(row_id) != (edit.action, edit.label)
    )
    back = [row_id for row_id, (action, _) in done.items() if _is_back(action, state.edits.get(row_id))]
    return Made(newest, edits, _hindrance(newest, back, _later(known, newest) if edits else None))


def _versions(history: History, version: Version) -> list[Version]:
    return list(history.store.versions(version.dataset).values())


def _undone(versions: Iterable[Version]) -> set[tuple[str, int]]:
    """Give the versions that were taken back as a whole, each with the number of its edits."""
    return {(one.recipe["undoes"], sum(one.counts.values())) for one in versions if one.how == "undo"}


def _stands(one: Version, undone: set[tuple[str, int]]) -> bool:
    return (one.name, sum(one.counts.values())) not in undone


def _standing(versions: list[Version], of: Version) -> list[Version]:
    """Give the versions that were made of a review and stand, the newest first."""
    undone = _undone(versions)
    made = (one for one in reversed(versions) if one.recipe.get("review", {}).get("of") == of.name)
    return [one for one in made if _stands(one, undone)]


def _later(versions: list[Version], made: Version) -> Version | None:
    """Give the newest version that came of another and stands."""
    undone = _undone(versions)
    return next((one for one in reversed(versions) if one.parent == made.number and _stands(one, undone)), None)


def _done(history: History, versions: Iterable[Version]) -> dict[str, tuple[str, str | None]]:
    done: dict[str, tuple[str, str | None]] = {}
    for version in versions:
        ledger = history.store.ledger(version)
        if ledger is not None:
            told = ledger.select(["row_id", "action", "label"]).to_pydict()
            done |= dict(zip(told["row_id"], zip(told["action"], told["label"], strict=True), strict=True))
    return done


def _is_back(action: str, now: Edit | None) -> bool:
    """Tell whether an edit was taken back: a row that is gone cannot be relabelled either."""
    return now is None or (action == "drop" and now.action != "drop")


def _hindrance(made: Version, back: list[str], later: Version | None) -> str:
    if back:
        were = "edit of it was" if len(back) == 1 else "edits of it were"
        return f"{len(back):,} {were} taken back since: undo {made.name} to make a version without."
    if later is not None:
        return f"{later.name} was made of {made.name}: go on with that one."
    return ""
