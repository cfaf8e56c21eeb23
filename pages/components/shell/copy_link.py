"""A button that copies the page's own address, with every setting in it."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__)
_BUTTON = st.components.v2.component(
    "copy_link",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)

_GIVEN = ("upload", "camera")  # sources whose pictures stay with their visitor


def copy_link(key: str) -> None:
    """Show the button, and say what travels with the link and what does not."""
    _BUTTON(key=key)
    travels = "The link carries every setting on this page and the sample's name."
    if st.session_state.get("picture") in _GIVEN:
        st.caption(
            f"{travels} **Your own picture does not travel:** whoever opens the link sees a "
            "sample with your settings, and can give the same picture."
        )
    else:
        st.caption(f"{travels} Uploads and snapshots never travel.")
