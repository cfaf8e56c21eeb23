"""The arithmetic of one box as readable steps, one direction at a time.

Across and down are the same but for their words, so each way of writing a box stands here
once: sigmoid and anchor, offset and stride, distances from the cell's middle.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

BoxCoding = Literal["exp", "squares", "offsets", "ready", "distances"]
"""How a row's numbers become a box: ``exp`` and ``squares`` move the centre by a sigmoid and
stretch an anchor; ``offsets`` are YOLOX's; ``distances`` lead from the cell's middle to the
box's edges; ``ready`` boxes hide how they were made."""

TINY = 1e-9
"""A sigmoid that float32 has rounded to 0 or 1 is taken to be so far from it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the arithmetic; ``sum`` is the formula with its numbers filled in.

    >>> for line in Step("width", "anchor * exp(tw)", "94 * 1.5", 141.0).lines:
    ...     print(line)
    width = anchor * exp(tw)
      = 94 * 1.5 = 141
    """

    name: str
    formula: str
    sum: str
    value: float

    @property
    def lines(self) -> tuple[str, ...]:
        """The step as a reader would write it down: a formula, and its numbers below."""
        if self.formula and self.sum:
            return f"{self.name} = {self.formula}", f"  = {self.sum} = {number(self.value)}"
        return (f"{self.name} = {self.formula or self.sum} = {number(self.value)}",)


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a box: the words for it, and what the row and the head say of it.

    Attributes:
        coding: how the numbers become a box.
        letter: x or y.
        side: w or h; ``side_word`` is width or height.
        ends: left and right, or top and bottom.
        cell: the cell's column or row; ``cell_word`` says which.
        stride: blob pixels for one cell.
        scale_xy: how far a centre may move, in cells: 2 reaches half a cell beyond its own.
        anchor: the anchor's side in blob pixels; the stride where there is none.
        centre: as given, in blob pixels; of nets that give their own numbers, just that.
        length: likewise, the side.
        unit: what turns the given number into blob pixels, in a formula.
        own: the given numbers are the net's own, so nothing is to be worked back.
    """

    coding: BoxCoding
    letter: str
    side: str
    side_word: str
    ends: tuple[str, str]
    cell: int
    cell_word: str
    stride: float
    scale_xy: float
    anchor: float
    centre: float
    length: float
    unit: str
    own: bool

    @property
    def names(self) -> tuple[str, str]:
        """The steps that say where the centre is and how long the side."""
        return f"centre {self.letter}", self.side_word


Inner = tuple[float, str]
"""A number before sigmoid or exp, and the formula by which it was worked back."""


@dataclass(frozen=True, slots=True)
class AxisSteps:
    """The steps along one axis.

    Attributes:
        steps: all of them, the box's two ends last.
        start: where the box begins, left or top, in blob pixels.
        stop: where it ends, right or bottom.
        inner: the two numbers the steps begin with.
    """

    steps: tuple[Step, ...]
    start: float
    stop: float
    inner: tuple[Inner, Inner]


def axis_steps(axis: Axis) -> AxisSteps:
    """Write out one direction, from the numbers given to the box's two ends."""
    if axis.coding == "distances":
        steps, inner = _distance_steps(axis)
    elif axis.coding in ("exp", "squares"):
        steps, inner = _anchor_steps(axis)
    else:
        steps, inner = _cell_steps(axis)
    *_, start, stop = steps
    return AxisSteps(tuple(steps), start.value, stop.value, inner)


_Steps = tuple[list[Step], tuple[Inner, Inner]]


def _end_steps(axis: Axis, centre: Step, side: Step) -> list[Step]:
    """Go half a side from the centre, to either end."""
    middle, length = axis.names
    return [
        Step(
            end,
            f"{middle} {sign} {length} / 2",
            f"{number(centre.value)} {sign} {number(side.value)} / 2",
            centre.value + half,
        )
        for end, sign, half in zip(
            axis.ends, "-+", (-side.value / 2, side.value / 2), strict=True
        )
    ]


def _anchor_steps(axis: Axis) -> _Steps:
    """Move the centre in its cell by a sigmoid, or a little beyond; stretch an anchor."""
    shift = (axis.scale_xy - 1) / 2
    wide = f"{axis.scale_xy:g} * " if axis.scale_xy != 1 else ""
    back = f" - {shift:g}" if shift else ""
    t, s = ((axis.centre, ""), (axis.length, "")) if axis.own else _unanchored(axis)
    moved = sigmoid_step(f"t{axis.letter}", t[0])
    centre = Step(
        axis.names[0],
        f"({axis.cell_word} + {wide}{moved.name}{back}) * stride",
        f"({axis.cell} + {wide}{number(moved.value)}{back}) * {axis.stride:g}",
        (axis.cell + axis.scale_xy * moved.value - shift) * axis.stride,
    )
    name = f"t{axis.side}"
    if axis.coding == "squares":
        grown = sigmoid_step(name, s[0])
        factor = (2 * grown.value) ** 2
        pattern = "(2 * {}) ** 2"
    else:
        grown = Step(f"exp({name})", "", f"exp({number(s[0])})", float(np.exp(s[0])))
        factor = grown.value
        pattern = "{}"
    side = Step(
        axis.side_word,
        f"anchor * {pattern.format(grown.name)}",
        f"{number(axis.anchor)} * {pattern.format(number(grown.value))}",
        axis.anchor * factor,
    )
    return [moved, centre, grown, side, *_end_steps(axis, centre, side)], (t, s)


