"""Page: the shell that every HTML report shares: one self-contained file, no request, styles inside."""

from collections.abc import Iterable
from importlib import resources

from burnish.reports.markup import Markup, clean, element

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

Section = tuple[str, str, Markup]
"""Anchor, title, content."""


def html_page(title: str, bar: Markup, main: Iterable[Markup], foot: Markup, *, data: Markup | None = None) -> str:
    """Give the whole page; `data` is what its script needs, and without it there is no script."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        element("style", Markup(_asset("report.css"))),
    )
    body = element(
        "body",
        element("a", "Skip to the report", href="#main", class_="skip"),
        bar,
        element("main", main, id="main"),
        element("footer", element("p", foot), class_="foot"),
        data,
        element("script", Markup(_asset("report.js"))) if data else None,
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def page_bar(links: Iterable[tuple[str, str, str]]) -> Markup:
    """Give the bar at the top, which leads to the sections: anchor, what the link says, title."""
    made = [element("a", said, href=f"#{anchor}", title=title) for anchor, said, title in links]
    switch = element("button", "Theme", type="button", id="theme", class_="needs-script")
    return element(
        "header", element("strong", "burnish"), element("nav", made, aria_label="Sections"), switch, class_="bar"
    )


def page_hero(eyebrow: str, quiet: str, heading: Iterable[object], cards: Iterable[Markup]) -> Markup:
    """Give what a page begins with: what it is about, the one sentence that matters, and a card a number."""
    line = element("span", quiet, class_="quiet") if quiet else None
    about = element("p", clean(eyebrow, 120), line, class_="eyebrow")
    return element("section", about, element("h1", heading), element("dl", cards, class_="cards"), class_="hero")


def card(name: str, *value: object) -> Markup:
    """Give one number with its name."""
    return element("div", element("dt", name), element("dd", value))


def page_section(anchor: str, title: str, content: Markup) -> Markup:
    """Give a section with its heading."""
    return element(
        "section", element("h2", title, id=f"{anchor}-title"), content, id=anchor, aria_labelledby=f"{anchor}-title"
    )


def _asset(name: str) -> str:
    return resources.files("burnish.reports").joinpath("assets", name).read_text(encoding="utf-8")
