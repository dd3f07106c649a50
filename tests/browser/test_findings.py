import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pytest
from axe import needs_axe, wcag_faults
from hostile import MARK, hostile_workspace, wav
from PIL import Image

from app_server import SIZES, Running, small_workspace
from burnish.testing.planted import planted_texts
from burnish.workspace import Limits, Workspace
from burnish.workspace.history import Note

WEB = Path(__file__).parents[2] / "web"
TYPESCRIPT = WEB / "node_modules" / "typescript" / "lib" / "typescript.js"
LIVE = ".status [aria-live]"
OPTIONS = ".queue-list [role=option]"
PRESSED = ".segments [aria-pressed=true]"
JOURNAL = "datasets/small/reviews/000001.jsonl"


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("findings") / "workspace")


@pytest.fixture
def root(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "workspace")


@pytest.fixture
def open_findings(open_page):
    def opened(server, search="", *, v="small@1", **options):
        until = "#finding-title, .evidence .trouble"
        return open_page(server, f"/findings?v={v}{search}", until=until, **options)

    return opened


@pytest.fixture
def page(start, root, open_findings):
    """The findings of one kind of a workspace of the test's own."""
    return open_findings(start(root), "&code=LAB001")


def shown(page):
    """Give the id of the finding that is chosen, once its evidence is there."""
    page.wait_for_function(
        """() => {
        const shown = document.querySelector('.evidence-body').dataset.finding;
        const chosen = document.querySelector('.queue-list [aria-selected=true]')?.dataset.finding;
        return shown !== undefined && (shown === chosen || chosen === undefined);
        }"""
    )
    return page.locator(".evidence-body").get_attribute("data-finding")


def told(page, action, said):
    """Do something, and give what the live region then says: it begins with `said`."""
    page.evaluate(
        "live => { document.querySelector(live).dataset.before = document.querySelector(live).innerText; }", LIVE
    )
    action()
    page.wait_for_function(
        """([live, said]) => {
        const text = document.querySelector(live).innerText;
        return text.startsWith(said) && text !== document.querySelector(live).dataset.before;
        }""",
        arg=[LIVE, said],
    )
    return page.locator(LIVE).inner_text().strip()


def decide(page, key, said):
    shown(page)
    return told(page, lambda: page.keyboard.press(key), said)


def journal(root):
    """Give the events of the review, as they lie on disk."""
    lines = (root / JOURNAL).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_review_by_keyboard_is_there_after_a_restart(start, open_findings, root):
    server = start(root)
    page = open_findings(server, "&code=LAB001")
    first = shown(page)
    assert decide(page, "a", "Accepted: 1 row to be relabelled").endswith(" 35 left.")
    assert shown(page) != first
    assert decide(page, "r", "Rejected") == "Rejected. 34 left."
    decide(page, "s", "Skipped")
    decide(page, "x", "1 row to be dropped")
    shown(page)
    page.keyboard.press("e")
    decide(page, "1", "1 row to be relabelled")
    page.get_by_text("5 of 36 decided").wait_for()
    page.get_by_role("link", name="Make a version of 3 edits").wait_for()
    assert [event["action"] for event in journal(root)] == ["accept", "reject", "skip", "drop", "relabel"]
    assert page.faults == []
    page.close()
    server.stop()

    page = open_findings(start(root), "&code=LAB001")
    page.locator(PRESSED, has_text="Open 31").wait_for()
    page.get_by_role("button", name="Decided").click()
    page.locator(f".queue-item[data-finding='{first}'] [data-action=accept]").wait_for()
    decisions = page.locator(f"{OPTIONS} .decision").all_inner_texts()
    assert {text.split(" to ")[0] for text in decisions} == {"accepted", "rejected", "skipped", "dropped", "relabelled"}
    assert decide(page, "u", "Took back: relabel of ").endswith(" left.")


def test_undo_brings_the_last_finding_back_and_shows_it(page):
    first = shown(page)
    decide(page, "a", "Accepted")
    decide(page, "r", "Rejected")
    decide(page, "u", "Took back: reject of ")
    assert decide(page, "u", "Took back: accept of ").endswith(" 36 left.")
    assert shown(page) == first
    page.locator(PRESSED, has_text="Open 36").wait_for()


