"""Exports of a blob: Python, files, a link."""

from functools import partial

import streamlit as st

from core.blob.make import planes
from core.blob.spec import BlobSpec
from core.blob.trace import Trace
from core.picture.image import Picture
from core.picture.recipe import data_for_scripts, imread_recipe
from core.share.arrays import npy
from core.share.script import blob_lines, script
from core.share.tables import plane_name, plane_png, statistics_csv
from pages.components.shell.copy_link import copy_link
from pages.components.shell.download import download
from pages.components.shell.source_view import show_source


def show_take_home(key: str, picture: Picture, traced: Trace, spec: BlobSpec) -> None:
    """Show the script for the current settings, the downloads, and the link."""
    st.subheader("Export")
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_script(key, picture, spec)
    with right:
        _show_downloads(key, traced, spec)
        st.markdown("**Link to these settings**")
        copy_link(f"{key}.link")
    show_source(script, blob_lines)


def _show_script(key: str, picture: Picture, spec: BlobSpec) -> None:
    recipe = imread_recipe(picture)
    code = script(spec, recipe)
    st.markdown("**Python script for these settings**")
    st.code(code, wrap_lines=True)
    st.caption(
        "Needs only numpy and opencv-python-headless. The blob.npy it writes is byte for byte "
        "the same as the download here."
    )
    with st.container(horizontal=True):
        download("script.py", code, key=f"{key}.script", name="script.py", mime="text/x-python")
        data = partial(data_for_scripts, picture)
        name = recipe.picture_name
        download("Picture", data, key=f"{key}.picture", name=name, mime=None)


def _show_downloads(key: str, traced: Trace, spec: BlobSpec) -> None:
    channels = tuple(traced["planes"].channel_order)
    st.markdown("**Values**")
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
    st.markdown("**Each plane as a greyscale PNG**")
    with st.container(horizontal=True):
        for number, plane in enumerate(planes(traced.blob, spec.layout)):
            download(
                f"Plane {channels[number]}",
                partial(plane_png, plane),
                key=f"{key}.png.{number}",
                name=plane_name(plane, channels[number], number),
                mime="image/png",
            )
    st.caption(
        "The file name and a comment in the file give the values of black and white. A PNG has "
        "256 grey levels; blob.npy has full precision."
    )
