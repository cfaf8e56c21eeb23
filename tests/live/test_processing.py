"""A look gives what the other pages give for the same picture."""

import numpy as np
import pytest

from core.blob.spec import PRESETS
from core.live.processing import error_result, process_frame
from core.live.settings import LiveSettings
from core.live.stream import bounded
from core.nets.catalog import card_named
from core.picture.image import Picture, decode_picture
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, ranking, run_model
from core.render.encode import png

DETECTOR = card_named("starter-detector-darknet")
COLOUR = card_named("tiny-dominant-colour")


@pytest.fixture(scope="module")
def photo():
    return bounded(decode_picture(sample_picture("motorcycle")))


def test_boxes_are_those_of_the_detection_page(photo):
    thresholds = Thresholds(0.4, 0.5)
    result = process_frame(
        photo, LiveSettings("detection", DETECTOR.blob, DETECTOR, thresholds)
    )
    run = run_model(Picture("same.png", png(photo)), DETECTOR)
    kept = detect(run, thresholds).kept
    assert len(result.seen) == len(kept) > 0
    for seen, corners, class_id in zip(result.seen, kept.xyxy, kept.class_id, strict=True):
        assert seen.label == DETECTOR.label(int(class_id))
        np.testing.assert_allclose(seen.xyxy, corners, atol=1)
    assert not np.array_equal(result.annotated, photo)
    assert result.forward_ms > 0


def test_a_ranking_is_that_of_the_classification_page(photo):
    result = process_frame(
        photo, LiveSettings("classification", COLOUR.blob, COLOUR, Thresholds(0.05))
    )
    best = ranking(run_model(Picture("same.png", png(photo)), COLOUR), 1).best[0]
    assert result.seen[0].label == best.label
    assert result.seen[0].confidence == pytest.approx(best.confidence, abs=1e-5)


def test_planes_need_no_net_and_keep_the_size(photo):
    result = process_frame(photo, LiveSettings("planes", PRESETS[1].spec))
    assert result.annotated.shape == photo.shape
    assert result.forward_ms is None
    assert result.seen == ()


@pytest.mark.parametrize("mode", ["detection", "classification", "planes"])
def test_a_look_changes_nothing_in_place(mode, photo):
    model = COLOUR if mode == "classification" else DETECTOR
    before = photo.copy()
    process_frame(photo, LiveSettings(mode, model.blob, model))
    np.testing.assert_array_equal(photo, before)


def test_a_mirror_turns_the_picture_and_not_the_writing(photo):
    settings = LiveSettings("detection", DETECTOR.blob, DETECTOR, mirror=True)
    result = process_frame(photo, settings)
    np.testing.assert_array_equal(result.image, photo[:, ::-1])
    plain = LiveSettings("detection", DETECTOR.blob, DETECTOR)
    np.testing.assert_array_equal(
        result.annotated, process_frame(result.image, plain).annotated
    )


@pytest.mark.parametrize("size", [(16, 16), (64, 320), (480, 640)])
def test_a_complaint_is_written_on_pictures_of_any_size(size):
    image = np.zeros((*size, 3), np.uint8)
    result = error_result(image, "This net does not accept a blob of shape (1, 3, 5, 5). " * 3)
    assert result.annotated.shape == image.shape
    assert result.error.startswith("This net")
    assert result.annotated.any()
    assert not image.any()


def test_boxes_without_a_model_cannot_be_asked_for():
    with pytest.raises(ValueError, match="needs a model"):
        LiveSettings("detection", PRESETS[0].spec)
