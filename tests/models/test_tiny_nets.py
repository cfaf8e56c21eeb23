"""Our own nets: made of readable weights, the same bytes each time, sensible answers."""

import numpy as np
import pytest

from core.blob.make import make_blob
from core.nets.catalog import card_named
from core.nets.engine import infer
from core.picture.image import BgrImage
from core.results.decoders import decode_outputs
from core.results.detections import Detections
from core.results.layout import NetFacts
from tools.make_tiny_nets import SHADES, classifier_files, detector_files

GREY = (128, 128, 128)
DRAWN = {"red": (30, 20, 220), "green": (50, 180, 30), "blue": (220, 40, 20)}  # B, G, R


@pytest.mark.parametrize(
    ("name", "files"),
    [("tiny-dominant-colour", classifier_files), ("tiny-blob-detector", detector_files)],
)
def test_the_maker_gives_the_committed_bytes(name, files):
    folder = card_named(name).folder
    for file, content in files().items():
        assert (folder / file).read_bytes() == content, "run python -m tools.make_tiny_nets"


def shares(image):
    colours = card_named("tiny-dominant-colour")
    blob, _ = make_blob(BgrImage(image), colours.blob)
    return dict(zip(colours.labels, infer(colours, blob).outputs["share"].ravel(), strict=True))


def test_labels_follow_the_makers_order():
    assert card_named("tiny-dominant-colour").labels == tuple(SHADES)


@pytest.mark.parametrize("name", SHADES)
def test_a_picture_of_one_shade_is_named_after_it(name):
    for shade in SHADES[name]:
        found = shares(np.full((40, 60, 3), shade[::-1], np.uint8))
        assert max(found, key=found.__getitem__) == name


def test_confidence_is_the_share_of_the_picture():
    image = np.full((128, 128, 3), DRAWN["red"], np.uint8)
    image[:, :32] = DRAWN["blue"]
    found = shares(image)
    assert found["red"] == pytest.approx(0.75, abs=0.01)
    assert found["blue"] == pytest.approx(0.25, abs=0.01)
    assert sum(found.values()) == pytest.approx(1, abs=1e-5)


def blobs_on(image) -> Detections:
    detector = card_named("tiny-blob-detector")
    blob, placement = make_blob(BgrImage(image), detector.blob)
    found = decode_outputs(
        infer(detector, blob).outputs, NetFacts(detector.blob.size), detector.layout
    )
    kept = found.above(detector.confidence).suppressed(iou=detector.iou)
    return kept.on_image(placement)


@pytest.mark.parametrize("colour", DRAWN)
@pytest.mark.parametrize(
    "xyxy", [(40, 48, 88, 80), (100, 20, 180, 120), (200, 200, 232, 232), (8, 150, 60, 250)]
)
def test_a_drawn_box_is_found_where_it_is(colour, xyxy):
    image = np.full((256, 256, 3), GREY, np.uint8)
    left, top, right, bottom = xyxy
    image[top:bottom, left:right] = DRAWN[colour]
    found = blobs_on(image)
    labels = [card_named("tiny-blob-detector").label(int(each)) for each in found.class_id]
    assert labels == [colour]
    assert found.xyxy[0] == pytest.approx(xyxy, abs=6)


def test_two_blobs_are_two_detections():
    image = np.full((240, 400, 3), GREY, np.uint8)
    image[60:120, 40:120] = DRAWN["red"]
    image[60:120, 260:340] = DRAWN["red"]
    assert len(blobs_on(image)) == 2


@pytest.mark.parametrize("grey", [0, 90, 128, 255])
def test_an_even_picture_has_no_blobs(grey):
    assert len(blobs_on(np.full((200, 300, 3), grey, np.uint8))) == 0


def test_a_picture_that_is_all_red_has_no_blob_either():
    """A blob is something that ends: its surroundings must differ."""
    assert len(blobs_on(np.full((256, 256, 3), DRAWN["red"], np.uint8))) == 0
