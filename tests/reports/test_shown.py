import html
import re

import numpy as np
import report_facts
from report_facts import replace

from burnish.reports import report_html, shown_row_ids


def test_pictures_for_the_shown_rows_leave_no_row_on_the_page_without_one():
    bare = replace(report_facts.image_facts(300), thumbnails={})
    picture = report_facts.picture(np.random.default_rng(0), size=8)
    page = report_html(replace(bare, thumbnails=dict.fromkeys(shown_row_ids(bare), picture)))
    cards = {html.unescape(found) for found in re.findall(r'<article class="card" data-row="([^"]*)"', page)}
    pictures = {html.unescape(found) for found in re.findall(r'class="thumb" data-row="([^"]*)"', page)}
    assert len(cards) > 20
    assert cards <= pictures


def test_each_row_is_named_once_and_exists():
    facts = report_facts.text_facts(300)
    shown = shown_row_ids(facts)
    assert len(shown) == len(set(shown))
    assert set(shown) <= set(facts.rows["row_id"].to_pylist())


def test_nothing_found_shows_no_row():
    assert shown_row_ids(report_facts.empty_facts()) == []
