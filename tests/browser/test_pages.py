import json
import re
import shutil
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from axe import needs_axe, wcag_faults

from app_server import SIZES, Running
from burnish.pipeline.decision import Policy
from burnish.testing.planted import Defects, planted_texts
from burnish.workspace import Limits, Workspace
from burnish.workspace.history import Note

LIVE = ".status [aria-live]"
EFFECT = {
    "verdict": "better", "metric": "accuracy", "lift": 0.01, "lift_low": 0.0, "lift_high": 0.02, "confidence": 0.95,
    "n_eval": 60, "slices_failed": [], "sentence": "", "claim": "",
}  # fmt: skip
HERE = ".lineage li[aria-current]"


class Server(Running):
    def ask(self, path, body=None):
        """Give what the API says, JSON read."""
        said = super().ask(path, body)
        return said if path == "mask" or path.endswith("/events") else json.loads(said)

    def stop(self):
        super().stop()
        self.served.jobs.close()


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """small@1 and small@2, which is small@1 without copies, leaks and suspect labels, audited; plain@1, not audited."""
    root = tmp_path_factory.mktemp("pages") / "workspace"
    workspace = Workspace(root, limits=Limits(threads=1))
    defects = Defects(duplicates=0.04, near_duplicates=0.04, leaks=0.02, wrong_labels=0.06, outliers=0.01)
    table = planted_texts(300, defects=defects, seed=3).table
    dataset, guesses = workspace.read(table, {"label": "label"}, name="small")
    audited = workspace.audit(dataset, guesses)
    workspace.keep(audited, Note(source="small.parquet", who="ana"))
    changes = workspace.decide(audited, Policy())
    workspace.history.keep_changes(dataset, changes, Note(why="copies out", who="bo", tag="clean"))
    workspace.keep(workspace.audit(workspace.history.open("small@2")), Note())
    plain, _ = workspace.read(table.slice(0, 60), {"label": "label"}, name="plain")
    workspace.history.keep_source(plain, Note(source="plain.parquet"))
    return root


@pytest.fixture(scope="session")
def shared(kept):
    """A server that only reads."""
    running = Server(kept)
    yield running
    running.stop()


@pytest.fixture
def own(kept, tmp_path):
    """A server over a workspace of the test's own."""
    running = Server(shutil.copytree(kept, tmp_path / "workspace"))
    yield running
    running.stop()


def told(page, said):
    """Give what the live region says, once it holds `said`."""
    page.wait_for_function(
        "([live, said]) => document.querySelector(live).innerText.includes(said)", arg=[LIVE, said], timeout=60_000
    )
    return page.locator(LIVE).inner_text()


