"""Comparisons that were kept: what was found, the outcome of every row, the rows that flipped."""

import shutil

import numpy as np
import pyarrow as pa
import pytest
from tests.app.conftest import client_of, workspace_at

from burnish.adapters.stores.measured import MeasuredStore
from burnish.app.told import comparison_told, effect_of
from burnish.dataset import Evaluation
from burnish.pipeline.comparison import NEARER_OR_FARTHER, RIGHT_OR_WRONG
from burnish.workspace import Experiment
from burnish.workspace.history import Note
from burnish.workspace.tasks import compare_sides

EXPERIMENT = Experiment(retrains=2)
MODELS = "probe", "sklearn.dummy:DummyClassifier"


@pytest.fixture(scope="module")
def space(kept, tmp_path_factory):
    """A workspace in which small@1 and small@2 were compared, and then two models on small@1."""
    space = workspace_at(shutil.copytree(kept, tmp_path_factory.mktemp("compared") / "workspace"))
    compare_sides(space, "small@1", "small@2", None, EXPERIMENT)
    compare_sides(space, "small@1", None, MODELS, EXPERIMENT)
    return space


@pytest.fixture(scope="module")
def client(space):
    with client_of(space.root) as client:
        yield client


def got(client, path, **query):
    answer = client.get(f"/api/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def keys(client):
    """The keys: of the models, of the versions."""
    return [one["key"] for one in got(client, "comparisons", name="small")["comparisons"]]


def test_what_was_compared_is_listed_newest_first(client, space):
    models, versions = got(client, "comparisons", name="small")["comparisons"]
    assert (models["v"], models["labels"]) == ("small@1", list(MODELS))
    assert (versions["v"], versions["labels"]) == ("small@2", ["small@1", "small@2"])
    kept = MeasuredStore(space.history.store).compared(models["key"])
    assert (models["verdict"], models["lift"]) == (kept["evaluation"]["verdict"], kept["evaluation"]["lift"])
    assert models["verdict"] == "worse"
    assert models["passed"] is kept["evaluation"]["gate"]["passed"]
    assert got(client, "comparisons", name="plain") == {"comparisons": []}
    assert client.get("/api/comparisons", params={"name": "nothing"}).status_code == 404


def test_a_comparison_is_told_as_it_was_measured(client, space, keys):
    told = got(client, "compared", key=keys[0])
    kept = MeasuredStore(space.history.store).compared(keys[0])
    found = Evaluation.from_json(kept["evaluation"])
    assert told["evaluation"] == kept["evaluation"]
    assert told["effect"] == effect_of(found).model_dump()
    assert told["effect"]["sentence"].startswith("Worse, ")
    assert (told["before"], told["after"]) == (found.arm("before").value, found.arm("after").value)
    assert [one["slice"] for one in told["slices"]] == [one.slice for one in found.slices]
    assert [(one["lift"], one["failed"]) for one in told["slices"]] == [(one.lift, one.failed) for one in found.slices]
    assert (told["models"], told["other"], told["exact"]) == (list(MODELS), None, True)
    assert list(told["outcomes"]) == list(RIGHT_OR_WRONG)
    assert told["said"] == kept["said"]


def test_slices_of_a_metric_that_no_row_has_are_told_by_the_one_they_are_judged_by(space, keys):
    kept = MeasuredStore(space.history.store).compared(keys[0])
    parameters = {**kept["evaluation"]["parameters"], "slices_by": "mae"}
    numbers = {**kept, "evaluation": {**kept["evaluation"], "metric": "rmse", "parameters": parameters}}
    assert (comparison_told(numbers).effect.metric, comparison_told(numbers).slices_by) == ("rmse", "mae")
    assert comparison_told(kept).slices_by == "accuracy"


def test_every_row_of_the_version_has_the_code_of_its_outcome(client, space, keys):
    for key in keys:
        told = got(client, "compared", key=key)
        answer = client.get("/api/outcomes", params={"key": key})
        assert answer.headers["content-type"] == "application/octet-stream"
        codes = np.frombuffer(answer.content, np.uint8)
        outcome = {line["row_id"]: line["outcome"] for line in outcomes_of(space, key)}
        ids = space.history.open(told["v"]).row_ids.to_pylist()
        assert len(codes) == len(ids)
        said = [("", *told["outcomes"])[code] for code in codes.tolist()]
        assert said == [outcome.get(row_id, "") for row_id in ids]
        assert {word: said.count(word) for word in told["outcomes"]} == told["outcomes"]


def outcomes_of(space, key):
    return MeasuredStore(space.history.store).outcomes(key).to_pylist()


@pytest.mark.parametrize("outcome", RIGHT_OR_WRONG)
def test_the_rows_of_an_outcome_come_page_by_page_the_largest_differences_first(client, space, keys, outcome):
    whole = got(client, "flips", key=keys[0], outcome=outcome, limit=200)
    known = {line["row_id"]: line for line in outcomes_of(space, keys[0]) if line["outcome"] == outcome}
    assert whole["total"] == len(whole["flips"]) == len(known)
    for flip in whole["flips"]:
        line = known[flip["row"]["row_id"]]
        assert (flip["label"], flip["a"], flip["b"], flip["outcome"]) == (line["label"], line["a"], line["b"], outcome)
        assert flip["row"]["label"] == flip["label"]
        assert flip["row"]["evaluation"] is True
    sizes = [abs(flip["difference"]) for flip in whole["flips"]]
    assert sizes == sorted(sizes, reverse=True)
    part = got(client, "flips", key=keys[0], outcome=outcome, offset=1, limit=2)
    assert part == {"total": whole["total"], "flips": whole["flips"][1:3]}


def test_broken_rows_are_those_that_only_the_first_had_right(client, keys):
    for flip in got(client, "flips", key=keys[0])["flips"]:
        assert flip["a"] == flip["label"] != flip["b"]


def test_outcomes_of_another_kind_have_no_rows(client, keys):
    assert got(client, "flips", key=keys[0], outcome="nearer") == {"total": 0, "flips": []}
    assert client.get("/api/flips", params={"key": keys[0], "outcome": "lost"}).status_code == 422
    assert client.get("/api/flips", params={"key": keys[0], "limit": 201}).status_code == 422


@pytest.mark.parametrize("path", ["compared", "outcomes", "flips"])
@pytest.mark.parametrize("key", ["0" * 16, "*", "../about"])
def test_a_comparison_that_is_not_there_is_told(client, path, key):
    answer = client.get(f"/api/{path}", params={"key": key})
    assert answer.status_code == 404
    assert f"no comparison {key!r}" in answer.json()["error"]


@pytest.mark.slow
def test_numbers_are_told_as_nearer_or_farther(kept, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(160, 8)).astype(np.float32)
    table = pa.table(
        {"id": [f"r{i}" for i in range(160)], "v": list(x), "y": x[:, 0] * 2 + rng.normal(size=160) * 0.1,
         "split": ["test" if i % 3 == 0 else "train" for i in range(160)]}
    )  # fmt: skip
    space = workspace_at(tmp_path / "ws")
    given = {"id": "id", "label": "y", "embedding": "v", "split": "split"}
    space.history.keep_source(space.read(table, given, name="numbers")[0], Note())
    compare_sides(space, "numbers@1", None, ("sklearn.dummy:DummyRegressor", "probe"), EXPERIMENT)
    with client_of(space.root) as client:
        [line] = got(client, "comparisons", name="numbers")["comparisons"]
        told = got(client, "compared", key=line["key"])
        assert (told["exact"], list(told["outcomes"])) == (False, list(NEARER_OR_FARTHER))
        assert told["outcomes"]["nearer"] > told["outcomes"]["farther"]
        codes = np.frombuffer(client.get("/api/outcomes", params={"key": line["key"]}).content, np.uint8)
        assert [int((codes == code).sum()) for code in (1, 2, 3)] == list(told["outcomes"].values())
        [first, *_] = got(client, "flips", key=line["key"], outcome="nearer")["flips"]
        truth, a, b = (float(first[name]) for name in ("label", "a", "b"))
        assert abs(a - truth) - abs(b - truth) == pytest.approx(first["difference"], abs=1e-4)
        assert first["difference"] > 0


def test_what_could_not_be_measured_is_null_and_no_softer_word_is_found(space, keys):
    kept = MeasuredStore(space.history.store).compared(keys[0])
    nothing = {**kept["evaluation"], "lift_low": None, "smallest_visible_lift": None, "verdict": "inconclusive"}
    failing = {"max_slice_drop": 0.05, "passed": False, "failed": ["region = 'south'"], "n_slices": 3}
    told = comparison_told({**kept, "evaluation": {**nothing, "gate": failing}})
    assert told.effect.lift_low is None
    assert told.effect.verdict == "inconclusive"
    assert told.effect.slices_failed == ["region = 'south'"]
    assert "fell too far in region = 'south'" in told.effect.sentence
