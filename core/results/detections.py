"""Detections: boxes with a class and a confidence, as parallel arrays.

Every method returns a new object; a row keeps the number it had in the net's raw
output, so that each box on the screen can be traced back to the row it came from.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Self

import cv2
import numpy as np
import numpy.typing as npt

from core.picture.placement import Placement
from core.picture.size import Size
from core.results.boxes import Boxes, iou_matrix, xyxy_to_xywh

Softening = Literal["gaussian", "linear"]

REACH = 1e6
"""So far from the blob's corner, in pixels, a box ends for NMS, which else loses the others
beside it: 1e20 + 1 is 1e20."""

FLOOR = 0.001
"""The confidence below which Soft-NMS drops a box, as cv2.dnn.softNMSBoxes does by default."""


@dataclass(frozen=True, eq=False)
class Detections:
    """Parallel, read-only arrays of N boxes.

    Attributes:
        xyxy: (N, 4) float64; left, top, right, bottom, in pixels of the blob until
            ``on_image`` brings them back to the picture.
        confidence: (N,) float32, 0..1, as the net gave it.
        class_id: (N,) int64, a row number in the labels.
        row: (N,) int64, the row of the raw output; several outputs count on.
        corners: (N, 8) float64, x and y of the four corners of boxes that are turned, in the
            pixels of ``xyxy``, which is then the upright box around each; else (N, 0).

    Raises:
        ValueError: arrays whose shapes do not belong together.

    >>> Detections([[0, 0, 8, 8]], [0.9], [2], [17]).class_id
    array([2])
    """

    xyxy: Boxes
    confidence: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    corners: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        count = len(self.confidence)
        self._freeze("xyxy", np.float64, (count, 4))
        self._freeze("confidence", np.float32, (count,))
        self._freeze("class_id", np.int64, (count,))
        self._freeze("row", np.int64, (count,))
        self._freeze("corners", np.float64, (count, 8 if np.size(self.corners) else 0))

    def _freeze(self, name: str, dtype: type[np.generic], wanted: tuple[int, ...]) -> None:
        array: npt.NDArray[Any] = np.array(getattr(self, name), dtype)
        if array.size == 0 and 0 in wanted:
            array = array.reshape(wanted)  # an empty list has no second axis
        if array.shape != wanted:
            raise ValueError(f"{name} must have the shape {wanted}, but has {array.shape}")
        array.setflags(write=False)
        object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.confidence)

    def taken(self, rows: npt.NDArray[Any] | slice) -> Self:
        """Return a copy with these rows only, by index or by mask, in this order."""
        return replace(
            self, **{each.name: getattr(self, each.name)[rows] for each in fields(self)}
        )

    def above(self, confidence: float) -> Self:
        """Keep boxes with a higher confidence, in descending order; ties keep the net's order.

        Drops boxes that are no boxes as well: a side that is infinite or not a number.

        >>> Detections([[0, 0, 8, 8]] * 3, [0.2, 0.5, 0.7], [0, 1, 2], [0, 1, 2]).above(0.2).row
        array([2, 1])
        """
        kept = np.flatnonzero(self.confidence > confidence)
        kept = kept[np.isfinite(self.xyxy[kept]).all(axis=1)]
        return self.taken(kept[np.argsort(-self.confidence[kept], kind="stable")])

    def first(self, count: int) -> Self:
        """Keep the first rows; after ``above``, these have the highest confidence."""
        return self.taken(slice(count))

    def of_classes(self, class_ids: Iterable[int] | None) -> Self:
        """Keep the boxes of these classes; None means all."""
        return self if class_ids is None else self.taken(np.isin(self.class_id, [*class_ids]))

    def suppressed(self, *, iou: float, per_class: bool = True) -> Self:
        """Of boxes with an IoU above ``iou``, keep the highest confidence (NMS), sorted.

        Filter with ``above`` first: the time grows with the square of the rows. Rows of
        confidence 0 go, because cv2 keeps what is *strictly* above its threshold.

        Args:
            iou: the overlap, 0..1, up to which two boxes stay side by side.
            per_class: let boxes suppress those of their own class only; without it a
                dog may delete the cat in front of it.
        """
        finite = self.above(0.0)
        if len(finite) == 0:
            return finite  # cv2 would answer with an empty tuple instead of an array
        # Here, and only here, corners become x, y, width, height: given corners, cv2
        # deletes neighbours without an error. The batched NMS separates classes by moving
        # each one by class_id * (largest coordinate + 1), which is enough only where no
        # coordinate is negative; hence the shift, which no IoU notices.
        # cv2's type stubs ask for lists, which it reads no differently.
        xyxy = finite.xyxy.clip(-REACH, REACH)
        xywh: Any = xyxy_to_xywh(xyxy - xyxy.min())
        confidence: Any = finite.confidence
        class_id: Any = finite.class_id.astype(np.int32)
        if per_class:
            kept = cv2.dnn.NMSBoxesBatched(xywh, confidence, class_id, 0.0, iou)
        else:
            kept = cv2.dnn.NMSBoxes(xywh, confidence, 0.0, iou)
        return finite.taken(np.array(kept, np.int64).ravel())

    def softened(
        self,
        *,
        iou: float = 0.45,
        sigma: float = 0.5,
        floor: float = FLOOR,
        method: Softening = "gaussian",
        per_class: bool = True,
    ) -> Self:
        """Lower the confidence of boxes that overlap a better one, instead of removing them.

        Soft-NMS of Bodla et al. 2017 (arXiv 1704.04503), with cv2's rules: ``linear``
        multiplies by 1 - IoU where the IoU is above ``iou``; ``gaussian`` multiplies by
        exp(-IoU² / sigma) and has no use for ``iou``; what falls below ``floor`` goes.
        cv2.dnn.softNMSBoxes itself takes whole pixels only and knows no classes, so it
        stands in the tests as a witness and not here.
        """
        candidates = self.above(0.0)
        overlap = iou_matrix(candidates.xyxy, candidates.xyxy)
        if per_class:
            overlap *= candidates.class_id[:, None] == candidates.class_id[None, :]
        if method == "gaussian":
            factor = np.exp(-(overlap**2) / sigma)
        else:
            factor = np.where(overlap > iou, 1 - overlap, 1.0)
        order, confidence = _softly_ordered(candidates.confidence, factor, floor)
        return replace(candidates.taken(order), confidence=confidence)

    def on_image(self, placement: Placement) -> Self:
        """Return a copy whose boxes are in pixels of the picture, not of the blob."""
        corners = placement.to_image(self.corners.reshape(-1, 4)).reshape(self.corners.shape)
        return replace(self, xyxy=placement.to_image(self.xyxy), corners=corners)

    def scaled(self, across: float, down: float) -> Self:
        """Return a copy on a picture that is so many times as wide and as high."""
        corners = self.corners.reshape(-1, 2) * (across, down)
        return replace(
            self,
            xyxy=self.xyxy * (across, down, across, down),
            corners=corners.reshape(self.corners.shape),
        )

    def clipped(self, size: Size) -> Self:
        """Return a copy whose boxes end at the picture's edge.

        >>> Detections([[-3, 5, 700, 90]], [0.9], [0], [0]).clipped(Size(640, 480)).xyxy
        array([[  0.,   5., 640.,  90.]])
        """
        corner = [size.width, size.height, size.width, size.height]
        return replace(self, xyxy=self.xyxy.clip(0, corner))

    def with_area(self) -> Self:
        """Keep the boxes that have a width and a height.

        >>> Detections([[0, 5, 0, 9], [0, 5, 4, 9]], [0.9, 0.8], [0, 0], [0, 1]).with_area().row
        array([1])
        """
        across, down = (self.xyxy[:, 2:] - self.xyxy[:, :2]).T
        return self.taken((across > 0) & (down > 0))


def _softly_ordered(
    confidence: npt.NDArray[np.float32], factor: npt.NDArray[np.float64], floor: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Pick the best box, lower the rest by ``factor`` (N, N), and repeat."""
    left = confidence.astype(np.float64)
    order, softened = [], []
    while len(left) and (best := left.max()) >= floor:
        index = int(left.argmax())
        order.append(index)
        softened.append(best)
        left *= factor[index]
        left[order] = -1  # picked: never picked again
    return np.array(order, np.int64), np.array(softened, np.float32)
