"""The way of one box from its raw row: head, cell, anchor, and every number in between.

Decoders do this for all rows at once; here is one of them, written out so that a reader can
follow it with pencil and paper. The tests hold each line against the decoder's box.
"""

from dataclasses import dataclass, field

import numpy as np

from core.picture.size import Size
from core.results.boxes import Boxes, cxcywh_to_xyxy
from core.results.grids import Grids, Head
from core.results.rows import RawRow, RowClass, RowRule
from core.results.steps import Axis, AxisSteps, BoxCoding, Inner, Step, axis_steps, logit

MOST_CLASSES = 5
INNER_NAMES: dict[BoxCoding, tuple[str, str, str, str]] = {
    "exp": ("tx", "ty", "tw", "th"),
    "squares": ("tx", "ty", "tw", "th"),
    "ready": ("x", "y", "w in strides", "h in strides"),
    "distances": ("l", "t", "r", "b"),
}


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a raw row, and what it was before sigmoid or exp.

    Attributes:
        name: "cx", "objectness" ...
        given: as the net (or cv2's last layer) gave it.
        inner_name: the paper's name of the number behind it, such as "tx"; empty where the
            given number is the net's own.
        inner: its value, worked back.
        how: the formula by which it was worked back.
    """

    name: str
    given: float
    inner_name: str = ""
    inner: float | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a box came from: its raw row, head, cell, anchor, and the steps to the box.

    Attributes:
        row: the raw row, as in ``Detections.row``.
        head: the grid that answered it.
        column: the cell's, from 0.
        line: the cell's row in the grid, from 0.
        anchor: which of the cell's boxes, from 0.
        rule: how the row is read.
        numbers: the box's numbers and the objectness.
        best: the classes with the largest numbers, the largest first.
        across: the steps from the numbers to left and right.
        down: likewise to top and bottom.
        confidence_steps: likewise to the confidence.
        xyxy: the box, in blob pixels.
        confidence: 0..1.
    """

    row: int
    head: Head
    column: int
    line: int
    anchor: int
    rule: RowRule
    numbers: tuple[Number, ...]
    best: tuple[RowClass, ...]
    across: tuple[Step, ...] = field(repr=False)
    down: tuple[Step, ...] = field(repr=False)
    confidence_steps: tuple[Step, ...] = field(repr=False)
    xyxy: tuple[float, float, float, float]
    confidence: float

    @property
    def cell_xyxy(self) -> Boxes:
        """The cell, in blob pixels, (1, 4)."""
        across, down = self.head.stride
        left, top = self.column * across, self.line * down
        return np.array([[left, top, left + across, top + down]])

    @property
    def anchor_size(self) -> tuple[float, float] | None:
        """The anchor's width and height in blob pixels; None where there is none."""
        return self.head.anchors[self.anchor] if self.head.anchors else None

    @property
    def anchor_xyxy(self) -> Boxes:
        """The anchor around the cell's middle, in blob pixels: (1, 4), or (0, 4)."""
        if self.anchor_size is None:
            return np.zeros((0, 4))
        across, down = self.head.stride
        middle = (self.column + 0.5) * across, (self.line + 0.5) * down
        return cxcywh_to_xyxy([[*middle, *self.anchor_size]])

    @property
    def cell_lines(self) -> tuple[str, ...]:
        """How the row's number tells the head, the cell and the anchor, in readable lines."""
        head = self.head
        inside = self.row - self.head.first
        counted = f"{self.line} * {head.columns} + {self.column}"
        if head.boxes > 1 and head.cells_first:
            counted = f"({counted}) * {head.boxes} + {self.anchor}"
        elif head.boxes > 1:
            counted = f"{self.anchor} * {head.cells} + {counted}"
        box = f", box {self.anchor}" if head.boxes > 1 else ""
        return (
            f"row {self.row} is row {self.row} - {head.first} = {inside} of head {head.number}",
            f"  = {counted}",
            f"column {self.column}, row {self.line}{box}, counted from 0",
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """All steps in readable lines."""
        steps = (*self.across, *self.down, *self.confidence_steps)
        return (*self.cell_lines, *(line for step in steps for line in step.lines))


def origin(grids: Grids, row: int) -> Origin:
    """Follow a raw row to its cell and anchor, and from there to its box.

    Raises:
        IndexError: there is no such row.
    """
    head = grids.head_of(row)
    rule = grids.rule
    column, line, anchor = head.cell_of(row)
    raw = grids.table[row].astype(np.float64)  # (5+C,) or (4+C,)
    with np.errstate(all="ignore"):  # a broken net answers anything
        across = axis_steps(_across(rule, grids.size, head, raw, column, anchor))
        down = axis_steps(_down(rule, grids.size, head, raw, line, anchor))
        best = _best_classes(rule, head, raw)
        confidence_steps = rule.confidence_steps(raw, best[0])
        numbers = _numbers(rule, head, raw, across, down)
    return Origin(
        row=row,
        head=head,
        column=column,
        line=line,
        anchor=anchor,
        rule=rule,
        numbers=numbers,
        best=best,
        across=across.steps,
        down=down.steps,
        confidence_steps=confidence_steps,
        xyxy=(across.start, down.start, across.stop, down.stop),
        confidence=float(confidence_steps[-1].value),
    )


def _across(
    rule: RowRule, size: Size, head: Head, raw: RawRow, column: int, anchor: int
) -> Axis:
    scale = size.width if rule.fractions else 1
    return Axis(
        coding=head.box_coding,
        letter="x",
        side="w",
        side_word="width",
        ends=("left", "right"),
        cell=column,
        cell_word="column",
        stride=head.stride[0],
        scale_xy=head.scale_xy,
        anchor=head.anchors[anchor][0] if head.anchors else head.stride[0],
        centre=raw[0] * scale,
        length=raw[2] * scale,
        unit=f" * {scale}" if rule.fractions else "",
        own=rule.own,
    )


def _down(rule: RowRule, size: Size, head: Head, raw: RawRow, line: int, anchor: int) -> Axis:
    scale = size.height if rule.fractions else 1
    return Axis(
        coding=head.box_coding,
        letter="y",
        side="h",
        side_word="height",
        ends=("top", "bottom"),
        cell=line,
        cell_word="row",
        stride=head.stride[1],
        scale_xy=head.scale_xy,
        anchor=head.anchors[anchor][1] if head.anchors else head.stride[1],
        centre=raw[1] * scale,
        length=raw[3] * scale,
        unit=f" * {scale}" if rule.fractions else "",
        own=rule.own,
    )


def _best_classes(rule: RowRule, head: Head, raw: RawRow) -> tuple[RowClass, ...]:
    """Name the classes with the largest numbers; equals in the order of their ids.

    Classes without any score are left out, as long as one is left.
    """
    given = raw[head.box_numbers : head.box_numbers + head.classes]
    scores = rule.class_scores(raw, given)
    order = np.argsort(-given, kind="stable")[:MOST_CLASSES].tolist()
    order = [each for each in order if scores[each] > 0] or order[:1]
    return tuple(RowClass(each, float(given[each]), float(scores[each])) for each in order)


def _numbers(
    rule: RowRule, head: Head, raw: RawRow, across: AxisSteps, down: AxisSteps
) -> tuple[Number, ...]:
    """List the numbers before the classes, each with the one it was worked back to."""
    given = raw[: head.box_numbers].tolist()
    names = rule.names[: head.box_numbers]
    if rule.own:
        return tuple(Number(name, value) for name, value in zip(names, given, strict=True))
    (x, w), (y, h) = across.inner, down.inner
    worked_back = [
        _worked_back(name, value, inner_name, inner)
        for name, value, inner_name, inner in zip(
            names, given, INNER_NAMES[head.box_coding], (x, y, w, h), strict=False
        )
    ]
    if rule.objectness_name:
        inner = (logit(raw[4]), "logit(objectness)")
        worked_back.append(_worked_back(names[4], given[4], rule.objectness_name, inner))
    rest = [Number(name, value) for name, value in zip(names, given, strict=True)]
    return (*worked_back, *rest[len(worked_back) :])


def _worked_back(name: str, given: float, inner_name: str, inner: Inner) -> Number:
    return Number(name=name, given=given, inner_name=inner_name, inner=inner[0], how=inner[1])
