"""What the readers of marked objects share: the object, the file it stands in, and its box."""

import codecs
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from core.errors import TruthUnreadable
from core.picture.size import Size

LONGEST_LABEL = 100
EDGE_ROUNDING = 0.001
"""By so much of a side an edge may lie outside: files keep as few as three decimals."""

DrawnOn = Literal["upright", "stored"]
"""Where boxes were drawn: on the photo as it is shown, or before its EXIF turn."""

XYXY = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Marked:
    """One object that somebody marked.

    Attributes:
        label: what it is called; in YOLO's files the number of its class.
        xyxy: left, top, right, bottom in pixels of the picture.
        ignored: finding it counts for nothing, and so does not finding it (VOC: difficult).
        crowd: it is many objects in one box, and ignored (COCO: iscrowd).
    """

    label: str | int
    xyxy: XYXY
    ignored: bool = False
    crowd: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An object that cannot be read: a sentence that names its place."""

    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader of the comparison should know about the file.

    Attributes:
        text: a sentence.
        asks_frame: only the visitor can say where the boxes were drawn.
    """

    text: str
    asks_frame: bool = False


TruthItem = Marked | LeftOut | Note


class ObjectUnreadable(TruthUnreadable):
    """One object is wrong; the others can be read all the same."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and the picture it is read for.

    Attributes:
        name: the file's name.
        data: its bytes.
        picture: the picture's file name.
        size: the picture's size as it is shown, upright.
        orientation: the EXIF orientation that made it upright, 1 to 8.
        frame: where the boxes were drawn; None where nobody said so.
        image_id: of a COCO file, the image to read; None finds it by its name.
    """

    name: str
    data: bytes
    picture: str
    size: Size
    orientation: int = 1
    frame: DrawnOn | None = None
    image_id: str | None = None

    @property
    def stored(self) -> Size:
        """The picture's size before its EXIF turn."""
        width, height = self.size.cv2
        return Size(height, width) if self.orientation >= 5 else self.size

    @property
    def frame_size(self) -> Size:
        """The size of what the boxes were drawn on."""
        return self.stored if self.frame == "stored" else self.size

    def text(self) -> str:
        """Decode the file: UTF-8, or UTF-16 where a byte order mark says so."""
        wide = self.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            return self.data.decode("utf-16" if wide else "utf-8-sig")
        except UnicodeDecodeError as error:
            raise TruthUnreadable(
                f"{self.name} is not text in UTF-8. Save it as plain text in UTF-8."
            ) from error

    def refuse(self, where: str, what: str) -> NoReturn:
        """Refuse the whole file."""
        raise TruthUnreadable(f"{self.name}, {where}: {what}")

    def leave_out(self, where: str, what: str) -> NoReturn:
        """Refuse one object."""
        raise ObjectUnreadable(f"{self.name}, {where}: {what}")

    def number(self, where: str, value: Any) -> float:
        """Read a finite number."""
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number) or isinstance(value, bool):
            self.leave_out(where, f"{_named(value)} is no number.")
        return number

    def box(self, where: str, xyxy: Sequence[float]) -> XYXY:
        """Turn a box upright and cut it at the picture's edges; refuse what is none."""
        left, top, right, bottom = xyxy
        if not (left < right and top < bottom):
            self.leave_out(
                where, f"a box from {left:g}, {top:g} to {right:g}, {bottom:g} is empty."
            )
        if self.frame == "stored":
            left, top, right, bottom = box_upright((left, top, right, bottom), self)
        cut = (
            max(0.0, left),
            max(0.0, top),
            min(float(self.size.width), right),
            min(float(self.size.height), bottom),
        )
        if not (cut[0] < cut[2] and cut[1] < cut[3]):
            self.leave_out(where, f"the box lies outside the picture, which is {self.size}.")
        return cut

    def frame_of(self, where: str, width: Any, height: Any) -> DrawnOn | None:
        """Tell from the size that a file gives where its boxes were drawn; None: unsaid.

        Raises:
            TruthUnreadable: the file was made for a picture of another size.
        """
        if not width or not height:
            return None
        sides = self.number(where, width), self.number(where, height)
        if not all(sides) or sides == self.size.cv2 == self.stored.cv2:
            return None
        if sides in (self.size.cv2, self.stored.cv2):
            return "upright" if sides == self.size.cv2 else "stored"
        turn = ""
        if sides == self.size.cv2[::-1]:
            turn = " One of them is turned: the marks were drawn on the photo before its turn."
        return self.refuse(
            where,
            f"it was made for a picture of {sides[0]:g} x {sides[1]:g}, but yours is "
            f"{self.size}.{turn} Give the picture that was marked, in its own size.",
        )

    def frame_notes(self, said: DrawnOn | None) -> Iterator[Note]:
        """Say where the boxes were taken to be drawn, if the photo is stored turned."""
        if said == "stored":
            yield Note(
                f"{self.name} gives the size of the photo before its EXIF turn, so its boxes "
                "were turned with it."
            )
        elif said is None and self.orientation != 1:
            taken = "before" if self.frame == "stored" else "after"
            yield Note(
                "The photo is stored turned or mirrored, with an EXIF orientation of "
                f"{self.orientation}. {self.name} does not say whether its boxes were drawn "
                f"before or after the turn; they were taken as drawn {taken} it.",
                asks_frame=True,
            )


def _named(value: Any) -> str:
    """Write a value for a sentence; lists in lists could be too deep to write them."""
    return (
        f"a {type(value).__name__}" if isinstance(value, list | dict) else repr(str(value)[:40])
    )


def box_upright(xyxy: XYXY, source: Source) -> XYXY:
    """Move a box from the stored photo onto the upright one (CIPA DC-008, 4.6.4).

    >>> source = Source("a.txt", b"", "a.jpg", Size(60, 120), orientation=6)
    >>> box_upright((10, 5, 50, 25), source)
    (35, 10, 55, 50)
    """
    left, top, right, bottom = xyxy
    width, height = source.size.cv2
    if source.orientation in (5, 6, 7, 8):
        left, top, right, bottom = top, left, bottom, right
    if source.orientation in (2, 3, 6, 7):
        left, right = width - right, width - left
    if source.orientation in (3, 4, 7, 8):
        top, bottom = height - bottom, height - top
    return left, top, right, bottom
