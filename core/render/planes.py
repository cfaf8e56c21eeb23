"""Planes of a blob as pictures, with the scale that says what their colours mean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

from core.picture.image import BgrImage
from core.render.palette import DIVERGING, GREY, TINTS, Channel, ColourMap
from core.render.screen import on_screen

Plane = npt.NDArray[Any]
Colouring = Literal["auto", "grey", "diverging", "tint"]
COLOURINGS: tuple[Colouring, ...] = get_args(Colouring)


@dataclass(frozen=True, slots=True)
class PlaneScale:
    """The values at the two ends of a colour map: what a legend writes beside it."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"a scale runs from low to high, not {self.low} to {self.high}")

    @classmethod
    def of(cls, *planes: Plane) -> "PlaneScale":
        """Reach from the smallest to the largest value that is a number at all.

        >>> PlaneScale.of(np.array([[-1, 0.5]]), np.array([[0, 2, np.nan]]))
        PlaneScale(low=-1.0, high=2.0)
        """
        ranges = [_finite_range(plane) for plane in planes]
        return cls(min(low for low, _ in ranges), max(high for _, high in ranges))

    @property
    def signed(self) -> bool:
        """Whether there are values on both sides of zero."""
        return self.low < 0 < self.high

    def around_zero(self) -> "PlaneScale":
        """Reach as far below zero as above, so that the middle colour means zero.

        >>> PlaneScale(-1, 3).around_zero()
        PlaneScale(low=-3, high=3)
        """
        reach = max(abs(self.low), abs(self.high))
        return PlaneScale(-reach, reach)


@dataclass(frozen=True, eq=False, slots=True)
class RenderedPlane:
    """A plane as a picture, and what its legend has to say.

    Attributes:
        index: (H, W) uint8, the place of each value on the scale: 1 is low, 255 is high.
        scale: the values at both ends.
        colour_map: the colour of each index.
    """

    index: npt.NDArray[np.uint8]
    scale: PlaneScale
    colour_map: ColourMap

    @property
    def image(self) -> BgrImage:
        """The plane in its colours, (H, W, 3)."""
        return BgrImage(cv2.applyColorMap(self.index, self.colour_map).astype(np.uint8))


def render_planes(
    planes: Sequence[Plane],
    *,
    colouring: Colouring = "auto",
    shared: bool = True,
    channels: Sequence[Channel] = (),
    width: int | None = 640,
) -> tuple[RenderedPlane, ...]:
    """Render planes side by side comparable, or each for itself.

    Args:
        planes: (H, W) each, any numbers.
        colouring: ``auto`` is diverging around zero where values have both signs, grey
            elsewhere; ``tint`` gives each plane the colour of its channel.
        shared: one scale for all, so that equal values look equal; else each plane has
            its own and shows most detail.
        channels: the channel each plane came from, for ``tint``; missing ones are grey.
        width: the room on the screen in pixels, see ``on_screen``; None keeps the size.
    """
    if len(planes) == 0:
        return ()
    scales = [PlaneScale.of(plane) for plane in planes]
    if shared:
        scales = [PlaneScale(min(s.low for s in scales), max(s.high for s in scales))] * len(
            planes
        )
    tints = [TINTS[channel] for channel in channels] + [GREY] * len(planes)
    rendered = []
    for plane, scale, tint in zip(planes, scales, tints, strict=False):
        colour_map = _colour_map(colouring, scale, tint)
        chosen = scale.around_zero() if colour_map is DIVERGING else scale
        rendered.append(render_plane(plane, chosen, colour_map=colour_map, width=width))
    return tuple(rendered)


def render_plane(
    plane: Plane, scale: PlaneScale, *, colour_map: ColourMap = GREY, width: int | None = None
) -> RenderedPlane:
    """Colour each value by its place on the scale; what lies beyond gets the end's colour.

    A plane of one single value is drawn in the middle colour. Values that are not
    numbers count as 0. Without a ``width`` each value becomes one pixel.
    """
    values = np.ascontiguousarray(plane, np.float32)
    if width is not None:
        values = on_screen(values, width=width, least=width)
    if not np.isfinite(values).all():
        values = np.nan_to_num(values, posinf=scale.high, neginf=scale.low)
    span = scale.high - scale.low
    # 1..255, so that the middle of the scale is 128, a whole number
    factor = 254 / span if span > 0 else 0.0
    shift = 1 - scale.low * factor if span > 0 else 128.0
    # addWeighted saturates; convertScaleAbs would fold what is below the scale back up
    index = cv2.addWeighted(values, factor, values, 0, shift, dtype=cv2.CV_8U)
    return RenderedPlane(index.astype(np.uint8, copy=False), scale, colour_map)


def colour_bar(colour_map: ColourMap, *, width: int = 256, height: int = 16) -> BgrImage:
    """Draw the colours of a legend, the lowest value left."""
    index = np.linspace(1, 255, width).round().astype(np.uint8)
    bar = cv2.applyColorMap(np.tile(index, (height, 1)), colour_map)
    return BgrImage(bar.astype(np.uint8, copy=False))


def _colour_map(colouring: Colouring, scale: PlaneScale, tint: ColourMap) -> ColourMap:
    if colouring == "tint":
        return tint
    if colouring == "diverging" or (colouring == "auto" and scale.signed):
        return DIVERGING
    return GREY


def _finite_range(plane: Plane) -> tuple[float, float]:
    """Return smallest and largest value, leaving out what is no number; (0, 0) of nothing."""
    low, high = float(plane.min()), float(plane.max())
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    finite = plane[np.isfinite(plane)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
