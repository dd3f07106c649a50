"""Write the tiny ONNX models that tests/adapters/embedders opens as if a user had brought them.

    python3 -m venv /tmp/export && /tmp/export/bin/pip install onnx numpy
    /tmp/export/bin/python scripts/export_tiny_models.py

`tiny_text.onnx`: input_ids and attention_mask → a random vector a token, (n, tokens, 8).
`tiny_image.onnx`: float (n, 3, 16, 16) → mean and maximum of each channel, (n, 6).
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).parents[1] / "tests/adapters/embedders"
N_TOKENS, N_DIMS, SIDE = 64, 8, 16


def text_model() -> onnx.ModelProto:
    table = np.random.default_rng(0).normal(size=(N_TOKENS, N_DIMS)).astype(np.float32)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    states = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["n", "tokens", N_DIMS])
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["states"], axis=0)]
    return _model(helper.make_graph(nodes, "tiny_text", inputs, [states], [numpy_helper.from_array(table, "table")]))


def image_model() -> onnx.ModelProto:
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["n", 6])
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceMax", ["pixels"], ["largest"], axes=[2, 3], keepdims=0),
        helper.make_node("Concat", ["mean", "largest"], ["vector"], axis=1),
    ]
    return _model(helper.make_graph(nodes, "tiny_image", [pixels], [vector]))


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    for name, model in (("tiny_text", text_model()), ("tiny_image", image_model())):
        (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