def test_a_number_relabels_to_the_likeliest_and_letters_find_any_label(page, root):
    shown(page)
    page.keyboard.press("e")
    labels = page.locator(".label-choices bdi").all_inner_texts()
    assert len(labels) > 2
    assert page.evaluate("document.activeElement.innerText").startswith("1")
    decide(page, "2", f"1 row to be relabelled to {labels[1]}")
    shown(page)
    page.keyboard.press("e")
    wanted = page.locator(".label-choices bdi").all_inner_texts()[-1]
    page.keyboard.type(wanted[:4])
    page.get_by_text(f"Enter: {wanted}").wait_for()
    decide(page, "Enter", f"1 row to be relabelled to {wanted}")
    assert [event["label"] for event in journal(root)] == [labels[1], wanted]


def test_escape_leaves_the_labels_and_nothing_is_decided(page, root):
    first = shown(page)
    page.get_by_role("button", name="Relabel", exact=True).click()
    page.keyboard.type("x")
    page.keyboard.press("Escape")
    page.wait_for_selector(".relabel", state="detached")
    assert page.evaluate("document.activeElement.innerText").startswith("Relabel")
    assert shown(page) == first
    assert not (root / JOURNAL).exists()


def test_the_rest_is_accepted_only_after_a_random_sample_was_judged(page, root):
    page.get_by_text("31 are open and suggest an edit.").wait_for()
    page.get_by_role("button", name="Draw the sample").click()
    page.get_by_text("0 of 20 judged").wait_for()
    page.get_by_text("Sample: Suspect labels 20").wait_for()
    assert page.locator(OPTIONS).count() == 20
    for number in range(1, 21):
        assert page.get_by_role("button", name="Accept the remaining").count() == 0
        key, said = ("r", "Rejected") if number == 4 else ("a", "Accepted")
        assert decide(page, key, said).endswith(f" {number} of 20 judged.")
    page.get_by_text("20 of 20 judged, 19 right").wait_for()
    estimate = page.locator(".sample .estimate").inner_text()
    assert estimate == "Estimated precision 95 %, 95 % interval 76 % to 99 %"
    page.get_by_role("button", name="Accept the remaining 11").click()
    dialog = page.locator("dialog[open]")
    assert "precision 95 %, 95 % interval 76 % to 99 %" in dialog.inner_text()
    told(page, dialog.get_by_role("button", name="Accept 11").click, "11 findings accepted")
    assert [event["action"] for event in journal(root)] == [
        "sample",
        *["accept"] * 3,
        "reject",
        *["accept"] * 16,
        "bulk",
    ]


def test_two_tabs_that_decide_at_once_lose_nothing(page, open_findings, root, start):
    other = page.context.new_page()
    other.faults, other.expected = [], ""
    other.goto(page.url)
    other.wait_for_selector("#finding-title")
    other.keyboard.press("j")
    first, second = shown(page), None
    other.wait_for_function("id => document.querySelector('.evidence-body').dataset.finding !== id", arg=first)
    second = shown(other)
    other.keyboard.press("r")
    page.keyboard.press("a")
    for tab in (page, other):
        tab.get_by_text("2 of 36 decided").wait_for()
        tab.get_by_role("button", name="Open 34").wait_for()
        assert tab.locator(f"[data-finding='{first}'].queue-item, [data-finding='{second}'].queue-item").count() == 0
    assert {(event["action"], event["finding_id"]) for event in journal(root)} == {
        ("accept", first),
        ("reject", second),
    }


def test_a_decision_that_cannot_be_written_down_is_taken_back_on_the_page(page):
    page.expected = "ERR_FAILED"
    first = shown(page)
    page.route("**/api/decisions", lambda route: route.abort())
    page.route("**/api/finding?*", lambda route: route.abort())
    page.route("**/api/findings?*", lambda route: route.abort())
    told(page, lambda: page.keyboard.press("a"), "Not written down: The server does not answer.")
    page.get_by_role("button", name="Open 36").wait_for()
    assert shown(page) == first
    assert page.locator(OPTIONS).first.get_attribute("data-finding") == first
    assert page.locator(".row-card[data-role=Flagged]").count() == 1
    assert page.locator(".evidence .chip.decision").count() == 0
    for path in ("decisions", "finding?*", "findings?*"):
        page.unroute(f"**/api/{path}")
    assert decide(page, "a", "Accepted").endswith(" 35 left.")


