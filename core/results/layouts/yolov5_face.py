"""YOLOv5-face rows [1, N, 15+C]: cx, cy, w, h, objectness, five landmarks, C scores."""

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import cell_table
from core.results.key_points import points_elsewhere
from core.results.layout import Layout, NetFacts
from core.results.tables import left_out, upright

LANDMARKS = 10
CELLS_NOT_SHOWN = (
    "The cells of this layout are not shown: its rows hold more than boxes and scores."
)


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    found = cell_table(
        upright(outputs, flat=True), facts.size, least=5 + LANDMARKS + 1, boxes=(3,)
    )
    if found is None:
        return None
    rows = found.table.rows
    scores = rows[:, 5 + LANDMARKS :]
    if scores.shape[1] not in (1, facts.labels):
        return None
    sure = rows[:, 4] * scores.max(axis=1)
    odd = points_elsewhere(rows[:, 5 : 5 + LANDMARKS], 2, rows[:, :4], sure)
    return BoxRows(
        boxes=rows[:, :4],
        box_format="cxcywh",
        scores=scores,
        objectness=rows[:, 4],
        lines=(
            f"rows = {found.table.code}",
            "boxes, objectness, scores = rows[:, :4], rows[:, 4], rows[:, 15:]",
        ),
        grounds=f"{found.grounds}, with objectness, five landmarks and {scores.shape[1]} class "
        "scores",
        left_out=left_out(LANDMARKS, "are landmarks"),
        odd=odd,
        off_grid=not found.strides,
    )


LAYOUT = Layout(
    name=LayoutName("yolov5-face"),
    families="YOLOv5-face",
    shape="[1, N, 15+C]",
    row="cx, cy, w, h, objectness, five landmarks, a score for each class",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
