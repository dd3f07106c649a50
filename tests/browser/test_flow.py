"""The whole loop of the app, through the page alone: what a person does with a data set, from findings to a file."""

import json
import shutil
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest

from app_server import small_workspace
from burnish.dataset import Changeset, Edit
from burnish.workspace.history import Note

LIVE = ".status [aria-live]"
HERE = ".lineage li[aria-current]"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("flow") / "workspace")


@pytest.fixture
def root(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "workspace")


@pytest.fixture
def server(start, root):
    return start(root)


def ask(server, path, body=None):
    return json.loads(server.ask(path, body))


def told(page, said, timeout=90_000):
    page.wait_for_function(
        "([live, said]) => document.querySelector(live).innerText.includes(said)", arg=[LIVE, said], timeout=timeout
    )
    return page.locator(LIVE).inner_text()


def go(page, key, name):
    page.keyboard.press("g")
    page.keyboard.press(key)
    page.wait_for_selector(f"main[data-page={name}]")


def ready(page):
    page.wait_for_function("() => document.documentElement.dataset.mapReady === 'true'")


def seen(page, selector):
    page.wait_for_selector(selector)
    return page.locator(selector)


def judge_a_sample_and_accept_the_rest(page, server, code):
    """Go through the random sample with the keyboard, then accept what is left."""
    page.goto(page.url.split("?")[0].rsplit("/", 1)[0] + f"/findings?v=small%401&code={code}")
    seen(page, ".sample button:has-text('Draw the sample')").click()
    page.wait_for_function("() => new URL(location.href).searchParams.has('sample')")
    for judged in range(1, 21):
        page.wait_for_selector(".evidence-body[data-finding]")
        page.keyboard.press("a")
        told(page, f"{judged} of 20 judged")
    seen(page, ".sample button.primary").click()
    seen(page, "dialog[open] button.primary").click()
    told(page, "findings accepted:")


def measure_the_review_and_make_a_version(page, server):
    """Measure what was accepted, then make small@2 of it, which has that effect."""
    go(page, "v", "versions")
    page.wait_for_selector("#pending strong")
    page.keyboard.press("p")
    page.wait_for_selector("#pending .effect-line .badge", timeout=90_000)
    page.keyboard.press("w")
    page.fill("dialog[open] textarea", "the whole loop")
    page.click("dialog[open] button.primary")
    assert "small@2" in told(page, "is made")
    badge = seen(page, f"{HERE}[data-version='small@2'] .effect-line .badge").inner_text()
    assert badge == ask(server, "measured?v=small@1")[0]["effect"]["verdict"]


def audit_it(page):
    seen(page, f"{HERE}[data-version='small@2'] button:has-text('Audit')").click()
    page.wait_for_function(
        "here => !document.querySelector(here).innerText.includes('not audited')", arg=HERE, timeout=90_000
    )
    page.keyboard.press("Escape")


def compare_with_the_parent(page, server):
    """Compare small@1 with small@2; give how many rows have which outcome."""
    go(page, "c", "compare")
    page.wait_for_selector(".fields option", state="attached")
    assert [one.input_value() for one in page.locator(".fields select").all()] == ["small@1", "small@2"]
    page.click(".fields button.primary")
    page.wait_for_selector(".cards", timeout=90_000)
    (key,) = parse_qs(urlsplit(page.url).query)["key"]
    return ask(server, f"compared?key={key}")["outcomes"]


@pytest.mark.slow
def test_the_whole_loop_goes_from_findings_over_a_measured_version_to_flipped_rows_undo_and_a_file(
    server, open_page, tmp_path
):
    page = open_page(server, "/?v=small@1")
    code = next(one["code"] for one in ask(server, "review?v=small@1")["codes"] if one["reviewable"] > 20)
    judge_a_sample_and_accept_the_rest(page, server, code)
    sample = ask(server, f"sample?v=small@1&code={code}")
    assert (sample["judged"], sample["right"], sample["remaining"]) == (20, 20, 0)
    measure_the_review_and_make_a_version(page, server)

    # The review of its parent says where its edits are, and offers no second version of them.
    page.click(".lineage a:text-is('small@1')")
    assert seen(page, "#pending a[href*='small%402']").inner_text() == "small@2"
    assert page.locator("#pending button.primary").count() == 0
    page.click("#pending a[href*='small%402']")

    audit_it(page)
    outcomes = compare_with_the_parent(page, server)
    page.click(".outcomes p a")
    ready(page)
    shown = seen(page, "[data-facet=cmp] .values")
    for outcome, n in outcomes.items():
        assert shown.locator(f"li:has-text('{outcome}') .number").inner_text() == f"{n:,}"
    page.go_back()
    page.wait_for_selector(".cards")

    # Undone, it has the rows of the first version again.
    go(page, "v", "versions")
    page.wait_for_selector(f"{HERE}[data-version='small@2']")
    page.keyboard.press("u")
    seen(page, "dialog[open] button.primary").click()
    page.wait_for_selector(f"{HERE}[data-version='small@3']")
    with page.expect_download() as saved:
        page.click(f"{HERE} .export >> text=parquet")
    saved.value.save_as(tmp_path / "saved.parquet")
    assert pq.read_table(tmp_path / "saved.parquet").num_rows == ask(server, "overview?v=small@1")["version"]["n_rows"]


