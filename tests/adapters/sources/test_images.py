from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from burnish.adapters.sources import read_source
from burnish.adapters.sources.images import looks_like_image, resolve_paths
from burnish.adapters.sources.opened import Opened
from burnish.adapters.sources.roles import decide_roles
from burnish.errors import InputError, UsageError


def paint(path, shade=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), shade).save(path)


def test_sub_folders_are_labels(tmp_path):
    for name in ("cat/1.png", "cat/deep/2.png", "dog/1.jpg"):
        paint(tmp_path / name)
    (tmp_path / "cat" / ".thumb.png").write_bytes(b"hidden")
    paint(tmp_path / ".cache" / "x.png")
    (tmp_path / "dog" / "notes.txt").write_text("no image")
    dataset = read_source(tmp_path, {})[0]
    assert dataset.field("path").to_pylist() == ["cat/1.png", "cat/deep/2.png", "dog/1.jpg"]
    assert dataset.field("label").to_pylist() == ["cat", "cat", "dog"]
    assert (dataset.roles.image, dataset.roles.label) == ("path", "label")
    assert dataset.images.to_pylist() == [str(tmp_path / p) for p in dataset.field("path").to_pylist()]


def test_splits_may_stand_above_the_labels(tmp_path):
    for name in ("train/cat/1.png", "train/dog/1.png", "test/cat/1.png"):
        paint(tmp_path / name)
    dataset = read_source(tmp_path, {})[0]
    assert dataset.splits.to_pylist() == ["test", "train", "train"]
    assert dataset.field("label").to_pylist() == ["cat", "cat", "dog"]


def test_a_flat_folder_has_no_labels(tmp_path):
    for i in range(3):
        paint(tmp_path / f"{i}.png", i)
    dataset = read_source(tmp_path, {})[0]
    assert dataset.roles.label is None
    assert dataset.fields.column_names == ["path"]
    assert len(read_source(str(tmp_path / "*.png"), {})[0]) == 3


def test_a_folder_is_the_same_by_any_of_its_names(tmp_path, monkeypatch):
    paint(tmp_path / "my set" / "cat" / "1.png")
    (tmp_path / "link").symlink_to(tmp_path / "my set")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for source in ("my set", "./my set/", "link", "~/my set", f"file://{tmp_path}/my%20set"):
        dataset = read_source(source, {})[0]
        assert dataset.fields.to_pydict() == {"path": ["cat/1.png"], "label": ["cat"]}, source
        assert Path(dataset.images[0].as_py()).samefile(tmp_path / "my set" / "cat" / "1.png")


def test_one_class_is_a_label_too(tmp_path):
    for i in range(3):
        paint(tmp_path / "cat" / f"{i}.png", i)
    assert read_source(tmp_path, {})[0].labels.classes == ("cat",)


def test_copies_of_a_file_have_the_same_digest(tmp_path):
    paint(tmp_path / "a.png", 5)
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    paint(tmp_path / "c.png", 6)
    a, b, c = map(tuple, read_source(tmp_path, {})[0].content.tolist())
    assert a == b != c


def test_a_corrupt_image_is_a_row_like_any_other(tmp_path):
    paint(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"not an image")
    (tmp_path / "c.png").write_bytes(b"")
    assert len(read_source(tmp_path, {})[0]) == 3


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path, kind):
    paint(tmp_path / "elsewhere" / "secret.png")
    paint(tmp_path / "images" / "a.png")
    if kind == "file":
        (tmp_path / "images" / "link.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    else:
        (tmp_path / "images" / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"link.* leads out of"):
        read_source(tmp_path / "images", {})


def test_a_link_inside_the_folder_is_read(tmp_path):
    paint(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    assert len(read_source(tmp_path, {})[0]) == 2


def table_with(tmp_path, paths):
    folder = tmp_path / "set"
    paint(folder / "images" / "1.png", 1)
    paint(folder / "images" / "2.png", 2)
    paint(tmp_path / "secret.png", 3)
    pq.write_table(pa.table({"image": paths}), folder / "rows.parquet")
    return folder / "rows.parquet"


def test_paths_in_a_field_are_relative_to_the_folder_of_the_source(tmp_path):
    inside = str(tmp_path / "set" / "images" / "2.png")
    dataset = read_source(table_with(tmp_path, ["images/1.png", inside, "images/gone.png", None]), {})[0]
    assert dataset.roles.image == "image"
    assert dataset.images.to_pylist()[:2] == [str(tmp_path / "set" / "images" / "1.png"), inside]
    assert len({tuple(row) for row in dataset.content.tolist()}) == 4


@pytest.mark.parametrize("bad", ["../secret.png", "images/../../secret.png", "/etc/passwd", "/etc/x.png"])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path, bad):
    source = table_with(tmp_path, ["images/1.png", bad])
    with pytest.raises(InputError, match="leads out of") as caught:
        read_source(source, {"image": "image"})
    assert "move the images" in caught.value.remedy


def test_a_path_in_a_struct_is_refused_too_even_beside_bytes(tmp_path):
    rows = [{"bytes": b"\x89PNG\r\n\x1a\n", "path": "ok.png"}, {"bytes": None, "path": "/etc/passwd"}]
    with pytest.raises(InputError, match="leads out of"):
        read_source(table_with(tmp_path, rows), {})


def test_the_name_beside_the_bytes_of_a_struct_is_no_path(tmp_path):
    rows = [{"bytes": b"\x89PNG\r\n\x1a\n1", "path": "/home/me/1.png"}] * 2
    assert read_source(table_with(tmp_path, rows), {})[0].images.to_pylist() == [b"\x89PNG\r\n\x1a\n1"] * 2


def test_no_image_at_all_is_an_error(tmp_path):
    with pytest.raises(InputError, match="none of the 2 image paths"):
        read_source(table_with(tmp_path, ["a.png", "b.png"]), {"image": "image"})


def test_paths_of_objects_in_memory_are_the_callers_own(tmp_path, monkeypatch):
    paint(tmp_path / "a.png")
    paint(tmp_path / "sub" / "b.png")
    monkeypatch.chdir(tmp_path / "sub")
    dataset = read_source({"image": [str(tmp_path / "a.png"), "b.png"]}, {})[0]
    assert dataset.images.to_pylist() == [str(tmp_path / "a.png"), "b.png"]


def test_paths_in_a_remote_table_are_not_read(tmp_path):
    paint(tmp_path / "a.png")
    remote = Opened(pa.table({"image": [str(tmp_path / "a.png")]}), "remote")
    with pytest.raises(InputError, match="not on this machine"):
        resolve_paths(remote, remote.fields.column("image").to_pylist())
    assert decide_roles(remote, {})[0].image is None
    assert resolve_paths(remote, [None]) == [None]


def test_images_and_tables_in_one_folder_need_a_choice(tmp_path):
    with pytest.raises(UsageError, match="2 kinds"):
        read_source(table_with(tmp_path, ["images/1.png"]).parent, {})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_image_bytes_are_known_by_their_head(tmp_path, kind):
    Image.new("RGB", (2, 2)).save(tmp_path / "x", kind)
    assert looks_like_image((tmp_path / "x").read_bytes())
    assert not looks_like_image(b"text")