def test_a_note_is_written_in_a_dialog_in_which_letters_are_letters(page, root):
    shown(page)
    page.keyboard.press("n")
    page.locator("dialog[open] textarea").wait_for()
    page.keyboard.type("a raw <b>note</b>")
    told(page, lambda: page.keyboard.press("Control+Enter"), "Noted.")
    assert "a raw <b>note</b>" in page.locator(".evidence .note").inner_text()
    assert page.locator("dialog[open]").count() == 0
    assert [event["action"] for event in journal(root)] == ["note"]


def test_a_note_that_is_not_written_down_stays_in_its_dialog_with_the_reason(page):
    page.expected = "ERR_FAILED"
    shown(page)
    page.route("**/api/decisions", lambda route: route.abort())
    page.keyboard.press("n")
    page.locator("dialog[open] textarea").fill("a long thought")
    page.keyboard.press("Control+Enter")
    page.locator("dialog[open] [role=alert]").get_by_text("The server does not answer.").wait_for()
    assert page.locator("dialog[open] textarea").input_value() == "a long thought"
    page.unroute("**/api/decisions")
    told(page, lambda: page.keyboard.press("Control+Enter"), "Noted.")
    assert page.locator("dialog[open]").count() == 0


def test_accepting_says_what_it_edits(page):
    shown(page)
    suggested = page.locator(".likely tr.suggested th bdi").inner_text()
    assert page.locator("button.accept").get_attribute("title") == f"Accept: relabel to {suggested}"
    assert decide(page, "a", "Accepted: 1 row to be relabelled.").endswith(" 35 left.")


def test_the_queue_is_narrowed_to_a_pair_of_labels_and_says_which(page):
    labels = page.get_by_label("Labels", exact=True)
    first = labels.locator("optgroup").first.locator("option").first
    value, text = first.get_attribute("value"), first.inner_text()
    count = text.rsplit("(", 1)[1].rstrip(")")
    labels.select_option(value=value)
    page.get_by_role("button", name=f"Open {count}").wait_for()
    given, suggested = json.loads(value)
    for item in page.locator(f"{OPTIONS} .pair").all():
        assert item.get_attribute("title") == f"{given} → {suggested}"
    page.reload()
    page.get_by_role("button", name=f"Open {count}").wait_for()
    assert labels.input_value() == value


def test_the_queue_is_narrowed_to_rows_that_the_address_names(start, root, open_findings):
    page = open_findings(start(root), f"&rows={'.'.join(map(str, range(100)))}&state=all")
    page.get_by_text("About 100 selected rows").wait_for()
    page.locator(OPTIONS).first.wait_for()
    some = int(page.locator(PRESSED).inner_text().split()[1])
    page.get_by_role("button", name="All rows").click()
    page.wait_for_function(
        "some => Number(document.querySelector('.segments [aria-pressed=true] .n')?.innerText) > some", arg=some
    )
    page.expected = "400"
    page.goto(page.url + "&set=nobody")
    page.get_by_role("button", name="Show the findings of all rows").click()
    page.locator(OPTIONS).first.wait_for()


@pytest.fixture
def conflicting(start, open_findings, tmp_path):
    """The page of a group of three copies with two labels, and where its workspace is."""
    workspace = Workspace(tmp_path / "workspace", limits=Limits(threads=1))
    table = planted_texts(120, seed=5).table
    first = next(row for row in table.to_pylist() if row["split"] == "train")
    label = next(other for other in table["label"].to_pylist() if other != first["label"])
    copies = [{**first, "id": "copy-1"}, {**first, "id": "copy-2", "label": label}]
    table = pa.concat_tables([table, pa.Table.from_pylist(copies, schema=table.schema)])
    dataset, guesses = workspace.read(table, {"label": "label"}, name="small")
    workspace.keep(workspace.audit(dataset, guesses), Note())
    root = tmp_path / "workspace"
    return open_findings(start(root), "&code=DUP003"), root, first["label"], label


