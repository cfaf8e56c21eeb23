"""The arithmetic of one box as readable steps, one direction at a time.

Across and down are the same but for their words, so each way of writing a box stands here
once: sigmoid and anchor, offset and stride, distances from the cell's middle.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.results.grids import Head

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
        letter: x or y.
        side: w or h; ``side_word`` is width or height.
        ends: left and right, or top and bottom.
        place: the cell's column or row; ``place_word`` says which.
        stride: blob pixels for one cell.
        anchor: the anchor's side in blob pixels; the stride where there is none.
        centre: as given, in blob pixels; of nets that give their own numbers, just that.
        length: likewise, the side.
        unit: what turns the given number into blob pixels, in a formula.
        own: the given numbers are the net's own, so nothing is to be worked back.
    """

    letter: str
    side: str
    side_word: str
    ends: tuple[str, str]
    place: int
    place_word: str
    stride: float
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

Walk = tuple[list[Step], tuple[Inner, Inner]]
"""The steps along one axis, the box's two ends last, and the two numbers they begin with."""


def walk(head: Head, axis: Axis) -> Walk:
    """Write out one direction, from the numbers given to the box's two ends."""
    if head.way == "distances":
        return _distance_steps(axis)
    if head.way in ("exp", "squares"):
        steps, inner = _anchor_steps(head, axis)
    else:
        steps, inner = _cell_steps(head, axis)
    values = {step.name: step.value for step in steps}
    (middle, length), (centre, side) = axis.names, (values[name] for name in axis.names)
    for end, sign, half in zip(axis.ends, "-+", (-side / 2, side / 2), strict=True):
        filled = f"{number(centre)} {sign} {number(side)} / 2"
        steps.append(Step(end, f"{middle} {sign} {length} / 2", filled, centre + half))
    return steps, inner


def _anchor_steps(head: Head, axis: Axis) -> Walk:
    """Move the centre in its cell by a sigmoid, or a little beyond; stretch an anchor."""
    shift, wide = (head.reach - 1) / 2, f"{head.reach:g} * " if head.reach != 1 else ""
    back = f" - {shift:g}" if shift else ""
    t, s = ((axis.centre, ""), (axis.length, "")) if axis.own else _unanchored(head, axis)
    moved = sigmoid_step(f"t{axis.letter}", t[0])
    centre = Step(
        axis.names[0],
        f"({axis.place_word} + {wide}{moved.name}{back}) * stride",
        f"({axis.place} + {wide}{number(moved.value)}{back}) * {axis.stride:g}",
        (axis.place + head.reach * moved.value - shift) * axis.stride,
    )
    name = f"t{axis.side}"
    if head.way == "squares":
        grown = sigmoid_step(name, s[0])
        factor, pattern = (2 * grown.value) ** 2, "(2 * {}) ** 2"
    else:
        grown = Step(f"exp({name})", "", f"exp({number(s[0])})", float(np.exp(s[0])))
        factor, pattern = grown.value, "{}"
    side = Step(
        axis.side_word,
        f"anchor * {pattern.format(grown.name)}",
        f"{number(axis.anchor)} * {pattern.format(number(grown.value))}",
        axis.anchor * factor,
    )
    return [moved, centre, grown, side], (t, s)


def _unanchored(head: Head, axis: Axis) -> tuple[Inner, Inner]:
    """Work back what the net said from the finished box."""
    shift, grown = (head.reach - 1) / 2, max(axis.length, TINY) / axis.anchor
    t = logit((axis.centre / axis.stride - axis.place + shift) / head.reach)
    place = f"c{axis.letter}{axis.unit} / stride - {axis.place_word}"
    if head.reach != 1:
        place = f"({place} + {shift:g}) / {head.reach:g}"
    ratio = f"{axis.side}{axis.unit} / anchor"
    if head.way == "squares":
        return (t, f"logit({place})"), (
            logit(math.sqrt(grown) / 2),
            f"logit(sqrt({ratio}) / 2)",
        )
    return (t, f"logit({place})"), (math.log(grown), f"log({ratio})")


def _cell_steps(head: Head, axis: Axis) -> Walk:
    """Count the centre in cells from its cell's corner, and the side in strides."""
    x, s = (axis.centre, ""), (axis.length, "")
    if not axis.own:
        place = f"c{axis.letter} / stride - {axis.place_word}"
        x = (axis.centre / axis.stride - axis.place, place)
        s = (axis.length / axis.stride, f"{axis.side} / stride")
    centre = Step(
        axis.names[0],
        f"({axis.place_word} + {axis.letter}) * stride",
        f"({axis.place} + {number(x[0])}) * {axis.stride:g}",
        (axis.place + x[0]) * axis.stride,
    )
    grown = Step(axis.side, "", "", s[0])
    if head.way == "offsets":
        grown = Step(f"exp({axis.side})", "", f"exp({number(s[0])})", float(np.exp(s[0])))
    side = Step(
        axis.side_word,
        f"{grown.name} * stride",
        f"{number(grown.value)} * {axis.stride:g}",
        grown.value * axis.stride,
    )
    return [centre, *([grown] if grown.sum else []), side], (x, s)


def _distance_steps(axis: Axis) -> Walk:
    """Reach so many strides to either side of the cell's middle."""
    middle, (first, last) = axis.place + 0.5, axis.ends
    before = middle - (axis.centre - axis.length / 2) / axis.stride
    behind = (axis.centre + axis.length / 2) / axis.stride - middle
    start = Step(
        f"middle {axis.letter}",
        f"({axis.place_word} + 0.5) * stride",
        f"({axis.place} + 0.5) * {axis.stride:g}",
        middle * axis.stride,
    )
    reached = [
        Step(
            end,
            f"{start.name} {sign} {end[0]} * stride",
            f"{number(start.value)} {sign} {number(far)} * {axis.stride:g}",
            start.value + (far if sign == "+" else -far) * axis.stride,
        )
        for end, sign, far in ((first, "-", before), (last, "+", behind))
    ]
    half = f"{axis.side} / 2"
    return [start, *reached], (
        (before, f"({start.name} - (c{axis.letter} - {half})) / stride"),
        (behind, f"(c{axis.letter} + {half} - {start.name}) / stride"),
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
