"""The printed arithmetic of one row leads to the very box of the decoder."""

import math

import cv2
import numpy as np
import pytest

from core.errors import LayoutUnknown
from core.nets.catalog import card_named
from core.nets.darknet_cfg import read_heads
from core.nets.net import with_low_thresholds
from core.outputs import Outputs
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.results.cells import origin
from core.results.decoders import decode_outputs, grids
from core.results.grids import HeadRule
from core.results.layout import NetFacts
from tests.results.test_grids import (
    ANCHORS,
    CELLS,
    LARGE,
    SIZE,
    SMALL,
    darknet_rows,
    drawn,
    outputs_of,
    rule,
    yolov5_rows,
)
from tests.results.test_real_nets import answer
from tests.shared import NETS, needs_shared, where_present

PIXELS, CONFIDENCE = 1e-3, 1e-5

RAW = drawn(1, len(CELLS), 9)
RAW[..., :4] = drawn(1, len(CELLS), 4, seed=1, low=-2, high=2)
FINISHED = drawn(1, 8, len(CELLS))
FINISHED[:, :4] *= 96

LAYOUTS = {
    "darknet": (
        outputs_of(darknet_rows(32, *LARGE), darknet_rows(16, *SMALL)),
        {"heads": (rule(*LARGE), rule())},
    ),
    "yolov2": (outputs_of(drawn(1, 27, 2, 3, low=-3, high=3)), {"anchors": ANCHORS}),
    "yolov5": (outputs_of(yolov5_rows()[0][None]), {}),
    "yolov5 without anchors": (outputs_of(RAW.clip(0) * 9), {}),
    "yolox": (outputs_of(RAW), {}),
    "yolov8": (outputs_of(FINISHED), {}),
}


def rules_of(text):
    return [
        HeadRule(
            anchors=head.anchors,
            classes=head.classes,
            in_cells=head.kind == "region",
            scale_xy=head.scale_x_y,
            squared=head.new_coords,
        )
        for head in read_heads(text, name="a.cfg")
    ]


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def logit(share):
    return math.log(share / (1 - share))


def worth(expression, **names):
    """Work an expression out as a reader would, with nothing but what is printed."""
    for words in ("centre x", "centre y", "middle x", "middle y", "class score"):
        expression = expression.replace(words, words.replace(" ", "_"))
    known = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "logit": logit}
    return eval(expression, {"__builtins__": {}, "sigmoid": sigmoid, **known}, names)


