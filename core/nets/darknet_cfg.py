"""Darknet's .cfg: its sections, what they say about the heads, and the file written anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast

from core.errors import CardInvalid

HeadKind = Literal["yolo", "region"]
HEADS = ("yolo", "region")

MOST_PIXELS = 1e5


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a .cfg: the name in brackets, and the values below it.

    Of a key that comes twice, the last value counts, as in OpenCV.
    """

    kind: str
    values: dict[str, str]


def read_sections(text: str) -> tuple[Section, ...]:
    r"""Split a .cfg into its sections; the same name may come many times.

    As in OpenCV's reader (``darknet_io.cpp``), spaces mean nothing, and a section's name
    ends at the bracket whatever follows. Comments begin with # or ; anywhere in a line.

    >>> read_sections("[ yolo ] ; head\n mask = 0, 1 # two")
    (Section(kind='yolo', values={'mask': '0,1'}),)
    """
    sections: list[Section] = []
    for line in text.replace("\r", "\n").split("\n"):
        bare = "".join(line.split("#")[0].split(";")[0].split())
        key, equals, value = bare.partition("=")
        if bare.startswith("["):
            sections.append(Section(bare[1:].partition("]")[0], {}))
        elif equals and sections:
            sections[-1].values[key] = value
    return tuple(sections)


def write_sections(sections: Iterable[Section]) -> str:
    r"""Write a .cfg of sections, without comments.

    >>> write_sections([Section("yolo", {"mask": "0,1"})])
    '[yolo]\nmask=0,1\n'
    """
    return "".join(
        f"[{each.kind}]\n" + "".join(f"{key}={value}\n" for key, value in each.values.items())
        for each in sections
    )


@dataclass(frozen=True, slots=True)
class HeadSection:
    """A ``[yolo]`` or ``[region]`` section: one grid of the net.

    Attributes:
        kind: ``region`` is YOLOv2's; its anchors are counted in cells and its classes share
            one softmax. Those of ``yolo`` are in pixels of the blob.
        anchors: widths and heights, those of the mask only.
        classes: how many.
        scale_x_y: how far a centre may move: 1 stays in its cell, 2 reaches half a cell out.
        new_coords: sides are ``anchor * (2 * sigmoid)^2`` instead of ``anchor * exp``.
    """

    kind: HeadKind
    anchors: tuple[tuple[float, float], ...]
    classes: int
    scale_x_y: float = 1.0
    new_coords: bool = False


def read_heads(text: str, *, name: str) -> tuple[HeadSection, ...]:
    r"""Read the ``[yolo]`` and ``[region]`` sections of a .cfg, in the order of the file.

    The size in ``[net]`` is not asked for: cv2 counts anchors in pixels of the blob, however
    large that is.

    Args:
        text: the file's content.
        name: the file's name, for sentences.

    Raises:
        CardInvalid: a sentence that names the file, the section and the key.

    >>> read_heads("[yolo]\nmask=1\nanchors=1,2, 3,4\nclasses=80", name="a.cfg")[0].anchors
    ((3.0, 4.0),)
    """
    return tuple(
        _head(cast(HeadKind, each.kind), each.values, f"{name}: [{each.kind}]")
        for each in read_sections(text)
        if each.kind in HEADS
    )


def check_filters(text: str, *, name: str) -> None:
    """Compare each head's classes with the filters of the convolution before it.

    A trained .cfg whose classes were edited and its filters not fails somewhere inside
    OpenCV. A box has its classes and five numbers, four sides and the objectness.

    Raises:
        CardInvalid: a sentence that names both numbers.
    """
    sections = read_sections(text)
    for at, (before, head) in enumerate(pairwise(sections), start=1):
        given = before.values.get("filters", "")
        whole = given.isdecimal() and len(given) < 10
        if head.kind not in HEADS or before.kind != "convolutional" or not whole:
            continue
        found = _head(cast(HeadKind, head.kind), head.values, f"{name}: [{head.kind}]")
        wanted = len(found.anchors) * (found.classes + 5)
        if int(given) != wanted:
            raise CardInvalid(
                f"{name}: [{head.kind}], section {at + 1}, has classes={found.classes} and "
                f"{len(found.anchors)} anchors, so filters in the [convolutional] before it "
                f"must be {len(found.anchors)} x ({found.classes} + 5) = {wanted}, "
                f"not {given}. Take the .cfg that the weights were trained with."
            )


def _head(kind: HeadKind, values: dict[str, str], where: str) -> HeadSection:
    anchors = _pairs(_numbers(values, "anchors", where), where)
    mask = _numbers(values, "mask", where) if kind == "yolo" and "mask" in values else None
    if mask and not all(each.is_integer() and 0 <= each < len(anchors) for each in mask):
        raise CardInvalid(f"{where}: mask must name anchors from 0 to {len(anchors) - 1}.")
    reach = _numbers(values, "scale_x_y", where, "1")[0]
    if not 0 < reach < MOST_PIXELS:
        raise CardInvalid(f"{where}: scale_x_y must be above 0, not {reach:g}.")
    return HeadSection(
        kind=kind,
        anchors=tuple(anchors[int(each)] for each in mask) if mask else anchors,
        classes=_classes(values, where),
        scale_x_y=reach,
        new_coords=_numbers(values, "new_coords", where, "0")[0] == 1,
    )


def _numbers(values: dict[str, str], key: str, where: str, default: str = "") -> list[float]:
    """Read numbers between commas; Darknet's own files end some lists with one."""
    try:
        found = [float(each) for each in values.get(key, default).split(",") if each.strip()]
    except ValueError as error:
        raise CardInvalid(
            f"{where}: {key} must be numbers, not {values[key]!r}. Fix the .cfg."
        ) from error
    if not found:
        raise CardInvalid(f"{where}: {key} is missing, so its boxes cannot be decoded.")
    return found


def _pairs(anchors: list[float], where: str) -> tuple[tuple[float, float], ...]:
    if len(anchors) % 2 or not all(0 < side < MOST_PIXELS for side in anchors):
        raise CardInvalid(f"{where}: anchors must be pairs of a width and a height above 0.")
    return tuple(zip(anchors[::2], anchors[1::2], strict=True))


def _classes(values: dict[str, str], where: str) -> int:
    count = _numbers(values, "classes", where)[0]
    if not count.is_integer() or count < 1:
        raise CardInvalid(f"{where}: classes must be a whole number from 1 up.")
    return int(count)
