"""COCO's .json: ``images``, ``annotations`` and ``categories``; boxes in pixels.

An image is found by its whole path, then by its base name, each first letter by letter and
then as systems and exporters rewrite names (composed letters, case, backslashes, prefixes);
at last by its id. Ids are compared as texts, since exporters write them as both.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from unicodedata import category, normalize
from urllib.parse import unquote

from core.errors import TruthAmbiguous, TruthUnreadable
from core.results.boxes import xywh_to_xyxy
from core.results.marked import (
    LONGEST_LABEL,
    XYXY,
    LeftOut,
    Marked,
    Note,
    ObjectUnreadable,
    Source,
    TruthItem,
)
from core.wording import whole_characters

MOST_IMAGES_NAMED = 50
LONGEST_NAME = 200

_PREFIX = re.compile(r"^[0-9a-f]{8}-")  # Label Studio puts it before each upload

JsonEntry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Image:
    """An entry of ``images``."""

    where: str
    id: str
    name: str
    entry: JsonEntry


def read_coco(source: Source) -> Iterator[TruthItem]:
    """Read COCO's annotations of one image; one that is wrong is left out."""
    whole = _json(source)
    labels = {
        _key(each.get("id")): _words(each.get("name")).strip()[:LONGEST_LABEL]
        for _, each in _entries(source, whole, "categories")
    }
    images = _images(source, whole)
    image, note = _chosen(source, images)
    if note:
        yield Note(note)
    said = source.frame_of(image.where, image.entry.get("width"), image.entry.get("height"))
    yield from source.frame_notes(said)
    source = replace(source, frame=said or source.frame)
    ids = {each.id for each in images}
    strays = outlined = 0
    for at, each in _entries(source, whole, "annotations"):
        own = _key(each.get("image_id"))
        strays += own not in ids
        if own != image.id:
            continue
        outlined += _xywh(each) is None and bool(_outline(each))
        try:
            yield _object(source, f"annotations[{at}]", each, labels)
        except ObjectUnreadable as error:
            yield LeftOut(str(error))
    yield from _remarks(source, strays, outlined)


def _remarks(source: Source, strays: int, outlined: int) -> Iterator[Note]:
    if strays:
        yield Note(f"{source.name}: {strays} annotations name an image_id that no image has.")
    if outlined:
        yield Note(f"{source.name}: {outlined} boxes were laid around their segmentation.")


def _object(source: Source, where: str, entry: JsonEntry, labels: dict[str, str]) -> Marked:
    name = labels.get(_key(entry.get("category_id")), "")
    if not name:
        source.leave_out(where, "its category_id is not among the categories.")
    crowd = entry.get("iscrowd") in (1, True, "1")
    ignored = crowd or entry.get("ignore") in (1, True, "1")
    return Marked(name, _box(source, where, entry), ignored=ignored, crowd=crowd)


def _box(source: Source, where: str, entry: JsonEntry) -> XYXY:
    xywh = _xywh(entry)
    if xywh is None:
        outline = _outline(entry)
        if outline:
            x, y = (
                [source.number(f"{where}, segmentation", each) for each in outline[axis::2]]
                for axis in (0, 1)
            )
            return source.box(where, (min(x), min(y), max(x), max(y)))
        xywh = entry.get("bbox")
    if not isinstance(xywh, list) or len(xywh) != 4:
        source.leave_out(
            where, "its bbox must be four numbers, x, y, width and height in pixels."
        )
    numbers = [source.number(f"{where}, bbox", each) for each in xywh]
    return source.box(where, xywh_to_xyxy([numbers])[0].tolist())


def _xywh(entry: JsonEntry) -> list[Any] | None:
    """Return the bbox; None where there is none, or only zeros in its place."""
    xywh = entry.get("bbox")
    return xywh if isinstance(xywh, list) and any(xywh) else None


def _outline(entry: JsonEntry) -> list[Any]:
    """Return x, y, x, y ... of all polygons of a segmentation."""
    polygons = entry.get("segmentation")
    if not isinstance(polygons, list):
        return []
    if not all(isinstance(each, list) for each in polygons):
        polygons = [polygons]  # one polygon, not in a list of its own
    return [
        number for each in polygons if len(each) >= 6 and not len(each) % 2 for number in each
    ]


def _json(source: Source) -> JsonEntry:
    try:
        whole = json.loads(source.text())
    except json.JSONDecodeError as error:
        raise TruthUnreadable(
            f"{source.name}, line {error.lineno}: this is not JSON ({error.msg})."
        ) from error
    except (ValueError, RecursionError) as error:  # a number of 5000 digits, endless brackets
        raise TruthUnreadable(f"{source.name} is no JSON that we can read.") from error
    if not isinstance(whole, dict):
        source.refuse(
            "the whole", "COCO's files are an object with images, annotations and categories."
        )
    return whole


def _entries(source: Source, whole: JsonEntry, name: str) -> Iterator[tuple[int, JsonEntry]]:
    """List numbered entries; what is no object in braces is passed over."""
    entries = whole.get(name)
    if not isinstance(entries, list):
        source.refuse(f'"{name}"', "COCO's files have a list of this name.")
    return ((at, each) for at, each in enumerate(entries) if isinstance(each, dict))


