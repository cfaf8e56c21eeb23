"""Darknet's region rows, as cv2's region layer returns them: YOLOv2, v3, v4 from .cfg files.

A row is cx, cy, w, h in 0..1 of the blob, objectness, and C confidences, which cv2 has
multiplied by the objectness already. Each head is one output [N, 5+C].
"""

import numpy as np

from core.errors import LayoutUnknown
from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import (
    Grids,
    Head,
    HeadRule,
    anchors_in_pixels,
    could_come_from,
    grid_size,
)
from core.results.layout import Layout, NetFacts
from core.results.rows import RawRow, RowClass, RowRule, product_step
from core.results.steps import TINY, Step, logit, number, sigmoid_step


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    """Stack the heads in the net's order; rows count on from one to the next."""
    heads = list(outputs.values())
    widths = {head.shape[-1] for head in heads if head.ndim == 2}
    if any(head.ndim != 2 for head in heads) or len(widths) != 1 or min(widths) < 6:
        return None
    rows = np.vstack(heads)
    foreign = (
        () if facts.darknet is not False else ("OpenCV did not read it with Darknet's files",)
    )
    return BoxRows(
        boxes=rows[:, :4],
        box_format="cxcywh",
        scores=rows[:, 5:],
        fractions=True,
        lines=(
            "rows = np.vstack(list(outputs.values()))",
            "boxes, scores = rows[:, :4], rows[:, 5:]",
        ),
        grounds=f"{len(heads)} tables of {rows.shape[1]} numbers a row, as cv2's region layers "
        "return them",
        doubts=foreign,
        off_grid=any(len(head) < 2 for head in heads),
    )


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    """Lay out region rows, ordered by cell row, cell column, anchor in each head."""
    if len(facts.heads) != len(outputs):
        raise LayoutUnknown(
            f"The net answered {len(outputs)} heads ({outputs.listed}), but its .cfg "
            f"describes {len(facts.heads)}: the anchors of the others are unknown."
        )
    heads: list[Head] = []
    for name, rule in zip(outputs, facts.heads, strict=True):
        heads.append(_head(outputs, name, facts, rule, before=heads))
    table = np.vstack(list(outputs.values()))
    for head in heads:
        if not could_come_from(head, table, facts.size):
            raise LayoutUnknown(
                f"The boxes of head {head.number} lie outside their cells, as no box can with "
                "the anchors and scale_x_y of this .cfg. Is it the one of these weights?"
            )
    return Grids(_ROW_RULE, facts.size, tuple(heads), table)


def _head(
    outputs: Outputs, name: str, facts: NetFacts, rule: HeadRule, *, before: list[Head]
) -> Head:
    array = outputs[name]
    size = facts.size
    boxes = len(rule.anchors)
    cells, left_over = divmod(len(array), boxes)
    stride = max(1, round((size.width * size.height / max(cells, 1)) ** 0.5))
    columns, rows = grid_size(size, stride)
    if left_over or columns * rows != cells or array.shape[1:] != (5 + rule.classes,):
        raise LayoutUnknown(
            f"{name} {list(array.shape)} is no grid of {boxes} anchors and {rule.classes} "
            f"classes over a blob of {size}, as the .cfg says. Do the two belong together?"
        )
    steps = size.width / columns, size.height / rows
    return Head(
        number=len(before) + 1,
        columns=columns,
        rows=rows,
        stride=steps,
        boxes=boxes,
        classes=rule.classes,
        first=before[-1].raw_rows.stop if before else 0,
        box_coding="squares" if rule.squared else "exp",
        anchors=anchors_in_pixels(rule.anchors, steps) if rule.in_cells else rule.anchors,
        scale_xy=rule.scale_xy,
    )


def _class_scores(raw: RawRow, given: RawRow) -> RawRow:
    return np.asarray(given / max(raw[4], TINY))


def _confidence_steps(raw: RawRow, best: RowClass) -> tuple[Step, ...]:
    if best.given <= 0:
        return (Step("confidence", "0, because cv2 drops what is below its thresh", "", 0.0),)
    objectness = sigmoid_step("to", logit(raw[4]))
    filled = f"{number(best.given)} / {number(raw[4])}"
    return (
        Step("objectness", objectness.name, objectness.sum, objectness.value),
        Step("class score", "what cv2 returned / objectness", filled, best.score),
        product_step(objectness.value, best.score),
    )


_ROW_RULE = RowRule(
    description="cv2's region layer has put these numbers through sigmoid and exp already, "
    "and multiplied each class score by the objectness. What the net itself said (tx, ty, tw, "
    "th, to) is worked back from what cv2 returned.",
    fractions=True,
    objectness_name="to",
    score_formula="output / objectness",
    class_scores=_class_scores,
    confidence_steps=_confidence_steps,
)

LAYOUT = Layout(
    name=LayoutName("darknet"),
    families="Darknet's own YOLOv2, v3 and v4",
    shape="[N, 5+C] from each head",
    row="cx, cy, w, h in 0..1, objectness, a confidence for each class",
    read=_read,
    grids=_grids,
)
