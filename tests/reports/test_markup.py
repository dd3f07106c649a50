import re

from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.reports.markup import Markup, clean, element, join, markdown_text
from burnish.reports.tables import markdown_table


def test_strings_are_escaped_and_markup_is_not():
    assert element("p", "<b>", Markup("<i></i>")) == "<p>&lt;b&gt;<i></i></p>"


def test_attribute_values_cannot_end_the_attribute():
    assert element("a", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;"></a>'


def test_none_and_false_leave_parts_out_and_true_is_bare():
    assert element("td", None, hidden=True, title=None, lang=False) == "<td hidden></td>"


def test_void_elements_have_no_end_tag():
    assert element("img", src="data:,") == '<img src="data:,">'


def test_join_escapes_each_part():
    assert join(["<", Markup("<br>")], " ") == "&lt; <br>"


def test_clean_drops_escape_sequences_and_direction_overrides():
    assert clean("\x1b[31mred\u202edlo\n") == " [31mred dlo "


def test_clean_cuts_long_text_without_reading_all_of_it():
    assert clean("x" * 1_000_000, 10) == "xxxxxxxxx…"


def test_clean_drops_half_characters_that_cannot_be_written():
    assert clean("a\ud800b").encode() == b"a b"


def test_markdown_shows_a_value_literally_and_calls_nobody():
    assert markdown_text("a|b <i> [x](y) & @team\n#1") == "a\\|b \\<i\\> \\[x\\](y) &amp; @\u2060team \\#1"


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_no_string_ever_becomes_a_tag(text):
    made = element("p", text, title=text)
    assert made.count("<") == 2
    assert made.count('"') == 2


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_no_string_ever_ends_its_cell_of_a_markdown_table(text):
    first, rule, line = markdown_table(("a", "b"), [(text, "end")]).splitlines()
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == len(re.findall(r"\|", first)) == 3
    assert rule == "| --- | --- |"