def _key(value: Any) -> str:
    """Write an id as text: exporters write 7, 7.0 and "7" for the same one.

    >>> _key(7), _key("7"), _key(7.0), _key(None)
    ('7', '7', '7', '')
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return whole_characters(str(value)).strip()


def _words(value: Any) -> str:
    """Write a name; a list or an object is none, and may be too deep to be written."""
    return "" if isinstance(value, list | dict) else whole_characters(str(value or ""))


def _images(source: Source, whole: JsonEntry) -> tuple[_Image, ...]:
    """List the images, each id once."""
    found: dict[str, _Image] = {}
    for at, each in _entries(source, whole, "images"):
        key = _key(each.get("id"))
        if key:
            name = _words(each.get("file_name"))[:LONGEST_NAME]
            found.setdefault(key, _Image(f"images[{at}]", key, name, each))
    return tuple(found.values())


def _chosen(source: Source, images: Sequence[_Image]) -> tuple[_Image, str]:
    """Find the picture's image, and what must be said about how it was found."""
    wanted = [each for each in images if each.id == source.image_id] or _named(source, images)
    if wanted:
        return wanted[0], ""
    ids = _ids_of(source.picture)
    by_id = [each for each in images if each.id in ids]
    if by_id:
        return by_id[0], (
            f"{source.name}: no file_name is {source.picture}; the image of id {by_id[0].id} "
            "was taken."
        )
    if len(images) == 1:
        other = f"called {images[0].name}" if images[0].name else "without a file_name"
        return images[0], f"{source.name} is about a single image, {other}: it was taken."
    known = ", ".join(each.name[:40] for each in images)
    return source.refuse(
        '"images"',
        f"none is called {source.picture}, but: {known[:200] or 'the list is empty'}.",
    )


def _named(source: Source, images: Sequence[_Image]) -> list[_Image]:
    """Return the image that is called like the picture, by the strictest rule that finds one.

    Raises:
        TruthAmbiguous: the rule finds several, and their sizes do not tell them apart.
    """
    wanted = _Spelled(source.picture)
    spelled = [(each, _Spelled(each.name)) for each in images]
    for alike in _ALIKE:
        named = [each for each, name in spelled if alike(name, wanted)]
        fitting = [each for each in named if not _contradicts(source, each)] or named
        if len(fitting) > 1:
            raise TruthAmbiguous(source.name, source.picture, _described(fitting))
        if fitting:
            return fitting
    return []


def _contradicts(source: Source, image: _Image) -> bool:
    try:
        source.frame_of(image.where, image.entry.get("width"), image.entry.get("height"))
    except TruthUnreadable:
        return True
    return False


def _described(images: Sequence[_Image]) -> dict[str, str]:
    return {each.id: f"{each.name} (id {each.id})" for each in images[:MOST_IMAGES_NAMED]}


def _ids_of(picture: str) -> tuple[str, ...]:
    """Name the ids that a picture's name may stand for: 000000000139.jpg is image 139."""
    base = _base(picture)
    stem = base.rpartition(".")[0] or base
    return tuple(each for each in (base, stem, stem.lstrip("0")) if each)


def _path(name: str) -> str:
    """Write a name with slashes and composed letters."""
    return normalize("NFC", name).replace("\\", "/").strip().removeprefix("./")


def _base(name: str) -> str:
    return _path(name).rpartition("/")[2]


def _loose(name: str) -> str:
    """Leave out what eyes do not see: case, kinds of spaces, signs without a shape."""
    shown = normalize("NFKC", name)[:LONGEST_NAME]
    if not shown.isprintable():
        for each in set(shown):
            if category(each) in ("Cf", "Cc"):
                shown = shown.replace(each, "")
    return " ".join(shown.casefold().split())


class _Spelled:
    """A name as the rules compare it, each spelling worked out once and where it is needed."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def path(self) -> str:
        return _path(self.name)

    @cached_property
    def loose(self) -> str:
        return _loose(self.path)

    @cached_property
    def base(self) -> str:
        return _base(self.name)

    @cached_property
    def loose_base(self) -> str:
        return _loose(self.base)

    @cached_property
    def unwrapped(self) -> str:
        """Without what makes it a web address, and without Label Studio's prefix."""
        return _loose(_PREFIX.sub("", unquote(_base(self.name.partition("?")[0]))))


def _end_alike(one: _Spelled, other: _Spelled) -> bool:
    """Tell whether one path is the end of the other, both with a folder."""
    short, long = sorted((one.loose, other.loose), key=len)
    return "/" in short and long.endswith(f"/{short}")


_ALIKE: tuple[Callable[[_Spelled, _Spelled], bool], ...] = (
    lambda one, other: one.path == other.path,
    lambda one, other: one.loose == other.loose,
    _end_alike,
    lambda one, other: one.base == other.base,
    lambda one, other: one.loose_base == other.loose_base,
    lambda one, other: one.unwrapped == other.unwrapped,
)
