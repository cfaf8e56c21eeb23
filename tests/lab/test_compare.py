"""Two sides of the bench: every box ends up in exactly one row, and B minus A is exact."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.answers import Answer
from core.blob.make import make_blob
from core.blob.spec import BlobSpec
from core.lab.compare import blob_difference, changes, compare
from core.nets.catalog import card_named
from core.picture.image import Picture
from core.pipeline import Run, Thresholds, run_model
from core.results.boxes import iou_matrix
from core.results.classification import Ranked
from core.results.detections import Detections

LIMITS = Thresholds(0.45, 0.45)
RAMP = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
DOTS = cv2.circle(np.full((256, 256, 3), 90, np.uint8), (100, 100), 30, (20, 20, 230), -1)
SPEC = BlobSpec(scalefactor=(0.5,) * 3)


def picture(image) -> Picture:
    return Picture("drawn.png", cv2.imencode(".png", image)[1].tobytes())


def side(model, spec=None) -> Run:
    return run_model(picture(DOTS), model, spec)


def answer(*rows) -> Answer:
    """Boxes written as (label, confidence, left): each 10 x 10 pixels."""
    ranked = tuple(Ranked(0, label, sure) for label, sure, _ in rows)
    xyxy = [[left, 0, left + 10, 10] for *_, left in rows]
    zeros = [0] * len(rows)
    return Answer(ranked, Detections(xyxy, [sure for _, sure, _ in rows], zeros, zeros))


def named(*rows) -> Answer:
    return Answer(tuple(Ranked(0, label, sure) for label, sure in rows))


FATES = {
    "the same": (answer(("dog", 0.9, 0)), answer(("dog", 0.905, 0.1)), ["same"]),
    "moved": (answer(("dog", 0.9, 0)), answer(("dog", 0.5, 2)), ["moved"]),
    "surer": (answer(("dog", 0.6, 0)), answer(("dog", 0.9, 0)), ["confidence changed"]),
    "too far": (answer(("dog", 0.9, 0)), answer(("dog", 0.8, 6)), ["only in A", "only in B"]),
    "other class": (
        answer(("dog", 0.9, 0)),
        answer(("cat", 0.8, 0)),
        ["only in A", "only in B"],
    ),
    "nothing in B": (answer(("dog", 0.9, 0)), answer(), ["only in A"]),
    "nothing in A": (answer(), answer(("dog", 0.9, 0)), ["only in B"]),
    "nothing at all": (answer(), answer(), []),
    "the nearer of two": (
        answer(("dog", 0.9, 0)),
        answer(("dog", 0.8, 3), ("dog", 0.7, 0)),
        ["confidence changed", "only in B"],
    ),
    "a class named alike": (named(("cat", 0.9)), named(("cat", 0.9)), ["same"]),
    "a class less sure": (named(("cat", 0.9)), named(("cat", 0.7)), ["confidence changed"]),
    "places exchanged": (
        named(("cat", 0.6), ("dog", 0.4)),
        named(("dog", 0.7), ("cat", 0.3)),
        ["moved", "moved"],
    ),
    "another class": (named(("cat", 0.9)), named(("dog", 0.8)), ["only in A", "only in B"]),
    "a class and boxes": (named(("cat", 0.9)), answer(("cat", 0.9, 0)), []),
}


@pytest.mark.parametrize("name", FATES)
def test_each_fate_of_a_box_or_class_has_its_word(name):
    a, b, statuses = FATES[name]
    assert [row.status for row in changes(a, b)] == statuses


BOXES = st.lists(
    st.tuples(
        st.sampled_from(["dog", "cat"]), st.floats(0.125, 1, width=32), st.integers(0, 40)
    ),
    max_size=6,
).map(lambda rows: answer(*rows))


@settings(max_examples=100)
@given(BOXES, BOXES)
def test_every_box_is_in_exactly_one_row_and_only_like_boxes_share_one(a, b):
    rows = changes(a, b)
    for side, places in ((a, [r.index_a for r in rows]), (b, [r.index_b for r in rows])):
        assert sorted(place for place in places if place is not None) == [
            *range(len(side.boxes))
        ]
    for row in rows:
        if row.index_a is not None and row.index_b is not None:
            assert a.ranked[row.index_a].label == b.ranked[row.index_b].label == row.label
            overlap = iou_matrix(a.boxes.xyxy[[row.index_a]], b.boxes.xyxy[[row.index_b]])[0, 0]
            assert row.iou == overlap >= 0.5
    lone = [row for row in rows if row.status.startswith("only")]
    for one in lone:  # no two that are left over belong together
        for two in lone:
            if (
                one.label == two.label
                and one.status == "only in A"
                and two.status == "only in B"
            ):
                pair = a.boxes.xyxy[[one.index_a]], b.boxes.xyxy[[two.index_b]]
                assert iou_matrix(*pair)[0, 0] < 0.5


@settings(max_examples=60)
@given(BOXES, BOXES)
def test_swapping_the_sides_swaps_the_words(a, b):
    mirror = {"only in A": "only in B", "only in B": "only in A"}
    there = sorted(row.status for row in changes(a, b))
    back = sorted(mirror.get(row.status, row.status) for row in changes(b, a))
    assert there.count("only in A") == back.count("only in A")
    assert len(there) == len(back)


@settings(max_examples=60)
@given(BOXES)
def test_an_answer_is_the_same_as_itself(a):
    assert {row.status for row in changes(a, a)} <= {"same"}


def test_the_difference_of_blobs_is_b_minus_a():
    a, _ = make_blob(RAMP, SPEC)
    b, _ = make_blob(RAMP, replace(SPEC, mean=(10, 0, -4)))
    difference = blob_difference(a, b)
    assert [plane.min() for plane in difference.planes] == [-5, 0, 2]
    assert [plane.max() for plane in difference.planes] == [-5, 0, 2]
    assert (difference.largest, difference.mean) == (5, pytest.approx(7 / 3))
    assert difference.changed == pytest.approx(2 / 3)
    assert len(difference.rendered(width=64)) == 3


def test_bytes_do_not_wrap_around_in_a_difference():
    a, _ = make_blob(RAMP, BlobSpec(ddepth="uint8"))
    b, _ = make_blob(255 - RAMP, BlobSpec(ddepth="uint8"))
    assert blob_difference(b, a).planes[0].min() == -255


def test_blobs_in_two_layouts_compare_plane_by_plane():
    a, _ = make_blob(RAMP, SPEC)
    b, _ = make_blob(RAMP, replace(SPEC, layout="NHWC"))
    assert blob_difference(a, b, layout_b="NHWC").largest == 0


def test_blobs_of_two_sizes_have_no_difference():
    a, _ = make_blob(RAMP, SPEC)
    b, _ = make_blob(RAMP[:2], SPEC)
    assert blob_difference(a, b) is None


def test_two_specs_meet_on_one_picture():
    model = card_named("tiny-blob-detector")
    a = side(model)
    b = side(model, replace(model.blob, swap_rb=False))
    compared = compare(a, b, LIMITS)
    assert [(row.status, row.label) for row in compared.changes] == [
        ("only in A", "red"),
        ("only in B", "blue"),
    ]
    assert str(compared) == "1 box only in A, 1 only in B"
    assert compared.difference.largest == pytest.approx(210 / 255)
    assert str(compare(a, a, LIMITS)) == "1 box the same"


def test_a_classifier_and_a_detector_compare_blobs_only():
    a, b = (
        side(model)
        for model in (card_named("tiny-dominant-colour"), card_named("tiny-blob-detector"))
    )
    compared = compare(a, b, LIMITS)
    assert compared.difference is None
    assert compared.changes == ()
    assert "only the blobs can be compared" in str(compared)
