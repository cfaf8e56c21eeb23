"""Boxes as COCO's tools read them: a file of results, and a data set of the one picture.

Category ids come in two numberings. ``official`` are the ids of COCO's own annotations, 1
to 90 with ten gaps: results in them can be held against instances_val2017.json. ``counted``
counts the model's labels from 1, for models whose labels are others.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from core.nets.card import ModelCard
from core.nets.catalog import MODELS
from core.picture.size import Size
from core.results.boxes import xyxy_to_xywh
from core.results.class_names import VOC_NAMES
from core.results.detections import Detections
from core.share.detections import CONFIDENCE_DIGITS, PIXEL_DIGITS
from core.share.file_names import stem
from core.share.provenance import finite, json_text

Numbering = Literal["official", "counted"]

GAPS = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
"""Ids up to 90 that COCO planned for (hat, mirror, desk ...) and gave to no box."""


def numberings(card: ModelCard) -> tuple[Numbering, ...]:
    """Name the numberings that make sense for a model, the one to begin with first."""
    known = all(_plain(label) in _official() for label in card.labels)
    return ("official", "counted") if known else ("counted",)


def categories(card: ModelCard, numbering: Numbering) -> dict[int, int]:
    """Map each class id that has a label to its category id.

    >>> from core.nets.catalog import card_named
    >>> yolo = card_named("yolo-fastest-1.1-coco")
    >>> categories(yolo, "official")[79], categories(yolo, "counted")[79]
    (90, 80)
    """
    rows = enumerate(card.labels)
    if numbering == "official":
        return {row + card.label_offset: _official()[_plain(label)] for row, label in rows}
    return {row + card.label_offset: row + 1 for row, _ in rows}


def coco_results(
    kept: Detections, card: ModelCard, *, picture_name: str, numbering: Numbering
) -> str:
    """Write the list of results that ``COCO.loadRes`` takes, by descending confidence.

    Each is {image_id, category_id, bbox, score} with bbox as left, top, width, height in
    pixels of the picture. Boxes of a class without a label have no category and are left
    out.
    """
    return json_text(_results(kept, categories(card, numbering), image_id(picture_name)))


def coco_dataset(
    kept: Detections, card: ModelCard, *, picture_name: str, size: Size, numbering: Numbering
) -> str:
    """Write a COCO data set of this picture, with the boxes as its annotations.

    A starting point for own labels (to be corrected by hand), and what ``COCO`` must have
    loaded before it takes results.
    """
    ids = categories(card, numbering)
    image = image_id(picture_name)
    picture = {
        "id": image,
        "file_name": picture_name,
        "width": size.width,
        "height": size.height,
    }
    names = [{"id": ids[class_id], "name": card.label(class_id)} for class_id in ids]
    annotations = [
        {"id": number, **_annotation(row)}
        for number, row in enumerate(_results(kept, ids, image), start=1)  # COCOeval skips id 0
    ]
    return json_text({"images": [picture], "categories": names, "annotations": annotations})


def image_id(picture_name: str) -> int:
    """Take the number out of a name that is one, as COCO's are; others are picture 1.

    >>> image_id("000000397133.jpg"), image_id("cat.png")
    (397133, 1)
    """
    number = stem(picture_name)
    return int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 1


def _results(kept: Detections, ids: Mapping[int, int], image: int) -> list[dict[str, Any]]:
    boxes = xyxy_to_xywh(kept.xyxy).round(PIXEL_DIGITS).tolist()
    answers = zip(boxes, kept.class_id.tolist(), kept.confidence.tolist(), strict=True)
    return [
        {
            "image_id": image,
            "category_id": ids[class_id],
            "bbox": xywh,
            "score": finite(confidence, CONFIDENCE_DIGITS),
        }
        for xywh, class_id, confidence in answers
        if class_id in ids
    ]


def _annotation(result: Mapping[str, Any]) -> dict[str, Any]:
    _, _, width, height = result["bbox"]
    kept = {key: value for key, value in result.items() if key != "score"}
    return {**kept, "area": width * height, "iscrowd": 0}


@lru_cache(maxsize=1)
def _official() -> dict[str, int]:
    """Map COCO's 80 labels to their ids; the file lists them in the ids' order."""
    labels = (MODELS / "labels/coco80.txt").read_text(encoding="utf-8").splitlines()
    numbers = [number for number in range(1, 91) if number not in GAPS]
    return dict(zip(labels, numbers, strict=True))


def _plain(label: str) -> str:
    """Spell a label as Darknet's list does, ours: six of COCO's classes by VOC's names."""
    return VOC_NAMES.get(label, label)
