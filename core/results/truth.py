"""Ground truth: what people marked in a picture, read from the three usual kinds of file.

=====  ==================================================================================
.txt   YOLO: a line an object, ``class cx cy width height``, fractions of the picture
.xml   Pascal VOC: ``object/name`` and ``object/bndbox``, whole pixels counted from 1
.json  COCO: ``images``, ``annotations`` and ``categories``; x, y, width, height in pixels
=====  ==================================================================================
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, NoReturn, Self
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import numpy.typing as npt
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.errors import TruthUnreadable
from core.picture.size import Size
from core.results.boxes import Boxes, xywh_to_xyxy

MAX_TRUTH_BYTES = 5 * 10**6
MAX_OBJECTS = 2000
MOST_TRUTH_CLASSES = 100_000
LONGEST_LABEL = 100

# What VOC's twenty classes are called in COCO, without spaces.
_SYNONYMS = {
    "aeroplane": "airplane",
    "motorbike": "motorcycle",
    "sofa": "couch",
    "tvmonitor": "tv",
}
_BETWEEN_WORDS = re.compile(r"[\s_-]+")


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
    xyxy: tuple[float, float, float, float]
    ignored: bool = False
    crowd: bool = False


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


def read_truth(name: str, data: bytes, *, picture: str, size: Size) -> tuple[Marked, ...]:
    """Read the objects of one picture from a file of any of the three kinds.

    Args:
        name: the file's name; its ending says the kind.
        data: its bytes.
        picture: the picture's file name, by which COCO's files find their image.
        size: the picture's size; boxes are cut at its edges.

    Raises:
        TruthUnreadable: with the line or the element that is wrong.
    """
    reader = _READERS.get(PurePath(name).suffix.lower())
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
    marked: list[Marked] = []
    for each in reader(_Source(name, data, picture, size)):
        marked.append(each)
        if len(marked) > MAX_OBJECTS:
            raise TruthUnreadable(
                f"{name} marks more than {MAX_OBJECTS:,} objects in this picture. "
                "Is it the file of one picture?"
            )
    return tuple(marked)


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
    return _SYNONYMS.get(word, word)


def _row(label: str | int, rows: Mapping[str, int], count: int) -> int | None:
    if isinstance(label, int):
        return label if label < count else None
    return rows.get(_canonical(label))


def _words(label: str | int) -> str:
    return f"class {label}" if isinstance(label, int) else label


@dataclass(frozen=True, slots=True)
class _Source:
    """A file, and the picture it is read for."""

    name: str
    data: bytes
    picture: str
    size: Size

    def text(self) -> str:
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise TruthUnreadable(
                f"{self.name} is not text in UTF-8. Save it as plain text in UTF-8."
            ) from error

    def wrong(self, where: str, what: str) -> NoReturn:
        raise TruthUnreadable(f"{self.name}, {where}: {what}")

    def box(self, where: str, xyxy: Sequence[float]) -> tuple[float, float, float, float]:
        """Cut a box at the picture's edges; refuse what is none."""
        left, top, right, bottom = xyxy
        if not (left < right and top < bottom):
            self.wrong(
                where, f"a box from {left:g}, {top:g} to {right:g}, {bottom:g} is empty."
            )
        cut = (
            max(0.0, left),
            max(0.0, top),
            min(float(self.size.width), right),
            min(float(self.size.height), bottom),
        )
        if not (cut[0] < cut[2] and cut[1] < cut[3]):
            self.wrong(where, f"the box lies outside the picture, which is {self.size}.")
        return cut

    def check_size(self, where: str, width: Any, height: Any) -> None:
        """Refuse a file that was made for a picture of another size; none or 0 is unknown."""
        if not width or not height:
            return
        sides = _number(self, where, width), _number(self, where, height)
        if all(sides) and sides != (self.size.width, self.size.height):
            self.wrong(
                where,
                f"it was made for a picture of {sides[0]:g} x {sides[1]:g}, but yours is "
                f"{self.size}. Give the picture that was marked, in its own size.",
            )


def _yolo(source: _Source) -> Iterator[Marked]:
    """Read YOLO's lines; a sixth column, a confidence, is left alone."""
    sides = (source.size.width, source.size.height) * 2
    for number, line in enumerate(source.text().splitlines(), start=1):
        where, words = f"line {number}", line.split()
        if not words:
            continue
        if len(words) not in (5, 6):
            hint = " More are a polygon, which is no box." if len(words) > 6 else ""
            source.wrong(
                where,
                "a line has five numbers, class cx cy width height, and perhaps a "
                f"confidence; this one has {len(words)}.{hint}",
            )
        fractions = [_number(source, where, word) for word in words[1:5]]
        if not all(0 <= each <= 1 for each in fractions):
            source.wrong(where, "the four numbers are fractions of the picture, 0 to 1.")
        cx, cy, width, height = (a * side for a, side in zip(fractions, sides, strict=True))
        corners = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
        yield Marked(_class_number(source, where, words[0]), source.box(where, corners))


def _class_number(source: _Source, where: str, word: str) -> int:
    number = _number(source, where, word)
    if not 0 <= number < MOST_TRUTH_CLASSES or number != int(number):
        source.wrong(where, f"{word} is no class: they are numbered 0, 1, 2 ...")
    return int(number)