def assert_arithmetic(outputs, size, layout, *, every=1, **more):
    """Hold the printed sums of each row against the decoder's box and confidence."""
    found = grids(outputs, NetFacts(size, **more), layout)
    wanted = decode_outputs(outputs, NetFacts(size, **more), layout)
    assert len(wanted) == len(found.table)
    for row in range(0, len(wanted), every):
        told = origin(found, row)
        sides = [steps[i] for i in (-2, -1) for steps in (told.across, told.down)]
        printed = [worth(step.sum) for step in sides]
        np.testing.assert_allclose(printed, wanted.xyxy[row], atol=PIXELS)
        np.testing.assert_allclose(told.xyxy, wanted.xyxy[row], atol=PIXELS)
        sure = worth(told.confidence_steps[-1].sum or "0")
        assert abs(sure - wanted.confidence[row]) < CONFIDENCE
        assert abs(told.confidence - wanted.confidence[row]) < CONFIDENCE
        assert told.best[0].class_id == wanted.class_id[row]
        for step in (*told.across, *told.down, *told.confidence_steps):
            if step.sum:
                assert worth(step.sum) == pytest.approx(step.value, rel=1e-4, abs=PIXELS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_printed_sums_give_the_box_of_the_decoder_for_every_row(layout):
    outputs, more = LAYOUTS[layout]
    assert_arithmetic(outputs, SIZE, layout.split()[0], **more)


@needs_shared
@pytest.mark.parametrize(
    ("name", "layout"),
    where_present(
        ("yolox-nano-onnx", "yolox"),
        ("yolox-nano-v5-layout", "yolov5"),
        ("yolox-nano-v8-layout", "yolov8"),
    ),
)
def test_the_printed_sums_give_the_boxes_of_a_real_net(name, layout):
    outputs, size, _ = answer(name, "dog.jpg")
    assert_arithmetic(outputs, size, layout, every=3)
    heads = grids(outputs, NetFacts(size), layout).heads
    assert [(head.stride[0], head.columns, head.rows) for head in heads] == [
        (8, 52, 52),
        (16, 26, 26),
        (32, 13, 13),
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_formulas_say_what_the_sums_do(layout):
    outputs, more = LAYOUTS[layout]
    found = grids(outputs, NetFacts(SIZE, **more), layout.split()[0])
    for row in range(0, len(found.table), 5):
        told = origin(found, row)
        given = {each.name: each.given for each in told.numbers}
        behind = {each.inner_name: each.inner for each in told.numbers if each.how}
        for axis, steps in enumerate((told.across, told.down)):
            names = {
                "stride": told.head.stride[axis],
                "anchor": told.anchor_size[axis] if told.anchor_size else 1,
                "column": told.column,
                "row": told.line,
                **given,
                **behind,
            }
            names |= {"w": behind.get("w in strides", given["w"])} if "x" in behind else {}
            names |= {"h": behind.get("h in strides", given["h"])} if "x" in behind else {}
            for step in steps:
                if step.formula:
                    assert worth(step.formula, **names) == pytest.approx(step.value, abs=PIXELS)
                names[step.name.replace(" ", "_")] = step.value


@pytest.mark.parametrize(
    "layout", [name for name in LAYOUTS if name not in ("yolov2", "yolox")]
)
def test_what_is_worked_back_comes_from_the_given_numbers_by_the_formula_shown(layout):
    outputs, more = LAYOUTS[layout]
    found = grids(outputs, NetFacts(SIZE, **more), layout.split()[0])
    for row in range(0, len(found.table), 5):
        told = origin(found, row)
        given = {each.name: each.given for each in told.numbers}
        steps = {s.name.replace(" ", "_"): s.value for s in (*told.across, *told.down)}
        place = {"column": told.column, "row": told.line}
        for number in told.numbers:
            axis = 0 if any(letter in number.how for letter in ("cx", "w ")) else 1
            names = {"stride": told.head.stride[axis], **place, **steps, **given}
            if told.anchor_size:
                names["anchor"] = told.anchor_size[axis]
            if number.how and number.given > 0 and abs(number.inner) < 15:
                assert worth(number.how, **names) == pytest.approx(number.inner, abs=1e-4)


def test_a_yolov5_row_is_worked_back_to_the_numbers_it_was_made_of():
    rows, t, _ = yolov5_rows()
    found = grids(outputs_of(rows[None]), NetFacts(SIZE))
    told = [[each.inner for each in origin(found, row).numbers[:4]] for row in range(len(rows))]
    np.testing.assert_allclose(told, t[:, :4], atol=0.02)


# A net of one convolution with random weights in front of one head: cv2's own region layer
# is the witness, for every way a .cfg may count its boxes.
HEADS = {
    "v3": "[yolo]\nmask=1,2\nanchors=9,9, 10,14, 23,27\nnum=3\nclasses=4\n",
    "v4": "[yolo]\nmask=0,1\nanchors=10,14, 23,27\nnum=2\nclasses=4\nscale_x_y=1.05\n",
    "scaled v4": "[yolo]\nmask=0,1\nanchors=10,14, 23,27\nnum=2\nclasses=4\nscale_x_y=2.0\n"
    "new_coords=1\n",
    "v2": "[region]\nanchors=1.08,1.19, 3.42,4.41\nnum=2\nclasses=4\nsoftmax=1\n",
}


def random_net(head):
    filters = 2 * 9
    activation = "logistic" if "new_coords" in head else "linear"
    text = (
        "[net]\nwidth=96\nheight=64\nchannels=3\n\n[convolutional]\n"
        f"filters={filters}\nsize=3\nstride=16\npad=1\nactivation={activation}\n\n{head}"
    )
    weights = np.random.default_rng(3).normal(0, 0.3, filters + filters * 27)
    header = np.array([0, 2, 0, 0, 0], np.int32)
    return text, np.frombuffer(header.tobytes() + weights.astype("<f4").tobytes(), np.uint8)


def region_truth(text, weights, blob, size):
    """Run a second, unfused net: what enters each region layer, and what leaves it."""
    cfg = np.frombuffer(with_low_thresholds(text.encode()), np.uint8)
    net = cv2.dnn.readNetFromDarknet(cfg, weights)
    net.enableFusion(False)  # a fused net lies about its inner layers
    names = list(net.getLayerNames())
    ends = list(net.getUnconnectedOutLayersNames())
    before = [_conv_before(names, end) for end in ends]
    net.setInput(blob)
    arrays = dict(zip(before + ends, net.forward(before + ends), strict=True))
    outputs = Outputs({end: arrays[end] for end in ends})
    found = grids(outputs, NetFacts(size, heads=rules_of(text)), "darknet")
    inner = [
        arrays[name].reshape(head.boxes, -1, head.rows, head.columns).transpose(2, 3, 0, 1)
        for name, head in zip(before, found.heads, strict=True)
    ]  # (rows, columns, B, 5+C), what the net itself said
    return outputs, found, np.vstack([part.reshape(-1, part.shape[-1]) for part in inner])


def _conv_before(names, end):
    before = names[: names.index(end)]
    return next(name for name in reversed(before) if name.startswith("conv_"))


def assert_truth(outputs, found, inner):
    """Compare what is worked back with what the net said, where float32 still tells it."""
    raw = decode_outputs(outputs, NetFacts(found.size), "darknet")
    for row, said in enumerate(inner.astype(np.float64)):
        told = origin(found, row)
        worked = np.array([each.inner for each in told.numbers])
        clear = np.abs(said[:5]) < 6
        np.testing.assert_allclose(worked[clear], said[:5][clear], atol=5e-3, err_msg=str(row))
        np.testing.assert_allclose(told.xyxy, raw.xyxy[row], atol=PIXELS)
        beyond = (told.head.scale_xy - 1) / 2 + 1e-5
        assert -beyond <= cell_share(raw.xyxy[row], told, 0) <= 1 + beyond
        assert -beyond <= cell_share(raw.xyxy[row], told, 1) <= 1 + beyond


def cell_share(xyxy, told, axis):
    """Where the centre is in its cell: 0 at its left or upper edge, 1 at the other."""
    centre = (xyxy[axis] + xyxy[axis + 2]) / 2
    return centre / told.head.stride[axis] - (told.column, told.line)[axis]


@pytest.mark.parametrize("kind", HEADS)
def test_what_the_net_said_is_worked_back_from_cv2s_region_layer(kind):
    text, weights = random_net(HEADS[kind])
    blob = drawn(1, 3, 64, 96, low=-1)
    outputs, found, inner = region_truth(text, weights, blob, SIZE)
    assert len(inner) == 6 * 4 * 2
    assert_truth(outputs, found, inner)
    assert_arithmetic(outputs, SIZE, "darknet", heads=rules_of(text))


@pytest.mark.parametrize("kind", HEADS)
def test_a_class_score_is_worked_back_from_cv2s_product(kind):
    text, weights = random_net(HEADS[kind])
    _, found, inner = region_truth(text, weights, drawn(1, 3, 64, 96, low=-1), SIZE)
    for row, said in enumerate(inner.astype(np.float64)):
        powers = np.exp(said[5:])
        expected = powers / powers.sum() if kind == "v2" else powers / (1 + powers)
        for each in origin(found, row).best:
            if each.given > 0:
                assert each.score == pytest.approx(expected[each.class_id], abs=1e-4)


def real_truth(folder, stem, side):
    text = (folder / f"{stem}.cfg").read_text()
    image = decode_picture(sample_picture("motorcycle"))
    blob = cv2.dnn.blobFromImage(image, 1 / 255, (side, side), (0, 0, 0), True)
    weights = np.fromfile(folder / f"{stem}.weights", np.uint8)
    return (text, *region_truth(text, weights, blob, Size(side, side)))


@pytest.mark.parametrize("side", [320, 416])
def test_the_starter_detectors_own_numbers_are_worked_back(side):
    """At 416 as well: cv2 counts anchors in pixels of the blob, not of the .cfg's size."""
    folder = card_named("starter-detector-darknet").folder
    text, outputs, found, inner = real_truth(folder, "starter-detector", side)
    assert_truth(outputs, found, inner)
    assert_arithmetic(outputs, found.size, "darknet", every=7, heads=rules_of(text))
    assert [head.columns for head in found.heads] == [side // 32, side // 16, side // 8]


@needs_shared
@pytest.mark.parametrize("side", where_present(320, 416))
def test_yolo_fastests_own_numbers_are_worked_back_and_no_centre_leaves_its_cell(side):
    folder = NETS / "yolo-fastest-1.1-coco"
    text, outputs, found, inner = real_truth(folder, "yolo-fastest-1.1", side)
    assert all(head.scale_xy == 1 for head in found.heads)
    assert_truth(outputs, found, inner)
    assert_arithmetic(outputs, found.size, "darknet", heads=rules_of(text))


def test_a_class_that_cv2_dropped_says_so_instead_of_dividing():
    rows = darknet_rows(32, *SMALL)
    rows[:, 5:] = 0
    told = origin(grids(outputs_of(rows), NetFacts(SIZE, heads=(rule(),)), "darknet"), 3)
    assert told.confidence == 0
    assert "drops" in told.lines[-1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 9e9])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_broken_net_breaks_no_arithmetic(layout, value):
    outputs, more = LAYOUTS[layout]
    broken = outputs_of(*(np.full(array.shape, value) for array in outputs.values()))
    if layout == "darknet":
        with pytest.raises(LayoutUnknown, match="outside their cells"):
            grids(broken, NetFacts(SIZE, **more), layout)
    else:
        found = grids(broken, NetFacts(SIZE, **more), layout.split()[0])
        assert origin(found, len(found.table) - 1).lines


def test_the_lines_begin_with_where_the_row_is():
    outputs, more = LAYOUTS["darknet"]
    lines = origin(
        grids(outputs, NetFacts(SIZE, **more), "darknet"), 12 + 2 * (3 * 6 + 5) + 1
    ).lines
    assert lines[:3] == (
        "row 59 is row 59 - 12 = 47 of head 2",
        "  = (3 * 6 + 5) * 2 + 1",
        "column 5, row 3, box 1, counted from 0",
    )
