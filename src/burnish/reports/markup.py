"""Markup: HTML and Markdown built from escaped parts, so that a string of the data can never become a tag."""

import html
import re
from collections.abc import Iterable

CONTROL_RE2 = r"[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}]+"
"""RE2 pattern of what never reaches a page: control characters (ANSI escapes) and direction overrides."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
"""The same, and halves of characters, which Python knows and UTF-8 does not."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_VOID = frozenset({"br", "col", "hr", "img", "input", "meta", "link"})


class Markup(str):
    """Text that is HTML already; every other string is escaped when it goes in."""

    __slots__ = ()


def element(tag: str, /, *children: object, **attributes: object) -> Markup:
    """Give `<tag attributes>children</tag>`; children and values that are not Markup are escaped.

    `class_` means `class`, `data_row` means `data-row`; None and False leave an attribute or child
    out, True gives a bare attribute. Iterables of children are joined.
    """
    named = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{join(children)}</{tag}>")


def join(parts: Iterable[object], separator: str = "") -> Markup:
    """Give the parts as one Markup, each escaped unless it is Markup."""
    return Markup(html.escape(separator).join(_child(part) for part in parts))


def clean(value: object, limit: int = 280) -> str:
    """Give a value as one line of at most `limit` characters, without control characters."""
    text = str(value)
    cut = _CONTROL.sub(" ", text[: limit + 1])
    return cut if len(text) <= limit else cut[: max(limit - 1, 0)].rstrip() + "…"


def markdown_text(value: object, limit: int = 120) -> str:
    """Give a value as Markdown that shows it literally, on one line; it calls nobody (`@name`)."""
    return _MARKDOWN.sub(r"\\\1", clean(value, limit)).replace("&", "&amp;").replace("@", "@\N{WORD JOINER}")


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    word = name.rstrip("_").replace("_", "-")
    return f" {word}" if value is True else f' {word}="{html.escape(_CONTROL.sub(" ", str(value)))}"'


def _child(part: object) -> str:
    if part is None or part is False:
        return ""
    if isinstance(part, Markup):
        return part
    if isinstance(part, str):
        return html.escape(_CONTROL.sub(" ", part))
    if isinstance(part, Iterable):
        return join(part)
    return html.escape(str(part))