def _number(source: _Source, where: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        source.wrong(where, f"{str(value)[:40]!r} is no number.")
    return number


def _voc(source: _Source) -> Iterator[Marked]:
    """Read VOC's objects.

    Its pixels are counted from 1, and xmax is the last one inside: as edges, which we
    count from 0, the box goes from xmin - 1 to xmax.
    """
    root = _xml(source)
    if root.tag != "annotation":
        source.wrong(f"<{root.tag[:40]}>", "Pascal VOC's files begin with <annotation>.")
    source.check_size("<size>", root.findtext("size/width"), root.findtext("size/height"))
    for number, each in enumerate(root.iterfind("object"), start=1):
        where = f"object {number}"
        name = (each.findtext("name") or "").strip()[:LONGEST_LABEL]
        if not name:
            source.wrong(where, "it has no <name>.")
        xmin, ymin, xmax, ymax = (
            _number(source, f"{where}, <{side}>", each.findtext(f"bndbox/{side}"))
            for side in ("xmin", "ymin", "xmax", "ymax")
        )
        box = source.box(where, (xmin - 1, ymin - 1, xmax, ymax))
        difficult = (each.findtext("difficult") or "").strip() == "1"
        yield Marked(name, box, ignored=difficult)


def _xml(source: _Source) -> Element:
    """Parse without entities, document types or anything from outside the file."""
    try:
        root: Element = fromstring(source.data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise TruthUnreadable(
            f"{source.name} declares a document type or entities, which no annotation needs. "
            "Delete the lines that begin with <! and try again."
        ) from error
    except ParseError as error:
        raise TruthUnreadable(
            f"{source.name}, line {error.position[0]}: this is not well-formed XML ({error})."
        ) from error
    except (ValueError, LookupError) as error:  # an encoding that expat does not know
        raise TruthUnreadable(
            f"{source.name} is in an encoding we do not read. Save it in UTF-8."
        ) from error
    return root


def _coco(source: _Source) -> Iterator[Marked]:
    """Read COCO's annotations of one image."""
    whole = _json(source)
    names = {
        _id(source, f"categories[{at}]", each): str(each.get("name", ""))
        for at, each in _entries(source, whole, "categories")
    }
    image = _image_id(source, whole)
    for at, each in _entries(source, whole, "annotations"):
        where = f"annotations[{at}]"
        if each.get("image_id") != image:
            continue
        name = names.get(_id(source, where, each, "category_id"), "").strip()[:LONGEST_LABEL]
        if not name:
            source.wrong(where, "its category_id is not among the categories.")
        crowd = each.get("iscrowd") in (1, True)
        yield Marked(name, _coco_box(source, where, each), ignored=crowd, crowd=crowd)


def _coco_box(
    source: _Source, where: str, entry: dict[str, Any]
) -> tuple[float, float, float, float]:
    xywh = entry.get("bbox")
    if not isinstance(xywh, list) or len(xywh) != 4:
        source.wrong(where, "its bbox must be four numbers, x, y, width and height in pixels.")
    numbers = [_number(source, f"{where}, bbox", each) for each in xywh]
    return source.box(where, xywh_to_xyxy([numbers])[0].tolist())


def _json(source: _Source) -> dict[str, Any]:
    try:
        whole = json.loads(source.text())
    except json.JSONDecodeError as error:
        raise TruthUnreadable(
            f"{source.name}, line {error.lineno}: this is not JSON ({error.msg})."
        ) from error
    except (ValueError, RecursionError) as error:  # a number of 5000 digits, endless brackets
        raise TruthUnreadable(f"{source.name} is no JSON that we can read.") from error
    if not isinstance(whole, dict):
        source.wrong(
            "the whole", "COCO's files are an object with images, annotations and categories."
        )
    return whole


def _entries(
    source: _Source, whole: dict[str, Any], name: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = whole.get(name)
    if not isinstance(entries, list):
        source.wrong(f'"{name}"', "COCO's files have a list of this name.")
    for at, each in enumerate(entries):
        if not isinstance(each, dict):
            source.wrong(f"{name}[{at}]", "each entry is an object in braces.")
        yield at, each


def _id(source: _Source, where: str, entry: dict[str, Any], name: str = "id") -> int | str:
    value = entry.get(name)
    if not isinstance(value, int | str):
        source.wrong(where, f"its {name} is missing or no number.")
    return value


def _image_id(source: _Source, whole: dict[str, Any]) -> int | str:
    """Find the picture by its file's name; a file about one image needs no name."""
    images = dict(_entries(source, whole, "images"))
    wanted = PurePath(source.picture).name.casefold()
    named = [
        at
        for at, each in images.items()
        if PurePath(str(each.get("file_name", ""))).name.casefold() == wanted
    ]
    if not named and len(images) != 1:
        known = ", ".join(str(each.get("file_name", ""))[:40] for each in images.values())
        source.wrong(
            '"images"',
            f"none is called {source.picture}, but: {known[:200] or 'the list is empty'}.",
        )
    at = named[0] if named else next(iter(images))
    entry, where = images[at], f"images[{at}]"
    source.check_size(where, entry.get("width"), entry.get("height"))
    return _id(source, where, entry)


_READERS: Mapping[str, Callable[[_Source], Iterator[Marked]]] = {
    ".txt": _yolo,
    ".xml": _voc,
    ".json": _coco,
}
