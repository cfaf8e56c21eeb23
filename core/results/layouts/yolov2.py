"""YOLOv2's raw grid [1, A*(5+C), rows, columns]: A anchors in each cell, nothing applied.

Formula: Redmon and Farhadi 2016 (arXiv 1612.08242), ``xy = cell + sigmoid(xy)``,
``wh = anchor * exp(wh)`` in cells, ``sigmoid(objectness) * softmax(scores)``. A YOLOv2 that
cv2 read from Darknet's files comes in the layout ``darknet`` instead.
"""

import numpy as np

from core.errors import LayoutUnknown
from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows, CodeLines
from core.results.classification import sigmoid, softmax
from core.results.grids import Grids, Head, anchors_in_pixels, grid_size
from core.results.layout import Layout, NetFacts
from core.results.rows import RawRow, RawRows, RowClass, RowRule, product_step
from core.results.steps import Step, number, sigmoid_step
from core.results.tables import OutputArray

_STRIDE = 32


def _fits(outputs: Outputs, facts: NetFacts) -> bool:
    """Look for five anchors, the number every published YOLOv2 has."""
    if len(outputs) != 1:
        return False
    (array,) = outputs.values()
    cells = grid_size(facts.size, _STRIDE)[::-1]
    five = array.ndim == 4 and array.shape[1] % 5 == 0 and array.shape[1] > 25
    return five and cells != (1, 1) and array.shape[2:] == cells


def _cells(outputs: Outputs, facts: NetFacts) -> OutputArray:
    """Return the raw numbers by cell row, cell column and anchor: (H, W, A, 5+C).

    Raises:
        LayoutUnknown: the anchors do not divide its channels.
    """
    grid = next(iter(outputs.values()))
    anchors = facts.anchors
    if not anchors or grid.shape[1] % len(anchors) or grid.shape[1] // len(anchors) < 6:
        raise LayoutUnknown(
            f"YOLOv2 needs its anchors to be decoded, and their number must divide the "
            f"{grid.shape[1]} channels of the output. Write them into the model's card."
        )
    # (A*(5+C), H, W) -> (H, W, A, 5+C)
    by_anchor: OutputArray = grid[0].reshape(len(anchors), -1, *grid.shape[2:])
    return by_anchor.transpose(2, 3, 0, 1)


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    """Read rows ordered by cell row, cell column, anchor."""
    grid = next(iter(outputs.values()), None)
    if grid is None or grid.ndim != 4 or len(grid) != 1:
        return None
    raw = _cells(outputs, facts).astype(np.float64)
    height, width = raw.shape[:2]
    corner = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)[:, :, None]
    xy = corner + sigmoid(raw[..., :2])
    wh = np.exp(raw[..., 2:4]) * np.array(facts.anchors)
    scores = sigmoid(raw[..., 4:5]) * softmax(raw[..., 5:])
    stride = facts.size.width / width, facts.size.height / height
    return BoxRows(
        boxes=np.concatenate([xy * stride, wh * stride], axis=-1).reshape(-1, 4),
        box_format="cxcywh",
        scores=scores.reshape(height * width * raw.shape[2], -1),
        fractions=False,
        lines=_lines(outputs, facts),
        grounds=f"{len(facts.anchors)} anchors in each of {width} x {height} cells",
    )


def _lines(outputs: Outputs, facts: NetFacts) -> CodeLines:
    anchors = [list(pair) for pair in facts.anchors]
    return (
        f"anchors = np.array({anchors})  # widths, heights in cells",
        f"grid = outputs[{next(iter(outputs))!r}][0].astype(float)",
        "down, across = grid.shape[1:]",
        "grid = grid.reshape(len(anchors), -1, down, across).transpose(2, 3, 0, 1)",
        "corners = np.stack(np.meshgrid(np.arange(across), np.arange(down)), axis=-1)",
        "stride = into / (across, down)",
        "centres = (corners[:, :, None] + 1 / (1 + np.exp(-grid[..., :2]))) * stride",
        "sides = anchors * np.exp(grid[..., 2:4]) * stride",
        "scores = np.exp(grid[..., 5:] - grid[..., 5:].max(axis=-1, keepdims=True))",
        "scores /= scores.sum(axis=-1, keepdims=True) * (1 + np.exp(-grid[..., 4:5]))",
        "scores = scores.reshape(-1, scores.shape[-1]).astype(np.float32)",
        "boxes = np.concatenate([centres, sides], axis=-1).reshape(-1, 4)",
    )


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    cells = _cells(outputs, facts)  # (rows, columns, A, 5+C)
    rows, columns, boxes, numbers = cells.shape
    stride = facts.size.width / columns, facts.size.height / rows
    head = Head(
        number=1,
        columns=columns,
        rows=rows,
        stride=stride,
        boxes=boxes,
        classes=numbers - 5,
        first=0,
        box_coding="exp",
        anchors=anchors_in_pixels(facts.anchors, stride),
    )
    return Grids(_ROW_RULE, facts.size, (head,), cells.reshape(-1, numbers))


def _class_scores(_: RawRow, given: RawRow) -> RawRow:
    powers = np.exp(given - given.max())
    return np.asarray(powers / powers.sum())


def _confidence_steps(raw: RawRow, best: RowClass) -> tuple[Step, ...]:
    objectness = sigmoid_step("to", raw[4])
    logits = raw[5:]
    total = float(np.exp(logits - logits.max()).sum())
    filled = f"exp({number(best.given)} - {number(logits.max())}) / {number(total)}"
    return (
        Step("objectness", objectness.name, objectness.sum, objectness.value),
        Step("class score", "softmax of the classes", filled, best.score),
        product_step(objectness.value, best.score),
    )


def _objectness(part: RawRows, _: int) -> RawRows:
    return sigmoid(part[:, 4])


_ROW_RULE = RowRule(
    description="These are the net's own numbers: nothing was applied to them yet.",
    names=("tx", "ty", "tw", "th", "to"),
    own=True,
    score_formula="softmax",
    class_scores=_class_scores,
    confidence_steps=_confidence_steps,
    cell_values=_objectness,
)

LAYOUT = Layout(
    name=LayoutName("yolov2"),
    families="YOLOv2 as ONNX",
    shape="[1, A*(5+C), rows, columns]",
    row="in each cell, for each anchor: x, y, w, h, objectness, scores",
    read=_read,
    grids=_grids,
    fits=_fits,
)
