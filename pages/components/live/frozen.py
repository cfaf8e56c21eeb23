"""A frozen frame of a stream, to view, download or send to a page."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.picture.image import Picture
from core.render.encode import png
from pages.components.inputs.picture import keep_snapshot
from pages.components.live.player import shown_stream
from pages.components.live.snapshot import labels
from pages.components.shell.download import download
from pages.components.shell.images import show_png
from pages.components.shell.navigation import BLOB, CLASSIFICATION, DETECTION

_PAGES: dict[str, Path] = {
    "Blob": BLOB,
    "Classification": CLASSIFICATION,
    "Detection": DETECTION,
}


@dataclass(frozen=True, eq=False)
class Frozen:
    """A frozen frame: the picture, its annotated copy, and a caption."""

    picture: Picture
    annotated: bytes
    words: str


def show_frozen(key: str, *, playing: bool) -> None:
    """Offer to freeze a frame; show the frozen one, its files and the pages it can go to."""
    if playing:
        st.button(
            "Freeze this frame",
            key=f"{key}.freeze",
            icon=":material/ac_unit:",
            on_click=_freeze,
            args=(key,),
        )
    frozen: Frozen | None = st.session_state.get(f"{key}.frozen")
    if frozen is None:
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_png(frozen.annotated, caption=frozen.words, alt=f"Frozen: {frozen.words}")
    with right:
        st.markdown("**Send this frame to**")
        with st.container(horizontal=True):
            for title in _PAGES:
                st.button(
                    title, key=f"{key}.to.{title}", on_click=_send, args=(key, title, frozen)
                )
        for name, data in (
            ("frame.png", frozen.picture.data),
            ("annotated.png", frozen.annotated),
        ):
            download(name, data, key=f"{key}.{name}", name=name, mime="image/png")


def _send(key: str, title: str, frozen: Frozen) -> None:
    """Remember the page to open: the run of a click may be interrupted before it does so."""
    keep_snapshot(frozen.picture)
    st.session_state[f"{key}.to"] = title


def go_where_sent(key: str) -> None:
    """Open the page that a frozen frame was sent to in the run before."""
    title = st.session_state.pop(f"{key}.to", "")
    if title:
        st.switch_page(_PAGES[title], query_params={"picture": "camera"})


def _freeze(key: str) -> None:
    stream = shown_stream(key)
    processed = stream.latest if stream is not None else None
    if processed is None:
        return
    result = processed.result
    picture = Picture(f"live frame {processed.number}.png", png(result.image))
    words = f"Frame {processed.number}, {processed.second:.1f} s: {labels(result)}"
    st.session_state[f"{key}.frozen"] = Frozen(picture, png(result.annotated), words)
