"""The browser's side of a stream: why there is no picture, and how many a second there are.

streamlit-webrtc shows its errors inside its own frame and tells Python nothing, so a small
component beside it looks there, asks the browser for the rest, and reports one word.
"""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_WATCH = st.components.v2.component(
    "blobscope_live_watch",
    html="<p class='watch' role='status'>\n</p>",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def watch(key: str, *, camera: bool) -> str:
    """Show the frames a second on the visitor's screen; return the word for what is wrong.

    Empty where nothing is; else ``insecure``, ``missing``, ``denied``, ``busy``,
    ``unconnected``, or whatever else the browser said.
    """
    said = _WATCH(key=key, data={"camera": camera}, on_trouble_change=_noted)
    return str(said.trouble or "")


def _noted() -> None:
    """Let Streamlit run the page again; the word is in the component's state."""
