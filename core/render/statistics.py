"""Numbers about planes: the table beside them and the histograms below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from core.render.planes import PlaneScale


@dataclass(frozen=True, slots=True)
class PlaneStatistics:
    """One row of the table: min, max, mean and standard deviation of a plane's values."""

    min: float
    max: float
    mean: float
    std: float


@dataclass(frozen=True, eq=False, slots=True)
class Histogram:
    """How many values of each plane fall between neighbouring edges.

    Attributes:
        edges: (bins + 1,) float64, the same for all planes; the last bin includes its end.
        counts: (planes, bins) int64.
    """

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


def plane_statistics(plane: npt.NDArray[Any]) -> PlaneStatistics:
    """Measure a plane (H, W); sums in float64, the deviation divides by the count.

    >>> plane_statistics(np.array([[1.0, 3.0]]))
    PlaneStatistics(min=1.0, max=3.0, mean=2.0, std=1.0)
    """
    mean, std = cv2.meanStdDev(np.ascontiguousarray(plane))
    return PlaneStatistics(
        min=float(plane.min()),
        max=float(plane.max()),
        mean=float(mean[0, 0]),
        std=float(std[0, 0]),
    )


def histogram(planes: Sequence[npt.NDArray[Any]], *, bins: int = 128) -> Histogram:
    """Count the values of planes in bins that they share; what is no number is left out."""
    scale = PlaneScale.of(*planes)
    low, high = scale.low, scale.high
    # bins narrower than the step from one float64 to the next are none: one value at 1e20
    least = 2 * bins * math.ulp(max(abs(low), abs(high)))
    if high - low < least:
        low, high = low - max(least, 0.5), high + max(least, 0.5)
    edges = np.histogram_bin_edges([], bins, (low, high))
    counts = [np.histogram(plane, bins, (edges[0], edges[-1]))[0] for plane in planes]
    return Histogram(edges, np.array(counts, np.int64))
