"""SSD's rows [1, 1, N, 7]: image, class, confidence, left, top, right, bottom in 0..1.

The net did its own NMS. Coordinates may lie outside 0..1.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.detections import Detections
from core.results.layout import Layout, Lines, NetFacts
from core.results.tables import Array, all_rows, corner_scale


def _named_rows(outputs: Outputs) -> tuple[str, Array] | None:
    """Find the rows of an SSD: their output's name, and (N, 7)."""
    return next(
        (
            (name, array[0, 0])
            for name, array in outputs.items()
            if array.ndim == 4 and array.shape[:2] == (1, 1) and array.shape[3] == 7
        ),
        None,
    )


def _recognises(outputs: Outputs, _facts: NetFacts) -> bool:
    return _named_rows(outputs) is not None


def _decode(outputs: Outputs, facts: NetFacts) -> Detections:
    """Take the rows as they are; those for no image (-1), which only fill up, get 0."""
    named = _named_rows(outputs)
    if named is None:
        raise LAYOUT.misfit(outputs)
    _, rows = named
    confidence = np.where(rows[:, 0] < 0, 0, rows[:, 2])
    return all_rows(rows[:, 3:7] * corner_scale(facts.size), confidence, rows[:, 1])


def _lines(outputs: Outputs, _facts: NetFacts) -> Lines:
    named = _named_rows(outputs)
    if named is None:
        raise LAYOUT.misfit(outputs)
    return (
        f"rows = outputs[{named[0]!r}][0, 0]",
        "class_ids = rows[:, 1].astype(int)",
        "confidences = np.where(rows[:, 0] < 0, 0, rows[:, 2])  # image -1 only fills up",
        "xyxy = rows[:, 3:7] * np.tile(into, 2)",
    )


LAYOUT = Layout(
    name=LayoutName("ssd"),
    shape="[1, 1, N, 7]",
    row="image, class, confidence, left, top, right, bottom in 0..1",
    recognises=_recognises,
    decode=_decode,
    lines=_lines,
    no_grid="There is no grid to show: SSD sorts its boxes and suppresses doubles inside the "
    "net. What comes out are the boxes that were left, and none of them still says which "
    "cell and which of its prior boxes it began as.",
)
