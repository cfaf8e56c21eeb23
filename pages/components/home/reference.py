"""Home's reference: the formats, the preprocessing rows, the functions."""

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
        "reads a model; the file's ending tells the framework",
    ),
    (
        "blobFromImage",
        f"{_DOCS}/d6/d0f/group__dnn.html#ga29f34df9376379a603acd8df581ac8d7",
        "resizes, subtracts the mean, scales, swaps, and puts the channels first",
    ),
    (
        "Net.setInput",
        f"{_DOCS}/db/d30/classcv_1_1dnn_1_1Net.html#a5e74adacffd6aa53d56046581de7fcbd",
        "hands the blob to the net",
    ),
    (
        "Net.forward",
        f"{_DOCS}/db/d30/classcv_1_1dnn_1_1Net.html#a98ed94cb6ef7063d3697259566da310b",
        "runs the net and returns the outputs you name",
    ),
    (
        "NMSBoxes",
        f"{_DOCS}/d6/d0f/group__dnn.html#ga9d118d70a1659af729d01b10233213ee",
        "keeps the surest of boxes that overlap; wants x, y, width, height",
    ),
)


def show_formats() -> None:
    """List what cv2.dnn reads in OpenCV 4.14."""
    st.subheader("Formats")
    st.dataframe(_FORMATS, hide_index=True)
    st.caption("OpenCV 5 dropped the Caffe and Darknet readers, so Blobscope stays with 4.14.")


def show_rows() -> None:
    """List the three well-known preprocessing rows, with their honest note."""
    st.subheader("The three well-known rows")
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
        "Starting points, not truths: the numbers belong to the model. Take them from its card."
    )


def show_functions() -> None:
    """Name the five functions of the road, with a link into OpenCV's 4.x documentation."""
    st.subheader("Five functions")
    for name, address, words in _FUNCTIONS:
        st.markdown(f"[`cv2.dnn.{name}`]({address}) {words}.")


def show_tutorial() -> None:
    """Offer the tutorial: the same road by hand, in one file."""
    st.subheader("By hand")
    st.markdown(
        "The whole road in one file of Python: load a model in four formats, make the blob, "
        "run the net, and read top-5 and YOLO's boxes with nothing but numpy and cv2."
    )
    data = partial(TUTORIAL.read_bytes)
    download(TUTORIAL.name, data, key="tutorial", name=TUTORIAL.name, mime="text/x-python")
