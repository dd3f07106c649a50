"""Thumbnails: as many pictures as the page can carry."""

from dataclasses import replace

from burnish.reports.facts import ReportFacts

PICTURE_BYTES = 1_400_000


def within_budget(facts: ReportFacts, *, max_bytes: int = PICTURE_BYTES) -> tuple[ReportFacts, int]:
    """Give the facts with the first thumbnails that fit `max_bytes`, and how many were left out.

    Only `data:image/` URLs count as pictures.
    """
    kept, size = {}, 0
    for row_id, picture in facts.thumbnails.items():
        size += len(picture)
        if size <= max_bytes and picture.startswith("data:image/"):
            kept[row_id] = picture
    return replace(facts, thumbnails=kept), len(facts.thumbnails) - len(kept)
