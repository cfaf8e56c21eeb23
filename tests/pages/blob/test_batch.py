"""The batch view, drawn by a small script of its own."""

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.blob.spec import PRESETS, BlobSpec
from core.picture.image import Picture
from core.picture.size import Size

NHWC = BlobSpec(size=Size(32, 20), layout="NHWC", fit="letterbox", anchor="top-left")


def page_of(spec, uploads):
    import streamlit as st

    from pages.components.blob.batch import show_batch

    st.session_state["picture.kept.upload"] = uploads
    show_batch("blob", spec)


def opened(spec=PRESETS[0].spec, uploads=()) -> AppTest:
    app = AppTest.from_function(page_of, args=(spec, uploads), default_timeout=60).run()
    assert not app.exception, app.exception
    return app


def turned_on(*args, **options) -> AppTest:
    app = opened(*args, **options)
    app.toggle(key="blob.batched").set_value(True).run()
    assert not app.exception, app.exception
    return app


def uploads(count, side=20):
    data = cv2.imencode(".png", np.full((side, 30, 3), 90, np.uint8))[1].tobytes()
    return tuple(Picture(f"mine {number}.png", data + bytes(number)) for number in range(count))


def fact(app, label: str) -> str:
    (value,) = (each.value for each in app.metric if each.label == label)
    return value


def captions(app) -> list[str]:
    return [each.captions[0] for each in app.image]


def test_nothing_is_made_until_somebody_asks():
    app = opened()
    assert not app.image
    assert not app.metric


def test_four_samples_make_a_batch_at_once():
    app = turned_on()
    assert fact(app, "Shape N x C x H x W") == "4 x 3 x 224 x 224"
    assert fact(app, "Memory") == "2.4 MB"
    assert fact(app, "Max difference to single blobs") == "0"
    assert fact(app, "Time as one batch").endswith("ms")
    assert fact(app, "Time one by one").endswith("ms")
    assert [each.split(" · ")[0] for each in captions(app)] == [f"blob[{n}]" for n in range(4)]
    assert "blobFromImages(images" in app.code[0].value
    assert "imagesFromBlob" in app.code[0].value


def test_samples_can_be_added_and_all_be_taken_away():
    app = turned_on()
    app.pills(key="blob.batch").set_value(["cat", "grid"]).run()
    assert fact(app, "Shape N x C x H x W") == "2 x 3 x 224 x 224"
    app.pills(key="blob.batch").set_value([]).run()
    assert not app.exception
    assert not app.metric
    assert "at least one" in app.info[0].value


def test_every_layout_and_fit_goes_into_a_batch():
    app = turned_on(NHWC)
    assert fact(app, "Shape N x H x W x C") == "4 x 20 x 32 x 3"
    assert fact(app, "Max difference to single blobs") == "0"


def test_uploads_of_this_visit_are_the_batch():
    app = turned_on(uploads=uploads(3))
    assert fact(app, "Shape N x C x H x W") == "3 x 3 x 224 x 224"
    assert captions(app)[2].endswith("mine 2.png")
    app.segmented_control(key="blob.batch_source").set_value("samples").run()
    assert fact(app, "Shape N x C x H x W") == "4 x 3 x 224 x 224"


def test_a_single_upload_leaves_the_samples_and_says_how_to_use_ones_own():
    app = turned_on(uploads=uploads(1))
    assert fact(app, "Shape N x C x H x W") == "4 x 3 x 224 x 224"
    assert any("two or more pictures" in each.value for each in app.caption)


@pytest.mark.parametrize("spec", [BlobSpec(), BlobSpec(size=Size(4096, 4096))])
def test_an_impossible_batch_gets_a_sentence_and_the_page_lives(spec):
    app = turned_on(spec)
    assert len(app.error) == 1
    assert "Choose" in app.error[0].value


def test_an_uploads_name_never_becomes_a_picture_or_a_link():
    evil = tuple(Picture("![x](http://evil).png", each.data) for each in uploads(2))
    assert all("![x](" not in each for each in captions(turned_on(uploads=evil)))