def parameters(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


# Overview


def test_the_overview_tells_what_the_api_tells(shared, open_page):
    page, overview = open_page(shared, "/?v=small@1"), shared.ask("overview?v=small@1")
    page.wait_for_selector(".overview .listed")
    assert f"{overview['version']['n_rows']} rows" in page.locator(".hero .facts").inner_text()
    assert page.locator(".next li").all_inner_texts() == [one["text"] for one in overview["next"]]
    rows = page.locator(".overview .listed tbody tr")
    assert [row.get_attribute("data-id") for row in rows.all()] == [one["code"] for one in overview["found"]]
    for row, found in zip(rows.all(), overview["found"], strict=True):
        assert f"{found['findings']:,}" in row.inner_text()
        bar = row.locator("progress")
        assert bar.count() == (found["reviewable"] > 0)
        if found["reviewable"]:
            assert float(bar.get_attribute("max")) == found["reviewable"]


def test_a_kind_of_finding_leads_to_its_queue_and_back_leads_back(shared, open_page):
    page = open_page(shared, "/?v=small@1")
    page.click(".listed a >> nth=0")
    page.wait_for_selector("main[data-page=findings]")
    assert parameters(page)["code"] == shared.ask("overview?v=small@1")["found"][0]["code"]
    page.go_back()
    page.wait_for_selector(".overview .listed")


def test_a_version_that_was_not_audited_says_so_and_is_audited_from_its_page(own, open_page):
    page = open_page(own, "/?v=plain@1")
    page.click("text=Audit plain@1 >> nth=-1")
    page.wait_for_selector("#jobs [data-job]")
    page.wait_for_selector(".overview .listed, .overview #found-title", timeout=60_000)
    assert own.ask("overview?v=plain@1")["audited"]
    assert page.locator("#jobs [data-state=done] a").get_attribute("href") == "/?v=plain%401"


# Slices


def id_of(line):
    """Name a slice for good: a found one and one that a person named may share their name."""
    return line["name"] if line["mask"] == "cluster" else f"{line['mask']}:{line['name']}"


def test_slices_are_those_of_the_api_in_its_order_each_with_an_interval_and_a_place_on_the_map(shared, open_page):
    page, slices = open_page(shared, "/slices?v=small@1"), shared.ask("slices?v=small@1")["slices"]
    page.wait_for_selector(".slices .listed")
    rows = page.locator(".slices tbody tr")
    assert [row.get_attribute("data-id") for row in rows.all()] == [id_of(one) for one in slices][:100]
    known = sum(one["metric"] is not None for one in slices[:100])
    assert page.locator(".slices tbody .mark .interval").count() == known > 0
    assert page.locator(".slices tbody a").first.get_attribute("href").startswith("/map?v=small%401&")


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        ((0.08, 0.02, 0.14), ""), ((0.03, -0.01, 0.07), "may be no lower than the rest"),
        ((-0.03, -0.06, 0.0), "not below the rest"),
    ],
)  # fmt: skip
def test_a_slice_that_is_not_surely_below_the_rest_is_not_shown_as_weak(shared, open_page, gap, said):
    told = shared.ask("slices?v=small@1")
    one = next(line for line in told["slices"] if line["mask"] == "cluster")
    told["slices"] = [
        one | {"mask": "slice", "q_value": 0.005} | dict(zip(("gap", "gap_low", "gap_high"), gap, strict=True))
    ]
    page = open_page(shared, "/?v=small@1")
    page.route("**/api/slices?*", lambda route: route.fulfill(json=told))
    page.click("nav >> text=Slices")
    page.wait_for_selector("tbody tr")
    assert page.locator("tbody tr .chip").all_inner_texts() == ([said] if said else [])
    assert page.locator("tbody svg.mark.tone-bad").count() == (0 if said else 1)


def test_the_confused_labels_are_those_of_the_api_and_each_opens_its_rows_on_the_map(shared, open_page):
    told = shared.ask("slices?v=small@1")
    pairs = told["confused"]
    assert len(pairs) == told["n_confused"] > 1
    page = open_page(shared, "/slices?v=small@1", until="tbody tr")
    page.click("button:has-text('confused labels')")
    page.wait_for_selector("th:has-text('predicted')")
    shown = [row.split("\t")[:3] for row in page.locator("tbody tr").all_inner_texts()]
    assert shown == [[one["given"], one["predicted"], str(one["n"])] for one in pairs[:50]]
    page.locator("tbody tr a").first.click()
    page.wait_for_selector(f".told:has-text('{pairs[0]['n']}')", timeout=30_000)
    rows = page.locator(".map-rows .line")
    rows.first.wait_for()
    assert rows.count() == pairs[0]["n"]


def test_the_map_of_a_slice_shows_as_many_rows_as_it_has(shared, open_page):
    page, slices = open_page(shared, "/slices?v=small@1"), shared.ask("slices?v=small@1")["slices"]
    page.wait_for_selector(".slices .listed")
    for one in {line["mask"]: line for line in slices}.values():
        link = page.locator(f"tr[data-id='{id_of(one)}'] a").get_attribute("href")
        (v,), (value,) = parse_qs(urlsplit(link).query).values()
        kind = "set" if one["mask"] == "set" else "slice"
        assert f"{kind}=" in link
        mask = shared.ask("mask", {"v": v, "kind": kind, "value": value})
        assert sum(byte.bit_count() for byte in mask) == one["size"], one["name"]


