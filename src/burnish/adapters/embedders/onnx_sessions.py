"""Opening and running ONNX models the same way everywhere."""

import os
from pathlib import Path
from typing import Any

# onnxruntime (1.32) tells its maker how it is used, unless this is set before its first import. Who has set it to
# something else has asked for it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from burnish.errors import EmbedderError

# They share no ancestor below Exception.
_FAILURES = (
    native.Fail, native.InvalidArgument, native.InvalidGraph, native.InvalidProtobuf, native.NoModel,
    native.NoSuchFile, native.NotImplemented, native.RuntimeException,
)  # fmt: skip


class OnnxSession:
    """A model on the processor; raises EmbedderError when it cannot be loaded or run."""

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that spin while they wait were three times slower than one thread on a busy machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        self._path = path
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except _FAILURES as error:
            raise EmbedderError(
                f"{path} cannot be loaded as an ONNX model: {_first_line(error)}.",
                remedy="Pass the path of a valid .onnx file that onnxruntime can run.",
            ) from error

    @property
    def inputs(self) -> dict[str, tuple[str, list[Any]]]:
        """Input name → (element type, shape); a free axis is a string or None."""
        return {node.name: (node.type, list(node.shape)) for node in self._session.get_inputs()}

    @property
    def outputs(self) -> dict[str, list[Any]]:
        """Output name → shape."""
        return {node.name: list(node.shape) for node in self._session.get_outputs()}

    def run(self, feed: dict[str, Any], *, output: str) -> Any:
        """Give one output for one feed of input name → array."""
        try:
            return self._session.run([output], feed)[0]
        except _FAILURES as error:
            raise EmbedderError(
                f"{self._path} failed on a batch: {_first_line(error)}.",
                remedy="Check that the model's inputs are what its side file says.",
            ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
