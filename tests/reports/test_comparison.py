import re
from dataclasses import replace

import pyarrow as pa
import report_facts
from evaluation_facts import HOSTILE, a_loss, bucket, compared, hostile, measured

from burnish.dataset import Gate, SliceEffect
from burnish.reports import report_markdown
from burnish.reports.comparison import comparison_markdown, evaluation_markdown

STORED = HOSTILE.replace("\ud800", "")
"""As a table can hold it."""


def rows_differing(n_rows=7, said="b"):
    return pa.table(
        {
            "row_id": [f"id{i}" for i in range(n_rows)],
            "label": [said] * n_rows,
            "a": [said] * n_rows,
            "b": ["c"] * n_rows,
            "difference": [-1.0] * n_rows,
        }
    )


def cells(line):
    return len(re.findall(r"(?<!\\)\|", line)) - 1


def test_a_comparison_says_verdict_claim_lift_test_and_gate():
    text = comparison_markdown(compared())
    assert text.startswith("## ✗ Gate failed: run B against run A\n")
    assert "**Inconclusive** on the claim “this fitted model is better”" in text
    assert r"Lift: **−1.2 points of accuracy \[−2.9, +0.4\] on 2,000 evaluation rows**" in text
    assert "Test of no difference (McNemar, exact): p = 0.154." in text
    assert "✗ Slice gate failed: 1 of 3 slices" in text
    assert text.rstrip().endswith("one point would take about 45,000 rows.</sub>")


def test_slices_that_failed_have_their_own_table_and_are_not_listed_again():
    parts = comparison_markdown(compared(found=())).split("\n\n")
    failed = next(part for part in parts if "✗ fell too far" in part)
    assert "south" in failed
    others = parts[parts.index("Other slices:") + 1]
    assert "south" not in others
    assert others.index("east") < others.index("west")


def test_of_many_slices_the_five_worst_and_the_five_best_are_shown():
    slices = tuple(
        SliceEffect(f"s{i:02}", 30, 0.5, 0.5 + i / 100, i / 100, 0, 1, 0.5, regressed=False) for i in range(30)
    )
    text = evaluation_markdown(measured(slices=slices, gate=Gate(0.05, passed=True, n_slices=30)))
    assert "Slices, the 5 worst and the 5 best of 30:" in text
    assert re.findall(r"\| (s\d\d) \|", text) == ["s00", "s01", "s02", "s03", "s04", "s25", "s26", "s27", "s28", "s29"]


def test_what_a_search_found_and_time_are_told():
    trend = {
        "buckets": [bucket("2025-01", "2025-03")],
        "slope": -0.01,
        "slope_low": -0.02,
        "slope_high": 0.0,
        "unit": "day",
    }
    text = comparison_markdown(compared(trend=trend))
    assert "Slices that a search found:" in text
    assert "2025-01 to 2025-03" in text
    assert r"−1.0 points \[−2.0, 0.0\] per day" in text


def test_rows_that_differ_are_counted_and_the_first_are_shown():
    text = comparison_markdown(compared(), rows_differing())
    assert "They differ on 7 rows, the largest differences first:" in text
    assert len(re.findall(r"\| id\d \|", text)) == 5
    assert "They differ on 0 rows." in comparison_markdown(compared(), rows_differing(0))


def test_a_measurement_has_arms_shares_asides_and_the_choice():
    text = evaluation_markdown(measured(), report_facts.CHOICE)
    assert text.startswith("## ✓ Better: what the change did to the model\n")
    assert r"| only LAB001 | 2,310 | 86.1% | \[85.0%, 87.0%\] | +1.9 | \[+0.7, +3.1\] |" in text
    assert r"| LAB001 | 90 | +2.3 | \[+1.1, +3.5\] |" in text
    assert r"- The lift without evaluation rows whose label is in doubt (580 rows): +2.0 points" in text
    assert "✗ left out | a loss beyond the margin is likely enough |" in text


def test_the_report_tells_a_measurement_in_the_same_words():
    facts = replace(report_facts.text_facts(60), evaluation=measured().to_json())
    for part in evaluation_markdown(measured(), facts.summary["choice"]).split("\n\n")[2:-1]:
        assert part in report_markdown(facts)


def test_a_loss_is_not_told_in_points():
    text = evaluation_markdown(a_loss(measured()))
    assert "points" not in text
    assert r"+0.024 fall of log loss \[+0.011, +0.036\]" in text
    assert "lower is better" in text


def test_hostile_strings_stay_in_their_cell_and_call_nobody():
    text = comparison_markdown(hostile(), rows_differing(2, STORED))
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    assert len(tables) >= 6
    for table in tables:
        assert len({cells(line) for line in table.splitlines()}) == 1
    assert "<script" not in text.replace(r"\<script", "")
    assert "@team" not in text
    assert not set("\x00\x1b\u202e") & set(text)
    assert max(map(len, text.splitlines())) < 2_500
