"""Boxes as files: CSV, JSON and YOLO's text.

All coordinates are pixels of the original picture, counted from its top left corner:
pixel 0 reaches from 0.0 to 1.0. They are rounded to a thousandth of a pixel, confidences
to a millionth, alike in every file.
"""

from typing import Any

import numpy as np

from core.nets.card import ModelCard
from core.picture.size import Size
from core.pipeline import Thresholds
from core.results.detections import Detections
from core.share.provenance import Provenance, finite, json_text, threshold_facts
from core.share.tables import csv_cell, csv_text

PIXEL_DIGITS, CONFIDENCE_DIGITS = 3, 6
COLUMNS = ("x_min", "y_min", "x_max", "y_max", "class_id", "label", "confidence")

_ABOUT = (
    "Boxes as left, top, right, bottom (x_min, y_min, x_max, y_max) in pixels of the original "
    "picture, by descending confidence. class_id counts the model's classes from 0; raw_row is "
    "the row of the net's raw output. spec says how the picture became a blob, in the words of "
    "Blobscope's model cards."
)


def box_rows(kept: Detections, card: ModelCard) -> list[dict[str, Any]]:
    """Make a row of each box, with the columns of the CSV."""
    corners = kept.xyxy.round(PIXEL_DIGITS).tolist()
    answers = zip(corners, kept.class_id.tolist(), kept.confidence.tolist(), strict=True)
    return [
        dict(
            zip(
                COLUMNS,
                (*corner, class_id, card.label(class_id), _sure(confidence)),
                strict=True,
            )
        )
        for corner, class_id, confidence in answers
    ]


def boxes_csv(kept: Detections, card: ModelCard) -> str:
    """Write boxes as CSV; of no boxes, the names of the columns remain."""
    return csv_text(box_rows(kept, card), columns=COLUMNS)


def boxes_json(kept: Detections, provenance: Provenance, thresholds: Thresholds) -> str:
    """Write boxes and the whole state they came from as one JSON object.

    Its keys: ``about`` (what the numbers mean), ``picture`` (name, width, height, sha256),
    ``model``, ``spec``, ``warnings``, ``versions``, ``thresholds`` and ``detections``.
    """
    rows = box_rows(kept, provenance.card)
    for row, raw_row in zip(rows, kept.row.tolist(), strict=True):
        row["raw_row"] = raw_row
    facts = {"about": _ABOUT, **provenance.facts(), "thresholds": threshold_facts(thresholds)}
    return json_text({**facts, "detections": rows})


def yolo_text(
    kept: Detections, size: Size, *, label_offset: int = 0, with_confidence: bool = False
) -> str:
    r"""Write boxes as YOLO's tools keep them: ``class cx cy w h``, fractions of the picture.

    Args:
        kept: boxes in pixels of the picture.
        size: the picture's.
        label_offset: the card's; YOLO's numbers are rows of the labels, so a background
            class in front of them has none, and its boxes are left out.
        with_confidence: a sixth column; files for training have none.

    >>> kept = Detections([[64, 48, 192, 96]], [0.5], [2], [0])
    >>> yolo_text(kept, Size(640, 480))
    '2 0.200000 0.150000 0.200000 0.100000\n'
    """
    fractions = kept.xyxy / (size.cv2 * 2)
    middles, sides = (
        (fractions[:, :2] + fractions[:, 2:]) / 2,
        fractions[:, 2:] - fractions[:, :2],
    )
    lines = []
    for box, row, confidence in zip(
        np.hstack([middles, sides]).tolist(),
        (kept.class_id - label_offset).tolist(),
        kept.confidence,
        strict=True,
    ):
        if row < 0:
            continue
        numbers = [*box, float(confidence)] if with_confidence else box
        lines.append(" ".join([str(row), *(f"{number:.6f}" for number in numbers)]))
    return "".join(f"{line}\n" for line in lines)


def class_names(card: ModelCard) -> str:
    """List the labels, a line each: YOLO's classes.txt, and what the script reads.

    A label that a spreadsheet would run gets an apostrophe in front, as in ``csv_text``.
    """
    return "".join(f"{csv_cell(' '.join(label.split()))}\n" for label in card.labels)


def _sure(confidence: float) -> float | None:
    return finite(confidence, CONFIDENCE_DIGITS)
