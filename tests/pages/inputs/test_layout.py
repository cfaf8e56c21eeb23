"""The visitor sees in which layout outputs are read, and may choose another."""

from dataclasses import replace
from html import unescape

from core.nets.catalog import card_named

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


def as_if_unknown(monkeypatch):
    """The card of the Colour blobs without its layout."""
    card = replace(card_named(MODEL), layout="auto")
    for module in ("model", "layout"):
        monkeypatch.setattr(
            f"pages.components.inputs.{module}.cards", lambda _: (card,), raising=False
        )
    monkeypatch.setattr("pages.components.inputs.model.default_model", lambda _: card)


def test_a_series_asks_only_where_the_card_does_not_say(visit, monkeypatch):
    asked = [each.label for each in visit("many").selectbox]
    assert "Output layout" not in asked
    as_if_unknown(monkeypatch)
    asked = [each.label for each in visit("many").selectbox]
    assert "Output layout" in asked


def test_what_fits_no_layout_says_so_and_a_choice_answers(visit, monkeypatch):
    """The grid of this net has strides that no other has: only its card says what it is."""
    as_if_unknown(monkeypatch)
    app = visit("detection")
    assert "No output layout fits what the net answered" in app.error[0].value
    app.selectbox(key=KEY).set_value("yolov5").run()
    assert not app.error
    assert "yolov5, chosen: 9,520 rows" in captions(app)
