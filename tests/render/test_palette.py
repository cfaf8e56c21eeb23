import itertools

import cv2
import numpy as np
import pytest

from core.render.palette import (
    CLASS_COLOURS,
    DIVERGING,
    GREY,
    TINTS,
    class_colour,
    confidence_colour,
    luminance,
    text_colour,
)

# Machado, Oliveira and Fernandes 2009, full severity, for linear R, G, B.
EYES = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def seen_lab(colours, eyes):
    """Return CIE Lab (N, 3) of colours as these eyes see them."""
    rgb = np.array(colours)[:, ::-1] / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.array(EYES[eyes]).T).clip(0, 1)
    encoded = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    return cv2.cvtColor(encoded[None].astype(np.float32), cv2.COLOR_RGB2LAB)[0]


@pytest.mark.parametrize("eyes", EYES)
def test_no_two_class_colours_look_alike_to_colour_blind_eyes(eyes):
    seen = seen_lab(CLASS_COLOURS, eyes)
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > 12  # about 2 is the least that a trained eye notices


def test_the_classes_that_share_photos_have_colours_of_their_own():
    person, bicycle, car, bus, cat, dog, horse = 0, 1, 2, 5, 15, 16, 17
    assert len({class_colour(i) for i in (person, bicycle, car, bus, cat, dog, horse)}) == 7


@pytest.mark.parametrize("colour", CLASS_COLOURS, ids=str)
def test_labels_can_be_read_on_every_class_colour(colour):
    darker, brighter = sorted([luminance(colour), luminance(text_colour(colour))])
    assert (brighter + 0.05) / (darker + 0.05) >= 4.5  # WCAG 2, level AA


def test_the_middle_of_the_diverging_map_has_no_colour_and_is_the_brightest():
    middle = DIVERGING[128, 0]
    assert len(set(middle.tolist())) == 1
    bright = [luminance(tuple(each)) for each in DIVERGING[:, 0].tolist()]
    assert np.all(np.diff(bright[1:129]) > 0)
    assert np.all(np.diff(bright[128:]) < 0)


@pytest.mark.parametrize("eyes", EYES)
def test_below_and_above_zero_look_different_to_every_eye(eyes):
    seen = seen_lab(DIVERGING[:, 0], eyes)
    for step in (40, 80, 120):
        assert np.linalg.norm(seen[128 - step] - seen[128 + step]) > 20


@pytest.mark.parametrize("colour_map", [GREY, *TINTS.values()])
def test_higher_values_are_never_darker(colour_map):
    bright = [luminance(tuple(each)) for each in colour_map[:, 0].tolist()]
    assert np.all(np.diff(bright) >= 0)
    assert bright[-1] > 0.5


@pytest.mark.parametrize("eyes", EYES)
def test_equal_steps_of_confidence_are_alike_in_brightness_to_every_eye(eyes):
    seen = seen_lab([confidence_colour(step / 10) for step in range(11)], eyes)
    brighter = np.diff(seen[:, 0])
    assert brighter.min() > 3.5
    assert brighter.max() < 2 * brighter.min()


@pytest.mark.parametrize("step", range(0, 256, 15))
def test_labels_can_be_read_on_every_colour_of_a_confidence(step):
    colour = confidence_colour(step / 255)
    darker, brighter = sorted([luminance(colour), luminance(text_colour(colour))])
    assert (brighter + 0.05) / (darker + 0.05) >= 4.5


def test_a_confidence_that_soft_nms_or_a_broken_net_made_odd_still_has_a_colour():
    assert confidence_colour(-3) == confidence_colour(0)
    assert confidence_colour(7) == confidence_colour(1)
