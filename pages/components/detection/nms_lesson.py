"""NMS mistakes: the same boxes passed to cv2 correctly and wrongly, side by side."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.lab.nms_lesson import (
    CROWD,
    CROWD_LABELS,
    CROWD_SIZE,
    MISUSE_REASONS,
    NMS_MISUSES,
    BoxDifference,
    Lesson,
    NmsMisuse,
    given_to_nms,
    lesson,
    nms,
)
from core.picture.image import BgrImage, Picture
from core.pipeline import DetectionResult, nms_stages
from core.render.boxes import PLAIN
from core.render.ghosts import GHOST_DASHES, Dashes, draw_with_ghosts
from core.results.detections import Detections
from pages.components.shell.cached import cached_shown
from pages.components.shell.choice import choice
from pages.components.shell.images import show_photo
from pages.components.shell.source_view import show_source
from pages.components.shell.text import amount

_MADE_UP, _THIS = "synthetic example", "this picture"
_GREY = 72
MOST_DIFFERENCES = 200
_RIGHT = "x1, y1, x2 - x1, y2 - y1"
_GIVEN: Mapping[NmsMisuse, str] = {
    "corners as x, y, w, h": "x1, y1, x2, y2",
    "centres as x, y, w, h": "cx, cy, w, h",
    "all classes at once": _RIGHT,
}


def show_nms_lesson(key: str, picture: Picture, result: DetectionResult) -> None:
    """Show what NMS keeps of the same boxes when it is called correctly and wrongly.

    Args:
        key: app-wide; the choices survive a change of page.
        picture: whose candidates can be used instead of the synthetic boxes.
        result: of this picture; its thresholds are the IoU threshold of both calls, and the
            filter before them.
    """
    left, right = st.columns(2, gap="medium")
    with left:
        misuse: NmsMisuse = choice("Mistake", NMS_MISUSES, key=f"{key}.slip", wrap=True)
    with right:
        whose = choice("Boxes", (_MADE_UP, _THIS), key=f"{key}.boxes")
    st.markdown(MISUSE_REASONS[misuse])
    stage = _made_up() if whose == _MADE_UP else _of_result(picture, result)
    told = lesson(stage.boxes, misuse, iou=result.thresholds.iou)
    _show_both(told, stage, misuse)
    _show_differences(told, stage)
    show_source(lesson, given_to_nms, nms)


@dataclass(frozen=True, eq=False)
class _Stage:
    """The boxes of a lesson, and the image they are drawn on."""

    boxes: Detections
    image: BgrImage
    placed: Callable[[Detections], Detections]
    label: Callable[[int], str]


def _made_up() -> _Stage:
    grey = np.full((CROWD_SIZE.height, CROWD_SIZE.width, 3), _GREY, np.uint8)
    return _Stage(CROWD, BgrImage(grey), lambda boxes: boxes, CROWD_LABELS.__getitem__)


def _of_result(picture: Picture, result: DetectionResult) -> _Stage:
    run = result.run
    shown = cached_shown(picture)
    return _Stage(
        nms_stages(run, result.thresholds).candidates,
        shown.image,
        lambda boxes: shown.visible(boxes.on_image(run.placement)),
        run.card.label,
    )


def _show_both(told: Lesson, stage: _Stage, misuse: NmsMisuse) -> None:
    """Draw what each call kept, and dashed what the wrong one lost."""
    left, right = st.columns(2, gap="medium")
    calls = "once for all classes" if misuse == "all classes at once" else "once per class"
    lost, doubled = len(told.lost), len(told.doubled)
    with left:
        st.code(
            f"# correct, once per class\ncv2.dnn.NMSBoxes([[{_RIGHT}], ...], ...)",
            wrap_lines=True,
        )
        _show_call(
            stage, told.right, [], f"Correct: {amount(len(told.right), 'box', 'boxes')} kept"
        )
    with right:
        st.code(
            f"# wrong, {calls}\ncv2.dnn.NMSBoxes([[{_GIVEN[misuse]}], ...], ...)",
            wrap_lines=True,
        )
        wrong = amount(len(told.wrong), "box", "boxes")
        what = f"Wrong: {wrong} kept, {lost} lost (dashed), {doubled} too many"
        _show_call(
            stage, told.wrong, [(GHOST_DASHES["suppressed"], stage.placed(told.lost))], what
        )


def _show_call(
    stage: _Stage, kept: Detections, ghosts: list[tuple[Dashes, Detections]], what: str
) -> None:
    drawn = draw_with_ghosts(
        stage.image, stage.placed(kept), ghosts, label=stage.label, style=PLAIN
    )
    show_photo(drawn, caption=what, alt=what)


def _show_differences(told: Lesson, stage: _Stage) -> None:
    """List each box that only one call kept, with the true IoU and the one cv2 computes."""
    if not told.differences:
        st.info(
            "The mistake does not change the result for these boxes, which is why it is easy "
            "to miss. Lower the confidence threshold, choose another picture, or use the "
            "synthetic example."
        )
        return
    boxes = stage.boxes
    names = {
        row: f"{stage.label(class_id)} {confidence:.2f}"
        for row, class_id, confidence in zip(
            boxes.row.tolist(), boxes.class_id.tolist(), boxes.confidence.tolist(), strict=True
        )
    }
    st.dataframe(
        [_difference_row(each, names) for each in told.differences[:MOST_DIFFERENCES]],
        hide_index=True,
    )
    st.caption(
        "Each box that only one of the calls kept, and the box that suppressed it in the "
        "other. IoU: the true IoU of the two. IoU as read: the IoU that cv2 computes from the "
        f"wrong input. At most {MOST_DIFFERENCES} are listed."
    )


def _difference_row(each: BoxDifference, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "box": names[each.row],
        "the wrong call": "lost it" if each.kept_rightly else "kept it",
        "suppressed by": names.get(each.suppressed_by, ""),
        "IoU": round(each.iou, 3),
        "IoU as read": round(each.believed, 3),
        "raw prediction": each.row,
    }
