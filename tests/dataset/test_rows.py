import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.dataset import Dataset, Roles


def dataset_of(texts, labels=None, **roles):
    """Rows with one digest for each distinct text."""
    fields = {"text": pa.array(texts, pa.string())}
    if labels is not None:
        fields["label"] = pa.array(labels)
        roles["label"] = "label"
    digests = {text: i + 1 for i, text in enumerate(sorted({t or "" for t in texts}))}
    content = np.array([[digests[t or ""], 7] for t in texts], np.uint64).reshape(-1, 2)
    ids = pa.array([f"r{i}" for i in range(len(texts))], pa.string())
    return Dataset(pa.table(fields), ids, content, Roles(text="text", **roles))


def test_labels_are_codes_into_the_sorted_classes():
    labels = dataset_of(["a", "b", "c", "d"], ["dog", "cat", None, "dog"]).labels
    assert labels.classes == ("cat", "dog")
    assert labels.codes.tolist() == [1, 0, -1, 1]
    assert labels.known.tolist() == [True, True, False, True]


def test_an_empty_label_is_no_label():
    labels = dataset_of(["a", "b"], ["", "cat"]).labels
    assert labels.classes == ("cat",)
    assert labels.codes.tolist() == [-1, 0]


def test_number_labels_become_strings():
    assert dataset_of(["a", "b"], [10, 9]).labels.classes == ("10", "9")


def test_a_data_set_without_labels_has_none():
    assert dataset_of(["a"]).labels is None


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["a", "b", None, ""]), min_size=1, max_size=12), st.data())
def test_taken_rows_keep_their_ids_digests_and_labels(labels, data):
    dataset = dataset_of([f"t{i}" for i in range(len(labels))], pa.array(labels, pa.string()))
    rows = data.draw(st.lists(st.sampled_from(range(len(labels))), unique=True))
    taken = dataset.take(rows)
    assert taken.row_ids.to_pylist() == [f"r{i}" for i in rows]
    assert taken.content.tolist() == dataset.content[rows].tolist()
    assert taken.field("text").to_pylist() == [f"t{i}" for i in rows]
    names = [taken.labels.classes[c] if c >= 0 else None for c in taken.labels.codes]
    assert names == [labels[i] or None for i in rows]


def test_version_stays_for_the_same_rows_and_changes_with_order_ids_labels_and_content():
    one = dataset_of(["a", "b"], ["x", "y"])
    assert one.version == dataset_of(["a", "b"], ["x", "y"]).version
    others = [
        one.take([1, 0]),
        one.take([0]),
        dataset_of(["a", "b"], ["x", "x"]),
        dataset_of(["b", "a"], ["x", "y"]),
    ]
    assert len({one.version, *(other.version for other in others)}) == 5


def test_version_tells_a_missing_label_from_an_empty_one_and_where_a_label_ends():
    versions = {
        dataset_of(["a", "b"], labels).version
        for labels in (["", "x"], [None, "x"], ["x\1", ""], ["x", "\1"], ["x", ""])
    }
    assert len(versions) == 5


def test_version_does_not_depend_on_how_arrow_holds_the_rows():
    one = dataset_of(["a", "b", "c"], ["x", "y", "x"])
    chunked = pa.concat_tables([one.fields.slice(0, 1), one.fields.slice(1)])
    other = Dataset(chunked, one.row_ids, one.content, one.roles)
    assert other.version == one.version
    assert other.labels.codes.tolist() == one.labels.codes.tolist()


def test_rows_without_a_group_stand_alone():
    dataset = dataset_of(["a", "b", "c", "d"])
    table = dataset.fields.append_column("g", pa.array(["x", None, "x", ""]))
    codes = Dataset(table, dataset.row_ids, dataset.content, Roles(text="text", group="g")).group_codes
    assert codes[0] == codes[2]
    assert len(set(codes.tolist())) == 3


def test_vectors_follow_their_rows():
    dataset = Dataset(
        pa.table({}),
        pa.array(["a", "b", "c"]),
        np.arange(6, dtype=np.uint64).reshape(3, 2),
        Roles(),
        vectors=np.eye(3, dtype=np.float32),
    )
    assert len(dataset) == 3
    assert dataset.take([2, 0]).vectors.tolist() == [[0, 0, 1], [1, 0, 0]]
    exported = dataset.take([2, 0]).export_table()
    assert exported.to_pydict() == {"row_id": ["c", "a"], "embedding": [[0, 0, 1], [1, 0, 0]]}


def test_export_gives_the_given_fields_and_nothing_else():
    dataset = dataset_of(["a", "b"], ["x", "y"])
    assert dataset.take([1]).export_table().to_pydict() == {"text": ["b"], "label": ["y"]}


def images_of(column, root=None):
    ids = pa.array([f"r{i}" for i in range(len(column))])
    content = np.zeros((len(column), 2), np.uint64)
    return Dataset(pa.table({"im": column}), ids, content, Roles(image="im"), image_root=root).images


def test_image_paths_are_given_below_their_root_and_bytes_as_they_are():
    assert images_of(pa.array(["a.png", "/d/b.png", None]), "/d").to_pylist() == ["/d/a.png", "/d/b.png", None]
    assert images_of(pa.array(["a.png"])).to_pylist() == ["a.png"]
    assert images_of(pa.array([b"x", None])).to_pylist() == [b"x", None]
    structs = pa.array([{"bytes": b"x", "path": "a"}, {"bytes": None, "path": "b"}])
    assert images_of(structs).to_pylist() == [b"x", None]
    assert images_of(pa.array([{"bytes": None, "path": "b"}], structs.type), "/d").to_pylist() == ["/d/b"]


@given(st.integers(0, 60), st.lists(st.integers(-3, 70), max_size=40))
def test_rows_are_found_by_their_ids_however_few_are_asked_for(n_rows, wanted):
    dataset = dataset_of([f"t{i}" for i in range(n_rows)])
    found = dataset.positions_of([f"r{i}" for i in wanted])
    assert found.tolist() == [i if 0 <= i < n_rows else -1 for i in wanted]
    assert found.dtype == np.int64
