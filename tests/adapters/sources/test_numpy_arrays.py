"""Archives of arrays: mapped where they lie uncompressed, read where they do not, refused where they lie."""

import io
import zipfile

import numpy as np
import pytest

from burnish.adapters.sources import read_source
from burnish.adapters.sources.numpy_arrays import SMALLEST_MAPPED
from burnish.errors import InputError

LARGE = np.random.default_rng(0).normal(size=(SMALLEST_MAPPED // 160, 64)).astype(np.float32)
SMALL = LARGE[:20]


def as_npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def archive(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def encrypted(content):
    """The archive with the flag of encryption set in its first member, here and in the directory."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[changed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def refused(path):
    with pytest.raises(InputError) as caught:
        read_source(path, {})
    assert caught.value.remedy
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "form",
    [np.asarray, np.asfortranarray, lambda x: x.astype(">f4"), lambda x: x.astype(">f8")],
    ids=["plain", "fortran", "big-endian", "big-endian double"],
)
@pytest.mark.slow
def test_an_uncompressed_archive_is_mapped_and_a_compressed_one_read_and_both_hold_the_same(form, tmp_path):
    labels = np.arange(len(LARGE)) % 3
    np.savez(tmp_path / "rows.npz", X=form(LARGE), y=labels)
    np.savez_compressed(tmp_path / "packed.npz", X=form(LARGE), y=labels)
    mapped, read = (read_source(tmp_path / name, {})[0] for name in ("rows.npz", "packed.npz"))
    assert isinstance(mapped.vectors, np.memmap)
    assert not mapped.vectors.flags.writeable
    assert not isinstance(read.vectors, np.memmap)
    for dataset in (mapped, read):
        assert dataset.vectors.dtype == form(LARGE).dtype
        np.testing.assert_array_equal(dataset.vectors, LARGE)
        assert dataset.labels.codes.tolist() == labels.tolist()
    assert mapped.version == read.version


def test_few_bytes_are_read_and_not_mapped(tmp_path):
    np.savez(tmp_path / "rows.npz", X=SMALL)
    assert not isinstance(read_source(tmp_path / "rows.npz", {})[0].vectors, np.memmap)


def test_the_second_version_of_the_header_is_mapped_too(tmp_path):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, LARGE, version=(2, 0))
    dataset = read_source(archive(tmp_path / "rows.npz", {"X.npy": buffer.getvalue()}), {})[0]
    assert isinstance(dataset.vectors, np.memmap)
    np.testing.assert_array_equal(dataset.vectors, LARGE)


@pytest.mark.parametrize("cut", [(-100, None), (500_000, None), (300_000, 700_000)], ids=["end", "half", "middle"])
def test_a_large_archive_that_lost_a_part_is_refused(cut, tmp_path):
    np.savez(tmp_path / "rows.npz", X=LARGE)
    content = (tmp_path / "rows.npz").read_bytes()
    start, stop = cut
    (tmp_path / "rows.npz").write_bytes(content[:start] + (content[stop:] if stop else b""))
    refused(tmp_path / "rows.npz")


def test_a_header_that_claims_more_rows_than_there_are_is_refused(tmp_path):
    n_rows = len(LARGE)
    lying = as_npy(LARGE[:-1]).replace(b"(%d, 64)" % (n_rows - 1), b"(%d, 64)" % n_rows)
    path = archive(tmp_path / "rows.npz", {"X.npy": lying, "z.npy": as_npy(LARGE[:, 0])})
    assert f"({n_rows}, 64)" in refused(path)


@pytest.mark.parametrize("array", [SMALL, LARGE], ids=["small", "large"])
def test_what_only_a_password_opens_is_refused(array, tmp_path):
    np.savez(tmp_path / "rows.npz", X=array)
    (tmp_path / "rows.npz").write_bytes(encrypted((tmp_path / "rows.npz").read_bytes()))
    assert "encrypted" in refused(tmp_path / "rows.npz")


@pytest.mark.parametrize("size", [10, 2 * SMALLEST_MAPPED])
def test_a_member_that_is_no_array_is_named(size, tmp_path):
    path = archive(tmp_path / "rows.npz", {"X.npy": as_npy(SMALL), "README.txt": "x" * size})
    assert "'README.txt'" in refused(path)


@pytest.mark.parametrize("n_objects", [5, SMALLEST_MAPPED // 4])
def test_objects_in_an_archive_are_never_unpickled(n_objects, tmp_path):
    objects = np.full(n_objects, None)
    np.savez(tmp_path / "rows.npz", X=SMALL, y=objects)
    assert "unpickling runs code" in refused(tmp_path / "rows.npz")


def test_a_large_archive_with_bytes_changed_anywhere_is_read_or_refused(tmp_path):
    np.savez(tmp_path / "rows.npz", X=LARGE)
    whole, rng = (tmp_path / "rows.npz").read_bytes(), np.random.default_rng(0)
    ended = {True: 0, False: 0}
    for place in [*range(0, 160, 4), *range(len(whole) - 120, len(whole), 3)]:
        changed = bytearray(whole)
        changed[place] = rng.integers(256)
        (tmp_path / "rows.npz").write_bytes(changed)
        try:
            assert read_source(tmp_path / "rows.npz", {})[0].vectors.shape[0] > 0
            ended[True] += 1
        except InputError as error:
            if not error.remedy:
                pytest.fail(f"no remedy: {error}")
            ended[False] += 1
    assert min(ended.values()) > 5
