"""The way of one box from its raw row: head, cell, anchor, and every number in between.

Decoders do this for all rows at once; here is one of them, written out so that a reader can
follow it with pencil and paper. The tests hold each line against the decoder's box.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.results.boxes import Boxes, cxcywh_to_xyxy
from core.results.decoders import LayoutName
from core.results.grids import Grids, Head, Way
from core.results.steps import TINY, Axis, Inner, Step, logit, number, sigmoid_step, walk

MOST_CLASSES = 5
GIVEN_NAMES = ("cx", "cy", "w", "h", "objectness")
OWN_NAMES: dict[LayoutName, tuple[str, ...]] = {
    "yolov2": ("tx", "ty", "tw", "th", "to"),
    "yolox": ("x", "y", "w", "h", "objectness"),
}
INNER_NAMES: dict[Way, tuple[str, str, str, str]] = {
    "exp": ("tx", "ty", "tw", "th"),
    "squares": ("tx", "ty", "tw", "th"),
    "ready": ("x", "y", "w in strides", "h in strides"),
    "distances": ("l", "t", "r", "b"),
}

Row = npt.NDArray[np.float64]

HOW_WRITTEN: dict[LayoutName, str] = {
    "darknet": "cv2's region layer has put these numbers through sigmoid and exp already, and "
    "multiplied each class score by the objectness. What the net itself said (tx, ty, tw, th, "
    "to) is worked back from what cv2 returned.",
    "yolov2": "These are the net's own numbers: nothing was applied to them yet.",
    "yolov5": "The net ends with finished boxes in blob pixels, and with objectness and class "
    "scores between 0 and 1. What leads to the box is worked back from it.",
    "yolox": "These are the net's own numbers, counted in cells; objectness and class scores "
    "have been through their sigmoid already.",
    "yolov8": "The net ends with finished boxes in blob pixels and a score for each class; "
    "there is no objectness. The four distances, in strides, from the cell's middle to the "
    "edges are worked back from the box.",
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
class Score:
    """A class of a raw row: its number as given, and its score without the objectness."""

    class_id: int
    given: float
    score: float


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a box came from: its raw row, head, cell, anchor, and the way to the box.

    Attributes:
        row: the raw row, as in ``Detections.row``.
        head: the grid that answered it.
        column: the cell's, from 0.
        line: the cell's row in the grid, from 0.
        anchor: which of the cell's boxes, from 0.
        numbers: the box's numbers and the objectness.
        best: the classes with the largest numbers, the largest first.
        across: the steps from the numbers to left and right.
        down: likewise to top and bottom.
        sure: likewise to the confidence.
        xyxy: the box, in blob pixels.
        confidence: 0..1.
    """

    row: int
    head: Head
    column: int
    line: int
    anchor: int
    layout: LayoutName
    numbers: tuple[Number, ...]
    best: tuple[Score, ...]
    across: tuple[Step, ...] = field(repr=False)
    down: tuple[Step, ...] = field(repr=False)
    sure: tuple[Step, ...] = field(repr=False)
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
    def place(self) -> tuple[str, ...]:
        """How the row's number tells the head, the cell and the anchor, in readable lines."""
        head, inside = self.head, self.row - self.head.first
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
        """The whole way in readable lines."""
        steps = (*self.across, *self.down, *self.sure)
        return (*self.place, *(line for step in steps for line in step.lines))


def origin(found: Grids, row: int) -> Origin:
    """Follow a raw row to its cell and anchor, and from there to its box.

    Raises:
        IndexError: there is no such row.
    """
    head = found.head_of(row)
    column, line, anchor = head.place(row)
    raw = found.table[row].astype(np.float64)  # (5+C,) or (4+C,)
    with np.errstate(all="ignore"):  # a broken net answers anything
        across, down = _axes(found, head, raw, (column, line), anchor)
        (wide, (x, w)), (tall, (y, h)) = walk(head, across), walk(head, down)
        best = _best_classes(found, head, raw)
        sure, confidence = _confidence_of(found, head, raw, best[0])
    return Origin(
        row=row,
        head=head,
        column=column,
        line=line,
        anchor=anchor,
        layout=found.layout,
        numbers=_numbers(found, head, raw, (x, y, w, h)),
        best=best,
        across=tuple(wide),
        down=tuple(tall),
        sure=tuple(sure),
        # whatever the way, left and right, or top and bottom, come last
        xyxy=(wide[-2].value, tall[-2].value, wide[-1].value, tall[-1].value),
        confidence=confidence,
    )


