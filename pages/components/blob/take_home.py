"""What a visitor can take home from a blob: Python, files, a link."""

from functools import partial

import streamlit as st

from core.blob.make import planes
from core.blob.spec import BlobSpec
from core.blob.trace import Trace
from core.picture.image import Picture
from core.share.arrays import npy
from core.share.script import blob_lines, reading, script
from core.share.tables import plane_name, plane_png, statistics_csv
from pages.components.shell.copy_link import copy_link
from pages.components.shell.download import download
from pages.components.shell.source_view import show_source


def show_take_home(key: str, picture: Picture, traced: Trace, spec: BlobSpec) -> None:
    """Show the script for exactly this state, the downloads, and the link."""
    st.subheader("Take it home")
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_script(key, picture, spec)
    with right:
        _show_downloads(key, traced, spec)
        st.markdown("**A link to this state**")
        copy_link(f"{key}.link")
    show_source(script, blob_lines)


def _show_script(key: str, picture: Picture, spec: BlobSpec) -> None:
    code = script(spec, picture.name, reading=reading(picture))
    st.markdown("**Python for exactly this state**")
    st.code(code, wrap_lines=True)
    st.caption(
        "Needs numpy and opencv-python-headless, nothing of Blobscope. The blob.npy it writes "
        "equals the download here to the last byte."
    )
    with st.container(horizontal=True):
        download("script.py", code, key=f"{key}.script", name="script.py", mime="text/x-python")
        data = partial(getattr, picture, "data")
        download("the picture", data, key=f"{key}.picture", name=picture.name, mime=None)


def _show_downloads(key: str, traced: Trace, spec: BlobSpec) -> None:
    channels = tuple(traced["planes"].channel_order)
    st.markdown("**The numbers**")
    with st.container(horizontal=True):
        download(
            "blob.npy",
            partial(npy, traced.blob),
            key=f"{key}.npy",
            name="blob.npy",
            mime="application/octet-stream",
        )
        download(
            "statistics.csv",
            partial(statistics_csv, traced.blob, layout=spec.layout, channels=channels),
            key=f"{key}.csv",
            name="statistics.csv",
            mime="text/csv",
        )
    st.markdown("**Each plane as a grey PNG**")
    with st.container(horizontal=True):
        for number, plane in enumerate(planes(traced.blob, spec.layout)):
            download(
                f"plane {channels[number]}",
                partial(plane_png, plane),
                key=f"{key}.png.{number}",
                name=plane_name(plane, channels[number], number),
                mime="image/png",
            )
    st.caption(
        "The file's name and a comment inside say which values black and white stand for; "
        "256 greys are for the eye, blob.npy has every bit."
    )
