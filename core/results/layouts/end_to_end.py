"""End-to-end rows [1, N, 6] of YOLOv10 and 26: corners in pixels, confidence, class."""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.detections import Detections
from core.results.layout import Layout, Lines, NetFacts
from core.results.tables import Array, all_rows, named_table

MOST_ROWS = 1000


def is_end_to_end(table: Array) -> bool:
    """Tell few rows of six numbers that end in a class from a YOLOv5 that knows one class.

    A YOLOv5's last column is a confidence. Its rows are as many as the cells of its grids,
    which says nothing: 300 rows are the 300 cells of a blob of 320 x 192 as well.
    """
    rows, columns = table.shape
    return columns == 6 and rows <= MOST_ROWS and _is_whole(table[:, 5])


def _is_whole(column: Array) -> bool:
    return bool((column == np.rint(column)).all())


def _recognises(outputs: Outputs, _facts: NetFacts) -> bool:
    named = named_table(outputs)
    return named is not None and is_end_to_end(named[1])


def _named_rows(outputs: Outputs) -> tuple[str, Array]:
    named = named_table(outputs)
    if named is None or named[1].shape[1] != 6:
        raise LAYOUT.misfit(outputs)
    return named


def _decode(outputs: Outputs, _facts: NetFacts) -> Detections:
    _, rows = _named_rows(outputs)
    return all_rows(rows[:, :4], rows[:, 4], rows[:, 5])


def _lines(outputs: Outputs, _facts: NetFacts) -> Lines:
    name, _ = _named_rows(outputs)
    return (
        f"rows = outputs[{name!r}][0]",
        "confidences, class_ids = rows[:, 4], rows[:, 5].astype(int)",
        "xyxy = rows[:, :4].astype(float)",
    )


LAYOUT = Layout(
    name=LayoutName("end-to-end"),
    shape="[1, N, 6]",
    row="left, top, right, bottom in pixels, confidence, class",
    recognises=_recognises,
    decode=_decode,
    lines=_lines,
    no_grid="There is no grid to show: an end-to-end detector picks its best boxes inside the "
    "net and lists them by confidence, so a row no longer says which cell it came from.",
)