def test_a_lasso_becomes_a_slice_that_is_judged_beside_the_others_and_leads_back_to_its_rows(server, open_page):
    page = open_page(server, "/map?v=small@1")
    ready(page)
    page.keyboard.press("l")
    box = page.locator("#map-canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    corners = [(-250, -200), (250, -200), (250, 200), (-250, 200), (-250, -200)]
    page.mouse.move(middle[0] + corners[0][0], middle[1] + corners[0][1])
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(middle[0] + x, middle[1] + y, steps=6)
    page.mouse.up()
    page.wait_for_selector(".selection strong")
    ready(page)
    page.click(".selection button:text-is('Slice…')")
    page.fill("dialog[open] input", "in the / middle")
    page.keyboard.press("Enter")
    told(page, "Slice in the / middle")
    n_rows = ask(server, "sets?v=small@1")["sets"][0]["n_rows"]
    go(page, "s", "slices")
    line = seen(page, "tr[data-id='set:in the / middle']")
    assert f"{n_rows:,}" in line.inner_text()
    line.locator("a").click()
    page.wait_for_selector("main[data-page=map]")
    ready(page)
    assert page.locator(".told strong").inner_text() == f"{n_rows:,}"


def test_another_version_keeps_only_what_means_the_same_there(server, open_page):
    accepted = ask(server, "findings?v=small@1&code=DUP001&limit=1")["items"][0]
    ask(server, "decisions", {"v": "small@1", "action": "accept", "finding_id": accepted["finding_id"]})
    seq = ask(server, "review?v=small@1")["seq"]
    ask(server, "versions", {"v": "small@1", "seq": seq})
    row = ask(server, "rows?v=small@1&at=0")["rows"][0]["row_id"]
    page = open_page(server, f"/map?v=small@1&color=label&f.label=0&sel=all&row={row}&q=a&view=0.4,0.4,2.00")
    page.select_option("[aria-label=Version]", "2")
    page.wait_for_selector("h2:has-text('small@2 has not been audited')")
    assert parse_qs(urlsplit(page.url).query) == {"v": ["small@2"], "color": ["label"]}
    page.go_back()
    ready(page)
    assert parse_qs(urlsplit(page.url).query)["f.label"] == ["0"]


def test_a_version_that_a_command_makes_meanwhile_is_told_and_can_be_chosen(server, open_page):
    page = open_page(server, "/versions?v=small@1")
    page.wait_for_selector(HERE)
    history = server.served.workspace.history
    dataset = history.open("small@1")
    edit = Edit(dataset.row_ids[0].as_py(), "drop", "DUP001", "by a command")
    history.keep_changes(dataset, Changeset(dataset.version, (edit,)), Note(why="meanwhile"))
    page.wait_for_selector(".notice a")
    assert [one.strip() for one in page.locator("[aria-label=Version] option").all_inner_texts()] == ["v2", "v1"]
    page.click(".notice a")
    page.wait_for_selector(f"{HERE}[data-version='small@2']")


def test_a_search_that_cannot_be_answered_selects_nothing(server, open_page):
    page = open_page(server, "/map?v=small@1")
    page.expected = "status of 400"
    ready(page)
    page.select_option("[aria-label='Search by']", "sql")
    page.fill("#map-search", "no such field = 3")
    page.press("#map-search", "Enter")
    page.wait_for_selector("#search-wrong")
    assert page.locator(".selection button:text-is('Drop…')").is_disabled()
    page.fill("#map-search", "outlier_score > 0.5")
    page.press("#map-search", "Enter")
    page.wait_for_selector(".selection strong")
    assert page.locator(".selection button:text-is('Drop…')").is_enabled()


@pytest.mark.parametrize("page_name", ["", "map", "findings", "slices", "compare", "versions"])
def test_an_old_link_says_that_the_version_is_not_here_and_leads_to_the_newest(server, open_page, page_name):
    page = open_page(server, f"/{page_name}?v=small@99")
    page.expected = "status of 404"
    assert seen(page, "main .trouble h1").inner_text() == "small@99 is not here"
    page.click("main .trouble a")
    page.wait_for_function("() => new URL(location.href).searchParams.get('v') === 'small@1'")
    page.wait_for_selector("main .trouble", state="detached")


def test_a_bare_name_in_the_address_becomes_the_version_that_it_stands_for(server, open_page):
    page = open_page(server, "/slices?v=small")
    page.wait_for_function("() => new URL(location.href).searchParams.get('v') === 'small@1'")
    page.wait_for_selector(".slices .listed")
    page.wait_for_function("() => document.querySelector('.notice') === null")
