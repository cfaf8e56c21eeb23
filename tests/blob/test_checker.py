"""Each rule finds its mistake on a 4 x 4 picture, gives numbers, and mends it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.blob.checker import check_knobs, check_spec
from core.blob.make import make_blob
from core.blob.rules import RULES
from core.blob.spec import BlobSpec
from core.errors import BlobImpossible
from core.nets.catalog import catalog
from core.picture.size import Size

FOUR = Size(4, 4)
RAMP = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5  # 0 to 235
REDDISH = np.full((4, 4, 3), (10, 20, 200), np.uint8)
WIDE = np.zeros((4, 16, 3), np.uint8)
UNIT = (1 / 255,) * 3

CAFFE = BlobSpec(size=FOUR, mean=(104, 117, 123))
TORCH = BlobSpec(
    size=FOUR,
    scalefactor=UNIT,
    mean=(123.675, 116.28, 103.53),
    std=(0.229, 0.224, 0.225),
    swap_rb=True,
    fit="crop",
)
DARKNET = BlobSpec(size=FOUR, scalefactor=UNIT, swap_rb=True)
ODD = np.full((5, 7, 3), 100, np.uint8)  # 5 * 4 / 7 = 2.86 rows in a blob of 4 x 4
ROUNDED = BlobSpec(size=FOUR, fit="letterbox, rounded", pad_value=(114, 114, 114))
YOLOX = BlobSpec(size=FOUR, fit="letterbox", anchor="top-left", pad_value=(114, 114, 114))

# name: rule, image, spec, the card's spec, before, after, what the fix changes
MISTAKES = {
    "the mean of torchvision as its users write it": (
        *("mixed units", RAMP, replace(TORCH, mean=(0.485, 0.456, 0.406)), TORCH),
        *("values -0.007076 to 4.019", "values -1.948 to 2.117"),
        {"mean": (123.675, 116.28, 103.53)},
    ),
    "mixed units, without a card": (
        *("mixed units", RAMP, BlobSpec(scalefactor=UNIT, mean=(0.5,) * 3), None),
        *("values -0.001961 to 0.9196", "values -0.5 to 0.4216"),
        {"mean": (127.5,) * 3},
    ),
    "a std in bytes": (
        *("std in bytes", RAMP, BlobSpec(scalefactor=UNIT, std=(51.0,) * 3), None),
        *("values 0 to 0.01807", "values 0 to 4.608"),
        {"std": (0.2,) * 3},
    ),
    "red's mean taken from blue": (
        *("mean order", REDDISH, replace(CAFFE, mean=(123, 117, 104)), CAFFE),
        *("plane means -113, -97, 96", "plane means -94, -97, 77"),
        {"mean": (104, 117, 123)},
    ),
    "Caffe's mean kept, but swapRB on": (
        *("mean order", REDDISH, replace(CAFFE, swap_rb=True), CAFFE),
        *("plane means 96, -97, -113", "plane means -94, -97, 77"),
        {"swap_rb": False},
    ),
    "a well-known mean against swapRB, without a card": (
        *("mean order", REDDISH, replace(CAFFE, swap_rb=True), None),
        *("plane means 96, -97, -113", "plane means 77, -97, -94"),
        {"mean": (123, 117, 104)},
    ),
    "swapRB off for Darknet": (
        *("swapRB", REDDISH, replace(DARKNET, swap_rb=False), DARKNET),
        *("plane means 0.03922, 0.07843, 0.7843", "plane means 0.7843, 0.07843, 0.03922"),
        {"swap_rb": True},
    ),
    "a std left out": (
        *("std missing", RAMP, replace(TORCH, std=(1, 1, 1)), TORCH),
        *("values -0.4458 to 0.4764", "values -1.948 to 2.117"),
        {"std": (0.229, 0.224, 0.225)},
    ),
    "a scale left out": (
        *("range", RAMP, replace(DARKNET, scalefactor=(1, 1, 1)), DARKNET),
        *("values 0 to 235", "values 0 to 0.9216"),
        {"scalefactor": UNIT},
    ),
    "a mean left out": (
        *("range", RAMP, replace(CAFFE, mean=(0, 0, 0)), CAFFE),
        *("values 0 to 235", "values -113 to 121"),
        {"mean": (104, 117, 123)},
    ),
    "mean 177 for 117": (
        *("range", RAMP, replace(CAFFE, mean=(104, 177, 123)), CAFFE),
        *("values -172 to 121", "values -113 to 121"),
        {"mean": (104, 117, 123)},
    ),
    "bytes for a net that wants numbers": (
        *("range", RAMP, BlobSpec(size=FOUR, ddepth="uint8", swap_rb=True), DARKNET),
        *("values 0 to 235", "values 0 to 0.9216"),
        {"ddepth": "float32", "scalefactor": UNIT},
    ),
    "a size halved": (
        *("size", RAMP, replace(CAFFE, size=Size(2, 2)), CAFFE),
        *("blob 1 x 3 x 2 x 2", "blob 1 x 3 x 4 x 4"),
        {"size": FOUR},
    ),
    "a size left to the picture": (
        *("size", WIDE, replace(CAFFE, size=None), CAFFE),
        *("blob 1 x 3 x 4 x 16", "blob 1 x 3 x 4 x 4"),
        {"size": FOUR},
    ),
    "colours for a grey net": (
        *("grey", RAMP, BlobSpec(size=FOUR), BlobSpec(size=FOUR, channels=1)),
        *("blob 1 x 3 x 4 x 4", "blob 1 x 1 x 4 x 4"),
        {"channels": 1},
    ),
    "grey for a net of colours": (
        *("grey", RAMP, replace(DARKNET, channels=1), DARKNET),
        *("blob 1 x 1 x 4 x 4", "blob 1 x 3 x 4 x 4"),
        {"channels": 3},
    ),
    "a wide picture stretched for YOLOX": (
        *("stretch", WIDE, BlobSpec(size=FOUR), YOLOX),
        "a circle is 4.00 times as long as wide",
        "a circle is 1.00 times as long as wide",
        {"fit": "letterbox", "anchor": "top-left", "pad_value": (114, 114, 114)},
    ),
    "a wide picture stretched, without a card": (
        *("stretch", WIDE, BlobSpec(size=FOUR), None),
        "a circle is 4.00 times as long as wide",
        "a circle is 1.00 times as long as wide",
        {"fit": "letterbox"},
    ),
    "a letterbox that OpenCV truncates": (
        *("letterbox", ODD, BlobSpec(size=FOUR, fit="letterbox"), ROUNDED),
        *("the picture is 4 x 2 in the blob", "the picture is 4 x 3 in the blob"),
        {"fit": "letterbox, rounded"},
    ),
    "a Scalar with one number": (
        *("one channel", REDDISH, BlobSpec(scalefactor=(0.1, 1, 1)), None),
        "planes 1 to 1, 20 to 20, 200 to 200",
        "planes 1 to 1, 2 to 2, 20 to 20",
        {"scalefactor": (0.1, 0.1, 0.1)},
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_measured_and_mended(name):
    rule, image, spec, wanted, before, after, changes = MISTAKES[name]
    (finding,) = check_spec(image, spec, wanted)
    assert (finding.name, finding.before, finding.after) == (rule, before, after)
    assert finding.fix == replace(spec, **changes)
    assert check_spec(image, finding.fix, wanted) == ()


def test_every_rule_has_a_mistake_in_the_table_above():
    assert set(RULES) == {row[0] for row in MISTAKES.values()} | {"channels"}


@pytest.mark.parametrize("card", catalog(), ids=lambda card: card.name)
def test_a_cards_own_spec_has_no_finding(card):
    for image in (RAMP, WIDE, REDDISH):
        assert check_spec(image, card.blob, card.blob) == ()


def test_a_scalefactor_that_stands_for_mean_and_std_is_no_mistake():
    folded = replace(TORCH, scalefactor=(0.017,) * 3, std=(1, 1, 1))
    assert check_spec(RAMP, folded, TORCH) == ()


def test_a_range_that_another_fix_heals_is_not_reported_twice():
    spec = replace(TORCH, std=(1, 1, 1), size=Size(2, 2))
    assert [each.name for each in check_spec(RAMP, spec, TORCH)] == ["std missing", "size"]


def test_numbers_stay_with_their_colours_when_swap_rb_is_mended():
    blue_first = replace(TORCH, mean=TORCH.mean[::-1], std=TORCH.std[::-1], swap_rb=False)
    (finding,) = check_spec(REDDISH, blue_first, TORCH)
    assert (finding.name, finding.fix) == ("swapRB", TORCH)


def test_a_mended_range_keeps_the_numbers_with_their_colours():
    bare = BlobSpec(size=FOUR, fit="crop", swap_rb=False)
    mended = {each.name: each.fix for each in check_spec(REDDISH, bare, TORCH)}["range"]
    assert (mended.mean, mended.std) == (TORCH.mean[::-1], TORCH.std[::-1])


def test_a_fix_that_this_picture_does_not_allow_is_not_offered():
    thread = np.zeros((1, 900, 3), np.uint8)
    (finding,) = check_spec(thread, BlobSpec(size=FOUR), None)
    assert finding.name == "stretch"
    assert finding.fix is None
    assert "too long for a letterbox" in finding.after


@pytest.mark.parametrize(("shape", "planes"), [((4, 4), 1), ((4, 4, 1), 1), ((4, 4, 4), 4)])
def test_an_image_without_three_channels_is_told_apart(shape, planes):
    (finding,) = check_spec(np.zeros(shape, np.uint8), DARKNET, DARKNET)
    assert finding.name == "channels"
    assert finding.before == f"blob 1 x {planes} x 4 x 4"
    assert finding.after == "blob 1 x 3 x 4 x 4"
    assert finding.fix is None


def test_a_file_of_grey_values_is_worth_a_note():
    grey = np.repeat(RAMP[..., :1], 3, axis=2)
    (finding,) = check_spec(grey, DARKNET, DARKNET, kind="grey")
    assert (finding.severity, finding.after) == ("note", "3 channels, 0 apart at most")


def test_a_transparent_file_is_worth_a_note():
    half_white = np.concatenate([np.full((2, 4, 3), 255, np.uint8), RAMP[:2]])
    (finding,) = check_spec(half_white, DARKNET, DARKNET, kind="alpha")
    assert finding.severity == "note"
    assert finding.after == "3 channels; 50% of the picture is pure white"


def test_bytes_with_a_scale_are_explained_and_mended_before_a_spec_exists():
    knobs = {"size": FOUR, "scalefactor": UNIT, "swap_rb": True, "ddepth": "uint8"}
    with pytest.raises(BlobImpossible):
        BlobSpec(**knobs)
    (finding,) = check_knobs(RAMP, **knobs)
    assert (finding.name, finding.severity) == ("uint8 with scaling", "error")
    assert finding.what == "ddepth is uint8, but scalefactor would change the values."
    assert finding.after == "values 0 to 0.9216"
    assert finding.fix == DARKNET


def test_a_scale_of_zeros_is_explained_and_mended_before_a_spec_exists():
    (finding,) = check_knobs(RAMP, scalefactor=(1 / 255, 0, 0))
    assert (finding.name, finding.before) == ("one channel", "2 planes of zeros")
    assert finding.fix == BlobSpec(scalefactor=UNIT)


def test_two_faults_of_the_knobs_share_one_fix():
    found = check_knobs(RAMP, scalefactor=(0.5, 0, 0), ddepth="uint8")
    assert [each.name for each in found] == ["uint8 with scaling", "one channel"]
    assert {each.fix for each in found} == {BlobSpec(scalefactor=(0.5,) * 3)}


@pytest.mark.parametrize(
    "knobs", [{}, {"ddepth": "uint8"}, {"std": (0, 0, 0)}, {"scalefactor": (0, 0, 0)}]
)
def test_knobs_without_a_fault_of_ours_have_no_finding(knobs):
    assert check_knobs(RAMP, **knobs) == ()


def triples(*common):
    return st.sampled_from(common) | st.tuples(*[st.sampled_from([1, 0.1, 1 / 255, 2.0])] * 3)


MEANS = ((0, 0, 0), (104, 117, 123), (123, 117, 104), (0.485, 0.456, 0.406), (127.5,) * 3)
SPECS = st.builds(
    BlobSpec,
    size=st.sampled_from([None, FOUR, Size(6, 6), Size(8, 4)]),
    scalefactor=triples((1, 1, 1), UNIT, (1 / 127.5,) * 3, (0.017,) * 3),
    mean=st.sampled_from(MEANS),
    std=st.sampled_from([(1, 1, 1), (0.229, 0.224, 0.225), (58.4, 57.1, 57.4)]),
    swap_rb=st.booleans(),
    fit=st.sampled_from(["stretch", "crop", "letterbox", "letterbox, rounded"]),
)
IMAGES = st.sampled_from([RAMP, WIDE, REDDISH, ODD])
WANTED = st.sampled_from([None, CAFFE, TORCH, DARKNET, YOLOX, ROUNDED])


@settings(max_examples=150)
@given(IMAGES, SPECS, WANTED)
def test_applying_a_fix_makes_its_finding_vanish(image, spec, wanted):
    for finding in check_spec(image, spec, wanted):
        left = {each.name for each in check_spec(image, finding.fix, wanted)}
        assert finding.name not in left


@settings(max_examples=100)
@given(IMAGES, SPECS, WANTED)
def test_pressing_fix_until_nothing_is_left_comes_to_an_end(image, spec, wanted):
    for _ in RULES:
        found = check_spec(image, spec, wanted)
        if not found:
            break
        spec = found[0].fix
    assert check_spec(image, spec, wanted) == ()


@settings(max_examples=60)
@given(IMAGES, SPECS, WANTED)
def test_the_numbers_are_those_of_the_blobs(image, spec, wanted):
    for finding in check_spec(image, spec, wanted):
        if finding.name == "range":
            before, after = make_blob(image, spec)[0], make_blob(image, finding.fix)[0]
            assert finding.before == f"values {before.min():.4g} to {before.max():.4g}"
            assert finding.after == f"values {after.min():.4g} to {after.max():.4g}"
