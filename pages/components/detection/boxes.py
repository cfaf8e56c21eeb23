"""What a detector found: the picture with its boxes and the table that says the same."""

import numpy as np
import pyarrow
import streamlit as st

from core.nets.card import ModelCard
from core.pipeline import MOST_CANDIDATES, DetectionResult, Run, detect, on_shown
from core.render.boxes import NUMBERED, BoxStyle, draw_detections
from core.results.detections import Detections
from pages.components.inputs.box_style import show_legend
from pages.components.inputs.thresholds import filter_key
from pages.components.shell.images import show_jpeg, show_photo
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain

MOST_RAW_ROWS, MOST_RAW_COLUMNS = 200, 100
MOST_COUNTED = 12


def show_steps(key: str, result: DetectionResult, card: ModelCard) -> None:
    """Show how many boxes were left after each step, and of which classes they are."""
    show_metrics(
        {
            "raw rows": f"{result.raw:,}",
            "above confidence": f"{result.confident:,}",
            "kept after NMS": f"{len(result.kept):,}",
        }
    )
    if result.wanted > MOST_CANDIDATES:
        st.caption(f"NMS looked at the {MOST_CANDIDATES:,} surest of {result.wanted:,} boxes.")
    _show_class_counts(key, result, card)


def show_pictures(run: Run, result: DetectionResult, card: ModelCard, style: BoxStyle) -> None:
    """Show the picture with its boxes, and without."""
    left, right = st.columns(2, gap="small")
    with left:
        show_found(run, result, card, style)
        show_legend(style)
    with right:
        show_jpeg(run.photo, caption=f"The picture, {run.image_size}", alt="The picture")


def show_found(
    run: Run, result: DetectionResult, card: ModelCard, style: BoxStyle = NUMBERED
) -> None:
    """Draw the boxes on the picture, by default numbered as in the table."""
    drawn = draw_detections(
        run.shown, on_shown(result.kept, run), label=card.label, style=style
    )
    labels = [card.label(class_id) for class_id in result.kept.class_id.tolist()]
    show_photo(
        drawn,
        caption=f"{len(labels)} kept" + ", numbered as in the table" * style.numbers,
        alt="Result: " + (", ".join(labels) or "nothing found"),
    )


def _show_class_counts(key: str, result: DetectionResult, card: ModelCard) -> None:
    """Show how many boxes each class has above the confidence; a click filters by it.

    The counts stand beside the filter, not in it: a link carries the texts of its options.
    """
    own = filter_key(key, card)
    chosen = st.session_state.get(own, ())
    known = [each for each in result.classes if card.label(each.class_id) in card.labels]
    if not known:
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("Above confidence", width="content")
        for each in known[:MOST_COUNTED]:
            label = card.label(each.class_id)
            st.button(
                f"{plain(label)} ({each.boxes:,})",
                key=f"{own}.{each.class_id}",
                icon=":material/check:" if label in chosen else None,
                help=f"Show {plain(label)} alone, or with others you click. Boxes above the "
                "confidence, before NMS.",
                on_click=_toggle,
                args=(own, label),
            )
        if len(known) > MOST_COUNTED:
            st.caption(f"and {len(known) - MOST_COUNTED} classes more", width="content")


def _toggle(key: str, label: str) -> None:
    """Put a class into the filter, or take it out."""
    chosen = st.session_state.get(key, [])
    others = [each for each in chosen if each != label]
    st.session_state[key] = others if label in chosen else [*others, label]


def show_raw_rows(run: Run) -> None:
    """Show the numbers the net gave, before anything was done to them."""
    for name, array in run.outputs.items():
        st.markdown(f"**{plain(name)}** · shape `{list(array.shape)}` · `{array.dtype}`")
        rows = array.reshape(-1, array.shape[-1])[:MOST_RAW_ROWS, :MOST_RAW_COLUMNS]
        # columns as Arrow's: pandas would look at each of them for a while
        columns = {str(number): column for number, column in enumerate(rows.T)}
        st.dataframe(pyarrow.table(columns), height=240)
    st.caption(
        f"At most the first {MOST_RAW_ROWS} rows and {MOST_RAW_COLUMNS} columns of each."
    )


def show_table(result: DetectionResult, card: ModelCard) -> None:
    """List the boxes, in pixels of the original picture, a row for each one drawn."""
    if not len(result.kept):
        st.info(
            f"Nothing is left. The surest row has a confidence of {result.top_confidence:.2f}: "
            "lower the threshold, choose other classes, or another picture."
        )
        return
    st.dataframe(_table(result, card), hide_index=True)
    st.caption(
        "The boxes that were kept, the surest first, in pixels of the original picture; the "
        "raw row says which line of the net's output each one was."
    )
    show_source(detect, Detections.above, Detections.suppressed)


def _table(result: DetectionResult, card: ModelCard) -> dict[str, object]:
    kept = result.kept
    corners = dict(zip(("x_min", "y_min", "x_max", "y_max"), kept.xyxy.T.round(1), strict=True))
    return {
        "#": range(1, len(kept) + 1),
        "label": [card.label(class_id) for class_id in kept.class_id.tolist()],
        "confidence": kept.confidence.astype(np.float64).round(3),
        **corners,
        "class_id": kept.class_id,
        "raw row": kept.row,
    }
