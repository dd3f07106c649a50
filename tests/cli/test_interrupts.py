"""Ctrl+C ends a command, also where Python loses the exception that it raises."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import weakref

import pytest

from burnish.cli import running
from burnish.cli.interrupts import INTERRUPTS, Interrupts


def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)
    return 0


class Told:
    def __del__(self):
        interrupt()


class Watched:
    pass


def in_a_destructor():
    told = Told()
    del told


def in_the_callback_of_a_weak_reference():
    watched = Watched()
    kept = weakref.ref(watched, interrupt)
    del watched
    assert kept() is None


def in_a_function_that_c_calls():
    ctypes.CFUNCTYPE(ctypes.c_int)(interrupt)()


def where_anything_is_caught():
    with contextlib.suppress(BaseException):
        interrupt()


def where_it_becomes_another_error():
    try:
        interrupt()
    except KeyboardInterrupt:
        raise ImportError("numpy failed to import") from None


LOSSES = [in_a_destructor, in_the_callback_of_a_weak_reference, in_a_function_that_c_calls, where_anything_is_caught]
SAID = "burnish: interrupted; nothing was half-written."


@pytest.mark.parametrize("lose", [interrupt, *LOSSES, where_it_becomes_another_error])
def test_a_command_that_was_interrupted_before_it_ended_says_so_and_leaves_with_130(run, monkeypatch, lose):
    monkeypatch.setattr(running, "demo", lambda **_: lose())
    code, out, err = run("demo")
    assert (code, out.strip()) == (130, "")
    assert err.strip().startswith(SAID)
    assert "Traceback" not in err


@pytest.mark.parametrize("lose", LOSSES)
def test_work_ends_at_its_next_step_and_writes_nothing(run, monkeypatch, texts_file, lose):
    refuse = running.refuse_unwritable
    monkeypatch.setattr(running, "refuse_unwritable", lambda *given: (refuse(*given), lose()))
    code, _, err = run("curate", texts_file)
    assert (code, "Traceback" in err) == (130, False)
    assert [path.name for path in texts_file.parent.iterdir()] == [texts_file.name]


def test_what_was_lost_at_the_end_of_a_stage_ends_the_command_before_its_files_are_written():
    with INTERRUPTS, pytest.raises(KeyboardInterrupt), running.Bars():
        where_anything_is_caught()
    with INTERRUPTS, pytest.raises(ImportError), running.Bars():
        where_it_becomes_another_error()


def test_a_command_after_an_interrupted_one_is_not_interrupted(run, monkeypatch):
    monkeypatch.setattr(running, "demo", lambda **_: in_a_destructor())
    assert run("demo")[0] == 130
    monkeypatch.setattr(running, "demo", lambda **_: 0)
    assert run("demo")[0] == 0


def test_what_python_had_is_there_again_afterwards_and_other_losses_are_told_as_ever():
    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    told = []
    sys.unraisablehook = told.append
    try:
        with Interrupts() as interrupts:
            kept = Watched()
            callback = weakref.ref(kept, lambda _: 1 / 0)
            del kept
        assert callback() is None
        assert ([one.exc_type for one in told], interrupts.seen) == ([ZeroDivisionError], False)
        assert sys.unraisablehook == told.append
    finally:
        sys.unraisablehook = before[1]
    assert signal.getsignal(signal.SIGINT) is before[0]


def test_a_command_that_is_to_ignore_interrupts_ignores_them():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            interrupt()
        assert not interrupts.seen
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


DURING_AN_IMPORT = """
import os, signal, sys
def watch(frame, event, _):
    code = frame.f_code
    imports = code.co_name == "cb" and "importlib" in code.co_filename
    if event == "call" and imports and "burnish.cli.running" in sys.modules:
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGINT)
sys.setprofile(watch)
from burnish.cli import main
main()
"""
"""Python's own import has a callback of a weak reference for each module: what is raised in it is lost."""


@pytest.mark.slow
def test_an_interrupt_that_comes_as_python_imports_a_module_is_not_lost(tmp_path, texts_file):
    child = subprocess.run(
        [sys.executable, "-c", DURING_AN_IMPORT, "audit", str(texts_file)], cwd=tmp_path, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (child.returncode, child.stdout.strip()) == (130, "")
    assert child.stderr.strip().startswith(SAID)
    assert not (tmp_path / "burnish-out").exists()


def test_nothing_but_what_listens_is_imported_before_it_does():
    asked = "import sys; import burnish.cli; print('click' in sys.modules, 'burnish.cli.commands' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert out == "False False\n"
