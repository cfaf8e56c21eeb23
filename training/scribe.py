"""From a torch net to the plain graph: the normalisations fold away, in float64."""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from training.graph import Conv, Dense, Graph, Layer, Plain, Yolo
from training.models import ANCHORS, STRIDES, Classifier, ConvBn, Detector, Head, Residual

Net = TypeVar("Net", bound=nn.Module)


def folded(block: ConvBn) -> tuple[np.ndarray, np.ndarray]:
    """Return one kernel and bias that do what the convolution and its normalisation do."""
    bn = block.bn
    factor = bn.weight.double() / (bn.running_var.double() + bn.eps).sqrt()
    weight = block.conv.weight.double() * factor[:, None, None, None]
    bias = bn.bias.double() - bn.running_mean.double() * factor
    return weight.float().detach().numpy(), bias.float().detach().numpy()


class Scribe:
    """Writes down the layers of a torch net one after the other."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.blocks: list[ConvBn | nn.Conv2d] = []

    def plain(self, kind: str, name: str, *inputs: str) -> str:
        """Add a layer without numbers and return its name."""
        self.layers.append(Plain(name, inputs, kind))
        return name

    def conv(
        self, name: str, block: ConvBn | nn.Conv2d, source: str, *, relu: bool = False
    ) -> str:
        """Add a convolution, with a ReLU behind it if wanted, and return the last name."""
        self.blocks.append(block)
        conv = block.conv if isinstance(block, ConvBn) else block
        weight, bias = (
            folded(block)
            if isinstance(block, ConvBn)
            else (conv.weight.detach().numpy(), conv.bias.detach().numpy())
        )
        self.layers.append(Conv(name, (source,), weight, bias, conv.stride[0]))
        return self.plain("relu", f"{name}_relu", name) if relu else name

    def residual(self, name: str, block: Residual, source: str) -> str:
        """Add a residual block and return the name of its last ReLU."""
        beside = source
        if block.shortcut is not None:
            beside = self.conv(f"{name}_shortcut", block.shortcut, source)
        first = self.conv(f"{name}_first", block.first, source, relu=True)
        second = self.conv(f"{name}_second", block.second, first)
        total = self.plain("add", f"{name}_add", second, beside)
        return self.plain("relu", f"{name}_relu", total)

    def backbone(self, net: Classifier | Detector) -> list[str]:
        """Add stem and stages; return the name behind each stage."""
        at = self.conv("stem", net.backbone.stem, "data", relu=True)
        if net.backbone.pool:
            at = self.plain("maxpool", "stem_pool", at)
        seen = []
        for number, stage in enumerate(net.backbone.stages, start=1):
            for block, residual in enumerate(stage, start=1):
                at = self.residual(f"stage{number}_{block}", residual, at)
            seen.append(at)
        return seen


def halving(stem: Conv) -> Conv:
    """Return a convolution that averages 2 x 2 pixels first: 7 x 7, stride 4, for 3 x 3 and 2.

    A big photo that blobFromImage shrinks to 64 pixels has lost whatever lay between the
    pixels that it took. At 128 pixels less is lost, and the mean of four smooths the rest; the
    net behind sees pictures like those it learned from. The mean and the kernel are both
    linear, so they are one kernel: each number, a quarter of it, four times. It has six rows,
    and a row and a column of zeros before them make the padding even.
    """
    outputs, inputs, _, _ = stem.weight.shape
    weight = np.zeros((outputs, inputs, 7, 7), np.float32)
    weight[:, :, 1:, 1:] = stem.weight.repeat(2, axis=2).repeat(2, axis=3) / 4
    return replace(stem, weight=weight, stride=4)


def classifier_graph(net: Classifier, *, size: tuple[int, int]) -> Graph:
    """Return the classifier with a softmax, for pictures twice as big: (1, classes)."""
    layers = classifier_scribe(net).layers
    return Graph(
        "starter-classifier", size, (halving(layers[0]), *layers[1:]), ("confidences",)
    )


def classifier_scribe(net: Classifier) -> Scribe:
    """Return the classifier written down layer by layer, for pictures as it learned from."""
    scribe = Scribe()
    last = scribe.backbone(net)[-1]
    pooled = scribe.plain("average", "average", last)
    weight, bias = (p.detach().numpy() for p in (net.dense.weight, net.dense.bias))
    scribe.layers.append(Dense("logits", (pooled,), weight, bias))
    scribe.plain("softmax", "confidences", "logits")
    return scribe


def detector_graph(net: Detector, *, size: tuple[int, int]) -> Graph:
    """Return the detector, coarse head first, as it runs."""
    outputs = ("coarse_yolo", "middle_yolo", "fine_yolo")
    return Graph("starter-detector", size, tuple(detector_scribe(net).layers), outputs)


def detector_scribe(net: Detector) -> Scribe:
    """Return the detector written down layer by layer."""
    scribe = Scribe()
    _, s8, s16, s32 = scribe.backbone(net)

    def head(name: str, block: Head, source: str, level: int) -> str:
        mixed = scribe.conv(f"{name}_mix", block.mix, source, relu=True)
        raw = scribe.conv(f"{name}_out", block.out, mixed)
        logistic = scribe.plain("sigmoid", f"{name}_logistic", raw)
        classes = block.out.out_channels // 3 - 5
        yolo = Yolo(f"{name}_yolo", (logistic,), ANCHORS[level], STRIDES[level], classes)
        scribe.layers.append(yolo)
        return mixed

    neck = scribe.conv("neck", net.neck, s32, relu=True)
    head("coarse", net.coarse, neck, 2)
    up = scribe.conv("up_middle", net.up_middle, neck, relu=True)
    up = scribe.plain("upsample", "up_middle_twice", up)
    mixed = head("middle", net.middle, scribe.plain("concat", "middle_in", up, s16), 1)
    up = scribe.conv("up_fine", net.up_fine, mixed, relu=True)
    up = scribe.plain("upsample", "up_fine_twice", up)
    head("fine", net.fine, scribe.plain("concat", "fine_in", up, s8), 0)
    return scribe


def loaded(net: Net, checkpoint: Path) -> Net:
    """Return the net with the moving average of a checkpoint, ready for use."""
    net.load_state_dict(torch.load(checkpoint)["average"])
    return net.eval()
