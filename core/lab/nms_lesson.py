"""NMS by hand: the same boxes given to cv2.dnn.NMSBoxes rightly, and in known wrong ways.

Each wrong way raises no error: the boxes that are missing are all there is to see.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

from core.picture.size import Size
from core.results.boxes import Boxes, iou_matrix, xywh_to_xyxy, xyxy_to_xywh
from core.results.detections import Detections
from core.results.ledger import NOBODY, find_suppressors

NmsMisuse = Literal["corners as x, y, w, h", "centres as x, y, w, h", "all classes at once"]
NMS_MISUSES: tuple[NmsMisuse, ...] = get_args(NmsMisuse)
MISUSE_REASONS: Mapping[NmsMisuse, str] = {
    "corners as x, y, w, h": "NMSBoxes expects left, top, width, height. Given left, top, "
    "right, bottom, it uses right and bottom as width and height, without an error: every box "
    "becomes too large, more so towards the lower right of the picture. Boxes that do not "
    "touch then overlap, and the one with the lower confidence is removed.",
    "centres as x, y, w, h": "Many networks return centre x, centre y, width, height. Passed "
    "unchanged, every box moves by half of its size to the right and down. Boxes of one size "
    "move together, and nothing changes; boxes of different sizes move apart or onto each "
    "other, so duplicates stay and sometimes a correct box is removed.",
    "all classes at once": "NMSBoxes does not know classes. With all boxes in one call, a "
    "person suppresses the motorbike below, a dog the cat in front of it. One call per class, "
    "or NMSBoxesBatched, keeps them apart.",
}


@dataclass(frozen=True, slots=True)
class BoxDifference:
    """A box that only one of two calls kept.

    Attributes:
        row: its raw row.
        kept_rightly: whether it was the right call that kept it: then the wrong one lost it.
        suppressed_by: the raw row of the box that removed it in the other call; -1: none found.
        iou: how much the two overlap.
        believed: how much the two overlap for the wrong call.
    """

    row: int
    kept_rightly: bool
    suppressed_by: int
    iou: float
    believed: float


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a right and a wrong call of NMS kept of the same boxes, and where they differ."""

    right: Detections
    wrong: Detections
    differences: tuple[BoxDifference, ...]

    @property
    def lost(self) -> Detections:
        """What only the right call kept."""
        return self.right.taken(~np.isin(self.right.row, self.wrong.row))

    @property
    def doubled(self) -> Detections:
        """What only the wrong call kept."""
        return self.wrong.taken(~np.isin(self.wrong.row, self.right.row))


def lesson(candidates: Detections, misuse: NmsMisuse, *, iou: float) -> Lesson:
    """Suppress the same boxes correctly and with a mistake, and explain each difference.

    Args:
        candidates: by descending confidence, as ``Detections.above`` returns them.
        misuse: what is done wrong.
        iou: the threshold of both calls.
    """
    per_class = misuse != "all classes at once"
    given = given_to_nms(candidates.xyxy, misuse)
    right = nms(xyxy_to_xywh(candidates.xyxy), candidates, iou=iou, per_class=True)
    wrong = nms(given, candidates, iou=iou, per_class=per_class)
    both = candidates.taken(right), candidates.taken(wrong)
    read = replace(candidates, xyxy=xywh_to_xyxy(given))  # as cv2 reads what it was given
    lost, doubled = np.setdiff1d(right, wrong), np.setdiff1d(wrong, right)
    losers = find_suppressors(read.taken(lost), read.taken(wrong), iou=iou, per_class=per_class)
    sparers = find_suppressors(candidates.taken(doubled), both[0], iou=iou)
    differences = [
        _difference(candidates, read, row, suppressed_by, kept_rightly=kept_rightly)
        for rows, removal, kept_rightly in ((lost, losers, True), (doubled, sparers, False))
        for row, suppressed_by in zip(
            candidates.row[rows].tolist(), removal.suppressed_by.tolist(), strict=True
        )
    ]
    return Lesson(*both, tuple(differences))


def given_to_nms(xyxy: Boxes, misuse: NmsMisuse) -> Boxes:
    """Write boxes as they are passed to NMSBoxes, which reads x, y, width, height.

    >>> box = np.array([[60.0, 40, 80, 50]])
    >>> given_to_nms(box, "corners as x, y, w, h")
    array([[60., 40., 80., 50.]])
    >>> given_to_nms(box, "centres as x, y, w, h")
    array([[70., 45., 20., 10.]])
    >>> given_to_nms(box, "all classes at once")
    array([[60., 40., 20., 10.]])
    """
    xywh = xyxy_to_xywh(xyxy)
    if misuse == "corners as x, y, w, h":
        return xyxy
    if misuse == "centres as x, y, w, h":
        return np.hstack([xywh[:, :2] + xywh[:, 2:] / 2, xywh[:, 2:]])
    return xywh


def nms(
    given: Boxes, boxes: Detections, *, iou: float, per_class: bool
) -> npt.NDArray[np.int64]:
    """Call cv2.dnn.NMSBoxes, once a class or once for all, and list what it kept."""
    groups = [np.arange(len(boxes))]
    if per_class:
        groups = [np.flatnonzero(boxes.class_id == each) for each in np.unique(boxes.class_id)]
    kept = [np.zeros(0, np.int64)]
    for group in groups:
        xywh: Any = given[group]
        confidence: Any = boxes.confidence[group]
        stays = cv2.dnn.NMSBoxes(xywh, confidence, 0.0, iou)
        kept.append(group[np.array(stays, np.int64).ravel()])
    return np.sort(np.concatenate(kept))


def _difference(
    boxes: Detections, read: Detections, row: int, suppressed_by: int, *, kept_rightly: bool
) -> BoxDifference:
    """Measure how much two boxes overlap, and how much they do for the wrong call.

    NaN if no box suppressed it, as for boxes without area.
    """
    if suppressed_by == NOBODY:
        return BoxDifference(row, kept_rightly, suppressed_by, math.nan, math.nan)
    one, other = (boxes.row.tolist().index(each) for each in (row, suppressed_by))
    iou, believed = (
        float(iou_matrix(each.xyxy[[one]], each.xyxy[[other]])[0, 0]) for each in (boxes, read)
    )
    return BoxDifference(row, kept_rightly, suppressed_by, iou, believed)


def _crowd() -> Detections:
    """Two rows of persons that do not touch, each found twice, and a motorbike below one."""
    rows: list[list[float]] = [[20, 235, 100, 385, 0.6, 1]]
    for number in range(14):
        left, top = 25 + number % 7 * 86, 25 + number // 7 * 185
        rows.append([left, top, left + 70, top + 160, 0.95 - number * 0.02, 0])
        rows.append([left, top, left + 55, top + 125, 0.5 - number * 0.01, 0])
    table = np.array(rows)
    class_id = table[:, 5].astype(np.int64)
    return Detections(table[:, :4], table[:, 4], class_id, np.arange(len(table))).above(0.0)


CROWD = _crowd()
CROWD_SIZE = Size(640, 400)
CROWD_LABELS = ("person", "motorbike")
"""Synthetic boxes that show each mistake, on a picture of this size."""
