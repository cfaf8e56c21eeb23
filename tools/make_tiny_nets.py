"""Make the two tiny nets of our own: their weights are written down, not learned.

    python -m tools.make_tiny_nets

writes the same bytes each time into ``models/tiny-dominant-colour`` (Caffe) and
``models/tiny-blob-detector`` (ONNX). Both begin alike: a 1x1 convolution compares each
pixel with a list of named colours, and softmax picks the nearest. The weights of that
convolution *are* the colours. For colour p and pixel x, |x - p|^2 = |x|^2 - 2(p x - |p|^2/2),
so the largest p x - |p|^2/2 belongs to the nearest colour.
"""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

MODELS = Path(__file__).parents[1] / "models"
Weights = npt.NDArray[np.float32]

SHADES: dict[str, tuple[tuple[int, int, int], ...]] = {  # R, G, B
    "red": ((220, 20, 30), (150, 20, 25), (200, 60, 60)),
    "orange": ((250, 140, 20), (225, 110, 50), (200, 90, 20)),
    "yellow": ((250, 230, 30), (220, 190, 60)),
    "green": ((30, 180, 50), (20, 100, 35), (110, 170, 70), (85, 107, 47)),
    "turquoise": ((30, 200, 200), (20, 130, 130), (130, 220, 210)),
    "blue": ((20, 40, 220), (20, 30, 110), (70, 130, 210), (130, 180, 230)),
    "purple": ((130, 30, 180), (80, 30, 110), (160, 110, 200)),
    "pink": ((250, 120, 180), (230, 30, 140), (250, 190, 210)),
    "brown": ((120, 70, 30), (75, 45, 25), (160, 110, 70), (200, 160, 125)),
    "white": ((250, 250, 250), (225, 225, 225)),
    "grey": ((180, 180, 180), (130, 130, 130), (85, 85, 85)),
    "black": ((10, 10, 10), (40, 40, 40)),
}
"""The shades that count as one colour; a blob holds them as R, G, B from 0 to 1."""

SHARPNESS = 200.0
"""How clearly the nearest shade wins over the second nearest."""

BLOBS = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
"""The colours that the detector looks for."""

DETECTOR_SIDE = 256
CELL = 8
"""The detector thinks in cells of 8 x 8 pixels."""

WINDOWS = {5: 1, 9: 2, 17: 4, 33: 8}
"""How wide it looks around a place, and how far the places are apart, both in cells.
A blob counts in full where it keeps out of the window's ring, its outer quarters."""


def shade_weights() -> tuple[Weights, Weights]:
    """Give the first convolution's weights (shades, 3, 1, 1) and biases (shades,)."""
    shades = np.array([shade for each in SHADES.values() for shade in each], np.float32)
    shades /= np.float32(255)
    biases: Weights = -np.square(shades).sum(axis=1, dtype=np.float32) / np.float32(2)
    return shades[:, :, None, None], biases


def name_weights(names: Iterable[str]) -> Weights:
    """Give the weights (names, shades, 1, 1) that add up the shades of each name."""
    owners = [name for name, shades in SHADES.items() for _ in shades]
    rows = [[float(owner == name) for owner in owners] for name in names]
    return np.array(rows, np.float32)[:, :, None, None]


# --- the classifier: which colours is the picture made of? -------------------------------

PROTOTXT = """\
# Which colours is a picture made of? Nothing here was trained: read the weights.
# The output is the share of the picture that each colour covers, 0..1.
name: "tiny-dominant-colour"
input: "data"
input_shape {{ dim: 1 dim: 3 dim: 128 dim: 128 }}
# Look at patches of 4 x 4 pixels instead of single ones: noise averages out.
layer {{ name: "patches" type: "Pooling" bottom: "data" top: "patches"
  pooling_param {{ pool: AVE kernel_size: 4 stride: 4 }} }}
# Compare each patch with {shades} shades; the weights are the shades themselves.
layer {{ name: "shades" type: "Convolution" bottom: "patches" top: "shades"
  convolution_param {{ num_output: {shades} kernel_size: 1 }} }}
# Make the nearest shade win clearly.
layer {{ name: "sharpened" type: "Power" bottom: "shades" top: "sharpened"
  power_param {{ scale: {sharpness} }} }}
layer {{ name: "nearest" type: "Softmax" bottom: "sharpened" top: "nearest" }}
# Several shades have one name: add them up (the weights are 0 or 1).
layer {{ name: "names" type: "Convolution" bottom: "nearest" top: "names"
  convolution_param {{ num_output: {names} kernel_size: 1 bias_term: false }} }}
# The mean over all patches is the share of the picture.
layer {{ name: "share" type: "Pooling" bottom: "names" top: "share"
  pooling_param {{ pool: AVE global_pooling: true }} }}
"""


