"""The grid of a detector's head on a picture: one cell with its anchor and box, or a heat map.

The same grid lies on the blob and, through the placement, on the picture the blob was made
of. Colours differ in brightness, and each mark has a word and a shape of its own.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from core.picture.image import BgrImage
from core.picture.placement import Placement
from core.picture.size import Size
from core.render.boxes import FINE, Patch, Pen, label_tile
from core.render.encode import DISPLAY_WIDTH
from core.render.palette import CLASS_COLOURS, SEQUENTIAL, Bgr
from core.render.planes import PlaneScale, render_plane
from core.render.screen import on_screen
from core.results.boxes import Boxes
from core.results.cells import Origin
from core.results.grids import Head

LEAST_WIDTH = 960
"""Narrower backdrops are drawn larger, so that lines stay thinner than the cells."""

CELL_LINE = 0.45  # how much of a grid line, or of the heat, covers the picture
HEAT = 0.6
SMOOTH = 41
CELL_COLOUR, ANCHOR_COLOUR, BOX_COLOUR = CLASS_COLOURS[1], CLASS_COLOURS[0], CLASS_COLOURS[3]


@dataclass(frozen=True, eq=False, slots=True)
class Backdrop:
    """A picture behind a grid, and where the blob's pixels lie in it.

    Attributes:
        image: what is drawn on; drawing makes a copy.
        scale: pixels of the picture for one of the blob, across and down.
        offset: where the blob's left upper corner is, in the picture's pixels.
    """

    image: BgrImage
    scale: tuple[float, float]
    offset: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of_blob(cls, seen: BgrImage) -> Self:
        """Take a blob that was turned back into a picture; small ones are enlarged."""
        image = _enlarged(seen)
        return cls(image, (image.shape[1] / seen.shape[1], image.shape[0] / seen.shape[0]))

    @classmethod
    def of_picture(cls, shown: BgrImage, placement: Placement) -> Self:
        """Take the picture the blob was made of, at any size."""
        image = _enlarged(shown)
        size = Size.of(image)
        factor = size.width / placement.image.width, size.height / placement.image.height
        across, down = (f / s for f, s in zip(factor, placement.scale, strict=True))
        left, top = placement.offset
        return cls(image, (across, down), (-left * across, -top * down))

    def placed(self, xyxy: Boxes) -> Boxes:
        """Move boxes (N, 4) from blob pixels to the picture's."""
        return xyxy * (self.scale * 2) + self.offset * 2

    def within(self, xyxy: Boxes) -> Boxes:
        """Move boxes as ``placed`` does, and end them at the picture's edge."""
        size = Size.of(self.image)
        inset = Pen.of(size).line / 2  # so that the line itself is seen
        most = size.width - inset, size.height - inset
        return self.placed(xyxy).clip(inset, most * 2)


def _enlarged(image: BgrImage) -> BgrImage:
    return BgrImage(on_screen(image, width=DISPLAY_WIDTH, least=LEAST_WIDTH))


def draw_cell(backdrop: Backdrop, head: Head, origin: Origin | None = None) -> BgrImage:
    """Draw a head's grid on a copy of the picture, and on it a box's cell, anchor and box."""
    drawn = _with_grid(backdrop, backdrop.image, head)
    if origin is None:
        return drawn
    line = Pen.of(Size.of(drawn)).line
    cell = _corners(backdrop.placed(origin.cell_xyxy))
    cover = drawn.copy()
    cv2.rectangle(cover, *cell, CELL_COLOUR, cv2.FILLED, cv2.LINE_8, FINE)
    drawn = BgrImage(
        cv2.addWeighted(cover, CELL_LINE, drawn, 1 - CELL_LINE, 0).astype(np.uint8)
    )
    cv2.rectangle(drawn, *cell, CELL_COLOUR, line, cv2.LINE_AA, FINE)
    marks = [("cell", backdrop.placed(origin.cell_xyxy)[0], CELL_COLOUR)]
    for xyxy in backdrop.within(origin.anchor_xyxy):
        marks.append(("anchor", xyxy, ANCHOR_COLOUR))
        _dash(drawn, xyxy, ANCHOR_COLOUR, line)
    for xyxy in backdrop.within(np.array([origin.xyxy])):
        marks.append(("box", xyxy, BOX_COLOUR))
        cv2.rectangle(drawn, *_corners(xyxy[None]), BOX_COLOUR, line, cv2.LINE_AA, FINE)
    _write(drawn, marks)
    return drawn


