"""What a visitor takes home, shown by a small script of its own."""

import io
from functools import partial

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.blob.make import make_blob
from core.blob.spec import PRESETS, BlobSpec
from core.picture.image import Picture, decode_picture
from core.picture.recipe import imread_recipe
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.share.script import script

NHWC = BlobSpec(size=Size(20, 30), layout="NHWC", scalefactor=(0.5,) * 3, swap_rb=True)


def page_of(picture, spec, source):
    import streamlit as st

    from core.blob.trace import trace
    from core.picture.image import decode_picture
    from pages.components.blob.take_home import show_take_home

    st.session_state["picture"] = source
    show_take_home("blob", picture, trace(decode_picture(picture), spec), spec)


def opened(spec=PRESETS[0].spec, picture=None, source="sample") -> AppTest:
    given = picture or sample_picture("cat")
    app = AppTest.from_function(page_of, args=(given, spec, source), default_timeout=60).run()
    assert not app.exception, app.exception
    return app


@pytest.fixture
def offered(monkeypatch) -> dict[str, dict]:
    """Keep what every download button was given, by its label."""
    kept = {}
    original = st.download_button

    def recording(label, data, **options):
        kept[label] = {"data": data, **options}
        return original(label, data, **options)

    monkeypatch.setattr(st, "download_button", recording)
    return kept


@pytest.mark.parametrize("spec", [PRESETS[0].spec, NHWC], ids=["plain", "NHWC"])
def test_the_downloads_hold_what_they_promise(spec, offered):
    picture = sample_picture("cat")
    opened(spec)
    blob, _ = make_blob(decode_picture(picture), spec)
    made = {
        label: given["data"]() if callable(given["data"]) else given["data"]
        for label, given in offered.items()
    }
    np.testing.assert_array_equal(np.load(io.BytesIO(made["blob.npy"])), blob)
    assert made["statistics.csv"].splitlines()[0] == "plane,min,max,mean,std"
    assert made["statistics.csv"].splitlines()[1].startswith("R,")
    assert made["Picture"] == picture.data
    assert made["script.py"] == script(spec, imread_recipe(picture))
    for number, channel in enumerate("RGB"):
        given = offered[f"Plane {channel}"]
        assert made[f"Plane {channel}"].startswith(b"\x89PNG")
        assert given["file_name"].startswith(f"plane-{number}-{channel}-from")


def test_no_download_keeps_a_page_alive_or_runs_it_again(offered):
    opened()
    for label, given in offered.items():
        assert given["on_click"] == "ignore", label
        assert isinstance(given["data"], str | partial), label
        if isinstance(given["data"], partial):
            assert given["data"].func.__module__.split(".")[0] in ("core", "builtins")


def test_the_script_on_the_page_is_the_one_for_this_picture():
    deep = Picture("deep.png", _deep_png())
    recipe = imread_recipe(deep)
    assert "IMREAD_ANYDEPTH" in recipe.lines[0]
    code = opened(picture=deep).code[0].value
    assert code == script(PRESETS[0].spec, recipe).strip()


def _deep_png() -> bytes:
    import cv2

    return cv2.imencode(".png", np.full((9, 9, 3), 700, np.uint16))[1].tobytes()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("sample", "are not included"),
        ("upload", "is not included"),
        ("camera", "is not included"),
    ],
)
def test_the_link_says_what_travels(source, words):
    app = opened(source=source)
    assert any(words in each.value for each in app.caption)
    assert len(app.get("bidi_component")) == 1
