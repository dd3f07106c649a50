"""Pictures and sound: what is sent, what is refused, and that nothing but pixels and sound gets out."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from burnish.adapters.sources.digests import digest_values
from burnish.app.media import SIZES, Pictures, byte_range, media_of, sound_of, sound_type
from burnish.dataset import Dataset, Roles
from burnish.errors import NotThereError
from burnish.workspace import Limits, Workspace
from burnish.workspace.history import Note

sys.path.insert(0, str(Path(__file__).parent))
from hostile import PATHS, images, png_bomb, sounds, wav

pytestmark = pytest.mark.slow

HASH = "0123456789abcdef"


def rows_of(column, *, role=None, root=None):
    fields = pa.table({"held": column})
    ids = pa.array([str(i) for i in range(len(column))])
    roles = Roles(image="held") if role else Roles()
    return Dataset(fields, ids, np.zeros((len(column), 2), np.uint64), roles, image_root=root and str(root))


def one_of(value, kind=None, **beside):
    return rows_of(pa.chunked_array([pa.array([value], kind)]), **beside)


def encoded(width=300, height=200, form="PNG", **options):
    """Give a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width // 2, height))
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def opened(webp):
    image = Image.open(io.BytesIO(webp))
    assert image.format == "WEBP"
    return image


def made(content, size=96, of=None, **beside):
    """Give the picture of a row; `of`: what its file held when it was read."""
    row = one_of(content, **beside)
    row = row if of is None else replace(row, content=digest_values(pa.chunked_array([[of]])))
    return Pictures().webp(row, "held", size, version=HASH)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of a source, and one beside it that its paths must not reach."""
    root = tmp_path_factory.mktemp("media") / "source"
    root.mkdir()
    (root / "a.wav").write_bytes(wav())
    (root / "B.MP3").write_bytes(b"ID3" + b"\0" * 100)
    (root / "page.mp3").write_bytes(b"<html><script>alert(1)</script>")
    (root / "a.png").write_bytes(encoded())
    (root.parent / "secret.wav").write_bytes(wav())
    (root / "out.wav").symlink_to(root.parent / "secret.wav")
    return root


@pytest.fixture(scope="module")
def shown(folder, tmp_path_factory, serving):
    """A client for a version with pictures and sound, as bytes and as paths."""
    workspace_root = tmp_path_factory.mktemp("workspace")
    workspace = Workspace(workspace_root, limits=Limits(threads=1))
    table = pa.table({
        "id": ["one", "two", "three/?#%"],
        "text": ["first of all", "second of all", "third of all"],
        "picture": pa.array([encoded(), b"<svg/>", None], pa.binary()),
        "sound": pa.array([wav(), b"<html>", None], pa.binary()),
        "file": ["a.wav", "../secret.wav", "page.mp3"],
    })  # fmt: skip
    source = folder / "rows.parquet"
    pa.parquet.write_table(table, source)
    dataset, _ = workspace.read(str(source), {"text": "text", "id": "id", "image": ""}, name="shown")
    version = workspace.history.keep_source(dataset, Note())
    with serving(workspace_root) as client:
        client.version = version
        yield client


def asked(client, what, row_id="one", headers=None, **params):
    params = {"v": "shown@1", "row_id": row_id, **params}
    return client.get(f"/api/{what}", params=params, headers=headers)


def test_a_picture_is_made_anew_from_its_pixels_at_one_of_a_few_sizes():
    for size in (32, 64, 65, 300, 1024):
        image = opened(made(encoded(3_000, 2_000), size))
        edge = next(one for one in SIZES if one >= size)
        assert image.size == (edge, pytest.approx(edge * 2 / 3, abs=1))
        left, right = image.convert("RGB").getpixel((2, 2)), image.convert("RGB").getpixel((edge - 3, 2))
        assert (left[0] > 200, left[2] < 60) == (True, True)
        assert (right[0] < 60, right[2] > 200) == (True, True)


def test_a_small_picture_is_not_blown_up():
    assert opened(made(encoded(30, 20), 1024)).size == (30, 20)


def test_nothing_of_a_file_but_its_pixels_gets_out():
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    image = opened(made(encoded(form="JPEG", exif=exif, comment=b"secret comment")))
    assert not image.getexif()
    assert b"secret" not in made(encoded(form="JPEG", exif=exif, comment=b"secret comment"))


@pytest.mark.parametrize("what", images())
def test_what_is_no_picture_is_refused_with_a_reason(what):
    with pytest.raises(NotThereError, match="row '0', field 'held': "):
        made(images()[what], kind=pa.binary())


def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("it was decoded"))
    bomb = png_bomb(30_000, 30_000)
    assert len(bomb) < 1_000
    with pytest.raises(NotThereError, match="more than 64 megapixels"):
        made(bomb)


def test_kept_pictures_take_no_more_than_their_bound_and_the_newest_stay():
    rng = np.random.default_rng(0)
    noise = []
    for _ in range(12):
        buffer = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(buffer, "PNG")
        noise.append(buffer.getvalue())
    rows = rows_of(pa.chunked_array([[one] for one in noise]))
    pictures = Pictures(max_bytes=10_000)
    given = [pictures.webp(rows.take([i]), "held", 64, version=HASH) for i in range(12)]
    assert sum(map(len, given)) > 10_000
    kept = list(pictures._made.values())
    assert sum(map(len, kept)) <= 10_000
    assert kept == given[-len(kept) :]
    assert len(kept) > 1


def test_a_kept_picture_is_not_made_again_and_another_version_has_its_own(monkeypatch):
    pictures, row = Pictures(), one_of(encoded())
    first = pictures.webp(row, "held", 96, version=HASH)
    monkeypatch.setattr("burnish.app.media.PictureReader", lambda **_: pytest.fail("it was read again"))
    assert pictures.webp(row, "held", 70, version=HASH) is first
    with pytest.raises(pytest.fail.Exception):
        pictures.webp(row, "held", 96, version="another")


def test_sound_is_told_by_its_first_bytes():
    heads = {
        "audio/wav": [b"RIFF\0\0\0\0WAVE"], "audio/flac": [b"fLaC"], "audio/ogg": [b"OggS"],
        "audio/mpeg": [b"ID3\x04", b"\xff\xfb\x90\x00", b"\xff\xf3\x40\xc0"], "audio/mp4": [b"\0\0\0\x20ftypM4A "],
    }  # fmt: skip
    for kind, begins in heads.items():
        assert [sound_type(head.ljust(16, b"\0")) for head in begins] == [kind] * len(begins)
    others = (b"", b"\xff", b"\xff\xfe<\0", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x20ftypavif", b"<html>")
    assert [sound_type(head) for head in others] == [None] * len(others)


def test_a_range_header_is_read_as_rfc_9110_says():
    assert byte_range(None, 10) is None
    assert byte_range("bytes=0-", 10) == range(10)
    assert byte_range("bytes=2-4", 10) == range(2, 5)
    assert byte_range("bytes=8-99", 10) == range(8, 10)
    assert byte_range("bytes=-3", 10) == range(7, 10)
    assert byte_range("bytes=-30", 10) == range(10)
    for nonsense in (
        "",
        "bytes=",
        "bytes=-",
        "lines=0-1",
        "bytes=4-2",
        "bytes=0-1,3-4",
        "bytes=a-b",
        f"bytes={'9' * 99}-",
    ):
        assert byte_range(nonsense, 10) is None
    for outside in ("bytes=10-", "bytes=11-12", "bytes=-0"):
        assert byte_range(outside, 10) is not None
        assert not byte_range(outside, 10)


def test_media_are_told_by_content_and_paths_by_their_suffix_inside_the_folder(folder):
    kinds = {"a.wav": "audio", "B.MP3": "audio", "a.png": "image", "page.mp3": "audio"}
    none = ("../secret.wav", "out.wav", str(folder.parent / "secret.wav"), "missing.wav", "", "notes.txt", *PATHS)
    rows = rows_of(pa.chunked_array([[*kinds, *none, None]]), root=folder)
    assert media_of(rows) == [*({"held": kind} for kind in kinds.values()), *({} for _ in none), {}]
    held = rows_of(pa.chunked_array([pa.array([wav(), encoded(), b"<html>", b"", None], pa.binary())]))
    assert media_of(held) == [{"held": "audio"}, {"held": "image"}, {}, {}, {}]


def test_a_path_without_a_folder_that_bounds_it_is_not_followed(folder):
    assert media_of(one_of(str(folder / "a.wav"))) == [{}]
    with pytest.raises(NotThereError):
        sound_of(one_of(str(folder / "a.wav")), "held")


def test_an_image_path_is_followed_inside_the_folder_of_the_source_only(folder):
    assert opened(made("a.png", role=True, root=folder, of=encoded())).size == (96, 64)
    outside = folder.parent / "outside.png"
    outside.write_bytes(encoded())
    for path in ("../outside.png", str(outside)):
        with pytest.raises(NotThereError):
            made(path, role=True, root=folder)
    own = made(str(outside), role=True, of=encoded())  # the program of the user wrote it
    assert opened(own).size == (96, 64)


def test_a_picture_that_changed_since_it_was_read_is_not_shown_as_that_of_the_row(tmp_path, serving):
    source = tmp_path / "source"
    source.mkdir()
    for i, color in enumerate(("red", "blue")):
        Image.new("RGB", (64, 64), color).save(source / f"{i}.png")
    captions = pa.table({"text": ["a red one", "a blue one"], "file": ["0.png", "1.png"]})
    pq.write_table(captions, source / "rows.parquet")
    workspace = Workspace(tmp_path / "workspace", limits=Limits(threads=1))
    for name, given in (("beside", {"image": "file", "text": "text"}), ("alone", {"image": "file", "text": ""})):
        rows, _ = workspace.read(str(source / "rows.parquet"), given, name=name)
        workspace.history.keep_source(rows, Note())
    Image.new("RGB", (64, 64), "green").save(source / "1.png")
    with serving(workspace.root) as client:
        for name in ("beside", "alone"):
            ids = workspace.history.open(f"{name}@1").row_ids.to_pylist()
            same, other = (client.get("/api/image", params={"v": f"{name}@1", "row_id": one}) for one in ids)
            assert opened(same.content).size == (64, 64)
            assert other.status_code == 404
            assert "has changed" in other.json()["error"]


@pytest.mark.parametrize("what", [what for what in sounds() if what not in ("wav", "mp3 head", "ogg and script")])
def test_what_is_no_sound_is_refused(what):
    with pytest.raises(NotThereError, match="row '0', field 'held': "):
        sound_of(one_of(sounds()[what], pa.binary()), "held")


def test_sound_above_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr("burnish.app.media.SOUND_BYTES", 800)
    with pytest.raises(NotThereError, match="are played"):
        sound_of(one_of(wav()), "held")


def test_a_file_is_sent_a_piece_at_a_time(folder, monkeypatch):
    monkeypatch.setattr("burnish.app.media.PIECE_BYTES", 100)
    sound = sound_of(one_of("a.wav", root=folder), "held")
    pieces = list(sound.pieces(range(50, 425)))
    assert [len(piece) for piece in pieces] == [100, 100, 100, 75]
    assert b"".join(pieces) == wav()[50:425]


def test_the_server_sends_pictures_as_webp_and_nothing_else(shown):
    answer = asked(shown, "image", size=64)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert opened(answer.content).size == (64, 43)
    assert asked(shown, "image", field="picture", size=64).content == answer.content
    for row_id, field in (("two", "picture"), ("two", ""), ("three/?#%", ""), ("one", "text"), ("one", "nothing")):
        refused = asked(shown, "image", row_id, field=field)
        assert refused.status_code == 404
        assert refused.json()["error"]


def test_sizes_beyond_the_bounds_are_refused(shown):
    assert [asked(shown, "image", size=size).status_code for size in (31, 2049, "x")] == [422] * 3


def test_a_picture_is_kept_by_the_browser_where_the_address_names_the_hash_of_its_version(shown):
    plain, named = asked(shown, "image"), asked(shown, "image", hash=shown.version.version)
    assert plain.headers["cache-control"] == "private, no-cache"
    assert named.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert asked(shown, "image", hash="another").headers["cache-control"] == "private, no-cache"
    again = asked(shown, "image", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert asked(shown, "image", size=200, headers={"If-None-Match": plain.headers["etag"]}).status_code == 200


def test_the_server_sends_sound_whole_or_the_part_that_is_asked_for(shown):
    for field in ("sound", "file"):
        whole = asked(shown, "audio", field=field)
        assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
        assert (whole.content, whole.headers["accept-ranges"]) == (wav(), "bytes")
        part = asked(shown, "audio", field=field, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, wav()[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(wav())}"
        outside = asked(shown, "audio", field=field, headers={"Range": f"bytes={len(wav())}-"})
        assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{len(wav())}")
        assert whole.headers["x-content-type-options"] == "nosniff"
    assert asked(shown, "audio").content == wav()


def test_what_is_no_sound_is_never_sent(shown):
    for row_id, field in (("two", "sound"), ("two", "file"), ("three/?#%", "file"), ("three/?#%", ""), ("one", "text")):
        answer = asked(shown, "audio", row_id, field=field)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


def test_no_path_of_a_request_reaches_the_file_system(shown):
    assert asked(shown, "audio", field="file").status_code == 200
    for path in ("a.wav", "a.png", "../secret.wav", "/etc/passwd"):
        for what in ("image", "audio"):
            assert asked(shown, what, path).status_code == 404
            assert asked(shown, what, "one", field=path).status_code == 404
