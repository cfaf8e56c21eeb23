"""How boxes are drawn can be chosen, and a link carries it."""

import cv2
import numpy as np
import pytest

from core.nets.catalog import card_named
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, run_model
from core.render.boxes import BoxStyle, draw_detections
from core.render.encode import jpeg
from core.render.shown import Shown

MODEL = "starter-detector-darknet"


def result(app, media) -> np.ndarray:
    (image,) = (each for each in app.image if each.proto.imgs[0].alt.startswith("Result"))
    name = image.proto.imgs[0].url.rsplit("/", 1)[-1]
    return cv2.imdecode(np.frombuffer(media[name], np.uint8), cv2.IMREAD_COLOR)


def expected(style: BoxStyle) -> np.ndarray:
    model = card_named(MODEL)
    run = run_model(sample_picture("motorcycle"), model)
    kept = detect(run, Thresholds(0.1, model.iou)).kept
    shown = Shown.of(decode_picture(sample_picture("motorcycle")))
    boxes = shown.placed(kept)
    drawn = draw_detections(shown.image, boxes, label=model.label, style=style)
    return cv2.imdecode(np.frombuffer(jpeg(drawn), np.uint8), cv2.IMREAD_COLOR)


def opened(visit, **query):
    query[f"detection__{MODEL}__confidence"] = "0.1"
    return visit(
        "detection", sample="motorcycle", detection__model=card_named(MODEL).title, **query
    )


@pytest.mark.parametrize(
    ("query", "style"),
    [
        ({}, BoxStyle(numbers=True)),
        ({"colours": "confidence"}, BoxStyle(numbers=True, colours="confidence")),
        ({"line": "3"}, BoxStyle(numbers=True, line=3)),
        ({"text": "0.5"}, BoxStyle(numbers=True, text=0.5)),
        ({"drawn": "boxes"}, BoxStyle(labels=False, confidence=False)),
        ({"drawn": "labels"}, BoxStyle(boxes=False, confidence=False)),
        ({"line": "99", "colours": "size"}, BoxStyle(numbers=True)),
    ],
    ids=str,
)
def test_a_link_brings_back_how_boxes_are_drawn(query, style, visit, media):
    app = opened(
        visit, **{f"detection__display__{name}": value for name, value in query.items()}
    )
    np.testing.assert_array_equal(result(app, media), expected(style))


def test_with_everything_off_the_picture_is_the_picture(visit, media):
    app = opened(visit)
    app.pills(key="detection.display.drawn").set_value([]).run()
    bare = jpeg(Shown.of(decode_picture(sample_picture("motorcycle"))).image)
    np.testing.assert_array_equal(
        result(app, media), cv2.imdecode(np.frombuffer(bare, np.uint8), cv2.IMREAD_COLOR)
    )


def test_colours_by_confidence_come_with_a_legend(visit):
    app = opened(visit)
    legend = "Colours of confidence, from 0 to 1"
    assert legend not in [each.proto.imgs[0].alt for each in app.image]
    app.segmented_control(key="detection.display.colours").set_value("confidence").run()
    assert legend in [each.proto.imgs[0].alt for each in app.image]
