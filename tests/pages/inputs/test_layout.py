"""The visitor sees in which layout outputs are read, and may choose another."""

from html import unescape

MODEL = "tiny-blob-detector"
KEY = f"detection.{MODEL}.layout"


def detection(visit, **query):
    return visit("detection", detection__model="Colour blobs", **query)


def captions(app):
    return unescape(" ".join(each.value for each in app.caption))


def test_auto_says_what_was_read_and_why(visit):
    app = detection(visit)
    assert app.selectbox(key=KEY).value == "auto"
    assert "yolov5, from the model card: " in captions(app)
    assert "9,520 rows, with objectness and 7 class scores" in captions(app)
    assert not app.error


def test_a_layout_that_cannot_be_gets_a_sentence_and_the_control_stays(visit):
    app = detection(visit)
    app.selectbox(key=KEY).set_value("ssd").run()
    assert "The layout ssd is [1, 1, N, 7]" in unescape(app.error[0].value)
    app.selectbox(key=KEY).set_value("auto").run()
    assert not app.error


def test_a_chosen_layout_comes_with_the_link_and_stays_on_the_next_visit(visit):
    app = detection(visit, **{f"detection__{MODEL}__layout": "yolov5"})
    assert app.selectbox(key=KEY).value == "yolov5"
    assert "yolov5, chosen:" in captions(app)
    app.switch_page("pages/blob.py").run()
    app.switch_page("pages/detection.py").run()
    assert app.selectbox(key=KEY).value == "yolov5"
