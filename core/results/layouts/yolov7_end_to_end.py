"""YOLOv7's end-to-end rows [N, 7]: image, left, top, right, bottom, class, confidence."""

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts
from core.results.tables import OutputArray

NO_NMS_LAYER = (
    "OpenCV has no NonMaxSuppression layer: it reads such a net only where the NMS was left "
    "out. Export it without."
)


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    if len(outputs) != 1:
        return None
    ((name, rows),) = outputs.items()
    if rows.ndim != 2 or rows.shape[1] != 7:
        return None
    images = rows[:, 0]
    one = (images == 0).all()
    return BoxRows(
        boxes=rows[:, 1:5],
        box_format="xyxy",
        confidence=rows[:, 6],
        class_id=rows[:, 5],
        lines=(
            f"rows = outputs[{name!r}]",
            "boxes, class_ids, confidences = rows[:, 1:5], rows[:, 5].astype(int), rows[:, 6]",
        ),
        grounds=f"{len(rows)} rows of seven numbers that begin with image 0",
        doubts=() if one else (f"its rows would be of image {_first_other(images):.4g}",),
    )


def _first_other(images: OutputArray) -> float:
    return float(images[images != 0][0])


LAYOUT = Layout(
    name=LayoutName("yolov7-end-to-end"),
    families="YOLOv7 exported with --end2end",
    shape="[N, 7]",
    row="image, left, top, right, bottom, class, confidence",
    read=_read,
    no_grid="There is no grid to show: the net did its own NMS, and a row no longer says which "
    "cell it came from.",
    remark=NO_NMS_LAYER,
)
