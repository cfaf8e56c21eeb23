"""The box that the tabs explain, chosen on the picture or in a list."""

import streamlit as st

from core.pipeline import DetectionResult


def choose_box(key: str, result: DetectionResult) -> int | None:
    """Offer the detections, and return the raw row of the chosen one.

    The one with the highest confidence is the default. A choice that the thresholds have
    since removed is reset. None if there are no detections.
    """
    kept, card = result.kept, result.run.card
    rows = kept.row.tolist()
    if not rows:
        return None
    if st.session_state.get(key) not in rows:
        st.session_state.pop(key, None)
    words = {
        row: f"#{number} {card.label(class_id)} {confidence:.2f}"
        for number, (row, class_id, confidence) in enumerate(
            zip(rows, kept.class_id.tolist(), kept.confidence.tolist(), strict=True), start=1
        )
    }
    chosen: int = st.selectbox(
        "Selected box", rows, format_func=words.__getitem__, key=key, bind="query-params"
    )
    return chosen


def choose_row(key: str, row: int) -> None:
    """Choose the box of a raw row; for callbacks, before the list is drawn."""
    st.session_state[key] = row
