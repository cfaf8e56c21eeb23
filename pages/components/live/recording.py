"""A recording of the annotated stream."""

from functools import partial

import streamlit as st

from core.live.recording import MOST_RECORDING_BYTES, MOST_RECORDING_SECONDS, Recording
from pages.components.live.player import shown_stream
from pages.components.shell.download import download
from pages.components.shell.text import megabytes, plain


def show_recording(key: str, *, playing: bool) -> None:
    """Offer to record the annotated stream, to stop, and to download; it ends at its limits."""
    recording: Recording | None = st.session_state.get(f"{key}.recording")
    running = playing and recording is not None and not recording.over
    if running and recording is not None:
        st.button(
            "Stop recording",
            key=f"{key}.stop",
            icon=":material/stop_circle:",
            on_click=recording.finish,
        )
        st.caption(
            f"{recording.seconds:.0f} s, {megabytes(recording.size_bytes)}; at most "
            f"{MOST_RECORDING_SECONDS:.0f} s and {megabytes(MOST_RECORDING_BYTES)}.",
            width="content",
        )
    elif playing:
        st.button(
            "Record",
            key=f"{key}.record",
            icon=":material/radio_button_checked:",
            on_click=_record,
            args=(key,),
        )
    if recording is not None and recording.error:
        st.warning(plain(recording.error), icon=":material/error:")
    if recording is not None and not running and recording.frames:
        download(
            f"recording.webm, {recording.seconds:.0f} s",
            partial(recording.data),
            key=f"{key}.recorded",
            name="recording.webm",
            mime="video/webm",
        )


def _record(key: str) -> None:
    stream = shown_stream(key)
    if stream is not None:
        st.session_state[f"{key}.recording"] = stream.record()
