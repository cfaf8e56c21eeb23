"""How good a net is while it trains: on the held-out pictures, in one view, without flips."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from training.batches import as_blob
from training.data import Photos, Pictures
from training.detection import decoded
from training.models import Detector
from training.run import precision


def resized(pictures: np.ndarray, size: int) -> torch.Tensor:
    """Return square pictures as a blob of this size, channels last in memory."""
    blob = as_blob(pictures)
    if size != blob.shape[-1]:
        blob = functional.interpolate(blob, (size, size), mode="bilinear", antialias=True)
    return blob.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def accuracy(net: nn.Module, pictures: Pictures, size: int) -> tuple[float, float]:
    """Return top-1 and top-5 in percent on pictures scaled to `size`."""
    net.eval()
    first = fifth = 0
    for start in range(0, len(pictures), 250):
        with precision():
            logits = net(resized(pictures.pixels[start : start + 250], size)).float()
        truth = torch.from_numpy(pictures.class_id[start : start + 250])
        hit = logits.topk(5, dim=1).indices == truth[:, None]
        first, fifth = first + int(hit[:, 0].sum()), fifth + int(hit.sum())
    return 100 * first / len(pictures), 100 * fifth / len(pictures)


@torch.inference_mode()
def answers(
    net: Detector, photos: Photos, which: np.ndarray, size: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each of these photos with its decoded rows, class confidences times objectness."""
    net.eval()
    for start in range(0, len(which), 32):
        rows = which[start : start + 32]
        with precision():
            heads = net(resized(photos.pixels.take(rows), size))
        found = decoded(heads)
        found[..., 5:] *= found[..., 4:5]
        yield from zip(rows.tolist(), found.numpy(), strict=True)
