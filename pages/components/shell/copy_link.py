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
    """Show the button, and say what the link includes and what it does not."""
    _BUTTON(key=key)
    travels = "The link includes all settings on this page and the name of the sample."
    if st.session_state.get("picture") in _GIVEN:
        st.caption(
            f"{travels} **Your own picture is not included:** whoever opens the link sees a "
            "sample with your settings and can upload the same picture."
        )
    else:
        st.caption(f"{travels} Uploads and snapshots are not included.")
