"""The browser side of a stream: why there is no video, and the frame rate.

streamlit-webrtc shows its errors inside its iframe and does not report them to Python. A
small component reads them there, asks the browser for the rest, and reports one word.
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
    """Show the frame rate on the visitor's screen; return the word for what is wrong.

    Empty if nothing is wrong; else ``insecure``, ``missing``, ``denied``, ``busy``,
    ``unconnected``, or the message of the browser.
    """
    said = _WATCH(key=key, data={"camera": camera}, on_trouble_change=_noted)
    return str(said.trouble or "")


def _noted() -> None:
    """Let Streamlit rerun the page; the word is in the state of the component."""
