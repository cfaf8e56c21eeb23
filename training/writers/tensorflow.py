"""TensorFlow: a frozen .pb with everything, and a .pbtxt with the structure alone.

TensorFlow's planes are channels last and its kernels are (k, k, in, out). `SAME` padding with
stride 2 pads only below and to the right, which is not what the nets were trained with, so
every padding is written out (EXPLICIT). A Const node may stand in one of the two files only:
OpenCV asserts otherwise. Field numbers: graph.proto, attr_value.proto, tensor.proto.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training.graph import Conv, Dense, Graph, Layer, Plain
from training.writers.protobuf import blob, integer, packed

TYPES = {"float32": (1, "DT_FLOAT"), "int32": (3, "DT_INT32"), "float16": (19, "DT_HALF")}

WORDS = {"relu": "Relu", "sigmoid": "Sigmoid", "add": "Add", "softmax": "Softmax"}

Value = str | bool | tuple[int, ...] | np.ndarray | np.dtype


@dataclass(frozen=True)
class Node:
    """A NodeDef: its operation, the names it reads, and its attributes."""

    name: str
    op: str
    inputs: tuple[str, ...] = ()
    attributes: dict[str, Value] = field(default_factory=dict)


def attribute(value: Value) -> bytes:
    """Return an AttrValue: list=1, s=2, b=5, type=6, tensor=8."""
    match value:
        case bool():
            return integer(5, value)
        case str():
            return blob(2, value)
        case tuple():
            return blob(1, packed(3, value))
        case np.dtype():
            return integer(6, TYPES[value.name][0])
    shape = b"".join(blob(2, integer(1, size)) for size in value.shape)
    tensor = integer(1, TYPES[value.dtype.name][0]) + blob(2, shape) + blob(4, value.tobytes())
    return blob(8, tensor)


def attribute_text(value: Value) -> str:
    """Return an AttrValue as text; numbers never go there."""
    match value:
        case bool():
            return f"b: {str(value).lower()}"
        case str():
            return f's: "{value}"'
        case tuple():
            return f"list {{ {' '.join(f'i: {number}' for number in value)} }}"
        case np.dtype():
            return f"type: {TYPES[value.name][1]}"
    raise ValueError("a Const node belongs into the .pb")


def constant(name: str, values: np.ndarray) -> Node:
    """Return a Const node."""
    found = {"dtype": values.dtype, "value": np.ascontiguousarray(values)}
    return Node(name, "Const", (), found)


def nodes(layer: Layer, real: np.dtype) -> list[Node]:
    """Return the nodes that one layer of the graph becomes; the last one has its name."""
    typed: dict[str, Value] = {"T": np.dtype("float32")}
    match layer:
        case Conv(name, (source,), weight, bias, stride):
            pad = (0, 0, layer.pad, layer.pad, layer.pad, layer.pad, 0, 0)
            shape: dict[str, Value] = {
                "strides": (1, stride, stride, 1), "dilations": (1, 1, 1, 1),
                "padding": "EXPLICIT", "explicit_paddings": pad, "data_format": "NHWC",
            }  # fmt: skip
            return [
                constant(f"{name}/kernel", weight.transpose(2, 3, 1, 0).astype(real)),
                constant(f"{name}/bias", bias.astype(real)),
                Node(f"{name}/conv", "Conv2D", (source, f"{name}/kernel"), typed | shape),
                Node(name, "BiasAdd", (f"{name}/conv", f"{name}/bias"), typed),
            ]
        case Dense(name, (source,), weight, bias):
            return [
                constant(f"{name}/kernel", weight.T.astype(real)),
                constant(f"{name}/bias", bias.astype(real)),
                Node(f"{name}/product", "MatMul", (source, f"{name}/kernel"), typed),
                Node(name, "BiasAdd", (f"{name}/product", f"{name}/bias"), typed),
            ]
        case Plain(name, (source,), "average"):
            axes = constant(f"{name}/axes", np.array([1, 2], np.int32))
            return [
                axes,
                Node(name, "Mean", (source, f"{name}/axes"), typed | {"keep_dims": False}),
            ]
        case Plain(name, inputs, kind) if kind in WORDS:
            return [Node(name, WORDS[kind], inputs, typed)]
    raise ValueError(f"this TensorFlow writer has no word for {layer.name}")


def encoded(node: Node) -> bytes:
    """Return a NodeDef: name=1, op=2, input=3, attr=5 (a map of key=1 and value=2)."""
    body = blob(1, node.name) + blob(2, node.op) + b"".join(blob(3, i) for i in node.inputs)
    for key, value in node.attributes.items():
        body += blob(5, blob(1, key) + blob(2, attribute(value)))
    return blob(1, body)


def text(node: Node) -> str:
    """Return a NodeDef as the .pbtxt has it."""
    lines = [f'name: "{node.name}"', f'op: "{node.op}"']
    lines += [f'input: "{source}"' for source in node.inputs]
    lines += [
        f'attr {{ key: "{key}" value {{ {attribute_text(value)} }} }}'
        for key, value in node.attributes.items()
    ]
    return "\n".join(["node {", *(f"  {line}" for line in lines), "}"])


def write(graph: Graph, folder: Path, *, half: bool = True) -> list[Path]:
    """Write the graph as .pb and .pbtxt and return their paths."""
    real = np.dtype("float16" if half else "float32")
    found = [Node("data", "Placeholder", (), {"dtype": np.dtype("float32")})]
    for layer in graph.layers:
        found += nodes(layer, real)
    model, config = (folder / f"{graph.name}.{suffix}" for suffix in ("pb", "pbtxt"))
    model.write_bytes(b"".join(encoded(node) for node in found))
    structure = [text(node) for node in found if node.op != "Const"]
    config.write_text("\n".join(structure) + "\n", encoding="utf-8")
    return [model, config]
