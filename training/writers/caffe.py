"""Caffe: a .prototxt that says what the layers are, a .caffemodel that holds their numbers.

The two meet by layer names. Field numbers are those of BVLC's caffe.proto; half precision is
NVIDIA's `raw_data`, which OpenCV reads.
"""

from pathlib import Path

import numpy as np

from training.graph import Conv, Dense, Graph, Layer, Plain
from training.writers.protobuf import blob, integer, packed

WORDS = {
    "relu": ("ReLU", ""),
    "sigmoid": ("Sigmoid", ""),
    "add": ("Eltwise", "eltwise_param { operation: SUM }"),
    "maxpool": ("Pooling", "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"),
    "average": ("Pooling", "pooling_param { pool: AVE global_pooling: true }"),
    "concat": ("Concat", "concat_param { axis: 1 }"),
    "softmax": ("Softmax", ""),
}
FLOAT16 = 2  # NVIDIA's enum Type


def word(layer: Layer) -> tuple[str, str]:
    """Return the type and the parameters of a layer as the .prototxt has them."""
    match layer:
        case Conv(_, _, weight, _, stride):
            shape = f"num_output: {len(weight)} kernel_size: {weight.shape[2]}"
            return (
                "Convolution",
                f"convolution_param {{ {shape} pad: {layer.pad} stride: {stride} }}",
            )
        case Dense(_, _, weight, _):
            return "InnerProduct", f"inner_product_param {{ num_output: {len(weight)} }}"
        case Plain(_, _, kind) if kind in WORDS:
            return WORDS[kind]
    raise ValueError(f"this Caffe writer has no word for {layer.name}")


def described(graph: Graph) -> str:
    """Return the text of the .prototxt."""
    width, height = graph.size
    lines = [
        f'name: "{graph.name}"',
        'input: "data"',
        f"input_shape {{ dim: 1 dim: 3 dim: {height} dim: {width} }}",
    ]
    for layer in graph.layers:
        kind, parameters = word(layer)
        lines += ["layer {", f'  name: "{layer.name}"', f'  type: "{kind}"']
        lines += [f'  bottom: "{source}"' for source in layer.inputs]
        lines += [f'  top: "{layer.name}"', *([f"  {parameters}"] if parameters else []), "}"]
    return "\n".join(lines) + "\n"


def numbers(values: np.ndarray, *, half: bool) -> bytes:
    """Return a BlobProto: shape=7, and data=5 or, halved, raw_data_type=10 and raw_data=12."""
    shape = blob(7, packed(1, values.shape))
    if half:
        return shape + integer(10, FLOAT16) + blob(12, values.astype("<f2").tobytes())
    return shape + blob(5, values.astype("<f4").tobytes())


def weighed(graph: Graph, *, half: bool) -> bytes:
    """Return the bytes of the .caffemodel: only the layers that have numbers."""
    message = blob(1, graph.name)
    for layer in graph.layers:
        if isinstance(layer, Conv | Dense):
            kind, _ = word(layer)
            content = [numbers(values, half=half) for values in (layer.weight, layer.bias)]
            body = blob(1, layer.name) + blob(2, kind) + b"".join(blob(7, c) for c in content)
            message += blob(100, body)
    return message


def write(graph: Graph, folder: Path, *, half: bool = True) -> list[Path]:
    """Write the graph as .caffemodel and .prototxt and return their paths."""
    model, config = (folder / f"{graph.name}.{suffix}" for suffix in ("caffemodel", "prototxt"))
    model.write_bytes(weighed(graph, half=half))
    config.write_text(described(graph), encoding="utf-8")
    return [model, config]
