"""Uploaded files, kept for the session because an uploader is emptied on a page change."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

T = TypeVar("T")


class Upload(Protocol):
    """What Streamlit's uploader and camera return."""

    name: str
    file_id: str

    def getvalue(self) -> bytes:
        """Return the whole file."""
        ...


def kept_upload(key: str, upload: Upload | None, read: Callable[[str, bytes], T]) -> T | None:
    """Return the content of the visitor's last file, read once; None if there is none.

    A file that cannot be read leaves nothing behind.

    Args:
        key: of the session's state.
        upload: what the uploader holds now.
        read: takes the file's name and bytes.
    """
    known: tuple[str, T] | None = st.session_state.get(key)
    if upload is not None and (known is None or known[0] != upload.file_id):
        st.session_state.pop(key, None)
        known = upload.file_id, read(upload.name, upload.getvalue())
        st.session_state[key] = known
    return known[1] if known else None


def forget_upload(key: str) -> None:
    """Remove what ``kept_upload`` kept."""
    st.session_state.pop(key, None)


def forget_left_uploads() -> None:
    """Remove the files in the uploaders of a page that was left; at each page change.

    Streamlit empties those uploaders, but keeps their files until the session ends. What
    ``kept_upload`` and the like have read stays.
    """
    context = get_script_run_ctx()
    manager = context.uploaded_file_mgr if context else None
    if context and isinstance(manager, MemoryUploadedFileManager):
        for file_id in list(manager.file_storage.get(context.session_id, ())):
            manager.remove_file(context.session_id, file_id)


def show_kept(words: str, *, key: str, forget: Callable[[], None] | None) -> None:
    """Say what is kept, beside a button that removes it.

    ``forget`` is None while the uploader still holds the file and has its own remove button.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(words, width="content")
        if forget is not None:
            st.button("Remove", key=f"{key}.forget", on_click=forget)
