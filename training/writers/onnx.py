"""ONNX: one file. Its half-precision numbers are cast to float32 on loading."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save_model

from training.graph import Conv, Dense, Graph, Layer, Plain

OPSET = 11  # the newest in which no operator here has changed its meaning for OpenCV

WORDS = {
    "relu": ("Relu", {}),
    "sigmoid": ("Sigmoid", {}),
    "add": ("Add", {}),
    "maxpool": ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}),
    "concat": ("Concat", {"axis": 1}),
    "softmax": ("Softmax", {"axis": 1}),
}


class _Parts:
    def __init__(self, *, half: bool) -> None:
        self.half = half
        self.nodes: list[object] = []
        self.numbers: list[object] = []

    def constant(self, name: str, values: np.ndarray) -> str:
        """Store numbers under a name, and a cast behind them if they are halved."""
        if not self.half:
            self.numbers.append(numpy_helper.from_array(values, name))
            return name
        self.numbers.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        self.nodes.append(
            helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT)
        )
        return name

    def add(self, kind: str, inputs: list[str], name: str, **attributes: object) -> None:
        """Add a node whose one output has its name."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))

    def layer(self, layer: Layer) -> None:
        """Add what one layer of the graph is in ONNX."""
        match layer:
            case Conv(name, (source,), weight, bias, stride):
                inputs = [
                    source,
                    self.constant(f"{name}_w", weight),
                    self.constant(f"{name}_b", bias),
                ]
                shape = {"kernel_shape": list(weight.shape[2:]), "pads": [layer.pad] * 4}
                self.add("Conv", inputs, name, strides=[stride, stride], **shape)
            case Dense(name, (source,), weight, bias):
                inputs = [
                    source,
                    self.constant(f"{name}_w", weight),
                    self.constant(f"{name}_b", bias),
                ]
                self.add("Gemm", inputs, name, transB=1)
            case Plain(name, (source,), "average"):
                self.add("GlobalAveragePool", [source], f"{name}_plane")
                self.add("Flatten", [f"{name}_plane"], name)
            case Plain(name, inputs, kind) if kind in WORDS:
                word, attributes = WORDS[kind]
                self.add(word, list(inputs), name, **attributes)
            case _:
                raise ValueError(f"this ONNX writer has no word for {layer.name}")


def write(graph: Graph, folder: Path, *, classes: int, half: bool = True) -> list[Path]:
    """Write the graph as one .onnx file and return its path in a list."""
    parts = _Parts(half=half)
    for layer in graph.layers:
        parts.layer(layer)
    width, height = graph.size
    taken = helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", 3, height, width])
    given = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", classes])
        for name in graph.outputs
    ]
    body = helper.make_graph(parts.nodes, graph.name, [taken], given, parts.numbers)
    model = helper.make_model(
        body,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="Blobscope",
        ir_version=6,
    )
    checker.check_model(model)
    path = folder / f"{graph.name}.onnx"
    save_model(model, str(path))
    return [path]
