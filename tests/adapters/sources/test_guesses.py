import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.sources import read_source

N = 120
WORDS = [f"this is text number {i} of the set" for i in range(N)]
CLASSES = [f"class {i % 3}" for i in range(N)]
VECTORS = np.random.default_rng(0).normal(size=(N, 4)).tolist()


def roles(**fields):
    return read_source(pa.table(fields), {})[0].roles


def reasons(**fields):
    return {(g.role, g.field): g.reason for g in read_source(pa.table(fields), {})[1]}


@pytest.mark.parametrize("name", ["text", "Review", "sentence", "QUESTION", "whatever"])
def test_text_is_found_by_name_or_by_its_words(name):
    assert roles(**{"code": CLASSES, name: WORDS}).text == name


def test_a_telling_name_beats_longer_texts():
    longer = [text * 3 for text in WORDS]
    assert roles(notes=longer, text=WORDS).text == "text"
    assert roles(notes=longer, other=WORDS).text == "notes"


def test_categories_are_not_text():
    found = roles(job=["works in a government office"] * N, title=["Mr"] * N, age=range(N))
    assert found.text is None
    assert found.meta == ("job", "title", "age")


@pytest.mark.parametrize("name", ["label", "Label", "class", "target", "y", "intent", "income"])
def test_the_label_is_found_by_name(name):
    assert roles(**{"text": WORDS, name: CLASSES}).label == name


def test_few_values_alone_make_no_label_and_that_is_told():
    assert roles(text=WORDS, color=CLASSES).label is None
    assert "--label" in reasons(text=WORDS, color=CLASSES)["label", None]


def test_measured_numbers_and_distinct_values_are_no_label():
    measured = np.linspace(0, 1, N)
    assert roles(text=WORDS, target=measured).label is None
    assert "measured" in reasons(text=WORDS, target=measured)["note", "target"]
    assert roles(text=WORDS, label=[str(i) for i in range(N)]).label is None


def test_whole_floats_are_labels():
    assert roles(text=WORDS, label=[float(i % 4) for i in range(N)]).label == "label"


def test_split_needs_both_its_name_and_its_values():
    sides = ["train", "train", "test"] * (N // 3)
    assert roles(text=WORDS, split=sides).split == "split"
    assert roles(text=WORDS, side=sides).split is None
    assert roles(text=WORDS, split=CLASSES).split is None
    assert roles(text=WORDS, fold=[i % 5 for i in range(N)]).split is None


def test_id_needs_a_telling_name_and_distinct_values():
    assert roles(text=WORDS, id=range(N)).id == "id"
    assert roles(text=WORDS, number=range(N)).id is None
    assert roles(text=WORDS, id=[i // 2 for i in range(N)]).id is None
    assert "twice" in reasons(text=WORDS, id=[i // 2 for i in range(N)])["note", "id"]
    assert roles(text=WORDS, uuid=[None, *map(str, range(N - 1))]).id is None


def test_group_prediction_and_proba_are_taken_by_name_only():
    found = roles(text=WORDS, group=CLASSES, prediction=CLASSES, pred_probs=VECTORS)
    assert (found.group, found.prediction, found.proba) == ("group", "prediction", "pred_probs")
    assert found.embedding is None
    assert roles(text=WORDS, user_id=CLASSES).group is None


def test_embeddings_are_found_by_name_or_alone():
    assert roles(x1=VECTORS, vector=VECTORS).embedding == "vector"
    assert roles(x1=VECTORS, n=range(N)).embedding == "x1"
    assert roles(text=WORDS, x1=VECTORS, x2=VECTORS).embedding is None
    assert roles(text=WORDS, counts=[[1, 2]] * N).embedding is None


def test_time_is_found_by_type_or_name():
    moments = [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * N
    assert roles(text=WORDS, seen=moments).time == "seen"
    assert roles(text=WORDS, seen=moments, date=moments).time == "date"
    assert roles(text=WORDS, seen=moments, left=moments).time is None
    assert roles(text=WORDS, date=["2024-01-01"] * N).time == "date"


def test_images_are_found_by_their_bytes(tmp_path):
    png = b"\x89PNG\r\n\x1a\n..."
    assert roles(data=[png] * N, label=CLASSES).image == "data"
    assert roles(picture=[{"bytes": png, "path": None}] * N).image == "picture"
    assert roles(text=WORDS, blob=[b"something else"] * N).image is None
    assert roles(text=WORDS, blob=[b"something else"] * N).meta == ()


def test_image_paths_are_taken_only_where_the_files_are():
    names = [f"{i}.png" for i in range(N)]
    assert roles(text=WORDS, file=names).image is None
    assert "not there" in reasons(text=WORDS, file=names)["note", "file"]


def test_a_field_plays_one_role(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"{i}.png" for i in range(N)]
    (tmp_path / "0.png").write_bytes(b"an image")
    assert roles(key=names, text=WORDS).id == "key"
    assert roles(key=names, text=WORDS).image is None
    assert roles(file=names, text=WORDS).image == "file"


def test_meta_is_every_other_scalar_field():
    found = roles(
        text=WORDS, label=CLASSES, n=range(N), when=["x"] * N, sure=[True] * N, parts=[["a"]] * N, nothing=[None] * N
    )
    assert found.meta == ("n", "when", "sure")


def test_a_field_that_was_named_is_not_guessed_for_another_role():
    dataset = read_source(pa.table({"label": CLASSES, "text": WORDS}), {"group": "label"})[0]
    assert dataset.roles.label is None
