import io

import pytest
from PIL import Image

from burnish.adapters.sources import read_source
from burnish.errors import UsageError

datasets = pytest.importorskip("datasets")
pytestmark = pytest.mark.extras


def spam():
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["ham", "spam"])}
    )
    rows = {"text": [f"text number {i} of the set" for i in range(6)], "label": [0, 1, 1, 0, -1, 1]}
    return datasets.Dataset.from_dict(rows, features=features)


def test_class_numbers_become_their_names_and_that_is_told():
    dataset, guesses = read_source(spam(), {})
    assert dataset.field("label").to_pylist() == ["ham", "spam", "spam", "ham", None, "spam"]
    assert (dataset.roles.text, dataset.roles.label) == ("text", "label")
    assert ("note", "label") in {(guess.role, guess.field) for guess in guesses}


def test_selected_and_shuffled_rows_come_in_their_order():
    chosen = spam().select([4, 0, 2])
    assert read_source(chosen, {})[0].texts.to_pylist() == chosen["text"][:]


def test_the_parts_of_a_dataset_dict_become_splits():
    both = datasets.DatasetDict({"train": spam(), "test": spam().select([1])})
    dataset = read_source(both, {})[0]
    assert dataset.splits.to_pylist() == ["train"] * 6 + ["test"]
    assert dataset.row_ids.to_pylist()[-1].endswith("-1")


def picture(shade):
    stream = io.BytesIO()
    Image.new("L", (3, 3), shade).save(stream, "PNG")
    return stream.getvalue()


def test_images_are_found_and_read_as_bytes():
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b"])})
    rows = [{"image": {"bytes": picture(i % 2), "path": None}, "label": i % 2} for i in range(4)]
    dataset = read_source(datasets.Dataset.from_list(rows, features=features), {})[0]
    assert dataset.roles.image == "image"
    assert dataset.images.to_pylist() == [picture(0), picture(1)] * 2
    assert len({tuple(row) for row in dataset.content.tolist()}) == 2


def test_images_may_be_paths_of_the_callers_own(tmp_path):
    paths = [str(tmp_path / f"{i}.png") for i in range(2)]
    for i, path in enumerate(paths):
        Image.new("L", (3, 3), i).save(path)
    rows = datasets.Dataset.from_dict({"image": paths}).cast_column("image", datasets.Image())
    assert read_source(rows, {})[0].images.to_pylist() == paths


def test_a_stream_is_refused():
    with pytest.raises(UsageError, match="streaming=True"):
        read_source(spam().to_iterable_dataset(), {})
