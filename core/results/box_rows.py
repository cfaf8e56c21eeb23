"""A detector's raw rows taken apart: boxes beside scores. All output layouts come to this."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.picture.size import Size
from core.results.boxes import Boxes, cxcywh_to_xyxy
from core.results.detections import Detections
from core.results.tables import OutputArray

CodeLines = tuple[str, ...]
BoxFormat = Literal["xyxy", "cxcywh"]

LARGEST_FRACTION = 2.0
"""A box whose centre lies no farther than this is counted in fractions, not in pixels."""

PADDING = 0.01
"""Rows of listed boxes that are no more confident than this may only fill up the list."""


@dataclass(frozen=True, eq=False, slots=True)
class BoxRows:
    """N raw rows: boxes, and either scores of C classes or one class each.

    Attributes:
        boxes: (N, 4), as ``box_format`` says.
        box_format: corners, or centre and sides.
        lines: of a script; they find ``outputs`` and ``into``, the blob's width and height,
            and leave ``boxes`` and ``scores`` behind, with ``objectness`` and ``angles``
            where these are given; or ``class_ids`` and ``confidences`` instead of scores.
        grounds: what of the shapes speaks for this reading, for sentences.
        scores: (N, C), 0..1; None where each row has one class.
        objectness: (N,), 0..1; it multiplies the scores.
        confidence: (N,), 0..1, of rows with one class each.
        class_id: (N,), likewise.
        angle: (N,), radians by which each box is turned, clockwise on the screen.
        fractions: boxes are in 0..1 of the blob; None where the numbers decide.
        left_out: what else the rows hold and nobody reads, for sentences.
        doubts: why the numbers cannot be what this reading says, for sentences.
        odd: the numbers can be so, but seldom are: other layouts that fit go before.
        off_grid: the rows fill none of the grids we know; only somebody who names the layout
            has them read so.
    """

    boxes: OutputArray
    box_format: BoxFormat
    lines: CodeLines
    grounds: str
    scores: OutputArray | None = None
    objectness: OutputArray | None = None
    confidence: OutputArray | None = None
    class_id: OutputArray | None = None
    angle: OutputArray | None = None
    fractions: bool | None = None
    left_out: str = ""
    doubts: tuple[str, ...] = ()
    odd: bool = False
    off_grid: bool = False

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def in_fractions(self) -> bool:
        """Tell whether boxes are in 0..1 of the blob: no centre is farther than one pixel.

        Of listed boxes, those that only fill up the list have no say.
        """
        if self.fractions is not None:
            return self.fractions
        centre = self.boxes[:, :2]
        if self.box_format == "xyxy":
            centre = (centre + self.boxes[:, 2:]) / 2
        if self.confidence is not None and (self.confidence > PADDING).any():
            centre = centre[self.confidence > PADDING]
        farthest = np.fmax.reduce(np.abs(centre), axis=None, initial=-1.0)
        return bool(0 < farthest <= LARGEST_FRACTION)

    def taken(self, rows: npt.NDArray[np.int64]) -> "BoxRows":
        """Return a copy with these rows only, which are read as all of them are."""
        names = ("boxes", "scores", "objectness", "confidence", "class_id", "angle")
        kept = {
            name: array[rows] for name in names if (array := getattr(self, name)) is not None
        }
        return replace(self, fractions=self.in_fractions, **kept)

    def detections(self, size: Size) -> Detections:
        """Turn all rows into boxes in blob pixels, each with its best class."""
        class_id, confidence = self._best()
        scale = np.array([size.width, size.height] * 2, np.float64)
        boxes = self.boxes.astype(np.float64)
        boxes = boxes * scale if self.in_fractions else boxes
        row = np.arange(len(boxes))
        if self.angle is None:
            xyxy = boxes if self.box_format == "xyxy" else cxcywh_to_xyxy(boxes)
            return Detections(xyxy, confidence, class_id, row)
        corners = turned_corners(boxes, self.angle.astype(np.float64))  # (N, 4, 2)
        xyxy = np.hstack([corners.min(axis=1), corners.max(axis=1)])
        return Detections(xyxy, confidence, class_id, row, corners.reshape(-1, 8))

    def _best(self) -> tuple[npt.NDArray[np.int64], OutputArray]:
        if self.scores is None:
            if self.confidence is None or self.class_id is None:
                raise ValueError("rows have scores, or a confidence and a class each")
            return self.class_id.astype(np.int64), self.confidence
        class_id = self.scores.argmax(axis=1)
        score = self.scores[np.arange(len(self)), class_id]
        return class_id, score if self.objectness is None else self.objectness * score

    @property
    def script(self) -> CodeLines:
        """The lines of a script that leave ``xyxy``, ``class_ids`` and ``confidences``.

        Boxes are in blob pixels then, a row each.
        """
        return (*self.lines, *self._class_lines(), *self._box_lines())

    def _class_lines(self) -> CodeLines:
        if self.scores is None:
            return ()
        best = "scores.max(axis=1)"
        best = best if self.objectness is None else f"objectness * {best}"
        return (f"class_ids, confidences = scores.argmax(axis=1), {best}",)

    def _box_lines(self) -> CodeLines:
        scaled = self.in_fractions
        if self.box_format == "xyxy":
            return ("xyxy = boxes.astype(float)" + " * np.tile(into, 2)" * scaled,)
        times = " * into" if scaled else ""
        parts = f"boxes[:, :2].astype(float){times}, boxes[:, 2:].astype(float){times}"
        opening = f"centres, sides = {parts}"
        if self.angle is None:
            return (opening, "xyxy = np.hstack([centres - sides / 2, centres + sides / 2])")
        return (
            opening,
            "# the upright box around each turned one",
            "turns = np.abs([np.cos(angles), np.sin(angles)])",
            "sides = np.stack([(sides.T * turns).sum(0), (sides.T * turns[::-1]).sum(0)], 1)",
            "xyxy = np.hstack([centres - sides / 2, centres + sides / 2])",
        )


def turned_corners(cxcywh: Boxes, angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the four corners (N, 4, 2) of boxes (N, 4) that are turned by an angle (N,).

    Radians, clockwise on a screen, whose y points down; the formula of Ultralytics'
    ``xywhr2xyxyxyxy``.

    >>> turned_corners(np.array([[5.0, 5, 4, 2]]), np.array([np.pi / 2])).round(6).tolist()
    [[[4.0, 7.0], [4.0, 3.0], [6.0, 3.0], [6.0, 7.0]]]
    """
    centre, half = cxcywh[:, :2], cxcywh[:, 2:] / 2
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1) * half[:, :1]
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1) * half[:, 1:]
    ends = (along + across, across - along, -along - across, along - across)
    return np.stack([centre + end for end in ends], axis=1)