def test_slices_sort_by_a_head_in_both_directions_and_back_undoes_it(shared, open_page):
    page = open_page(shared, "/slices?v=small@1")
    page.wait_for_selector(".slices .listed")

    def sizes():
        return [int(one.replace(",", "")) for one in page.locator(".slices tbody td:nth-child(2)").all_inner_texts()]

    given = sizes()
    page.click("th button:has-text('rows')")
    page.wait_for_selector("th[aria-sort=descending]")
    assert sizes() == sorted(given, reverse=True)
    page.click("th button:has-text('rows')")
    page.wait_for_selector("th[aria-sort=ascending]")
    assert sizes() == sorted(given)
    page.go_back()
    page.go_back()
    page.wait_for_function("() => document.querySelector('[aria-sort$=ing]') === null")
    assert sizes() == given


def test_keys_walk_the_slices_and_open_one_on_the_map(shared, open_page):
    page, slices = open_page(shared, "/slices?v=small@1"), shared.ask("slices?v=small@1")["slices"]
    page.wait_for_selector(".slices .listed")
    for key, place in (("j", 0), ("j", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        page.wait_for_selector(f"tr.at[data-id='{id_of(slices[place])}']")
    wanted = page.locator("tr.at a").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_selector("main[data-page=map]")
    assert page.url.endswith(wanted)


def test_slices_of_a_version_that_was_not_audited_are_asked_for_only_by_an_audit(shared, open_page):
    page = open_page(shared, "/slices?v=plain@1")
    page.wait_for_selector(".empty:has-text('plain@1 has not been audited')")


# Versions


def test_versions_tell_who_when_and_why_with_the_effect_of_each(shared, open_page):
    page, lines = open_page(shared, "/versions?v=small@2"), shared.ask("versions?name=small")["lines"]
    page.wait_for_selector(HERE)
    entries = page.locator(".lineage > li")
    assert [entry.get_attribute("data-version") for entry in entries.all()] == ["small@2", "small@1"]
    text = entries.first.inner_text()
    assert "bo," in text
    assert "copies out" in text
    assert "clean" in text
    assert f"{lines[1]['version']['counts']['dropped']} dropped" in text


def test_the_ledger_and_the_differences_are_those_of_the_api_and_back_goes_between_them(shared, open_page):
    page = open_page(shared, "/versions?v=small@2")
    page.wait_for_selector(".details .listed")
    ledger, diff = shared.ask("ledger?v=small@2"), shared.ask("diff?a=small@1&b=small@2")
    assert page.locator(".details tbody tr").count() == min(100, ledger["total"]) > 0
    assert ledger["lines"][0]["reason"] in page.locator(".details tbody tr").first.inner_text()
    page.keyboard.press("d")
    page.wait_for_selector(".diff")
    assert f"{diff['counts']['out']} gone" in page.locator(".diff p").first.inner_text()
    assert diff["rows"][0]["reason"] in page.locator(".diff .part").last.inner_text()
    page.go_back()
    page.wait_for_selector(".details:not(:has(.diff)) .listed")


def test_a_tag_is_given_by_key_taken_away_and_a_taken_one_is_refused_with_a_reason(own, open_page):
    page = open_page(own, "/versions?v=small@1")
    page.wait_for_selector(HERE)
    page.keyboard.press("t")
    page.fill("dialog[open] input", "raw")
    page.keyboard.press("Enter")
    assert told(page, "raw") == "small@1 is now called raw."
    page.wait_for_selector(f"{HERE} .chip.tag:has-text('raw')")
    assert own.ask("versions?name=small")["lines"][0]["version"]["tags"] == ["raw"]
    page.expected = "status of 4"
    page.keyboard.press("t")
    page.fill("dialog[open] input", "clean")
    page.keyboard.press("Enter")
    assert "small@2" in told(page, "clean")
    page.keyboard.press("t")
    page.click("dialog[open] :text('Take away')")
    told(page, "no longer called raw")
    assert own.ask("versions?name=small")["lines"][0]["version"]["tags"] == []


def accept(server, code, n):
    """Accept findings of a code, as the findings page does it."""
    queue = server.ask(f"findings?v=small@1&code={code}&state=open&limit={n}")["items"]
    for item in queue:
        server.ask("decisions", {"v": "small@1", "action": "accept", "finding_id": item["finding_id"]})
    return queue


def test_a_review_becomes_a_version_and_an_undo_takes_it_back_as_another(own, open_page):
    accept(own, "DUP001", 3)
    review = own.ask("review?v=small@1")
    page = open_page(own, "/versions?v=small@1")
    page.wait_for_selector(f"#pending:has-text('{review['drops']} to be dropped')")
    page.keyboard.press("w")
    page.fill("dialog[open] textarea", "copies by hand")
    page.fill("dialog[open] input", "hand")
    page.click("dialog[open] button.primary")
    told(page, "small@3")
    page.wait_for_selector(f"{HERE}[data-version='small@3'] .chip.tag:has-text('hand')")
    made = own.ask("versions?name=small")["lines"][2]["version"]
    assert (made["why"], made["parent"], made["counts"]["dropped"]) == ("copies by hand", "small@1", review["drops"])
    page.keyboard.press("u")
    assert f"{review['drops']} dropped" in page.locator("dialog[open]").inner_text()
    page.click("dialog[open] button.primary")
    page.wait_for_selector(f"{HERE}[data-version='small@4']")
    assert (
        own.ask("versions?name=small")["lines"][3]["version"]["hash"]
        == own.ask("overview?v=small@1")["version"]["hash"]
    )


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_dialog_of_a_new_version_stands_in_the_middle_and_its_fields_fill_it(own, open_page, size):
    accept(own, "DUP001", 1)
    page = open_page(own, "/versions?v=small%401", size=size)
    page.wait_for_selector("#pending .primary")
    page.keyboard.press("w")
    box, field = page.locator("dialog[open]").bounding_box(), page.locator("dialog[open] textarea").bounding_box()
    width, height = SIZES[size]
    assert abs(box["x"] + box["width"] / 2 - width / 2) <= 2
    assert abs(box["y"] + box["height"] / 2 - height / 2) <= 2
    assert box["width"] - field["width"] <= 52


def test_what_is_decided_after_a_version_was_made_is_added_upon_it_from_the_page(own, open_page):
    accept(own, "DUP001", 2)
    own.ask("versions", {"v": "small@1", "seq": 2})
    page = open_page(own, "/versions?v=small@1")
    page.wait_for_selector("#pending:has-text('These edits are in small@3')")
    accept(own, "LAB001", 1)
    page.wait_for_selector("#pending:has-text('small@3 was made of this review; 1 edit decided since is not in it')")
    page.keyboard.press("w")
    assert "small@3 stays as it is" in page.locator("dialog[open]").inner_text()
    page.fill("dialog[open] input", "7")
    page.click("dialog[open] button.primary")
    page.wait_for_selector("dialog[open] .refusal:has-text('a number alone')")
    page.expected = "400"
    page.fill("dialog[open] input", "")
    page.click("dialog[open] button.primary")
    page.wait_for_selector(f"{HERE}[data-version='small@4']")
    assert own.ask("versions?name=small")["lines"][3]["version"]["parent"] == "small@3"


def test_a_version_is_made_then_audited_measured_and_compared_one_after_the_other(own, open_page):
    accept(own, "DUP001", 2)
    page = open_page(own, "/versions?v=small@1")
    page.wait_for_selector("#pending .primary")
    page.keyboard.press("w")
    page.click("dialog[open] button[data-all]")
    page.wait_for_selector(f"{HERE}[data-version='small@3']")
    page.wait_for_selector(".under-way li >> nth=2")
    titles = [one.split("\n")[0] for one in page.locator(".under-way li").all_inner_texts()]
    assert sorted(titles) == ["Audit small@3", "Compare small@1 with small@3", "Measure what made small@3"]
    assert [one["v"] for one in own.ask("jobs")["jobs"]] == ["small@1", "small@3", "small@3"]


def test_a_measurement_of_other_edits_says_so_before_its_verdict(own, open_page):
    accept(own, "DUP001", 2)
    page = open_page(own, "/?v=small@1")
    told = {
        "key": "k", "created": "2026-11-26T20:00:00Z", "who": "ana", "of": "pending", "current": False,
        "counts_now": False, "said": "", "n_edits": 46, "counts": {}, "codes": {}, "evaluation": {}, "effect": EFFECT,
    }  # fmt: skip
    page.route("**/api/measured?*", lambda route: route.fulfill(json=[told]))
    page.click("nav >> text=Versions")
    page.wait_for_selector("#pending li:has-text('Of other edits: measured with 46 edits, and these are 2.')")


def test_the_word_of_a_newer_version_is_closed_for_good_and_not_said_of_the_same_rows(own, open_page):
    page = open_page(own, "/?v=small@1")
    page.click(".notice >> text=Close")
    page.wait_for_selector(".notice", state="detached")
    page.reload()
    page.wait_for_selector("main h1")
    page.wait_for_timeout(500)
    assert page.locator(".notice").count() == 0
    own.ask("undo", {"v": "small@2"})  # small@3 has the rows of small@1
    page.click("nav >> text=Versions")
    page.wait_for_selector("[data-version='small@3']", timeout=15_000)
    assert page.locator(".notice").count() == 0
    page.click("[data-version='small@2'] a")
    page.wait_for_selector(".notice:has-text('small@3 is newer')")


def test_an_undo_that_is_not_confirmed_changes_nothing(own, open_page):
    page = open_page(own, "/versions?v=small@2")
    page.wait_for_selector(HERE)
    page.keyboard.press("u")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelector('dialog[open]') === null")
    assert len(own.ask("versions?name=small")["lines"]) == 2


def test_a_whole_version_is_saved_as_a_file(shared, open_page, tmp_path):
    page = open_page(shared, "/versions?v=small@2")
    with page.expect_download() as saved:
        page.click(".export >> text=parquet")
    saved.value.save_as(tmp_path / "saved.parquet")
    assert saved.value.suggested_filename == "small@2.parquet"
    assert pq.read_table(tmp_path / "saved.parquet").num_rows == shared.ask("overview?v=small@2")["version"]["n_rows"]


# Jobs


def test_a_review_is_measured_by_a_job_that_a_reload_does_not_lose(own, open_page):
    accept(own, "DUP001", 3)
    page = open_page(own, "/versions?v=small@1")
    page.click("#pending >> text=Measure")
    page.wait_for_selector("#jobs [data-job]")
    page.reload()
    page.wait_for_selector(".jobs-button .count")
    told(page, "points")
    page.wait_for_selector("#pending .effect-line .badge")
    measured = own.ask("measured?v=small@1")
    assert [one["of"] for one in measured] == ["pending"]
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.wait_for_selector("#jobs [data-state=done] a")


def test_a_job_is_cancelled_from_the_drawer(own, open_page):
    page = open_page(own, "/?v=plain@1")
    page.click("text=Audit plain@1 >> nth=-1")
    page.click("#jobs >> text=Cancel")
    page.wait_for_selector("#jobs [data-state=cancelled]", timeout=30_000)
    told(page, "cancelled")
    assert not own.ask("overview?v=plain@1")["audited"]
    page.keyboard.press("Escape")
    page.wait_for_selector("#jobs", state="detached")


# Compare


@pytest.fixture(scope="session")
def compared(kept, tmp_path_factory):
    """A server whose workspace holds a comparison of small@1 with small@2, and its key."""
    running = Server(shutil.copytree(kept, tmp_path_factory.mktemp("compared") / "workspace"))
    job = running.ask("jobs", {"kind": "compare", "v": "small@1", "other": "small@2"})
    running.ask(f"jobs/{job['id']}/events")  # it ends when the job does
    yield running, running.ask("comparisons?name=small")["comparisons"][0]["key"]
    running.stop()


def test_two_versions_are_compared_from_the_page_which_shows_the_answer(own, open_page):
    page = open_page(own, "/compare?v=small@2")
    page.wait_for_selector(".fields option", state="attached")
    assert page.locator(".fields select").nth(0).input_value() == "small@1"
    assert page.locator(".fields select").nth(1).input_value() == "small@2"
    page.click(".fields button.primary")
    page.wait_for_selector(".cards", timeout=60_000)
    kept = own.ask("comparisons?name=small")["comparisons"]
    assert parameters(page)["key"] == kept[0]["key"]
    assert told(page, kept[0]["said"])


def test_what_was_compared_before_is_shown_as_soon_as_it_is_chosen(compared, open_page):
    page = open_page(compared[0], "/compare?v=small@1")
    page.wait_for_selector(".cards")
    assert page.locator(".fields select").nth(0).input_value() == "small@1"


def test_of_two_versions_that_are_not_related_the_older_one_is_a(own, open_page, tmp_path):
    table = planted_texts(80, seed=9).table
    space = Workspace(own.served.workspace.root, limits=Limits(threads=1))
    other, _ = space.read(table, {"label": "label"}, name="plain")
    space.history.keep_source(other, Note(source="other.parquet"))
    for number in (1, 2):
        page = open_page(own, f"/compare?v=plain@{number}")
        page.wait_for_selector(".fields option", state="attached")
        sides = [page.locator(".fields select").nth(side).input_value() for side in (0, 1)]
        assert sides == ["plain@1", "plain@2"]


def test_an_answer_tells_the_difference_outcomes_slices_and_rows_of_the_api(compared, open_page):
    server, key = compared
    page, answer = open_page(server, f"/compare?v=small@2&key={key}"), server.ask(f"compared?key={key}")
    page.wait_for_selector(".cards")
    assert f"{100 * answer['after']:.1f} %" in page.locator(".cards").inner_text()
    assert page.locator(".cards .badge").inner_text() == answer["effect"]["verdict"]
    assert page.locator(".outcomes li strong").all_inner_texts() == [f"{n:,}" for n in answer["outcomes"].values()]
    assert page.locator(".outcomes p a").get_attribute("href") == f"/map?v=small%402&cmp={key}&color=cmp"
    slices = [*answer["slices"], *answer["found"]]
    assert page.locator("section:has(#slices-title) tbody tr").count() == len(slices)


def test_the_key_o_goes_through_the_outcomes_and_their_rows(compared, open_page):
    server, key = compared
    page = open_page(server, f"/compare?v=small@2&key={key}")
    outcomes = server.ask(f"compared?key={key}")["outcomes"]
    for outcome in ("both right", "both wrong", "fixed", "broken"):
        page.wait_for_selector(".flips, p:has-text('No row is')")
        page.keyboard.press("o")
        page.wait_for_function("outcome => new URL(location.href).searchParams.get('outcome') === outcome", arg=outcome)
        page.wait_for_selector(f".flips[data-outcome='{outcome}']", state="attached")
        assert page.locator(".flips > li").count() == min(20, outcomes[outcome])
    page.go_back()
    assert parameters(page)["outcome"] == "fixed"


def test_models_are_those_that_the_server_offers_and_how_to_offer_more_is_said(own, open_page):
    page = open_page(own, "/compare?v=small@2&of=models")
    page.wait_for_selector(".fields option", state="attached")
    offered = own.ask("about")["models"]
    for select in page.locator(".fields select").all():
        assert select.locator("option").all_inner_texts() == offered
    assert page.locator(".fields button.primary").is_disabled()
    assert "--compare-model" in page.locator(".fields").inner_text()


# All of them

PAGES = [
    "/?v=small@2",
    "/slices?v=small@1",
    "/compare?v=small@2&key=KEY",
    "/versions?v=small@2&show=diff",
    "/?v=plain@1",
]


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_window(compared, open_page, size):
    server, key = compared
    for path in PAGES:
        page = open_page(server, path.replace("KEY", key), size=size)
        page.wait_for_selector(".listed, .empty")
        page.wait_for_function("() => document.querySelector('.waiting') === null")
        wide = (
            "() => [document.documentElement, document.querySelector('main')].map(e => e.scrollWidth - e.clientWidth)"
        )
        assert page.evaluate(wide) == [0, 0], path


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(compared, open_page, scheme):
    server, key = compared
    for path in PAGES:
        page = open_page(server, path.replace("KEY", key), scheme=scheme, bypass_csp=True)
        page.wait_for_selector(".listed, .empty")
        page.wait_for_function("() => document.querySelector('.waiting') === null")
        page.click(".jobs-button")
        assert wcag_faults(page) == {}, path


def test_no_request_leaves_the_machine(compared, open_page):
    server, key = compared
    for path in PAGES:
        page = open_page(server, path.replace("KEY", key))
        seen = page.evaluate("() => performance.getEntriesByType('resource').map(e => e.name)")
        assert [url for url in seen if not re.match(rf"http://127\.0\.0\.1:{server.port}/|data:", url)] == []
