"""Key points behind the scores of a row: how many, of two or of three numbers each."""

from dataclasses import dataclass

import numpy as np

from core.results.tables import OutputArray, left_out

_FEWEST, _MOST = 2, 150
"""Key points of published nets: 5 in a face, 17 to 133 in a body."""


_MOST_ASKED = 20
"""So many of the most confident boxes are asked where their key points are."""


@dataclass(frozen=True, slots=True)
class KeyPoints:
    """K key points of ``numbers`` numbers each: x, y, and perhaps how visible it is."""

    count: int
    numbers: int

    @property
    def text(self) -> str:
        """The points in words, for sentences."""
        parts = "x, y" if self.numbers == 2 else "x, y and confidence"
        return f"{self.count} key points of {parts}"

    @property
    def left_out(self) -> str:
        """A sentence on what is not read."""
        return left_out(self.count * self.numbers, "are key points")


def key_points(columns: OutputArray) -> KeyPoints | None:
    """Tell how numbers (N, M) behind a row's scores divide into key points.

    Three numbers each where every third one can be a confidence or two do not divide them;
    None where they divide into neither.
    """
    count = columns.shape[1]
    third = columns[:, 2::3]
    if count % 3 == 0 and _FEWEST <= count // 3 <= _MOST and (count % 2 or _within(third)):
        return KeyPoints(count // 3, 3)
    if count % 2 == 0 and _FEWEST <= count // 2 <= _MOST:
        return KeyPoints(count // 2, 2)
    return None


def _within(values: OutputArray) -> bool:
    return not ((values < -0.02) | (values > 1.02)).any()


def points_elsewhere(
    points: OutputArray, numbers: int, cxcywh: OutputArray, sure: OutputArray
) -> bool:
    """Tell whether the most confident boxes have their key points beside them.

    Args:
        points: (N, K * numbers), in the boxes' unit.
        numbers: of a point.
        cxcywh: the boxes (N, 4).
        sure: the confidences (N,).
    """
    best = np.argsort(-np.nan_to_num(sure), kind="stable")[:_MOST_ASKED]
    best = best[sure[best] > 0]
    by_point = points[best].reshape(len(best), points.shape[1] // numbers, numbers)
    middle = by_point[:, :, :2].mean(axis=1)
    near = np.abs(middle - cxcywh[best, :2]) <= cxcywh[best, 2:]
    return bool(2 * np.count_nonzero(near.all(axis=1)) < len(best))