def draw_cell_heat(
    backdrop: Backdrop, head: Head, heat: npt.NDArray[np.float64], *, most: float = 1.0
) -> BgrImage:
    """Colour each cell by its value, 0 to ``most``, over a grey copy of the picture.

    Args:
        backdrop: the picture.
        head: whose grid it is.
        heat: (rows, columns).
        most: the value of the brightest colour; the same for all heads makes them comparable.
    """
    grey = cv2.cvtColor(backdrop.image, cv2.COLOR_BGR2GRAY)
    drawn = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    steps = np.multiply(backdrop.scale, head.stride)
    columns, x = _cells_under(drawn.shape[1], backdrop.offset[0], steps[0], head.columns)
    rows, y = _cells_under(drawn.shape[0], backdrop.offset[1], steps[1], head.rows)
    index = render_plane(heat, PlaneScale(0.0, most)).index[rows][:, columns]
    if index.size:  # cv2.applyColorMap kills the process on an empty array
        colours = cv2.applyColorMap(index, SEQUENTIAL)
        drawn[y, x] = cv2.addWeighted(colours, HEAT, drawn[y, x], 1 - HEAT, 0)
    return _with_grid(backdrop, BgrImage(drawn), head)


def _cells_under(
    count: int, offset: float, step: float, cells: int
) -> tuple[npt.NDArray[np.int64], slice]:
    """Return the column (or row) under each pixel along one side, and the grid's extent."""
    under = np.floor((np.arange(count) + 0.5 - offset) / step).astype(np.int64)
    first, last = np.searchsorted(under, (0, cells)).tolist()
    return under[first:last], slice(first, last)


def _with_grid(backdrop: Backdrop, image: BgrImage, head: Head) -> BgrImage:
    """Draw all edges of cells: half dark where the picture is bright, half bright elsewhere."""
    mask = np.zeros(image.shape[:2], np.uint8)
    width, height = head.columns * head.stride[0], head.rows * head.stride[1]
    across = [
        [x * head.stride[0], 0, x * head.stride[0], height] for x in range(head.columns + 1)
    ]
    down = [[0, y * head.stride[1], width, y * head.stride[1]] for y in range(head.rows + 1)]
    thin = max(1, Pen.of(Size.of(image)).line // 3)
    for edge in backdrop.placed(np.array(across + down, np.float64)):
        cv2.line(mask, *_corners(edge[None]), CELL_LINE * 255, thin, cv2.LINE_AA, FINE)
    # blurred, or a line across hair would change its ink at every second pixel
    bright = cv2.blur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (SMOOTH, SMOOTH)) > 127
    lined = np.nonzero(mask)  # few pixels: no arithmetic for the others
    share = mask[lined][:, None] / 255
    ink = np.where(bright[lined], 0, 255)[:, None]
    drawn = image.copy()
    drawn[lined] = np.rint(image[lined] * (1 - share) + ink * share)
    return BgrImage(drawn)


def _corners(xyxy: Boxes) -> tuple[tuple[int, int], tuple[int, int]]:
    """Give the corners of one box (1, 4) in the 16ths that cv2 counts in.

    A pixel's middle is a whole number for cv2, and a half for us.
    """
    reach = 2.0**14  # beyond any picture; cv2 holds no larger coordinates
    left, top, right, bottom = (
        np.rint((xyxy[0].clip(-reach, reach) - 0.5) * 2**FINE).astype(int).tolist()
    )
    return (left, top), (right, bottom)


def _dash(image: BgrImage, xyxy: npt.NDArray[np.float64], colour: Bgr, line: int) -> None:
    """Draw a dashed rectangle, so that an anchor differs from a box by more than colour."""
    left, top, right, bottom = xyxy
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    for (x, y), (to_x, to_y) in pairwise(corners):
        length = max(abs(to_x - x), abs(to_y - y))
        count = max(1, round(length / (8 * line)))
        for dash in range(count):
            shares = dash / count, (dash + 0.55) / count
            ends = [[x + (to_x - x) * part, y + (to_y - y) * part] for part in shares]
            cv2.line(image, *_corners(np.array([ends[0] + ends[1]])), colour, line, 0, FINE)


def _write(image: BgrImage, marks: list[tuple[str, npt.NDArray[np.float64], Bgr]]) -> None:
    """Write each mark's word beside it, where no other word is and the picture has room."""
    size = Size.of(image)
    taken: list[Patch] = []
    for word, (left, top, right, bottom), colour in marks:
        tile = label_tile(word, colour, text_size=Pen.of(size).text, room=size)
        height, width = tile.shape[:2]
        wished = (
            Patch(int(x), int(y), int(x) + width, int(y) + height).moved_into(size)
            for x, y in ((left, top - height), (right - width, bottom), (left, bottom))
        )
        places = list(wished)
        free = [each for each in places if not any(each.meets(other) for other in taken)]
        patch = (free or places)[0]
        taken.append(patch)
        image[patch.slices] = tile
