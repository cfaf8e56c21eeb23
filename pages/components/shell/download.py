"""A download button."""

from functools import partial
from typing import Literal

import streamlit as st


def download(
    label: str,
    data: str | bytes | partial[bytes] | partial[str],
    *,
    key: str,
    name: str,
    mime: str | None,
    width: int | Literal["content"] = "content",
) -> None:
    """Offer a file; the click does not run the page again.

    Args:
        label: of the button.
        data: the file, or a function that creates it on request. A partial of a core
            function keeps no function of a page alive.
        key: app-wide.
        name: of the file.
        mime: its type; None lets Streamlit guess it.
        width: of the button, in pixels or as its label needs.
    """
    st.download_button(
        label,
        data,
        file_name=name,
        mime=mime,
        key=key,
        on_click="ignore",
        icon=":material/download:",
        width=width,
    )
