"""What the files behind a model or a metric come to."""

import os
import sys

import pytest

from burnish.adapters import contents
from burnish.adapters.contents import contents_of
from burnish.adapters.importing import imported


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("named", [None, "probe", "accuracy", object(), "python -c 'pass' {train} {eval} {out}"])
def test_what_names_no_file_has_no_contents(named):
    assert contents_of(named) == {}


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("python train.py {train} {eval} {out}", "train.py"),
        ("./train.sh {train} {eval} {out}", "./train.sh"),
        ("sh 'a b/train.sh' {train} {eval} {out}", "a b/train.sh"),
        ("python x.py --config=c.toml {train} {eval} {out}", "c.toml"),
        ("python -m pack.train {train} {eval} {out}", "pack/train.py"),
    ],
)
def test_another_content_of_a_file_that_a_command_names_is_another_content(place, command, file):
    (place / file).parent.mkdir(exist_ok=True)
    (place / file).write_text("one")
    first = contents_of(command)
    (place / file).write_text("two")
    second = contents_of(command)
    (place / file).write_text("one")
    assert list(first) == list(second) == [file]
    assert first != second
    assert contents_of(command) == first


@pytest.mark.parametrize("named", ["made_here:make", "fields:made_here:make", "both:made_here:make"])
def test_another_source_of_a_module_is_another_content_though_it_was_imported(place, monkeypatch, named):
    monkeypatch.delitem(sys.modules, "made_here", raising=False)
    (place / "made_here.py").write_text("def make():\n    return 1\n")
    first = contents_of(named)
    assert imported("made_here:make", what="it")() == 1
    (place / "made_here.py").write_text("def make():\n    return 2\n")
    assert list(first) == list(contents_of(named)) == ["made_here"]
    assert contents_of(named) != first


def test_the_contents_of_a_package_are_those_of_its_first_file():
    assert list(contents_of("sklearn.svm:LinearSVC")) == ["sklearn.svm"]


@pytest.mark.parametrize("named", ["nowhere_at_all:make", "made.nowhere:make", ":make", "a:b:", "..:x", "sys:exit"])
def test_a_module_without_a_source_has_no_contents(named):
    assert contents_of(named) == {}


def test_folders_pipes_and_words_that_are_no_path_have_no_contents(place):
    (place / "folder").mkdir()
    os.mkfifo(place / "pipe")
    assert contents_of(f"sh folder pipe {'x' * 5000} {{train}} {{eval}} {{out}}") == {}


def test_size_and_time_stand_for_the_content_of_a_large_file(place, monkeypatch):
    monkeypatch.setattr(contents, "MOST_BYTES", 3)
    (place / "weights").write_text("1234")
    os.utime(place / "weights", ns=(5, 5))
    assert contents_of("sh weights {train}") == {"weights": "4 bytes of 5"}
    (place / "weights").write_text("123")
    assert len(contents_of("sh weights {train}")["weights"]) == 16


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_told_as_such(place):
    (place / "secret").write_text("1234")
    (place / "secret").chmod(0)
    assert contents_of("sh secret {train}") == {"secret": "unread: Permission denied"}
