"""Ground truth: what people marked in a picture, read from the three usual kinds of file.

=====  ==================================================================================
.txt   YOLO: a line an object, ``class cx cy width height``, fractions of the picture
.xml   Pascal VOC: ``object/name`` and ``object/bndbox``, whole pixels counted from 1
.json  COCO: ``images``, ``annotations`` and ``categories``; x, y, width, height in pixels
=====  ==================================================================================
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Self, overload

import numpy as np
import numpy.typing as npt

from core.errors import TruthUnreadable
from core.picture.size import Size
from core.results.boxes import Boxes
from core.results.class_names import COCO_NAMES
from core.results.marked import DrawnOn, LeftOut, Marked, Note, Source, TruthItem
from core.results.truth_coco import read_coco
from core.results.truth_voc import read_voc
from core.results.truth_yolo import read_yolo

MAX_TRUTH_BYTES = 5 * 10**6
MAX_ENTRIES = 60_000
"""Lines, elements or objects in braces of a file: 5 MB hold hardly more that say something."""

MAX_OBJECTS = 2000
MOST_SENTENCES = 20

_BETWEEN_WORDS = re.compile(r"[\s_-]+")


@dataclass(frozen=True)
class MarkedFile(Sequence[Marked]):
    """The marked objects of one picture, and what came of the rest of the file.

    Attributes:
        objects: what could be read.
        left_out: a sentence for each object that could not, at most ``MOST_SENTENCES``.
        count_left_out: how many those are in all.
        notes: what a reader of the comparison should know.
        asks_frame: only the visitor can say where the boxes were drawn; see ``DrawnOn``.
    """

    objects: tuple[Marked, ...]
    left_out: tuple[str, ...] = ()
    count_left_out: int = 0
    notes: tuple[str, ...] = ()
    asks_frame: bool = False

    def __len__(self) -> int:
        return len(self.objects)

    @overload
    def __getitem__(self, index: int) -> Marked: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Marked, ...]: ...
    def __getitem__(self, index: int | slice) -> Marked | tuple[Marked, ...]:
        """Return objects by their place in the file."""
        return self.objects[index]


@dataclass(frozen=True, eq=False)
class Truth:
    """What a detector should find, as parallel, read-only arrays of M boxes.

    Attributes:
        xyxy: (M, 4) float64, in pixels of the picture.
        class_id: (M,) int64, as the net counts its classes.
        ignored: (M,) bool, see ``Marked``.
        crowd: (M,) bool, see ``Marked``.
        unknown: labels that the net has no class for; their boxes are left out.
    """

    xyxy: Boxes
    class_id: npt.NDArray[np.int64]
    ignored: npt.NDArray[np.bool_]
    crowd: npt.NDArray[np.bool_]
    unknown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.class_id)
        for name, shape in (("xyxy", (count, 4)), ("ignored", (count,)), ("crowd", (count,))):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have the shape {shape}")
        for name in ("xyxy", "class_id", "ignored", "crowd"):
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.class_id)

    def of_classes(self, class_ids: Iterable[int]) -> Self:
        """Keep the objects of these classes."""
        kept = np.isin(self.class_id, list(class_ids))
        names = ("xyxy", "class_id", "ignored", "crowd")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})

    def scaled(self, across: float, down: float) -> Self:
        """Return a copy on a picture that is so many times as wide and as high."""
        return replace(self, xyxy=self.xyxy * (across, down, across, down))


def read_truth(
    name: str,
    data: bytes,
    *,
    picture: str,
    size: Size,
    orientation: int = 1,
    frame: DrawnOn | None = None,
    image_id: str | None = None,
) -> MarkedFile:
    """Read the objects of one picture from a file of any of the three kinds.

    Args:
        name: the file's name; its ending says the kind.
        data: its bytes.
        picture: the picture's file name, by which COCO's files find their image.
        size: the picture's size, upright; boxes are cut at its edges.
        orientation: the EXIF orientation that made it upright, 1 to 8.
        frame: where the boxes were drawn; the size that a file gives goes before it.
        image_id: of a COCO file, the image to read; None finds it by its name.

    Raises:
        TruthAmbiguous: several images of a COCO file have the picture's name.
        TruthUnreadable: with the line or the element that is wrong, where nothing is right.
    """
    kind = PurePath(name).suffix.lower()
    reader = _READERS.get(kind)
    if reader is None:
        raise TruthUnreadable(
            f"{name} is none of the files with marked objects that we read: "
            "YOLO's .txt, Pascal VOC's .xml or COCO's .json."
        )
    if len(data) > MAX_TRUTH_BYTES:
        raise TruthUnreadable(
            f"{name} has {len(data) / 1e6:.1f} MB; the limit is {MAX_TRUTH_BYTES // 10**6} MB. "
            "Keep the entries of this picture only."
        )
    if sum(map(data.count, _BEGINNINGS[kind])) > MAX_ENTRIES:
        raise TruthUnreadable(
            f"{name} has more than {MAX_ENTRIES:,} entries, the limit. Keep those of this "
            "picture only."
        )
    found: list[TruthItem] = []
    objects = 0
    for each in reader(Source(name, data, picture, size, orientation, frame, image_id)):
        found.append(each)
        objects += not isinstance(each, Note)
        if objects > MAX_OBJECTS:
            raise TruthUnreadable(
                f"{name} marks more than {MAX_OBJECTS:,} objects in this picture. "
                "Is it the file of one picture?"
            )
    return _sorted(found, name, size)


def _sorted(found: Sequence[TruthItem], name: str, size: Size) -> MarkedFile:
    """Tell objects, what was left out, and notes apart."""
    marked = tuple(each for each in found if isinstance(each, Marked))
    left_out = tuple(each.reason for each in found if isinstance(each, LeftOut))
    notes = [each for each in found if isinstance(each, Note)]
    if left_out and not marked:
        more = f" So it is with {len(left_out)} objects." if len(left_out) > 1 else ""
        raise TruthUnreadable(left_out[0] + more)
    return MarkedFile(
        marked,
        left_out[:MOST_SENTENCES],
        len(left_out),
        (*(each.text for each in notes), *_doubts(name, marked, size)),
        any(each.asks_frame for each in notes),
    )


def _doubts(name: str, marked: Sequence[Marked], size: Size) -> list[str]:
    """Say what looks like another unit than pixels."""
    far = max((side for each in marked for side in each.xyxy), default=2.0)
    if far <= 1 < min(size.cv2):
        return [f"{name}: all boxes lie within one pixel. Are they fractions of the picture?"]
    return []


def truth_for(
    marked: Sequence[Marked], labels: Sequence[str], *, label_offset: int = 0
) -> Truth:
    """Give each object the class that a net knows it by.

    Labels are compared without case, spaces, hyphens and underscores, and VOC's words
    count as COCO's: ``tvmonitor`` is ``tv``. A number is a row of the labels.

    >>> objects = [Marked("TV monitor", (0, 0, 9, 9)), Marked("unicorn", (0, 0, 5, 5))]
    >>> truth = truth_for(objects, ["person", "tv"])
    >>> truth.class_id, truth.unknown
    (array([1]), ('unicorn',))
    """
    rows = {_canonical(label): row for row, label in reversed(list(enumerate(labels)))}
    found = [(each, _row(each.label, rows, len(labels))) for each in marked]
    known = [(each, row) for each, row in found if row is not None]
    unknown = dict.fromkeys(_words(each.label) for each, row in found if row is None)
    return Truth(
        xyxy=np.array([each.xyxy for each, _ in known], np.float64).reshape(-1, 4),
        class_id=np.array([row + label_offset for _, row in known], np.int64),
        ignored=np.array([each.ignored for each, _ in known], np.bool_),
        crowd=np.array([each.crowd for each, _ in known], np.bool_),
        unknown=tuple(unknown),
    )


def _canonical(label: str) -> str:
    word = _BETWEEN_WORDS.sub("", label).casefold()
    return COCO_NAMES.get(word, word).replace(" ", "")


def _row(label: str | int, rows: Mapping[str, int], count: int) -> int | None:
    if isinstance(label, int):
        return label if label < count else None
    return rows.get(_canonical(label))


def _words(label: str | int) -> str:
    return f"class {label}" if isinstance(label, int) else label


_READERS: Mapping[str, Callable[[Source], Iterator[TruthItem]]] = {
    ".txt": read_yolo,
    ".xml": read_voc,
    ".json": read_coco,
}

_BEGINNINGS: Mapping[str, tuple[bytes, ...]] = {
    ".txt": (b"\n", b"\r"),
    ".xml": (b"<",),
    ".json": (b"{",),
}
"""What each entry of a file has; counted before anything is made of it."""
