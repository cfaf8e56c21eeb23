"""The one place where an error becomes a sentence on the page."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import BlobscopeError
from pages.components.shell.text import plain


@contextmanager
def show_errors() -> Iterator[None]:
    """Show an error that a visitor can fix as a sentence on top; the widgets stay usable."""
    top = st.empty()
    try:
        yield
    except BlobscopeError as error:
        top.error(plain(str(error)), icon=":material/error:")