def test_a_drop_of_copies_with_different_labels_asks_which_one_stays(conflicting):
    page, root, most, other = conflicting
    shown(page)
    leads = [one.inner_text().replace("differs from most:", "").split() for one in page.locator(".label-lead").all()]
    assert sorted(leads) == sorted([[most, "2", "of", "3"], [most, "2", "of", "3"], ["≠", other, "1", "of", "3"]])
    page.keyboard.press("x")
    page.get_by_role("heading", name="Which copy stays?").wait_for()
    assert not (root / JOURNAL).exists()
    decided = page.get_by_role("button", name=f"Keep {other}")
    told(page, decided.click, "2 rows to be dropped.")
    (event,) = journal(root)
    assert (event["action"], len(event["row_ids"])) == ("drop", 2)


def test_one_row_of_several_can_be_relabelled(conflicting):
    page, root, most, _ = conflicting
    shown(page)
    told(page, page.get_by_role("button", name=f"Relabel to {most}").click, f"1 row to be relabelled to {most}.")
    (event,) = journal(root)
    assert (event["action"], event["label"], event["row_ids"]) == ("relabel", most, ["copy-2"])


def test_the_evidence_of_the_next_findings_is_there_before_it_is_asked_for(page):
    page.expected = "ERR_FAILED"
    first = shown(page)
    following = [one.get_attribute("data-finding") for one in page.locator(OPTIONS).all()[1:3]]
    page.wait_for_load_state("networkidle")  # evidence that was asked for ahead has come
    page.route("**/api/finding?*", lambda route: route.abort())
    decide(page, "a", "Accepted")
    assert shown(page) == following[0] != first
    page.keyboard.press("j")
    page.wait_for_function("id => document.querySelector('.evidence-body').dataset.finding === id", arg=following[1])


def test_the_queue_is_shown_while_the_evidence_is_on_its_way(page):
    held = []
    page.route("**/api/finding?*", lambda route: held.append(route))  # noqa: PLW0108 - playwright marks it
    page.reload()
    page.wait_for_selector(".queue-item[data-finding]")
    assert page.locator("#finding-title").count() == 0
    page.keyboard.press("a")
    page.get_by_text("The evidence is still loading.").wait_for()
    while page.locator("#finding-title").count() == 0:
        while held:
            held.pop().continue_()
        page.wait_for_timeout(50)
    shown(page)
    page.locator(PRESSED, has_text="Open 36").wait_for()


def test_when_all_is_decided_the_page_says_so_and_the_last_decision_can_be_taken_back(start, root, open_findings):
    page = open_findings(start(root), "&code=OUT001")
    for _ in range(5):
        decide(page, "s", "Skipped")
    page.get_by_text("No open finding of OUT001.").wait_for()
    assert page.get_by_role("button", name="Accept", exact=False).first.get_attribute("aria-disabled") == "true"
    assert told(page, lambda: page.keyboard.press("u"), "Took back: skip of ").endswith(" 1 left.")
    shown(page)
    assert page.locator("#finding-title").inner_text() == "Outliers"


def test_the_address_holds_filters_and_finding_and_back_goes_back(page):
    page.locator(OPTIONS).nth(2).click()
    third = shown(page)
    assert f"id={third}" in page.url
    page.keyboard.press("o")
    page.get_by_role("button", name=re.compile("All [0-9]+"), pressed=True).wait_for()
    page.locator("select[aria-label='Kind of finding']").select_option("DUP001")
    page.wait_for_url("**code=DUP001**")
    page.reload()
    page.wait_for_selector("#finding-title")
    assert page.locator("#finding-title").inner_text() == "Exact duplicates"
    page.go_back()
    page.go_back()
    page.wait_for_function("id => document.querySelector('.evidence-body').dataset.finding === id", arg=third)
    page.locator(PRESSED, has_text="Open 36").wait_for()


def test_the_queue_is_a_list_box_that_arrows_move_in_and_only_what_is_in_sight_is_there(start, root, open_findings):
    page = open_findings(start(root))
    queue = page.locator(".queue-list")
    queue.focus()
    size = int(page.locator(OPTIONS).first.get_attribute("aria-setsize"))
    for key, place in (("ArrowDown", 1), ("End", size - 1), ("ArrowUp", size - 2), ("Home", 0)):
        page.keyboard.press(key)
        page.wait_for_selector(f".queue-list[aria-activedescendant=finding-{place}]")
        option = page.locator(f"#finding-{place}[aria-selected=true]")
        assert option.get_attribute("aria-posinset") == str(place + 1)
        assert option.bounding_box()["y"] + option.bounding_box()["height"] <= 900
        shown(page)
    assert size > 100
    assert page.locator(OPTIONS).count() < 40
    assert page.evaluate("() => document.activeElement.className") == "queue-list"


