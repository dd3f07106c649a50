"""Moments: times of a field as people read them."""

import re

ZEROS = re.compile(r"(\.\d*?)0+(?=Z?$)")
SECONDS = re.compile(r"(\d\d:\d\d):00(?=Z?$)")


def moment_words(written: str) -> str:
    """Give a time as Arrow writes it without what is zero at its end: `2026-08-18 17:14`, and a day for its midnight.

    A midnight of a zone stays, as the zone tells which one.
    """
    whole = ZEROS.sub(r"\1", written).replace(".Z", "Z").rstrip(".")
    return SECONDS.sub(r"\1", whole).removesuffix(" 00:00")
