"""One description of a net that four writers can say: a list of plain layers.

A layer names the layers it reads; `data` is the blob. Batch normalisation is folded into the
convolutions already, so a writer sees kernels and biases only. No torch here: the writers and
their tests do without it.
"""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Conv:
    """A convolution: weight (out, in, k, k) and bias (out,), float32; pads k // 2 all round."""

    name: str
    inputs: tuple[str]
    weight: np.ndarray
    bias: np.ndarray
    stride: int

    @property
    def pad(self) -> int:
        """Zeros on each side."""
        return self.weight.shape[2] // 2


@dataclass(frozen=True)
class Plain:
    """A layer without numbers: relu, sigmoid, add, maxpool, upsample, concat, average, softmax.

    `maxpool` is 2x2 with stride 2, `upsample` doubles by nearest neighbour, `average` is the
    mean over the whole plane, `add` takes two inputs, `concat` joins channels in input order.
    """

    name: str
    inputs: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Dense:
    """A dense layer: weight (out, in), bias (out,)."""

    name: str
    inputs: tuple[str]
    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Yolo:
    """A head that turns raw numbers into rows; anchors are (w, h) in blob pixels."""

    name: str
    inputs: tuple[str]
    anchors: tuple[tuple[int, int], ...]
    stride: int
    classes: int


Layer = Conv | Plain | Dense | Yolo


@dataclass(frozen=True)
class Graph:
    """A net for a blob (1, 3, height, width): layers in the order they run, and outputs."""

    name: str
    size: tuple[int, int]
    layers: tuple[Layer, ...]
    outputs: tuple[str, ...]


def halved(graph: Graph) -> Graph:
    """Return the graph with every number rounded to half precision, still stored as float32.

    All four formats then hold the same numbers, whether they store them in two bytes or four,
    and so they say the same.
    """
    layers = tuple(
        replace(layer, weight=_rounded(layer.weight), bias=_rounded(layer.bias))
        if isinstance(layer, Conv | Dense)
        else layer
        for layer in graph.layers
    )
    return replace(graph, layers=layers)


def _rounded(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16).astype(np.float32)
