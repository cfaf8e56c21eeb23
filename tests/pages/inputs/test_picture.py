"""Uploads and snapshots: used on every page and kept for the visit."""

import cv2
import numpy as np
import pytest

PAGES = ("home", "blob", "classification", "detection", "experiments")


def photo() -> bytes:
    picture = np.zeros((60, 90, 3), np.uint8)
    picture[:, 30:] = (0, 0, 255)
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.mark.parametrize("page", PAGES)
def test_an_upload_is_used_on_this_page_and_kept_on_the_next(page, visit):
    app = visit(page, source="upload")
    app.file_uploader(key="picture.upload").upload("mine.png", photo(), "image/png")
    assert not app.run().error
    other = "blob" if page != "blob" else "classification"
    app.switch_page(f"pages/{other}.py").run()
    app.segmented_control(key="picture").set_value("upload").run()  # a browser remembers it
    assert any("From earlier in this session: mine" in each.value for each in app.caption)
    assert any("90 x 60" in str(each.captions) for each in app.image)


def test_of_several_uploads_the_visitor_chooses_one(visit):
    app = visit("blob", source="upload")
    uploader = app.file_uploader(key="picture.upload")
    uploader.upload("red.png", photo(), "image/png")
    tall = cv2.imencode(".png", np.zeros((80, 20, 3), np.uint8))[1].tobytes()
    uploader.upload("tall.png", tall, "image/png")
    app.run()
    app.selectbox(key="picture.number").select_index(1).run()
    assert any("20 x 80" in str(each.captions) for each in app.image)


def test_a_snapshot_is_a_picture_like_any_other(visit):
    app = visit("classification", source="camera")
    frame = cv2.imencode(".jpg", np.zeros((60, 90, 3), np.uint8))[1].tobytes()
    app.camera_input[0].upload("snapshot.jpg", frame, "image/jpeg").run()
    assert not app.error
    assert any("90 x 60" in str(each.captions) for each in app.image)


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_is_no_picture_gets_a_sentence_and_the_page_lives(page, visit):
    app = visit(page, source="upload")
    uploader = app.file_uploader(key="picture.upload")
    uploader.upload("![x](http://evil).png", b"<svg></svg>", "image/png").run()
    (error,) = (each.value for each in app.error)
    assert "SVG" in error
    assert "![x](" not in error  # an upload's name never becomes a picture or a link
    uploader = app.file_uploader(key="picture.upload")
    uploader.clear().upload("mine.png", photo(), "image/png").run()
    assert not app.error
