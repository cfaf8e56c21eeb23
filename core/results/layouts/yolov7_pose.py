"""YOLOv7 and v5 pose rows [1, N, 5+C+3K]: cx, cy, w, h, objectness, C scores, K key points.

YOLOv7-face writes so too, with five points.
"""

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import cell_table
from core.results.key_points import key_points, points_elsewhere
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN
from core.results.tables import upright


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    found = cell_table(upright(outputs, flat=True), facts.size, least=5 + 1 + 6, boxes=(3,))
    if found is None:
        return None
    rows = found.table.rows
    for classes in dict.fromkeys((facts.labels or 1, 1)):
        points = key_points(rows[:, 5 + classes :])
        if points and points.numbers == 3:
            break
    else:
        return None
    scores = rows[:, 5 : 5 + classes]
    sure = rows[:, 4] * scores.max(axis=1)
    odd = points_elsewhere(rows[:, 5 + classes :], points.numbers, rows[:, :4], sure)
    return BoxRows(
        boxes=rows[:, :4],
        box_format="cxcywh",
        scores=scores,
        objectness=rows[:, 4],
        lines=(
            f"rows = {found.table.code}",
            f"boxes, objectness, scores = rows[:, :4], rows[:, 4], rows[:, 5:{5 + classes}]",
        ),
        grounds=f"{found.grounds}, with objectness, {classes} class scores and {points.text}",
        left_out=points.left_out,
        odd=odd,
        off_grid=not found.strides,
    )


LAYOUT = Layout(
    name=LayoutName("yolov7-pose"),
    families="YOLOv7-pose, YOLOv7-face, YOLOv5-pose",
    shape="[1, N, 5+C+3K]",
    row="cx, cy, w, h, objectness, a score for each class, K key points",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