def classifier_files() -> dict[str, bytes]:
    """Give the files of the Caffe classifier by name."""
    weights, biases = shade_weights()
    text = PROTOTXT.format(shades=len(weights), names=len(SHADES), sharpness=2 * SHARPNESS)
    model = _field(1, b"tiny-dominant-colour")
    model += _caffe_layer("shades", weights, biases)
    model += _caffe_layer("names", name_weights(SHADES))
    return {"colour.prototxt": text.encode(), "colour.caffemodel": model}


def _caffe_layer(name: str, *blobs: Weights) -> bytes:
    """Encode a LayerParameter (field 100 of NetParameter, caffe.proto) with its blobs."""
    body = _field(1, name.encode()) + _field(2, b"Convolution")
    for blob in blobs:
        shape = _field(1, b"".join(_varint(side) for side in blob.shape))
        body += _field(7, _field(7, shape) + _field(5, blob.astype("<f4").tobytes()))
    return _field(100, body)


def _field(number: int, content: bytes) -> bytes:
    """Encode a length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    head = b""
    while value > 127:
        head += struct.pack("B", value & 127 | 128)
        value >>= 7
    return head + struct.pack("B", value)


# --- the detector: where are blobs of one colour? -----------------------------------------


class _Graph:
    """An ONNX graph under construction; each method adds a node and gives its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, npt.NDArray[np.generic]] = {}

    def const(self, name: str, value: npt.ArrayLike, dtype: type = np.float32) -> str:
        self.constants[name] = np.asarray(value, dtype)
        return name

    def add(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name


def detector_files() -> dict[str, bytes]:
    """Give the files of the ONNX detector by name."""
    graph = _Graph()
    cells = _coverage(graph)
    rows = [_rows(graph, cells, window, step) for window, step in WINDOWS.items()]
    graph.add("Concat", "rows", *rows, axis=1)
    return {"blobs.onnx": _onnx_bytes(graph)}


def _coverage(graph: _Graph) -> str:
    """Which part of each cell has which colour, (colours, 1, 32, 32): a colour a batch row."""
    weights, biases = shade_weights()
    scale = 2 * SHARPNESS
    kernel = graph.const("shade_weights", weights * scale)
    bias = graph.const("shade_biases", biases * scale)
    patches = graph.add("AveragePool", "patches", "image", kernel_shape=[2, 2], strides=[2, 2])
    shades = graph.add("Conv", "shades", patches, kernel, bias)
    nearest = graph.add("Softmax", "nearest", shades, axis=1)
    names = graph.add("Conv", "names", nearest, graph.const("adds", name_weights(BLOBS)))
    pool = [CELL // 2] * 2
    means = graph.add("AveragePool", "means", names, kernel_shape=pool, strides=pool)
    side = DETECTOR_SIDE // CELL
    shape = graph.const("colour_first", [len(BLOBS), 1, side, side], np.int64)
    return graph.add("Reshape", "cells", means, shape)


def _rows(graph: _Graph, cells: str, window: int, step: int) -> str:
    """One row for each place and colour: cx, cy, w, h in pixels, objectness, classes.

    In a window around each place the net takes the coloured mass, its centre (first
    moments) and its spread (second moments). A full box of width w spreads with a
    variance of w^2 / 12; backwards, the spread tells the width.
    """

    def node(kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        return graph.add(kind, f"{name}_{window}", *inputs, **attributes)

    kernels = graph.const(f"kernels_{window}", _kernels(window))
    sums = node("Conv", "sums", cells, kernels, pads=[window // 2] * 4, strides=[step] * 2)
    plain, ring, *moments = (_channel(graph, sums, number) for number in range(6))
    mass = node("Add", "mass", plain, graph.const("tiny", 1e-3))
    centres, widths = [], []
    for axis, first, second in zip("xy", moments[:2], moments[2:], strict=True):
        mean = node("Div", f"mean_{axis}", first, mass)
        square = node("Div", f"square_{axis}", second, mass)
        variance = node(
            "Sub", f"variance_{axis}", square, node("Mul", f"mm_{axis}", mean, mean)
        )
        # a cell is a box of width 1 itself: it adds a variance of 1/12
        whole = node("Add", f"whole_{axis}", variance, graph.const("cell_variance", 1 / 12))
        widths.append(
            node("Sqrt", f"w_{axis}", node("Mul", f"w2_{axis}", whole, graph.const("12", 12)))
        )
        centres.append(node("Add", f"c_{axis}", mean, _places(graph, axis, step)))
    # how full the box is, times how little of the colour lies in the window's ring
    full = _clipped(graph, node("Div", "fill", mass, node("Mul", "area", *widths)))
    share = node("Div", "ring_share", ring, mass)
    out = node("Div", "out", share, _even(graph, window))
    kept = _clipped(graph, node("Sub", "kept", graph.const("one", 1), out))
    objectness = node("Mul", "objectness", node("Sqrt", "root", full), kept)
    pixels = [
        node("Mul", f"pixels{number}", each, graph.const("cell", CELL))
        for number, each in enumerate((*centres, *widths))
    ]
    return _as_rows(graph, [*pixels, objectness], window, (DETECTOR_SIDE // CELL // step) ** 2)


def _kernels(window: int) -> Weights:
    """Six ways to sum a window: plain, its ring, x, y, x squared, y squared."""
    reach = window // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    ring = _ring(window)
    return np.stack([np.ones_like(x), ring, x, y, x * x, y * y])[:, None].astype(np.float32)


def _ring(window: int) -> Weights:
    """1 in the outer quarter of the window on each side, 0 inside."""
    reach = window // 2
    distance = np.abs(np.arange(-reach, reach + 1))
    outside = distance > reach - max(1, round(window / 4))
    return np.logical_or(outside[:, None], outside[None, :]).astype(np.float32)


def _even(graph: _Graph, window: int) -> str:
    """Name the constant: the ring's share of an even window, where there is no blob."""
    return graph.const(f"even_{window}", _ring(window).mean())


def _channel(graph: _Graph, sums: str, number: int) -> str:
    bounds = (
        graph.const(f"from{number}", [number], np.int64),
        graph.const(f"to{number}", [number + 1], np.int64),
        graph.const("channels", [1], np.int64),
    )
    return graph.add("Slice", f"{sums}_{number}", sums, *bounds)


def _clipped(graph: _Graph, name: str) -> str:
    zero, one = graph.const("zero", 0), graph.const("one", 1)
    return graph.add("Clip", f"{name}_clipped", name, zero, one)


def _places(graph: _Graph, axis: str, step: int) -> str:
    """Name the constant: the middles of the windows, in cells."""
    middles = np.arange(0, DETECTOR_SIDE // CELL, step) + 0.5
    shape = (1, 1, 1, -1) if axis == "x" else (1, 1, -1, 1)
    return graph.const(f"places_{axis}_{step}", middles.reshape(shape))


def _as_rows(graph: _Graph, columns: list[str], window: int, places: int) -> str:
    """Turn maps (colours, 1, H, W) into rows (1, colours * H * W, 5 + colours)."""
    count = len(BLOBS)
    flat = graph.const(f"flat_{window}", [count, places, 1], np.int64)
    parts = [graph.add("Reshape", f"{each}_flat", each, flat) for each in columns]
    one_hot = graph.const("one_hot", np.eye(count)[:, None, :])
    every_place = graph.const(f"every_{window}", np.ones((1, places, 1)))
    parts.append(graph.add("Mul", f"classes_{window}", every_place, one_hot))
    rows = graph.add("Concat", f"by_colour_{window}", *parts, axis=2)
    shape = graph.const(f"shape_{window}", [1, count * places, 5 + count], np.int64)
    return graph.add("Reshape", f"rows_{window}", rows, shape)


def _onnx_bytes(graph: _Graph) -> bytes:
    side = DETECTOR_SIDE // CELL
    count = len(BLOBS) * sum((side // step) ** 2 for step in WINDOWS.values())
    image = helper.make_tensor_value_info(
        "image", TensorProto.FLOAT, [1, 3, DETECTOR_SIDE, DETECTOR_SIDE]
    )
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [1, count, 5 + len(BLOBS)])
    weights = [numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "tiny-blob-detector", [image], [rows], weights),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
        producer_name="blobscope",
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def main() -> None:
    """Write all files of both nets."""
    nets = {"tiny-dominant-colour": classifier_files(), "tiny-blob-detector": detector_files()}
    for name, files in nets.items():
        (MODELS / name).mkdir(exist_ok=True)
        for file, content in files.items():
            (MODELS / name / file).write_bytes(content)


if __name__ == "__main__":
    main()