def _axes(
    found: Grids, head: Head, raw: Row, cell: tuple[int, int], anchor: int
) -> tuple[Axis, Axis]:
    wide, tall = head.anchors[anchor] if head.anchors else head.stride
    across, down = head.stride
    fractions = found.layout == "darknet"
    width, height = found.size.cv2 if fractions else (1, 1)
    x, y = (raw[0] * width, raw[2] * width), (raw[1] * height, raw[3] * height)
    units = (f" * {width}", f" * {height}") if fractions else ("", "")
    left, top, own = ("left", "right"), ("top", "bottom"), found.layout in OWN_NAMES
    return (
        Axis("x", "w", "width", left, cell[0], "column", across, wide, *x, units[0], own),
        Axis("y", "h", "height", top, cell[1], "row", down, tall, *y, units[1], own),
    )


def _best_classes(found: Grids, head: Head, raw: Row) -> tuple[Score, ...]:
    """Name the classes with the largest numbers; equals in the order of their ids."""
    given = raw[head.box_numbers : head.box_numbers + head.classes]
    if found.layout == "yolov2":
        powers = np.exp(given - given.max())
        scores = powers / powers.sum()
    elif found.layout == "darknet":  # cv2 multiplied them by the objectness
        scores = given / max(raw[4], TINY)
    else:
        scores = given
    order = np.argsort(-given, kind="stable")[:MOST_CLASSES].tolist()
    if found.layout != "yolov2":  # 0 says no more than that cv2 dropped it
        order = [each for each in order if given[each] > 0] or order[:1]
    return tuple(Score(each, float(given[each]), float(scores[each])) for each in order)


def _confidence_of(found: Grids, head: Head, raw: Row, best: Score) -> tuple[list[Step], float]:
    """Return the steps to the confidence of the best class, and the confidence."""
    if head.box_numbers == 4:
        return [Step("confidence", "class score", number(best.score), best.score)], best.score
    if found.layout == "darknet" and best.given <= 0:
        return [Step("confidence", "0, because cv2 drops what is below its thresh", "", 0.0)], 0
    steps: list[Step] = []
    objectness = raw[4]
    if found.layout in ("darknet", "yolov2"):
        t = raw[4] if found.layout == "yolov2" else logit(raw[4])
        sure = sigmoid_step("to", t)
        objectness = sure.value
        steps.append(Step("objectness", sure.name, sure.sum, objectness))
    steps += _score_steps(found, head, raw, best)
    product = objectness * best.score
    steps.append(
        Step(
            "confidence",
            "objectness * class score",
            f"{number(objectness)} * {number(best.score)}",
            product,
        )
    )
    return steps, float(product)


def _score_steps(found: Grids, head: Head, raw: Row, best: Score) -> list[Step]:
    """Say where the class score comes from, where it is not simply given."""
    if found.layout == "darknet":
        filled = f"{number(best.given)} / {number(raw[4])}"
        return [Step("class score", "what cv2 returned / objectness", filled, best.score)]
    if found.layout == "yolov2":
        logits = raw[5 : 5 + head.classes]
        total = float(np.exp(logits - logits.max()).sum())
        filled = f"exp({number(best.given)} - {number(logits.max())}) / {number(total)}"
        return [Step("class score", "softmax of the classes", filled, best.score)]
    return []


def _numbers(
    found: Grids, head: Head, raw: Row, inner: tuple[Inner, ...]
) -> tuple[Number, ...]:
    """List the numbers before the classes, each with the one behind it."""
    given = raw[: head.box_numbers].tolist()
    if found.layout in OWN_NAMES:
        names = OWN_NAMES[found.layout]
        return tuple(Number(name, value) for name, value in zip(names, given, strict=True))
    behind: list[tuple[str, float | None, str]] = [
        (name, *pair) for name, pair in zip(INNER_NAMES[head.way], inner, strict=True)
    ]
    if found.layout == "darknet":
        behind.append(("to", logit(raw[4]), "logit(objectness)"))
    behind += [("", None, "")] * (len(given) - len(behind))
    return tuple(
        Number(name, value, *pair)
        for name, value, pair in zip(GIVEN_NAMES, given, behind, strict=False)
    )
