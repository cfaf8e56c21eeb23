"""Detections: the picture with its boxes, and the table of the same boxes."""

import numpy as np
import pyarrow
import streamlit as st

from core.picture.image import Picture
from core.pipeline import MOST_CANDIDATES, DetectionResult, Run, detect
from core.render.boxes import NUMBERED, BoxStyle, draw_detections
from core.results.detections import Detections
from pages.components.inputs.box_style import show_legend
from pages.components.inputs.thresholds import filter_key
from pages.components.shell.cached import cached_photo, cached_shown
from pages.components.shell.images import show_jpeg, show_photo
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import amount, plain
from pages.components.shell.times import show_times

MOST_RAW_ROWS, MOST_RAW_COLUMNS = 200, 100
MOST_COUNTED = 12


def show_steps(key: str, result: DetectionResult) -> None:
    """Show how many boxes remain after each step, and their classes."""
    show_metrics(
        {
            "raw predictions": f"{result.raw:,}",
            "above threshold": f"{result.confident:,}",
            "detections": f"{len(result.kept):,}",
        }
    )
    if result.wanted > MOST_CANDIDATES:
        st.caption(
            f"NMS used the {MOST_CANDIDATES:,} boxes with the highest confidence, out of "
            f"{result.wanted:,}."
        )
    _show_class_counts(key, result)


def show_pictures(picture: Picture, result: DetectionResult, style: BoxStyle) -> None:
    """Show the picture with its boxes, and without."""
    left, right = st.columns(2, gap="small")
    with left:
        show_found(picture, result, style)
        show_legend(style)
    with right:
        caption = f"The picture, {result.run.image_size}"
        show_jpeg(cached_photo(picture), caption=caption, alt="The picture")


def show_found(picture: Picture, result: DetectionResult, style: BoxStyle = NUMBERED) -> None:
    """Draw the boxes on the picture, by default numbered as in the table."""
    shown, card = cached_shown(picture), result.run.card
    boxes = shown.placed(result.kept)
    drawn = draw_detections(shown.image, boxes, label=card.label, style=style)
    labels = [card.label(class_id) for class_id in result.kept.class_id.tolist()]
    show_photo(
        drawn,
        caption=amount(len(labels), "detection") + ", numbered as in the table" * style.numbers,
        alt="Result: " + (", ".join(labels) or "nothing found"),
    )


def _show_class_counts(key: str, result: DetectionResult) -> None:
    """Show how many boxes of each class are above the threshold; a click filters by class.

    The counts are beside the filter, not in it: a link contains the texts of its options.
    """
    card = result.run.card
    own = filter_key(key, card)
    chosen = st.session_state.get(own, ())
    known = [each for each in result.classes if card.label(each.class_id) in card.labels]
    if not known:
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("Above threshold", width="content")
        for each in known[:MOST_COUNTED]:
            label = card.label(each.class_id)
            st.button(
                f"{plain(label)} ({each.boxes:,})",
                key=f"{own}.{each.class_id}",
                icon=":material/check:" if label in chosen else None,
                help=f"Show only {plain(label)}, or several classes. The number counts the "
                "boxes above the confidence threshold, before NMS.",
                on_click=_toggle,
                args=(own, label),
            )
        if len(known) > MOST_COUNTED:
            st.caption(
                f"and {amount(len(known) - MOST_COUNTED, 'more class', 'more classes')}",
                width="content",
            )


def _toggle(key: str, label: str) -> None:
    """Add a class to the filter, or remove it."""
    chosen = st.session_state.get(key, [])
    others = [each for each in chosen if each != label]
    st.session_state[key] = others if label in chosen else [*others, label]


def show_raw_rows(run: Run) -> None:
    """Show the outputs of the network before any post-processing."""
    for name, array in run.outputs.items():
        st.markdown(f"**{plain(name)}** · shape `{list(array.shape)}` · `{array.dtype}`")
        rows = array.reshape(-1, array.shape[-1])[:MOST_RAW_ROWS, :MOST_RAW_COLUMNS]
        # Arrow columns: pandas is slow with this many
        columns = {str(number): column for number, column in enumerate(rows.T)}
        st.dataframe(pyarrow.table(columns), height=240)
    st.caption(
        f"At most the first {MOST_RAW_ROWS} rows and {MOST_RAW_COLUMNS} columns of each."
    )


def show_table(result: DetectionResult) -> None:
    """List the boxes, one row per box, and how long each step took."""
    _show_boxes(result)
    show_times(result.run.times, read_ms=result.read_ms)


def _show_boxes(result: DetectionResult) -> None:
    if not len(result.kept):
        st.info(
            f"No detections. The highest confidence is {result.top_confidence:.2f}: lower the "
            "confidence threshold, or choose other classes or another picture."
        )
        return
    st.dataframe(_table(result), hide_index=True)
    st.caption(
        "Detections by confidence, in pixels of the original picture. The raw prediction is "
        "the row of the network output that the box was decoded from."
    )
    show_source(detect, Detections.above, Detections.suppressed)


def _table(result: DetectionResult) -> dict[str, object]:
    kept, card = result.kept, result.run.card
    corners = dict(zip(("x_min", "y_min", "x_max", "y_max"), kept.xyxy.T.round(1), strict=True))
    return {
        "#": range(1, len(kept) + 1),
        "label": [card.label(class_id) for class_id in kept.class_id.tolist()],
        "confidence": kept.confidence.astype(np.float64).round(3),
        **corners,
        "class_id": kept.class_id,
        "raw prediction": kept.row,
    }
