"""Begin where a shipped net stands: its .weights become kernels and normalisations again.

The shipped files hold kernels whose normalisation is folded away. To train on, each
convolution gets a normalisation back that changes nothing at first: its factor and shift undo
the mean and the deviation that its planes have on some training photos.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.models import WIDTHS, Classifier, ConvBn, Detector
from training.scribe import classifier_scribe, detector_scribe

HEADER = 20
"""Bytes before the numbers of a .weights file: three int32 and one int64."""


def _taken(numbers: np.ndarray, shape: torch.Size) -> tuple[torch.Tensor, np.ndarray]:
    count = int(np.prod(shape))
    return torch.from_numpy(numbers[:count].reshape(shape).copy()), numbers[count:]


def _widened(values: torch.Tensor, out: nn.Conv2d, old: int) -> torch.Tensor:
    """Return a head's numbers with rows for more classes; `out` has the new ones."""
    own = (out.weight if values.ndim > 1 else out.bias).detach().clone()
    new = own.shape[0] // 3
    merged = own.view(3, new, *own.shape[1:])
    merged[:, :old] = values.view(3, old, *values.shape[1:])
    return merged.view(own.shape)


def _fill(block: ConvBn | nn.Conv2d, numbers: np.ndarray, columns: int) -> np.ndarray:
    """Fill one convolution with a bias and a kernel; keep a bias behind `block.folded`."""
    conv = block.conv if isinstance(block, ConvBn) else block
    is_head = conv.bias is not None
    outputs = 3 * columns if is_head else conv.out_channels
    bias, numbers = _taken(numbers, torch.Size([outputs]))
    weight, numbers = _taken(numbers, torch.Size([outputs, *conv.weight.shape[1:]]))
    if is_head:
        conv.bias.data = _widened(bias, conv, columns)
        conv.weight.data = _widened(weight, conv, columns)
    else:
        conv.weight.data = weight
        block.folded = bias
    return numbers


def _normalised(block: ConvBn, planes: torch.Tensor) -> torch.Tensor:
    """Set the normalisation so that the block gives kernel times planes plus folded bias."""
    scale = float(block.conv.out_channels**0.5 / block.conv.weight.norm())
    block.conv.weight.data *= scale  # the norm at which Muon holds a kernel
    seen = block.conv(planes)
    variance, mean = torch.var_mean(seen, dim=(0, 2, 3), unbiased=False)
    bn = block.bn
    bn.running_mean.copy_(mean)
    bn.running_var.copy_(variance)
    bn.weight.data = (variance + bn.eps).sqrt() / scale
    bn.bias.data = block.folded + mean / scale
    return bn(seen)


def _filled(blocks: list[ConvBn | nn.Conv2d], numbers: np.ndarray, columns: int) -> np.ndarray:
    for block in blocks:
        numbers = _fill(block, numbers, columns)
    return numbers


def _settled(net: nn.Module, blocks: list[ConvBn | nn.Conv2d], blob: torch.Tensor) -> None:
    """Give every block a normalisation that changes nothing on this blob."""
    net.eval()
    handles = [
        block.register_forward_hook(lambda block, inputs, _: _normalised(block, inputs[0]))
        for block in blocks
        if isinstance(block, ConvBn)
    ]
    net(blob)
    for handle in handles:
        handle.remove()


def _numbers(weights: Path) -> np.ndarray:
    return np.frombuffer(weights.read_bytes()[HEADER:], "<f4")


@torch.no_grad()
def started_detector(net: Detector, weights: Path, blob: torch.Tensor, *, classes: int) -> None:
    """Fill the detector from a shipped .weights file of so many classes, the first of ours.

    `blob` (N, 3, S, S) holds training photos, from which the normalisations are measured.
    Raises ValueError if the file has more or fewer numbers than the net wants.
    """
    blocks = detector_scribe(net).blocks
    left = _filled(blocks, _numbers(weights), 5 + classes)
    if len(left):
        raise ValueError(f"{weights} holds {len(left)} numbers more than the net has")
    _settled(net, blocks, blob)


@torch.no_grad()
def started_classifier(net: Classifier, weights: Path, blob: torch.Tensor) -> None:
    """Fill the classifier from the first generation's .weights file, whose last stage is wider.

    The channels that weigh most stay: of the last block's planes those with the largest
    columns in the dense layer, of those inside it those with the largest kernels behind them.
    """
    wide = Classifier(net.dense.out_features, WIDTHS)
    blocks = classifier_scribe(wide).blocks
    left = _filled(blocks, _numbers(weights), 0)
    for values in (wide.dense.bias, wide.dense.weight):
        values.data, left = _taken(left, values.shape)
    last, own = wide.backbone.stages[3][0], net.backbone.stages[3][0]
    width = net.dense.in_features
    outer = wide.dense.weight.norm(dim=0).topk(width).indices.sort().values
    inner = last.second.conv.weight.flatten(2).norm(dim=(0, 2))
    inner = inner.topk(width).indices.sort().values
    for name, value in wide.state_dict().items():
        if not name.startswith(("backbone.stages.3", "dense")):
            net.state_dict()[name].copy_(value)
    for mine, theirs in zip(classifier_scribe(net).blocks, blocks, strict=True):
        mine.folded = theirs.folded
    for part, rows, columns in (
        ("first", inner, None), ("second", outer, inner), ("shortcut", outer, None)
    ):  # fmt: skip
        kernel = getattr(last, part).conv.weight[rows]
        getattr(own, part).conv.weight.data = (
            kernel if columns is None else kernel[:, columns]
        ).clone()
        getattr(own, part).folded = getattr(last, part).folded[rows]
    net.dense.weight.data = wide.dense.weight[:, outer].clone()
    net.dense.bias.data = wide.dense.bias.clone()
    _settled(net, classifier_scribe(net).blocks, blob)
