"""How much boxes overlap."""

import numpy as np


def iou_matrix(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the IoU of every box with every other, xyxy: (N, M)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:4], second[None, :, 2:4])
    common = (high - low).clip(0).prod(axis=2)
    areas = [(b[:, 2:4] - b[:, :2]).prod(axis=1) for b in (first, second)]
    return common / (areas[0][:, None] + areas[1][None] - common + 1e-9)