def test_words_that_differ_between_twins_are_marked(start, root, open_findings):
    page = open_findings(start(root), "&code=DUP002")
    shown(page)
    texts = page.locator(".twins .text")
    assert texts.count() >= 2
    marked = [set(one.locator("mark").all_inner_texts()) for one in texts.all()[:2]]
    assert marked[0] | marked[1]
    for one, mine, other in zip(texts.all()[:2], marked, marked[::-1], strict=True):
        assert not mine & other
        assert all(word in one.inner_text() for word in mine)


@pytest.mark.parametrize("size", list(SIZES))
def test_nothing_is_wider_than_the_screen(start, root, open_findings, size):
    page = open_findings(start(root), "&code=LAB001", size=size)
    shown(page)
    page.keyboard.press("e")
    page.wait_for_selector(".relabel")
    whole = "(e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight])"
    assert max(page.evaluate(f"{whole}(document.documentElement)")) <= 0
    wider, higher = page.evaluate(f"{whole}(document.querySelector('#main'))")
    assert wider <= 0
    assert higher <= 0 or size == "phone"


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_wcag_fault(start, root, open_findings, scheme):
    page = open_findings(start(root), "&state=all", scheme=scheme, bypass_csp=True)
    decide(page, "a", "Accepted")
    decide(page, "r", "Rejected")
    assert wcag_faults(page) == {}
    shown(page)
    page.keyboard.press("e")
    page.wait_for_selector(".relabel")
    assert wcag_faults(page) == {}
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_selector("dialog[open]")
    assert wcag_faults(page) == {}
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Decided").click()
    page.locator("select[aria-label='Kind of finding']").select_option("OUT001")
    page.get_by_text("No decided finding of OUT001.").wait_for()
    assert wcag_faults(page) == {}


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """A server over data that is made to break pages."""
    root = tmp_path_factory.mktemp("hostile") / "workspace"
    names = hostile_workspace(root)
    running = Running(root)
    yield running, names
    running.stop()


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1], ids=["texts", "pictures"])
def test_hostile_data_is_shown_as_data(hostile, open_findings, which):
    server, names = hostile
    page = open_findings(server, v=quote(names[which], safe=""))
    page.expected = "404 (Not Found)"
    for _ in range(30):
        shown(page)
        page.keyboard.press("j")
    assert page.evaluate("name => window[name] ?? null", MARK) is None
    assert page.locator("#app script, #app iframe, #app [onload], #app [onerror]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.wait_for_function("() => document.querySelector('.findings-page').innerText.includes('<script>')")
    text = page.evaluate("document.querySelector('.findings-page').innerText")
    assert re.search("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202a-\u202e\u2066-\u2069]", text) is None


@pytest.mark.slow
def test_evaluation_rows_are_said_to_be_locked_before_the_server_refuses(hostile, open_findings):
    server, names = hostile
    page = open_findings(server, "&code=DUP001", v=quote(names[1], safe=""))
    page.expected = "404 (Not Found)"
    page.locator(OPTIONS).last.click()
    shown(page)
    assert page.get_by_role("button", name="Mark as seen").get_attribute("class") == ""
    for name in ("Drop", "Relabel"):
        button = page.get_by_role("button", name=name, exact=True)
        assert button.get_attribute("aria-disabled") == "true"
        assert button.get_attribute("title").startswith("Evaluation rows are locked")
    told(page, lambda: page.keyboard.press("x"), "Evaluation rows are locked")
    page.keyboard.press("e")
    assert page.locator(".relabel").count() == 0
    assert page.get_by_role("button", name="Reject").get_attribute("aria-disabled") == "false"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A server over pets@1: 40 pictures of noise and a sound each; every one of the last four is there twice."""
    root = tmp_path_factory.mktemp("pictures") / "workspace"
    rng = np.random.default_rng(0)
    shown = [png(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)) for _ in range(36)]
    table = pa.table(
        {"picture": pa.array(shown + shown[-4:], pa.binary()), "sound": [wav()] * 40, "label": ["a", "b"] * 20}
    )
    workspace = Workspace(root, limits=Limits(threads=1))
    dataset, guesses = workspace.read(table, {"image": "picture", "label": "label"}, name="pets")
    workspace.keep(workspace.audit(dataset, guesses), Note())
    running = Running(root)
    yield running
    running.stop()


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def test_pictures_come_small_and_are_shown_large_when_asked_for(pictures, open_findings):
    page = open_findings(pictures, "&code=DUP001", v="pets@1")
    shown(page)
    small = page.locator(".twins img.image").first
    page.wait_for_function("() => document.querySelector('.twins img.image').naturalWidth > 0")
    assert (small.get_attribute("loading"), small.get_attribute("width"), small.get_attribute("height")) == (
        "lazy",
        "192",
        "192",
    )
    page.locator(".twins button.picture").first.focus()
    page.keyboard.press("Enter")
    large = page.locator("dialog[open] img.image")
    large.wait_for()
    assert "size=1024" in large.get_attribute("src")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert page.evaluate("() => document.activeElement.className") == "picture"


def test_sound_is_loaded_only_when_it_is_played(pictures, open_findings):
    page = open_findings(pictures, "&code=DUP001", v="pets@1")
    shown(page)
    sound = page.locator(".twins audio").first
    assert sound.get_attribute("preload") == "none"
    assert page.evaluate("() => document.querySelector('.twins audio').networkState") != 2
    page.evaluate("() => document.querySelector('.twins audio').play()")
    page.wait_for_function("() => document.querySelector('.twins audio').duration > 0")


COMPARE = """
import { readFileSync } from "node:fs";
import ts from "TYPESCRIPT";
const options = { compilerOptions: { module: "ESNext", target: "ES2022" } };
const code = ts.transpileModule(readFileSync("WORDS", "utf8"), options).outputText;
const { compared } = await import("data:text/javascript;base64," + Buffer.from(code).toString("base64"));
const pairs = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(pairs.map(([text, other]) => compared(text, other).map((one) => [one.text, one.differs]))));
"""


def common(one, other):
    """Give the length of the longest common subsequence of two lists, the slow obvious way."""
    longest = {}
    for i in range(len(one) - 1, -1, -1):
        for j in range(len(other) - 1, -1, -1):
            both = longest.get((i + 1, j + 1), 0) + 1
            either = max(longest.get((i + 1, j), 0), longest.get((i, j + 1), 0))
            longest[i, j] = both if one[i] == other[j] else either
    return longest.get((0, 0), 0)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
@pytest.mark.skipif(not TYPESCRIPT.exists(), reason="no typescript: npm ci in web/")
def test_marked_words_are_those_that_a_longest_common_part_leaves():
    rng = np.random.default_rng(1)
    words = np.array(["a", "b", "c", "\u6f22", "d\n", " \te"])
    texts = [str(rng.choice([" ", "\n"])).join(rng.choice(words, rng.integers(0, 14))) for _ in range(400)]
    pairs = list(zip(texts[::2], texts[1::2], strict=True))
    script = COMPARE.replace("TYPESCRIPT", TYPESCRIPT.as_uri()).replace("WORDS", str(WEB / "src/shared/words.ts"))
    command = ["node", "--input-type=module", "-e", script]
    ran = subprocess.run(command, input=json.dumps(pairs), capture_output=True, text=True, check=True)
    for (text, other), pieces in zip(pairs, json.loads(ran.stdout), strict=True):
        assert "".join(piece for piece, _ in pieces) == text
        marked = [piece for piece, differs in pieces if differs]
        assert sum(len(piece.split()) for piece in marked) == len(text.split()) - common(text.split(), other.split())
        assert all(piece == piece.strip() for piece in marked)


def test_letters_typed_at_once_after_e_or_n_are_a_label_or_a_note_and_no_commands(page, root):
    shown(page)
    before = page.url
    page.keyboard.press("e")
    for letter in "rosj":
        page.keyboard.press(letter, delay=0)
    assert page.locator(".relabel input").input_value() == "rosj"
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("rosj")
    assert page.locator("dialog[open] textarea").input_value() == "rosj"
    assert page.url == before
    assert not (root / JOURNAL).exists()
