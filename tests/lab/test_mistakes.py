"""Every classic mistake is made on purpose, and told apart from the right answer."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.blob.spec import BlobSpec
from core.lab.mistakes import MISTAKES, consequence, mistake_table, mistakes
from core.nets.catalog import card_named, catalog
from core.picture.image import Picture
from core.picture.size import Size
from core.pipeline import Thresholds

UNIT = (1 / 255,) * 3
TWICE = (1 / 255 / 255,) * 3
SPECS = {
    "Darknet": (
        BlobSpec(size=Size(416, 416), scalefactor=UNIT, swap_rb=True),
        {
            "swapRB flipped": {"swap_rb": False},
            "scale left out": {"scalefactor": (1, 1, 1)},
            "scaled twice": {"scalefactor": TWICE},
            "wrong resize mode": {"fit": "letterbox"},
            "size halved": {"size": Size(224, 224)},
        },
    ),
    "Caffe": (
        BlobSpec(size=Size(227, 227), mean=(104, 117, 123)),
        {
            "swapRB flipped": {"swap_rb": True},
            "mean in reverse order": {"mean": (123, 117, 104)},
            "mean left out": {"mean": (0, 0, 0)},
            "mean 177 for 117": {"mean": (104, 177, 123)},
            "scaled twice": {"scalefactor": UNIT},
            "wrong resize mode": {"fit": "letterbox"},
            "size halved": {"size": Size(113, 113)},
        },
    ),
    "OpenCV's face detector": (
        BlobSpec(size=Size(300, 300), mean=(104, 177, 123), fit="letterbox"),
        {
            "swapRB flipped": {"swap_rb": True},
            "mean in reverse order": {"mean": (123, 177, 104)},
            "mean left out": {"mean": (0, 0, 0)},
            "mean 177 for 117": {"mean": (104, 117, 123)},
            "scaled twice": {"scalefactor": UNIT},
            "wrong resize mode": {"fit": "stretch"},
            "size halved": {"size": Size(150, 150)},
        },
    ),
    "one mean for all colours, and a std": (
        BlobSpec(mean=(127.5,) * 3, std=(0.2,) * 3, fit="crop"),
        {
            "swapRB flipped": {"swap_rb": True},
            "mean left out": {"mean": (0, 0, 0)},
            "std left out": {"std": (1, 1, 1)},
            "scaled twice": {"scalefactor": UNIT},
            "wrong resize mode": {"fit": "stretch"},
        },
    ),
    "bytes": (
        BlobSpec(size=Size(64, 32), ddepth="uint8"),
        {
            "swapRB flipped": {"swap_rb": True},
            "wrong resize mode": {"fit": "letterbox"},
            "size halved": {"size": Size(32, 32)},
        },
    ),
}
RED = np.full((128, 128, 3), (20, 20, 220), np.uint8)
DOTS = cv2.circle(np.full((256, 256, 3), 90, np.uint8), (100, 100), 30, (20, 20, 230), -1)
ANY = Thresholds()


def picture(image) -> Picture:
    return Picture("drawn.png", cv2.imencode(".png", image)[1].tobytes())


@pytest.mark.parametrize("name", SPECS)
def test_each_mistake_breaks_what_its_name_says_and_nothing_else(name):
    right, broken = SPECS[name]
    assert {each.name: each.spec for each in mistakes(right)} == {
        mistake: replace(right, **changes) for mistake, changes in broken.items()
    }


def test_every_mistake_is_made_on_one_spec_or_another():
    made = {name for _, broken in SPECS.values() for name in broken}
    assert made == {name for name, _, _ in MISTAKES}


@pytest.mark.parametrize("model", catalog(), ids=lambda model: model.name)
def test_no_mistake_is_the_right_spec_or_another_mistake(model):
    specs = [each.spec for each in mistakes(model.blob)]
    assert model.blob not in specs
    assert len(set(specs)) == len(specs)


def test_two_mistakes_that_make_one_spec_are_listed_once():
    turned_or_miswritten = BlobSpec(mean=(177, 100, 117))
    names = [each.name for each in mistakes(turned_or_miswritten)]
    assert "mean in reverse order" in names
    assert "mean 177 for 117" not in names


def test_the_switchboard_begins_with_the_right_row_and_gives_one_for_each_mistake():
    model = card_named("tiny-dominant-colour")
    rows = list(mistake_table(picture(RED), model, ANY))
    assert rows[0].spec == model.blob
    assert (rows[0].answer.best.label, rows[0].change) == ("red", "")
    assert [row.spec for row in rows[1:]] == [each.spec for each in mistakes(model.blob)]


def test_red_becomes_blue_where_swap_rb_is_flipped():
    model = card_named("tiny-dominant-colour")
    _, flipped, *_ = mistake_table(picture(RED), model, ANY)
    assert flipped.answer.best.label == "blue"
    assert flipped.change == "different class: blue instead of red"


def test_a_classifier_that_is_less_sure_says_by_how_much():
    model, wide = card_named("tiny-dominant-colour"), picture(RED[:96])
    right = consequence(wide, model, model.blob, ANY).answer
    boxed = replace(model.blob, fit="letterbox")  # a quarter of the blob is black bars
    row = consequence(wide, model, boxed, ANY, right=right)
    assert (right.best.confidence, row.answer.best.confidence) == pytest.approx(
        (1, 0.75), abs=0.01
    )
    assert row.change == "same class, -25 points"


def test_a_detector_says_what_became_of_its_boxes():
    model = card_named("tiny-blob-detector")
    limits = Thresholds(model.confidence, model.iou)
    right = consequence(picture(DOTS), model, model.blob, limits).answer
    assert len(right.boxes) == 1
    dark = replace(model.blob, scalefactor=TWICE)
    row = consequence(picture(DOTS), model, dark, limits, right=right)
    assert (str(row.answer), row.change) == ("no boxes", "1 box only before")
    again = consequence(picture(DOTS), model, model.blob, limits, right=right)
    assert again.change == "1 box the same"


def test_two_empty_answers_are_the_same():
    model = card_named("tiny-blob-detector")
    dark = replace(model.blob, scalefactor=TWICE)
    empty = consequence(picture(DOTS), model, dark, Thresholds(0.99)).answer
    row = consequence(picture(DOTS), model, dark, Thresholds(0.99), right=empty)
    assert row.change == "no boxes, as before"


def test_a_net_that_refuses_a_spec_fills_its_row_with_a_sentence():
    model = card_named("tiny-blob-detector")
    row = consequence(picture(DOTS), model, replace(model.blob, size=Size(77, 50)), ANY)
    assert row.answer is None
    assert row.error.endswith(".")
