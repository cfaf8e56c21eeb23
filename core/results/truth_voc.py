"""Pascal VOC's .xml: ``object/name`` and ``object/bndbox``, whole pixels counted from 1."""

from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.errors import TruthUnreadable
from core.results.marked import (
    LONGEST_LABEL,
    LeftOut,
    Marked,
    Note,
    ObjectUnreadable,
    Source,
    TruthItem,
)

SIDES = ("xmin", "ymin", "xmax", "ymax")
_NOT_A_SHAPE = ("name", "pose", "truncated", "difficult", "occluded", "attributes", "part")
MOST_NAMED = 4


def read_voc(source: Source) -> Iterator[TruthItem]:
    """Read VOC's objects; one that is wrong is left out.

    Its pixels are counted from 1, and xmax is the last one inside: as edges, which we
    count from 0, the box goes from xmin - 1 to xmax.
    """
    root = _xml(source)
    if root.tag != "annotation":
        source.refuse(f"<{root.tag[:40]}>", "Pascal VOC's files begin with <annotation>.")
    said = source.frame_of("<size>", root.findtext("size/width"), root.findtext("size/height"))
    yield from source.frame_notes(said)
    source = replace(source, frame=said or source.frame)
    from_zero = False
    for number, each in enumerate(root.iterfind("object"), start=1):
        try:
            yield _object(source, f"object {number}", each)
        except ObjectUnreadable as error:
            yield LeftOut(str(error))
        from_zero |= any(
            (each.findtext(f"bndbox/{side}") or "").strip() in ("0", "0.0")
            for side in SIDES[:2]
        )
    if from_zero:
        yield Note(
            f"{source.name} holds an xmin or ymin of 0, but Pascal VOC counts pixels from 1: "
            "its boxes may sit one pixel too far left and up."
        )


def _object(source: Source, where: str, element: Element) -> Marked:
    name = (element.findtext("name") or "").strip()[:LONGEST_LABEL]
    if not name:
        source.leave_out(where, "it has no <name>.")
    outline = element.find("bndbox")
    if outline is None:
        shapes = [each.tag for each in element if each.tag not in _NOT_A_SHAPE]
        source.leave_out(
            where, f"{name} has no <bndbox>{_instead(shapes)}. Only <bndbox> is read."
        )
    absent = [side for side in SIDES if not (outline.findtext(side) or "").strip()]
    if absent:
        others = [each.tag for each in outline if each.tag not in SIDES]
        source.leave_out(
            where, f"the <bndbox> of {name} has no <{absent[0]}>{_instead(others)}."
        )
    xmin, ymin, xmax, ymax = (
        source.number(f"{where}, <{side}>", outline.findtext(side)) for side in SIDES
    )
    difficult = (element.findtext("difficult") or "").strip().lower() in ("1", "true")
    box = source.box(where, (xmin - 1, ymin - 1, xmax, ymax))
    return Marked(name, box, ignored=difficult)


def _instead(tags: list[str]) -> str:
    named = ", ".join(f"<{tag[:40]}>" for tag in tags[:MOST_NAMED])
    return f" but {named}" if named else ""


def _xml(source: Source) -> Element:
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
