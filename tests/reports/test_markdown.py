import report_facts
from report_facts import replace

from burnish.reports import report_markdown


def test_the_verdict_comes_first_and_arms_findings_and_slices_follow():
    text = report_markdown(report_facts.text_facts(600))
    places = [text.index(part) for part in ("**Better:", "| arm |", "| code |", "| weak slice |")]
    assert places == sorted(places)


def test_an_audit_has_no_arms():
    text = report_markdown(report_facts.text_facts(600, measured=False))
    assert "| arm |" not in text
    assert "LAB001" in text


def test_nothing_found_is_said():
    assert "No check found anything." in report_markdown(report_facts.empty_facts())


def test_strings_of_the_data_are_escaped():
    facts = replace(report_facts.text_facts(60), title="a|b <img src=x> [x](y) `c`\nd")
    heading = report_markdown(facts).splitlines()[0]
    assert heading == r"## a\|b \<img src=x\> \[x\](y) \`c\` d"
