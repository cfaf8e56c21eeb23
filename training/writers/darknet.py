"""Darknet: a .cfg with one section a layer, a .weights file with the numbers in that order.

A section reads the one before it; where the graph reads another layer, a [route] goes back for
it. Activations belong to the section before them. The dense layer is written as a convolution
with a 1x1 kernel, as Darknet's own classifiers have it. Numbers are float32, always.
"""

from pathlib import Path

import numpy as np

from training.graph import Conv, Dense, Graph, Layer, Plain, Yolo

ACTIVATIONS = {"relu": "relu", "sigmoid": "logistic"}
LEAST_CONFIDENCE = 0.001
"""OpenCV zeroes class confidences up to `thresh`, 0.2 if the section does not say otherwise."""


def section(kind: str, **entries: object) -> str:
    """Return the text of one section."""
    return "\n".join([f"[{kind}]", *(f"{key}={value}" for key, value in entries.items())])


class _Sections:
    """The sections so far, and in which of them each layer of the graph ends."""

    def __init__(self, graph: Graph) -> None:
        width, height = graph.size
        self.texts = [section("net", batch=1, width=width, height=height, channels=3)]
        self.ends = {"data": -1}
        self.activation = {
            layer.inputs[0]: (ACTIVATIONS[layer.kind], layer.name)
            for layer in graph.layers
            if isinstance(layer, Plain) and layer.kind in ACTIVATIONS
        }

    @property
    def count(self) -> int:
        """How many layers there are: sections without [net]."""
        return len(self.texts) - 1

    def back(self, name: str) -> int:
        """Return how far back the layer is that the next section reads, -1 for the last one."""
        return self.ends[name] - self.count

    def read(self, name: str) -> None:
        """Make a layer the one that the next section reads."""
        if self.back(name) != -1:
            self.texts.append(section("route", layers=self.back(name)))

    def end(self, name: str, text: str) -> None:
        """Add the section that a layer of the graph ends with."""
        self.texts.append(text)
        self.ends[name] = self.count - 1

    def activated(self, name: str) -> str:
        """Return the activation that follows a layer; the section then ends that one too."""
        word, last = self.activation.get(name, ("linear", name))
        self.ends[last] = self.count
        return word

    def conv(self, layer: Conv | Dense) -> None:
        """Add a convolution; a dense layer is one with a 1x1 kernel."""
        stride = layer.stride if isinstance(layer, Conv) else 1
        size = layer.weight.shape[2] if isinstance(layer, Conv) else 1
        self.read(layer.inputs[0])
        entries = {"filters": len(layer.weight), "size": size, "stride": stride, "pad": 1}
        word = self.activated(layer.name)
        self.end(layer.name, section("convolutional", **entries, activation=word))

    def add(self, layer: Plain) -> None:
        """Add a [shortcut]: the last section plus another one."""
        first, second = sorted(layer.inputs, key=lambda name: self.ends[name])
        self.read(second)
        back = self.back(first)
        word = self.activated(layer.name)
        self.end(layer.name, section("shortcut", **{"from": back}, activation=word))

    def plain(self, layer: Plain) -> None:
        """Add a layer without numbers."""
        if layer.kind in ACTIVATIONS:
            return  # its section came before
        if layer.kind == "add":
            self.add(layer)
        elif layer.kind == "concat":
            backs = ",".join(str(self.back(name)) for name in layer.inputs)
            self.end(layer.name, section("route", layers=backs))
        else:
            kind, entries = {
                "maxpool": ("maxpool", {"size": 2, "stride": 2}),
                "upsample": ("upsample", {"stride": 2}),
                "average": ("avgpool", {}),
                "softmax": ("softmax", {"groups": 1}),
            }[layer.kind]
            self.read(layer.inputs[0])
            self.end(layer.name, section(kind, **entries))

    def yolo(self, layer: Yolo) -> None:
        """Add a [yolo] section; `new_coords` says that the activation is done already."""
        self.read(layer.inputs[0])
        anchors = ", ".join(f"{w},{h}" for w, h in layer.anchors)
        entries = {
            "mask": ",".join(str(n) for n in range(len(layer.anchors))),
            "anchors": anchors,
        }
        entries |= {"classes": layer.classes, "num": len(layer.anchors), "scale_x_y": "2.0"}
        entries |= {"new_coords": 1, "thresh": LEAST_CONFIDENCE}
        self.end(layer.name, section("yolo", **entries))


def described(graph: Graph) -> str:
    """Return the text of the .cfg."""
    sections = _Sections(graph)
    for layer in graph.layers:
        match layer:
            case Conv() | Dense():
                sections.conv(layer)
            case Yolo():
                sections.yolo(layer)
            case Plain():
                sections.plain(layer)
    return "\n\n".join(sections.texts) + "\n"


def weighed(layers: tuple[Layer, ...]) -> bytes:
    """Return the .weights: version 0.2.5, pictures seen (int64), bias and kernel of each."""
    header = np.array([0, 2, 5, 0, 0], "<i4").tobytes()
    rows = [(layer.bias, layer.weight) for layer in layers if isinstance(layer, Conv | Dense)]
    return header + b"".join(values.astype("<f4").tobytes() for row in rows for values in row)


def write(graph: Graph, folder: Path) -> list[Path]:
    """Write the graph as .weights and .cfg and return their paths."""
    model, config = (folder / f"{graph.name}.{suffix}" for suffix in ("weights", "cfg"))
    model.write_bytes(weighed(graph.layers))
    config.write_text(described(graph), encoding="utf-8")
    return [model, config]
