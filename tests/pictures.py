"""Pixels for tests."""

import numpy as np


def noise(*shape: int, dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    """Draw an array of this shape whose values are all over the range of its dtype."""
    most = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, most, shape, dtype, endpoint=True)
