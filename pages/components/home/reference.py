"""The reference on Home: formats, preprocessing presets, functions."""

from functools import partial
from pathlib import Path

import streamlit as st

from core.blob.numbers import triple_to_text
from core.blob.spec import PRESETS
from pages.components.shell.download import download
from pages.components.shell.text import plain

TUTORIAL = Path(__file__).parents[3] / "tutorials/01_dnn_basics.py"
_DOCS = "https://docs.opencv.org/4.x"

_FORMATS = [
    dict(zip(("framework", "model file", "config file", "reader"), row, strict=True))
    for row in (
        ("Caffe", ".caffemodel", ".prototxt", "readNetFromCaffe"),
        ("Darknet", ".weights", ".cfg", "readNetFromDarknet"),
        ("TensorFlow", ".pb", ".pbtxt, or none", "readNetFromTensorflow"),
        ("ONNX", ".onnx", "none", "readNetFromONNX"),
        ("TensorFlow Lite", ".tflite", "none", "readNetFromTFLite"),
    )
]

_FUNCTIONS = (
    (
        "readNet",
        f"{_DOCS}/d6/d0f/group__dnn.html#ga4823489a689bf4edfae7447eb807b067",
        "reads a model; the file extension determines the framework",
    ),
    (
        "blobFromImage",
        f"{_DOCS}/d6/d0f/group__dnn.html#ga29f34df9376379a603acd8df581ac8d7",
        "resizes, subtracts the mean, scales, swaps, and puts the channels first",
    ),
    (
        "Net.setInput",
        f"{_DOCS}/db/d30/classcv_1_1dnn_1_1Net.html#a5e74adacffd6aa53d56046581de7fcbd",
        "sets the blob as input",
    ),
    (
        "Net.forward",
        f"{_DOCS}/db/d30/classcv_1_1dnn_1_1Net.html#a98ed94cb6ef7063d3697259566da310b",
        "runs the net and returns the outputs you name",
    ),
    (
        "NMSBoxes",
        f"{_DOCS}/d6/d0f/group__dnn.html#ga9d118d70a1659af729d01b10233213ee",
        "keeps the box with the highest confidence of those that overlap; takes x, y, width, "
        "height",
    ),
)


def show_formats() -> None:
    """List what cv2.dnn reads in OpenCV 4.14."""
    st.subheader("Formats")
    st.dataframe(_FORMATS, hide_index=True)
    st.caption("OpenCV 5 removed the Caffe and Darknet readers, so Blobscope uses 4.14.")


def show_rows() -> None:
    """List the three common preprocessing presets, with a warning."""
    st.subheader("Common preprocessing presets")
    row = st.grid(len(PRESETS), min_column_width=260)
    for preset in PRESETS:
        name, _, _ = preset.title.partition(":")
        spec = preset.spec
        with row.cell(), st.container(border=True, height="stretch"):
            st.markdown(f"**{name}**")
            st.code(
                f"scalefactor {triple_to_text(spec.scalefactor)}\nsize        {spec.size}\n"
                f"mean        {triple_to_text(spec.mean)}\nswapRB      {spec.swap_rb}",
                language=None,
            )
            st.caption(plain(preset.fits_nets))
    st.caption(
        "Starting points only: preprocessing depends on the model. Use the values of its "
        "model card."
    )


def show_functions() -> None:
    """List the five functions of the pipeline, with links to OpenCV's 4.x documentation."""
    st.subheader("Five functions")
    for name, address, words in _FUNCTIONS:
        st.markdown(f"[`cv2.dnn.{name}`]({address}) {words}.")


def show_tutorial() -> None:
    """Offer the tutorial: the same pipeline in one script."""
    st.subheader("Tutorial")
    st.markdown(
        "The whole pipeline in one Python script: load a model in four formats, create the "
        "blob, run inference, and decode the top-5 classes and YOLO boxes, with numpy and cv2 "
        "only."
    )
    data = partial(TUTORIAL.read_bytes)
    download(TUTORIAL.name, data, key="tutorial", name=TUTORIAL.name, mime="text/x-python")
