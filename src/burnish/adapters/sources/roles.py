"""Roles of the fields: those that the user named, checked; the others guessed, with the reason."""

from collections.abc import Sequence

import pyarrow as pa
from pyarrow import types

from burnish.adapters.sources.guesses import FINDERS, Fields
from burnish.adapters.sources.images import resolve_paths
from burnish.adapters.sources.opened import Given, Guess, Opened, named
from burnish.adapters.sources.tables import is_bytes, is_image_struct, is_scalar, is_text, is_vector
from burnish.dataset import Roles
from burnish.dataset.rows import is_list
from burnish.errors import InputError, MissingFieldError, UsageError, nearest


def decide_roles(opened: Opened, given: Given) -> tuple[Roles, list[Guess]]:
    """Give the role of each field, and what was guessed.

    A named field always wins and is never guessed for another role. Raises MissingFieldError for
    a field that is not there, InputError for one that cannot play its role, UsageError for a role
    that does not exist.
    """
    unknown = [role for role in given if role not in (*FINDERS, "meta")]
    if unknown:
        raise UsageError(f"no role {unknown[0]!r}.", remedy=f"Roles: {', '.join((*FINDERS, 'meta'))}.")
    beside = opened.vectors is not None
    asked = {role: field for role in FINDERS if (field := named(given, role)) is not None}
    if beside and asked.get("embedding") == opened.vectors_name:
        asked["embedding"] = ""
    for role, field in asked.items():
        if field:
            _refuse_unfit(role, opened.fields, field)
    open_roles = [role for role in FINDERS if role not in asked and not (beside and role == "embedding")]
    guesses = _guess(opened, open_roles, taken=set(asked.values()) | set(_given_meta(given) or ()))
    single = {role: field for role, field in asked.items() if field}
    single |= {g.role: g.field for g in guesses if g.field is not None and g.role != "note"}
    meta = _meta(opened.fields, given, taken=set(single.values()))
    return Roles(**single, meta=meta), guesses


def _guess(opened: Opened, roles: Sequence[str], *, taken: set[str]) -> list[Guess]:
    # A reader may know a role for sure: a folder's path is the image.
    guesses = [note for note in opened.notes if note.role in roles and note.field in opened.fields.column_names]
    taken |= {note.field for note in guesses if note.field}
    known = {note.role for note in guesses}
    found = []
    for role in roles:
        if role in known:
            continue
        free = tuple(name for name in opened.fields.column_names if name not in taken)
        guess = FINDERS[role](Fields(opened.fields, free, lambda path: _exists(opened, path)))
        if guess is not None:
            found.append(guess)
            taken |= {guess.field} if guess.role != "note" and guess.field else set()
    if "label" in roles and not any(guess.role == "label" for guess in (*guesses, *found)):
        found.append(Guess("label", None, "no field has the name and the values of a label; name it with --label"))
    return found + guesses


def _exists(opened: Opened, path: str) -> bool:
    try:
        return resolve_paths(opened, [path]) != [None]
    except (InputError, OSError):
        return False


def _meta(table: pa.Table, given: Given, *, taken: set[str | None]) -> tuple[str, ...]:
    asked = _given_meta(given)
    if asked is None:
        return tuple(f.name for f in table.schema if f.name and f.name not in taken and is_scalar(f.type))
    for field in asked:
        _refuse_unfit("meta", table, field)
    return asked


def _given_meta(given: Given) -> tuple[str, ...] | None:
    value = given.get("meta")
    if value is None or value == ():
        return None
    return tuple(field for field in ((value,) if isinstance(value, str) else value) if field)


def _refuse_unfit(role: str, table: pa.Table, field: str) -> None:
    names = table.column_names
    if field not in names:
        raise MissingFieldError(
            f"no field {field!r} for {role}.",
            remedy=f"{nearest(field, names)}Known fields: {', '.join(map(repr, names)) or 'none'}.",
        )
    kind = table.schema.field(field).type
    if types.is_null(kind):
        raise InputError(f"field {field!r} is empty in every row.", remedy=f"Name another field for {role}.")
    if not _fits(role, kind):
        raise InputError(f"field {field!r} holds {kind}, which cannot be the {role}.", remedy=EXPECTED[role])


EXPECTED = {
    "text": "Name a field of strings.",
    "image": "Name a field of image bytes or of paths.",
    "embedding": "Name a field of lists of numbers, all of one length.",
    "proba": "Name a field of lists of numbers, one for each class.",
    "meta": "Name fields of numbers, strings, truth values or times.",
    "label": "Name a field with one class, one number or one list of classes a row.",
    "split": "Name a field with the name of a split a row.",
    "id": "Name a field with one id a row.",
    "group": "Name a field with one group a row.",
    "time": "Name a field of times.",
    "prediction": "Name a field with what a model predicted: one class, one number or one list of classes a row.",
}


def _fits(role: str, kind: pa.DataType) -> bool:
    if role == "image":
        return is_text(kind) or is_bytes(kind) or is_image_struct(kind)
    if role in ("embedding", "proba"):
        return is_vector(kind)
    if role in ("label", "prediction") and is_list(kind):
        return is_scalar(kind.value_type) and not types.is_floating(kind.value_type)
    return is_text(kind) if role == "text" else is_scalar(kind)
