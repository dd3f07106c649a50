"""Any training program in any language as the model: it is handed files and writes a prediction for each row."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from burnish.adapters.models.exchange import label_name, read_answers, write_sample
from burnish.dataset import Sample
from burnish.errors import ModelError, UsageError

TIMEOUT_SECONDS = 3600.0
REQUIRED, OPTIONAL = ("train", "eval", "out"), ("seed",)
SHOWN_LINES, SHOWN_CHARACTERS, TAIL_BYTES = 5, 300, 8_192
LONGEST_VARIABLE = 100_000
"""Bytes: Linux starts no program with an environment variable of 128 KiB."""


@dataclass(frozen=True)
class CommandModel:
    """Runs `command` anew for each training, with the files of that training in the place of {train}, {eval}, {out}.

    The command is cut into words as a shell would cut it, but no shell runs it: a `{seed}` and paths are put in after
    that. It runs where burnish runs, in a process group of its own, which is killed whole after `timeout_seconds`,
    on Ctrl-C, and once the program itself has ended. `docs/topics/models.md` describes the files.

    Raises UsageError for a placeholder that is unknown or missing, ModelError for a program that is not there.
    """

    command: str
    timeout_seconds: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        placeholders = [name for word in self._words() for name in re.findall(r"\{(\w+)\}", word)]
        unknown = [name for name in placeholders if name not in (*REQUIRED, *OPTIONAL)]
        lacking = [name for name in REQUIRED if name not in placeholders]
        if unknown or lacking:
            wrong = f"has the unknown placeholder {{{unknown[0]}}}" if unknown else f"has no {{{lacking[0]}}}"
            raise UsageError(
                f"the command {self.command!r} {wrong}.",
                remedy="It takes {train}, {eval} and {out}, and {seed} where the program wants one.",
            )
        if not self.timeout_seconds > 0:
            raise UsageError(f"a time limit of {self.timeout_seconds} s.", remedy="Allow more than 0 seconds.")
        if shutil.which(self._words()[0]) is None:
            raise self._not_started("no such program")

    @property
    def recipe(self) -> str:
        """The command as it was given."""
        return f"command({self.command})"

    def fit_predict(self, train: Sample, rows: Sample, *, seed: int) -> NDArray[np.float32]:
        """Run the program; give the probabilities or numbers that it wrote (len(rows), n_outputs).

        Raises ModelError when it cannot be started, fails, takes too long, or writes what cannot be used; nothing is
        left behind then either.
        """
        with tempfile.TemporaryDirectory(prefix="burnish-model-") as name:
            folder = Path(name)
            paths = {stem: folder / f"{stem}.parquet" for stem in ("train", "eval")}
            out = folder / "predictions.parquet"
            write_sample(train, paths["train"], with_label=True)
            write_sample(rows, paths["eval"], with_label=False)
            self._run({**{k: str(v) for k, v in paths.items()}, "out": str(out), "seed": str(seed)}, train, folder)
            try:
                return read_answers(out, rows.row_ids, train.targets)
            except ModelError as error:
                raise ModelError(f"{error.args[0]}{_tail(folder)}", remedy=error.remedy) from error

    def _words(self) -> list[str]:
        try:
            return shlex.split(self.command)
        except ValueError as error:
            raise UsageError(
                f"the command {self.command!r} cannot be cut into words: {error}.", remedy="Close every quote."
            ) from error

    def _run(self, values: Mapping[str, str], train: Sample, folder: Path) -> None:
        words = [re.sub(r"\{(\w+)\}", lambda found: values[found[1]], word) for word in self._words()]
        with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
            try:
                process = subprocess.Popen(  # noqa: S603 - to run the user's program is the purpose
                    words, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True,
                    env=os.environ | _variables(train),
                )  # fmt: skip
            except OSError as error:
                raise self._not_started(error.strerror or str(error)) from error
            code = self._wait(process, folder)
        if code != 0:
            ended = f"left with exit code {code}" if code > 0 else f"was killed by {_signal_name(-code)}"
            raise ModelError(
                f"the command {self.command!r} {ended}.{_tail(folder)}",
                remedy="Run it by hand on files like these (docs/topics/models.md) and mend it.",
            )

    def _wait(self, process: subprocess.Popen[bytes], folder: Path) -> int:
        try:
            return process.wait(self.timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise ModelError(
                f"the command {self.command!r} took longer than {self.timeout_seconds:g} s.{_tail(folder)}",
                remedy="Allow more with --timeout-seconds, or train on less.",
            ) from error
        finally:
            _kill_group(process)

    def _not_started(self, reason: str) -> ModelError:
        return ModelError(
            f"the command {self.command!r} cannot be started: {self._words()[0]!r}: {reason}.",
            remedy="Name a program on PATH, or one by its path from where you stand.",
        )


def is_command(model: str) -> bool:
    """Tell whether a model that a user names is a command."""
    return "{" in model or " " in model.strip()


def _variables(train: Sample) -> dict[str, str]:
    """Give what a program learns by its environment."""
    told = {"BURNISH_TASK": train.targets.task, "BURNISH_LABEL": label_name(train)}
    classes = json.dumps(train.targets.classes)
    if len(classes) <= LONGEST_VARIABLE:
        told["BURNISH_CLASSES"] = classes
    if train.dataset.image_root is not None:
        told["BURNISH_IMAGE_ROOT"] = train.dataset.image_root
    return told


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the program and every program it started that is still there."""
    if os.name != "posix":  # pragma: no cover - Windows has no process groups to kill
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):  # none is left (macOS says it may not be killed)
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(folder: Path) -> str:
    """Give the last lines of what the program said, on stderr if it said anything there."""
    for name in ("stderr", "stdout"):
        with (folder / name).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
        if lines:
            shown = " | ".join(line[:SHOWN_CHARACTERS] for line in lines[-SHOWN_LINES:])
            return f" Its last lines on {name}: {shown}"
    return " It said nothing."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
