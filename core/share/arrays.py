"""Arrays as files."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt


def npy(array: npt.NDArray[Any]) -> bytes:
    """Write an array as ``.npy``; ``numpy.load`` gives back shape, type and every bit."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
