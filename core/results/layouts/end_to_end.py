"""End-to-end rows [1, N, 6] of YOLOv10 and 26: corners, confidence, class.

A segmentation net's rows go on with the numbers that mix its masks.
"""

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts
from core.results.tables import Table, mask_count, tables, without_masks

_MOST_ROWS = 1000
"""A net that picks its best boxes lists no more."""

NO_GRID = (
    "There is no grid to show: an end-to-end detector picks its best boxes inside the net and "
    "lists them by confidence, so a row no longer says which cell it came from."
)


def listed_table(outputs: Outputs, *, least: int) -> Table | None:
    """Return the one table of few rows, wide enough, as it stands."""
    found = next(tables(outputs), None)
    return found if found and found.width >= least and found.count <= _MOST_ROWS else None


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    table = listed_table(outputs, least=6)
    if table is None or table.width != 6 + mask_count(outputs):
        return None
    _, left_out = without_masks(table.width - 5, outputs)
    rows = table.rows
    return BoxRows(
        boxes=rows[:, :4],
        box_format="xyxy",
        confidence=rows[:, 4],
        class_id=rows[:, 5],
        lines=(
            f"rows = {table.code}",
            "boxes, confidences, class_ids = rows[:, :4], rows[:, 4], rows[:, 5].astype(int)",
        ),
        grounds=f"{table.count} rows that end in a confidence and a whole class",
        left_out=left_out,
    )


LAYOUT = Layout(
    name=LayoutName("end-to-end"),
    families="YOLOv10, YOLO26, and exports with nms=True",
    shape="[1, N, 6]",
    row="left, top, right, bottom, confidence, class",
    read=_read,
    no_grid=NO_GRID,
)
