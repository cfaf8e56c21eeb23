"""Snapshots: one picture at a time, processed in the same way as a stream."""

import streamlit as st

from core.live.processing import FrameResult
from core.live.settings import LiveSettings
from core.live.stream import bounded, process_frame_safely
from core.picture.size import Size
from core.series.settled import Settled
from pages.components.answers.doubts import show_reading
from pages.components.inputs.picture import pick_picture
from pages.components.shell.cached import cached_image
from pages.components.shell.images import show_photo
from pages.components.shell.text import milliseconds, plain

_WITH_CAMERA = ("", "refused", "unconnected")
"""Problems with which the browser can still take pictures."""


def show_snapshot(key: str, settings: LiveSettings, trouble: str) -> None:
    """Offer the camera if it can work, uploads and samples, and show the result."""
    st.subheader("Snapshot")
    _offer_camera(key, trouble)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        picture = pick_picture()
    settled = Settled()
    result = process_frame_safely(bounded(cached_image(picture)), settings, settled)
    with right:
        if result.error:
            st.error(plain(result.error), icon=":material/error:")
        show_photo(result.annotated, caption=words_of(result), alt=f"Result: {labels(result)}")
        show_reading(settled)


def words_of(result: FrameResult) -> str:
    """Write a caption with the result and the inference time."""
    took = f", inference {milliseconds(result.forward_ms)}" if result.forward_ms else ""
    return f"{labels(result)}{took}, {Size.of(result.image)}"


def labels(result: FrameResult) -> str:
    """List the results by confidence."""
    seen = ", ".join(f"{plain(each.label)} {each.confidence:.2f}" for each in result.seen[:8])
    return seen or ("nothing found" if result.forward_ms else "the picture and its planes")


def _offer_camera(key: str, trouble: str) -> None:
    """Set the picture source to the camera, once each time snapshots open."""
    opened = f"{key}.opened"
    if st.session_state.get(opened) != trouble:
        st.session_state[opened] = trouble
        if trouble in _WITH_CAMERA:
            st.session_state["picture"] = "camera"