def _unanchored(axis: Axis) -> tuple[Inner, Inner]:
    """Work back what the net said from the finished box."""
    shift = (axis.scale_xy - 1) / 2
    grown = max(axis.length, TINY) / axis.anchor
    t = logit((axis.centre / axis.stride - axis.cell + shift) / axis.scale_xy)
    offset = f"c{axis.letter}{axis.unit} / stride - {axis.cell_word}"
    if axis.scale_xy != 1:
        offset = f"({offset} + {shift:g}) / {axis.scale_xy:g}"
    ratio = f"{axis.side}{axis.unit} / anchor"
    if axis.coding == "squares":
        return (t, f"logit({offset})"), (
            logit(math.sqrt(grown) / 2),
            f"logit(sqrt({ratio}) / 2)",
        )
    return (t, f"logit({offset})"), (math.log(grown), f"log({ratio})")


def _cell_steps(axis: Axis) -> _Steps:
    """Count the centre in cells from its cell's corner, and the side in strides."""
    x = (axis.centre, "")
    s = (axis.length, "")
    if not axis.own:
        offset = f"c{axis.letter}{axis.unit} / stride - {axis.cell_word}"
        x = (axis.centre / axis.stride - axis.cell, offset)
        s = (axis.length / axis.stride, f"{axis.side}{axis.unit} / stride")
    centre = Step(
        axis.names[0],
        f"({axis.cell_word} + {axis.letter}) * stride",
        f"({axis.cell} + {number(x[0])}) * {axis.stride:g}",
        (axis.cell + x[0]) * axis.stride,
    )
    grown = Step(axis.side, "", "", s[0])
    if axis.coding == "offsets":
        grown = Step(f"exp({axis.side})", "", f"exp({number(s[0])})", float(np.exp(s[0])))
    side = Step(
        axis.side_word,
        f"{grown.name} * stride",
        f"{number(grown.value)} * {axis.stride:g}",
        grown.value * axis.stride,
    )
    shown = [centre, *([grown] if grown.sum else []), side]
    return [*shown, *_end_steps(axis, centre, side)], (x, s)


def _distance_steps(axis: Axis) -> _Steps:
    """Go so many strides to either side of the cell's middle."""
    middle = axis.cell + 0.5
    first, last = axis.ends
    before = middle - (axis.centre - axis.length / 2) / axis.stride
    behind = (axis.centre + axis.length / 2) / axis.stride - middle
    start = Step(
        f"middle {axis.letter}",
        f"({axis.cell_word} + 0.5) * stride",
        f"({axis.cell} + 0.5) * {axis.stride:g}",
        middle * axis.stride,
    )
    ends = [
        Step(
            end,
            f"{start.name} {sign} {end[0]} * stride",
            f"{number(start.value)} {sign} {number(far)} * {axis.stride:g}",
            start.value + (far if sign == "+" else -far) * axis.stride,
        )
        for end, sign, far in ((first, "-", before), (last, "+", behind))
    ]
    given = f"c{axis.letter}{axis.unit}"
    half = f"{axis.side}{axis.unit} / 2"
    return [start, *ends], (
        (before, f"({start.name} - ({given} - {half})) / stride"),
        (behind, f"({given} + {half} - {start.name}) / stride"),
    )


def number(value: float) -> str:
    """Write seven digits, as many as float32 holds.

    >>> number(1 / 3), number(12.0), number(1e-9)
    ('0.3333333', '12', '1e-09')
    """
    return f"{value:.7g}"


def sigmoid_step(name: str, t: float) -> Step:
    """Press a number into 0..1, written out with exp."""
    value = float(1 / (1 + np.exp(-t)))
    return Step(
        f"sigmoid({name})", f"1 / (1 + exp(-{name}))", f"1 / (1 + exp({number(-t)}))", value
    )


def logit(share: float) -> float:
    """Undo a sigmoid.

    >>> logit(0.5), round(logit(1.0), 1)
    (0.0, 20.7)
    """
    held = min(max(share, TINY), 1 - TINY)
    return math.log(held / (1 - held))
