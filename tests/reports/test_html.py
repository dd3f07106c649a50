import json
import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest
import report_facts
from report_facts import replace

from burnish.reports import report_html

pytestmark = pytest.mark.slow


SECTIONS = ("lift", "found", "map", "clusters", "slices", "evidence", "changes", "slice-effects", "about")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b[31m\u202e"


class Page(HTMLParser):
    """Tags, ids, and the text outside of scripts and styles."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.ids, self.words, self.attributes, self._raw = [], set(), [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids.add(dict(attrs).get("id"))
        self._raw = tag in ("script", "style")

    def handle_endtag(self, tag):
        self._raw = False

    def handle_data(self, data):
        if not self._raw:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def measured():
    return Page(report_html(report_facts.text_facts(600)))


def test_every_section_of_a_measured_set_is_there(measured):
    assert set(SECTIONS) <= measured.ids


def test_the_verdict_is_the_first_heading(measured):
    assert measured.tags.index("h1") < measured.tags.index("h2")
    assert "After the edits the model gains +2.4 points of accuracy" in measured.text


def test_an_audit_says_what_was_found_and_has_no_effect_section():
    page = Page(report_html(report_facts.text_facts(600, measured=False)))
    assert "findings in 600 rows" in page.text
    assert not {"lift", "changes", "slice-effects"} & page.ids


def test_every_arm_is_in_a_plain_table(measured):
    for arm in ("before", "after", "control (random)", "only DUP002", "only LAB001"):
        assert arm in measured.text


def test_what_is_cut_is_said():
    page = Page(report_html(report_facts.text_facts(600)))
    assert re.search(r"8 of 30 shown, surest first", page.text)
    assert "600 of 600 rows carry text, cut at 120 characters" in page.text


def test_a_page_asks_for_nothing_from_outside():
    text = report_html(report_facts.image_facts())
    page = Page(text)
    assert "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:" in text
    sources = [v for _, name, v in page.attributes if name in ("src", "href", "action", "srcset", "poster")]
    assert sources
    assert all(v.startswith(("data:", "#")) for v in sources)
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert "url(" not in style
    assert "@import" not in style


def test_strings_of_the_data_never_become_tags():
    facts = report_facts.text_facts(60)
    summary = {**facts.summary, "source": HOSTILE, "verdict_sentence": HOSTILE, "embedder": HOSTILE}
    summary["parameters"] = {HOSTILE: HOSTILE}
    summary["findings"] = {c: {**e, "message": HOSTILE} for c, e in facts.summary["findings"].items()}
    hostile = replace(
        facts,
        rows=_replaced(facts.rows, ("row_id", "label", "predicted_label", "split", "suggested_label")),
        findings=_replaced(facts.findings, ("message", "row_id", "suggested_label", "evidence")),
        clusters=_replaced(facts.clusters, ("name",)),
        slices=_replaced(facts.slices, ("description", "slice")),
        texts=pa.array([HOSTILE] * 60),
        thumbnails={HOSTILE + "0": HOSTILE},
        records=pa.table({"row_id": [HOSTILE + "0"], HOSTILE: [HOSTILE]}),
        summary=summary,
        title=HOSTILE,
    )
    text, plain = report_html(hostile), report_html(facts)
    page, expected = Page(text), Page(plain)
    assert page.tags.count("script") == expected.tags.count("script")
    assert not [a for a in page.attributes if a[1].startswith("on")]
    assert page.tags.count("img") == expected.tags.count("img")
    assert text.count("<script") == plain.count("<script")
    assert text.count("</script") == plain.count("</script")
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_json_blocks_are_json_and_cannot_close_their_script():
    text = report_html(report_facts.text_facts(60))
    blocks = re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', text, re.DOTALL)
    documents = {name: json.loads(content) for name, content in blocks}
    assert {"arms", "lift", "shares", "clusters", "slices", "slice-effects", "trend"} == set(
        documents["burnish-charts"]
    )
    assert all("<" not in content for _, content in blocks)


def test_the_words_in_which_twins_differ_are_marked():
    facts = report_facts.text_facts(60)
    ids = facts.rows["row_id"].to_pylist()
    texts = ["the red card is lost", "the blue card is lost", *["x"] * 58]
    line = {
        "finding_id": "DUP002-1",
        "code": "DUP002",
        "kind": "near_duplicate",
        "severity": "warning",
        "score": 1.0,
        "row_id": ids[1],
        "evidence": json.dumps({"kept": ids[0]}),
        "message": "m",
    }
    findings = pa.Table.from_pylist([line], schema=facts.findings.schema)
    text = report_html(replace(facts, texts=pa.array(texts), findings=findings, changeset=None))
    assert "the <mark>red</mark> card is lost" in text
    assert "the <mark>blue</mark> card is lost" in text


@pytest.mark.slow
def test_a_cell_of_a_megabyte_costs_a_line():
    facts = report_facts.text_facts(60)
    texts = pa.array(["word " * 200_000] * 60)
    assert len(report_html(replace(facts, texts=texts))) < 900_000


@pytest.mark.parametrize(
    "facts",
    [
        report_facts.image_facts(120),
        report_facts.table_facts(120),
        report_facts.vector_facts(120),
        report_facts.empty_facts(),
        report_facts.text_facts(60, measured=False),
    ],
    ids=["images", "table", "vectors", "nothing found", "text"],
)
def test_every_kind_of_set_gives_a_whole_page(facts):
    page = Page(report_html(facts))
    assert page.tags.count("h1") == 1
    assert {"found", "about"} <= page.ids
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_pictures_are_shown_where_they_are_given():
    facts = report_facts.image_facts(300)
    page = Page(report_html(facts))
    assert page.tags.count("img") > 20


def test_records_are_shown_for_rows_of_a_table():
    assert "hours" in Page(report_html(report_facts.table_facts(120))).text


def test_an_empty_changeset_says_so():
    facts = replace(report_facts.text_facts(60), changeset={"version": "v", "edits": []})
    assert "nothing was changed" in Page(report_html(facts)).text


def test_pictures_past_their_budget_are_left_out_and_counted():
    facts = report_facts.image_facts(300)
    ids = facts.rows["row_id"].to_pylist()
    heavy = dict.fromkeys(ids[:60], "data:image/webp;base64," + "A" * 100000)
    text = report_html(replace(facts, thumbnails=heavy))
    assert len(text) < 6_000_000
    assert "47 thumbnails were left out" in Page(text).text


@pytest.mark.slow
def test_fifty_thousand_rows_with_text_stay_under_six_megabytes():
    facts = report_facts.text_facts(50_000, n_words=24)
    mean = sum(len(t) for t in facts.texts.to_pylist()) / 50_000
    text = report_html(facts)
    assert mean > 135
    assert len(text.encode()) < 6_000_000
    assert "50,000 of 50,000 rows carry text" in Page(text).text


def _replaced(table, names):
    """Every value hostile, ids still unique."""
    for name in names:
        if name in table.column_names:
            values = [
                None if v is None else HOSTILE + str(i if name == "row_id" else "")
                for i, v in enumerate(table[name].to_pylist())
            ]
            table = table.set_column(table.column_names.index(name), name, pa.array(values, pa.string()))
    return table
