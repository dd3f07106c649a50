"""Overview, versions, and what changes them, as the server tells them."""

import io
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.app.conftest import workspace_at

from burnish.app.documents.shared import Effect, Version
from burnish.app.documents.workspace import FoundKind, Measurement
from burnish.app.opened import OpenedVersions
from burnish.app.overview import Standing, advice
from burnish.pipeline.deciding import Asked
from burnish.pipeline.summary import audit_sentence, counts_by_code
from burnish.workspace import Experiment
from burnish.workspace.history import Note
from burnish.workspace.reviewing import Reviewing
from burnish.workspace.tasks import measure_version

EXPERIMENT = Experiment(retrains=2)


def got(client, path, **query):
    answer = client.get(f"/api/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def posted(client, path, **body):
    answer = client.post(f"/api/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client, path, status, **body):
    answer = client.post(f"/api/{path}", json=body)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["error"]
    assert told["remedy"]
    return f"{told['error']} {told['remedy']}"


def accepted(root, n, called="small@1", code=None):
    """Accept some findings of a version that suggest an edit; give the review."""
    space = workspace_at(root)
    version, audited, reviewing = space.history.store.find(called), space.reopen(called), Reviewing(space.history)
    state = reviewing.state(audited, version)
    for place in state.queue.chosen(state.queue.suggests & (state.status == 0), code=code or "")[:n].tolist():
        reviewing.record(audited, version, Asked("accept", state.queue.ids[place]))
    return reviewing.state(audited, version)


def test_about_names_the_data_sets_with_their_newest_versions(reading, kept):
    told = got(reading, "about")
    assert {one["name"]: (one["newest"], one["n_versions"]) for one in told["datasets"]} == {
        "small": ("small@2", 2), "plain": ("plain@1", 1),
    }  # fmt: skip
    assert told["workspace"] == str(kept)
    assert told["who"]


def test_the_pulse_tells_what_changed_meanwhile(client, root):
    store = workspace_at(root).history.store
    known = store.find("small@1")
    assert got(client, "pulse", v="small@1") == {
        "v": "small@1", "hash": known.version, "newest": "small@2", "newest_hash": store.find("small@2").version,
        "seq": 0, "jobs": 0, "audited": True,
        "opening": False, "audit": (store.audit_facts(known) or {})["created"],
    }  # fmt: skip
    assert got(client, "pulse", v="plain@1")["audited"] is False
    accepted(root, 2)
    space = workspace_at(root)
    space.history.undo("small@2", Note())
    told = got(client, "pulse", v="small@1")
    assert (told["newest"], told["seq"]) == ("small@3", 2)
    assert told["newest_hash"] == told["hash"]  # the undo has the rows of small@1 again


def test_the_pulse_does_not_wait_for_a_version_that_is_being_read(client, monkeypatch):
    reads, go_on = OpenedVersions._read, []

    def slowly(self, version):
        while not go_on:
            time.sleep(0.01)
        return reads(self, version)

    monkeypatch.setattr(OpenedVersions, "_read", slowly)
    with ThreadPoolExecutor(1) as other:
        opening = other.submit(got, client, "overview", v="small@1")
        until = time.monotonic() + 20
        while not got(client, "pulse", v="small@1")["opening"]:
            assert time.monotonic() < until
        go_on.append(True)
        assert opening.result()["version"]["name"] == "small@1"
    assert got(client, "pulse", v="small@1")["opening"] is False


def test_the_overview_of_an_audited_version_tells_what_was_found(reading, kept):
    told = got(reading, "overview", v="small@1")
    audited = workspace_at(kept).reopen("small@1")
    counts = counts_by_code(audited.findings)
    assert told["sentence"] == audit_sentence(counts, 300)
    assert {one["code"]: (one["findings"], one["rows"], one["severity"]) for one in told["found"]} == {
        code: (of["findings"], of["rows"], of["severity"]) for code, of in counts.items()
    }
    assert told["found"][0]["kind"] == "leak"
    labels = audited.dataset.field("label").to_pylist()
    assert {one["name"]: one["n"] for one in told["classes"]} == {name: labels.count(name) for name in set(labels)}
    splits = audited.dataset.field("split").to_pylist()
    assert {one["name"]: one["n"] for one in told["splits"]} == {name: splits.count(name) for name in set(splits)}
    assert told["n_evaluation"] == splits.count("test")
    cluster = np.asarray(audited.evidence["cluster"])
    assert told["n_clusters"] == len(set(cluster[cluster >= 0].tolist()))
    assert (told["kind"], told["audited"], told["newest"], told["parent"]) == ("text", True, "small@2", None)
    for one in told["found"]:
        assert one["precision"] == audited.detectors.get(one["code"], {}).get("precision")


def test_the_overview_of_a_version_that_was_not_audited_tells_what_is_known(reading):
    told = got(reading, "overview", v="plain")
    assert (told["audited"], told["found"], told["kind"], told["n_clusters"]) == (False, [], "text", 0)
    assert (
        told["version"]["n_rows"] == sum(one["n"] for one in told["splits"]) == sum(one["n"] for one in told["classes"])
    )
    assert "has not been audited" in told["sentence"]
    [first] = told["next"]
    assert first["text"] == "Audit plain@1"
    assert (first["job"]["kind"], first["job"]["v"]) == ("audit", "plain@1")


def test_progress_of_the_review_is_told_with_each_kind(client, root):
    state = accepted(root, 3)
    told = {one["code"]: one for one in got(client, "overview", v="small@1")["found"]}
    assert sum(one["accepted"] for one in told.values()) == 3
    for one in state.progress:
        line = told[one.code]
        assert (line["reviewable"], line["decided"], line["rejected"]) == (one.reviewable, one.decided, one.rejected)


def worth(found):
    return (found["reviewable"] - found["decided"]) * (1 if found["precision"] is None else found["precision"])


def kind_found(code, severity, left, precision):
    return FoundKind(
        code=code, kind="leak", title=code, about="", severity=severity, findings=left + 1, rows=left, message="",
        reviewable=left + 1, decided=1, accepted=0, rejected=0, precision=precision,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "first"),
    [
        ([("A", "warning", 900, None), ("B", "error", 2, None)], "Review 2 b"),
        ([("A", "warning", 500, 0.5), ("B", "warning", 300, 0.96), ("C", "info", 999, 1.0)], "Review 300 b"),
        ([("A", "error", 2, 0.0), ("B", "warning", 7, None)], "Review 7 b"),
        ([("A", "error", 2, 0.01)], "Look at the map of small@1"),
        ([("A", "warning", 0, None)], "Look at the map of small@1"),
    ],
)
def test_the_review_that_is_advised_first_is_the_one_that_is_likely_worth_most(reading, found, first):
    version = Version(**got(reading, "overview", v="small@1")["version"])
    kinds = tuple(kind_found(code, severity, left, right) for code, severity, left, right in found)
    assert advice(Standing(version, "small@1", kinds, ()))[0].text == first


def test_nobody_is_advised_to_compare_what_was_compared(reading):
    version = Version(**got(reading, "overview", v="small@2")["version"])
    for compared in (False, True):
        told = advice(Standing(version, "small@2", (), (), compared=compared))
        assert ("Compare with small@1" in [one.text for one in told]) is not compared


def test_what_to_do_next_follows_from_how_things_stand(client, root):
    def texts():
        return [one["text"] for one in got(client, "overview", v="small@1")["next"]]

    assert texts()[0] == "Go on with small@2, the newest version"
    assert texts()[1].startswith("Review ")
    state = accepted(root, 3)
    n_edits = f"{len(state.edits)} accepted edits"
    told = got(client, "overview", v="small@1")["next"][2]
    assert told["text"] == f"Measure what {n_edits} would do to the model"
    assert (told["job"]["kind"], told["job"]["what"]) == ("measure", "pending")
    known = [one for one in got(client, "overview", v="small@1")["found"] if one["reviewable"] > one["decided"]]
    left = max(known, key=lambda one: (one["severity"] == "error", one["severity"] == "warning", worth(one)))
    review = got(client, "overview", v="small@1")["next"][1]
    assert review["href"] == f"/findings?v=small%401&code={left['code']}&state=open"
    assert review["text"] == f"Review {left['reviewable'] - left['decided']} {left['title'].lower()}"
    own = [one["text"] for one in got(client, "overview", v="small@2")["next"]]
    assert own[-2:] == ["Measure what made small@2 of small@1", "Compare with small@1"]


@pytest.mark.slow
def test_a_measured_review_is_advised_with_its_verdict_as_long_as_it_is_the_same(client, root):
    state = accepted(root, 3)
    space = workspace_at(root)
    measure_version(space, "small@1", "pending", EXPERIMENT)
    told = got(client, "overview", v="small@1")
    [kept] = told["measured"]
    assert (kept["of"], kept["current"], kept["n_edits"]) == ("pending", True, len(state.edits))
    effect = kept["effect"]
    assert effect["sentence"].startswith(effect["verdict"].capitalize())
    assert effect["verdict"] == kept["evaluation"]["verdict"]
    beginning = {"better": "Make a version of", "no worse": "Make a version of", "worse": "Look again at"}
    said = beginning.get(effect["verdict"], "Decide about")
    assert told["next"][2]["text"].startswith(
        f"{said} {len(state.edits)} accepted edits, measured {effect['verdict']} "
    )
    accepted(root, 1)
    after = got(client, "overview", v="small@1")
    assert after["measured"][0]["current"] is False
    assert after["next"][2]["text"].startswith("Measure what ")
    assert got(client, "measured", v="small@1") == after["measured"]
    assert got(client, "versions", name="small")["lines"][0]["measured"][0]["current"] is None


def test_there_is_always_something_to_do(reading):
    version = Version(**got(reading, "overview", v="small@1")["version"])
    assert [one.text for one in advice(Standing(version, "small@1", (), ()))] == ["Look at the map of small@1"]


@pytest.mark.parametrize(
    ("verdict", "failed", "beginning"),
    [
        ("better", [], "Make a version of 3 accepted edits, measured better"),
        ("no worse", [], "Make a version of"),
        ("better", ["region = 'south'"], "Look again at 3 accepted edits, measured better"),
        ("worse", [], "Look again at"),
        ("inconclusive", [], "Decide about"),
    ],
)
def test_nobody_is_advised_to_keep_what_made_the_model_worse(reading, verdict, failed, beginning):
    version = Version(**got(reading, "overview", v="small@1")["version"])
    effect = Effect(
        verdict=verdict, metric="accuracy", claim="this data set is better", lift=0.01, lift_low=None, lift_high=0.02,
        n_eval=60, confidence=0.95, slices_failed=failed, sentence="",
    )  # fmt: skip
    measured = Measurement(
        key="0" * 16, created="", who="", of="pending", current=True, counts_now=True, said="", n_edits=3, counts={},
        codes={}, effect=effect, evaluation={},
    )  # fmt: skip
    [told] = advice(Standing(version, "small@1", (), (measured,), 3))
    assert told.text.startswith(beginning)
    assert ("slices that fell too far" in told.text) is bool(failed)


def test_the_lineage_tells_every_version_oldest_first(reading):
    told = got(reading, "versions", name="small")
    first, second = (line["version"] for line in told["lines"])
    assert (first["name"], first["how"], first["parent"], first["audited"]) == ("small@1", "import", None, True)
    assert (second["name"], second["parent"], second["tags"]) == ("small@2", "small@1", ["clean"])
    assert second["n_rows"] == 300 - second["counts"]["dropped"]
    assert second["sentence"].startswith("Apply of small@1: ")
    assert second["effect"] is None
    assert reading.get("/api/versions", params={"name": "smal"}).status_code == 404


def test_the_ledger_is_told_page_by_page_and_by_code(reading):
    whole = got(reading, "ledger", v="small@2", limit=1_000)
    assert (
        whole["total"]
        == len(whole["lines"])
        == sum(got(reading, "versions", name="small")["lines"][1]["version"]["codes"].values())
    )
    assert got(reading, "ledger", v="small@2", offset=3, limit=2) == {
        "total": whole["total"],
        "lines": whole["lines"][3:5],
    }
    assert whole["lines"][0]["evidence"]["score"] > 0
    leaks = got(reading, "ledger", v="small@2", code="LEK001")
    assert leaks["lines"] == [line for line in whole["lines"] if line["code"] == "LEK001"]
    assert got(reading, "ledger", v="small@1") == {"total": 0, "lines": []}
    assert got(reading, "ledger", v="small@2", offset=10_000)["lines"] == []


def test_the_difference_of_two_versions_is_that_of_the_history(reading, kept):
    told = got(reading, "diff", a="small@1", b="small@2")
    found = workspace_at(kept).history.diff("small@1", "small@2").to_json()
    assert (told["counts"], told["rows"], told["n_rows"]) == (found["counts"], found["rows"], found["n_rows"])
    assert told["effect"] is None
    assert reading.get("/api/diff", params={"a": "small@1", "b": "small@9"}).status_code == 404


@pytest.mark.slow
def test_what_was_measured_later_of_a_version_is_told_with_its_difference(client, root):
    measure_version(workspace_at(root), "small@2", "made", EXPERIMENT)
    [kept] = got(client, "measured", v="small@2")
    told = got(client, "diff", a="small@1", b="small@2")
    assert (kept["of"], kept["current"]) == ("made", True)
    assert told["effect"] == kept["effect"]
    assert told["slices"] == kept["evaluation"]["slices"]
    assert got(client, "diff", a="small@2", b="small@1")["effect"] is None
    measure_version(workspace_at(root), "small@2", "made", replace(EXPERIMENT, margin=0.0))
    assert len(got(client, "measured", v="small@2")) == 2
    again = got(client, "diff", a="small@1", b="small@2")
    assert again["effect"] == told["effect"], "what another experiment found takes its place"


def test_a_tag_is_given_and_taken_away_by_the_rules_of_the_history(client):
    assert posted(client, "tags", v="small@1", tag="raw")["tags"] == ["raw"]
    assert got(client, "overview", v="small@raw")["version"]["name"] == "small@1"
    assert "is small@2 already" in refused(client, "tags", 400, v="small@1", tag="clean")
    for name in ("7", "a@b", " a", "a ", "a\tb", "a\nb"):
        assert "cannot be the name of a tag" in refused(client, "tags", 400, v="small@1", tag=name)
    for name in ("bad tag/../x", "7.1", "ÄÖ"):  # the rule that is told is the whole rule
        assert name in posted(client, "tags", v="small@1", tag=name)["tags"]
        assert got(client, "overview", v=f"small@{name}")["version"]["name"] == "small@1"
        posted(client, "tags", v="small@1", tag=name, delete=True)
    assert posted(client, "tags", v="small@1", tag="raw", delete=True)["tags"] == []
    assert "has no tag 'raw'" in refused(client, "tags", 404, v="small@1", tag="raw", delete=True)
    assert refused(client, "tags", 422, v="small@1", tag="")


def test_an_undo_makes_a_version_and_tells_what_was_left(client, root):
    told = posted(client, "undo", v="small@2", why="too much")
    assert told["facts"]["new"] == "small@3"
    assert told["said"].startswith("Small@3, undo of small@2: ") or told["said"].startswith(
        "small@3, undo of small@2: "
    )
    space = workspace_at(root)
    assert space.history.store.find("small").version == space.history.store.find("small@1").version
    again = posted(client, "undo", v="small@2")
    assert (again["facts"]["new"], again["facts"]["n_changed_since"] > 0) == (None, True)
    assert "left as they are" in again["said"]
    assert "changed no rows" in refused(client, "undo", 400, v="small@1")
    assert "no edit of code 'LAB9'" in refused(client, "undo", 400, v="small@2", codes=["LAB9"])


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_a_version_leaves_as_a_file(reading, kept, form):
    answer = reading.get("/api/export", params={"v": "small@2", "form": form})
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert f".{form}" in answer.headers["content-disposition"]
    read = {
        "parquet": lambda data: pq.read_table(io.BytesIO(data)),
        "csv": lambda data: pa.csv.read_csv(io.BytesIO(data)),
        "jsonl": lambda data: pa.json.read_json(io.BytesIO(data)),
    }[form]
    dataset = workspace_at(kept).history.open("small@2")
    table = read(answer.content)
    assert table["row_id"].to_pylist() == dataset.row_ids.to_pylist()
    assert table["label"].to_pylist() == dataset.field("label").to_pylist()


def test_an_export_leaves_nothing_behind_on_the_server(reading, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert reading.get("/api/export", params={"v": "small@2"}).status_code == 200
    assert reading.get("/api/export", params={"v": "small@77"}).status_code == 404
    assert reading.get("/api/export", params={"v": "small@2", "form": "xlsx"}).status_code == 422
    assert list(tmp_path.iterdir()) == []


def test_a_version_is_made_of_the_review(client, root):
    state = accepted(root, 3)
    told = posted(client, "versions", v="small@1", seq=3, why="copies", tag="mine")
    assert (told["name"], told["parent"], told["how"], told["why"]) == ("small@3", "small@1", "apply", "copies")
    assert (told["tags"], told["audited"], told["effect"]) == (["mine"], False, None)
    assert told["n_rows"] == 300 - state.n_drops
    space = workspace_at(root)
    expected = state.changes().apply(space.history.open("small@1"))
    assert space.history.open("small@mine").version == expected.version


@pytest.mark.slow
def test_a_version_has_the_effect_that_was_measured_of_its_edits(client, root):
    accepted(root, 3)
    measure_version(workspace_at(root), "small@1", "pending", EXPERIMENT)
    [kept] = got(client, "measured", v="small@1")
    assert posted(client, "versions", v="small@1", seq=3)["effect"] == kept["effect"]
    assert got(client, "diff", a="small@1", b="small@3")["effect"] == kept["effect"]


def test_nothing_is_made_that_nobody_saw(client, root):
    assert "comes to no edit" in refused(client, "versions", 409, v="small@1", seq=0)
    accepted(root, 2)
    for seq in (0, 1, 3, 10**12, -1):
        assert "2 events" in refused(client, "versions", 409, v="small@1", seq=seq)
    assert refused(client, "versions", 409, v="plain@1", seq=0).startswith("plain@1 has not been audited")
    assert "is small@2 already" in refused(client, "versions", 400, v="small@1", seq=2, tag="clean")
    assert len(got(client, "versions", name="small")["lines"]) == 2


def test_of_two_who_make_a_version_of_one_review_at_once_one_is_refused(client, root):
    accepted(root, 2)
    with ThreadPoolExecutor(2) as two:
        answers = list(two.map(lambda _: client.post("/api/versions", json={"v": "small@1", "seq": 2}), range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert "small@3 has all edits of the review of small@1" in max(answers, key=lambda a: a.status_code).json()["error"]
    assert len(got(client, "versions", name="small")["lines"]) == 3


def test_what_is_decided_after_a_version_was_made_is_added_to_it_as_the_next_one(client, root):
    accepted(root, 2)
    posted(client, "versions", v="small@1", seq=2)
    assert "accepted edit" not in str(got(client, "overview", v="small@1")["next"])
    accepted(root, 1)
    told = got(client, "review", v="small@1")
    assert (told["made"], told["made_all"], told["n_to_add"], told["hindrance"]) == ("small@3", False, 1, "")
    assert "upon small@3 of 1 edit more" in str(got(client, "overview", v="small@1")["next"])
    made = posted(client, "versions", v="small@1", seq=3)
    assert (made["name"], made["parent"], sum(made["counts"].values())) == ("small@4", "small@3", 1)
    told = got(client, "review", v="small@1")
    assert (told["made"], told["made_all"], told["n_to_add"]) == ("small@4", True, 0)
    assert "Go on with small@4" in refused(client, "versions", 409, v="small@1", seq=3)
    for name in ("small@4", "small@3"):
        posted(client, "undo", v=name)
    assert "accepted edit" in str(got(client, "overview", v="small@1")["next"])
    assert posted(client, "versions", v="small@1", seq=3)["name"] == "small@7"


@pytest.mark.parametrize("path", ["overview", "ledger", "pulse", "export", "measured"])
def test_a_version_that_is_not_there_is_told_with_what_is(reading, path):
    answer = reading.get(f"/api/{path}", params={"v": "small@9"})
    assert answer.status_code == 404
    assert answer.json()["error"] == "'small' has no version '9'."
