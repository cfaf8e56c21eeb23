import math
from dataclasses import replace

import numpy as np
import pytest

from core.errors import LayoutUnknown
from core.outputs import Outputs, layout_names
from core.picture.size import Size
from core.results.decoders import decode_above, decode_outputs
from core.results.layout import NetFacts
from core.results.recognition import recognise

SIZE = Size(96, 64)  # 12x8 + 6x4 + 3x2 cells
LAYOUTS = layout_names()
CELLS = [(x, y, s) for s in (8, 16, 32) for y in range(64 // s) for x in range(96 // s)]
ANCHORS = ((1.0, 1.2), (3.4, 4.4), (6.6, 11.4), (9.4, 5.1), (16.6, 10.5))
FACTS = NetFacts(SIZE, ANCHORS)


def outputs_of(*arrays):
    return Outputs({f"out{i}": np.asarray(a, np.float32) for i, a in enumerate(arrays)})


def drawn(*shape, seed=0, low=0.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def corners(cx, cy, w, h):
    return [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]


def best(scores):
    surest = max(range(len(scores)), key=lambda i: scores[i])
    return surest, scores[surest]


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def assert_rows(detections, expected):
    """Compare with (xyxy, class_id, confidence) a row, worked out one by one."""
    boxes, class_ids, confidences = zip(*expected, strict=True)
    np.testing.assert_allclose(detections.xyxy, boxes, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(detections.confidence, confidences, rtol=1e-5)
    assert detections.class_id.tolist() == list(class_ids)
    assert detections.row.tolist() == list(range(len(expected)))


def test_darknet_heads_follow_each_other_and_rows_count_on():
    heads = drawn(30, 9, seed=1), drawn(12, 9, seed=2)
    expected = []
    for head in heads:
        for cx, cy, w, h, _, *scores in head.tolist():
            expected.append((corners(cx * 96, cy * 64, w * 96, h * 64), *best(scores)))
    assert recognise(outputs_of(*heads), FACTS).layout == "darknet"
    assert_rows(decode_outputs(outputs_of(*heads), FACTS), expected)


def test_ssd_rows_are_fractions_of_the_blob_and_padding_is_never_sure():
    rows = drawn(7, 7, high=1.3)
    rows[:, 2] = drawn(7, seed=9)
    rows[:, 5:] += rows[:, 3:5]
    rows[:, 0] = [0, 0, 0, 0, 0, -1, -1]
    rows[:, 1] = [15, 7, 7, 0, 20, 3, 0]
    expected = [
        ([x1 * 96, y1 * 64, x2 * 96, y2 * 64], int(class_id), confidence * (image == 0))
        for image, class_id, confidence, x1, y1, x2, y2 in rows.tolist()
    ]
    assert recognise(outputs_of(rows[None, None]), FACTS).layout == "ssd"
    assert_rows(decode_outputs(outputs_of(rows[None, None]), FACTS), expected)


@pytest.mark.parametrize("classes", [1, 4, 80])
def test_yolov5_confidence_is_objectness_times_score(classes):
    rows = drawn(3 * len(CELLS), 5 + classes)
    rows[:, :4] *= 96
    expected = []
    for *cxcywh, objectness, in_class in ((*r[:5], r[5:]) for r in rows.tolist()):
        class_id, score = best(in_class)
        expected.append((corners(*cxcywh), class_id, objectness * score))
    assert recognise(outputs_of(rows[None]), FACTS).layout == "yolov5"
    assert_rows(decode_outputs(outputs_of(rows[None]), FACTS), expected)


def test_yolox_boxes_are_counted_in_cells_of_three_grids():
    rows = drawn(len(CELLS), 9)
    rows[:, :4] = drawn(len(CELLS), 4, seed=3, low=-2, high=2)
    expected = []
    for (x, y, stride), row in zip(CELLS, rows.tolist(), strict=True):
        class_id, score = best(row[5:])
        centre = (row[0] + x) * stride, (row[1] + y) * stride
        sides = math.exp(row[2]) * stride, math.exp(row[3]) * stride
        expected.append((corners(*centre, *sides), class_id, row[4] * score))
    assert recognise(outputs_of(rows[None]), FACTS).layout == "yolox"
    assert_rows(decode_outputs(outputs_of(rows[None]), FACTS), expected)


def test_yolov6_has_a_row_a_cell_like_yolox_but_finished_boxes():
    """Only the labels tell it from a YOLOv8 of five classes."""
    rows = drawn(1, len(CELLS), 9)
    assert recognise(outputs_of(rows), replace(FACTS, labels=4)).layout == "yolov5"
    assert recognise(outputs_of(rows), replace(FACTS, labels=5)).layout == "yolov8"
    with pytest.raises(LayoutUnknown, match=r"fits several output layouts.*yolov5.*yolov8"):
        recognise(outputs_of(rows), FACTS)


@pytest.mark.parametrize("classes", [1, 2, 80])
def test_yolov8_has_a_column_a_box_and_no_objectness(classes):
    columns = drawn(4 + classes, len(CELLS))
    columns[:4] *= 96
    expected = [(corners(*box[:4]), *best(box[4:])) for box in columns.T.tolist()]
    assert recognise(outputs_of(columns[None]), FACTS).layout == "yolov8"
    assert_rows(decode_outputs(outputs_of(columns[None]), FACTS), expected)


def test_mask_numbers_of_a_segmentation_net_are_no_classes():
    columns, masks = drawn(4 + 3 + 32, len(CELLS)), drawn(1, 32, 16, 24)
    columns[:4] *= 96
    columns[7:] += 100  # were they classes, they would win everywhere
    outputs = outputs_of(columns[None], masks)
    expected = [(corners(*box[:4]), *best(box[4:7])) for box in columns.T.tolist()]
    assert recognise(outputs, FACTS).layout == "yolov8"
    assert_rows(decode_outputs(outputs, FACTS), expected)


def test_end_to_end_rows_are_corners_in_pixels():
    rows = drawn(300, 6)
    rows[:, :4] *= 48
    rows[:, 2:4] += rows[:, :2]
    rows[:, 5] = np.arange(300) % 80
    expected = [(row[:4], int(row[5]), row[4]) for row in rows.tolist()]
    assert recognise(outputs_of(rows[None]), FACTS).layout == "end-to-end"
    assert_rows(decode_outputs(outputs_of(rows[None]), FACTS), expected)


SAME_CELLS = [Size(320, 192), Size(160, 128), Size(192, 320), Size(128, 160)]


@pytest.mark.parametrize("size", SAME_CELLS, ids=str)
@pytest.mark.parametrize("classes", [1, 80])
def test_three_hundred_end_to_end_rows_are_no_grid_cells(size, classes):
    """320 x 192 has 300 cells of 16 and 32 pixels, 160 x 128 has a third of that."""
    rows = drawn(300, 6)
    rows[:, 2:4] += rows[:, :2]
    rows[:, :4] *= 64
    rows[:, 5] = np.arange(300) % classes
    assert (
        recognise(outputs_of(rows[None]), NetFacts(size, labels=classes)).layout == "end-to-end"
    )


@pytest.mark.parametrize("size", SAME_CELLS, ids=str)
def test_three_hundred_rows_that_end_in_a_confidence_are_grid_cells(size):
    outputs = outputs_of(drawn(1, 300, 6))
    assert recognise(outputs, NetFacts(size, labels=1)).layout == "yolov5"


def test_yolov2_cells_hold_anchors_and_nothing_is_applied_yet():
    grid = drawn(1, 5 * 8, 2, 3, low=-3, high=3)  # a blob of 96 x 64 has 3 x 2 cells of 32
    expected = []
    for y in range(2):
        for x in range(3):
            for a, (width, height) in enumerate(ANCHORS):
                tx, ty, tw, th, to, *logits = grid[0, a * 8 : a * 8 + 8, y, x].tolist()
                powers = [math.exp(each) for each in logits]
                class_id, power = best(powers)
                centre = (x + sigmoid(tx)) * 32, (y + sigmoid(ty)) * 32
                sides = width * math.exp(tw) * 32, height * math.exp(th) * 32
                surety = sigmoid(to) * power / sum(powers)
                expected.append((corners(*centre, *sides), class_id, surety))
    assert recognise(outputs_of(grid), FACTS).layout == "yolov2"
    assert_rows(decode_outputs(outputs_of(grid), FACTS), expected)


def test_yolov2_without_anchors_says_where_they_belong():
    with pytest.raises(LayoutUnknown, match=r"anchors .* model's card"):
        decode_outputs(outputs_of(drawn(1, 40, 2, 3)), NetFacts(SIZE))


@pytest.mark.parametrize(
    ("shapes", "size", "expected"),
    [
        pytest.param([(1, 25200, 85)], (640, 640), "yolov5", id="YOLOv5 and v7 on COCO"),
        pytest.param([(1, 25200, 6)], (640, 640), "yolov5", id="YOLOv5 that knows one class"),
        pytest.param([(1, 102000, 85)], (1280, 1280), "yolov5", id="YOLOv5 P6, four strides"),
        pytest.param([(1, 2535, 85)], (416, 416), "yolov5", id="YOLOv3-tiny as ONNX"),
        pytest.param([(1, 84, 8400)], (640, 640), "yolov8", id="YOLOv8 on COCO"),
        pytest.param([(1, 5, 8400)], (640, 640), "yolov8", id="YOLOv8 that knows one class"),
        pytest.param([(1, 84, 5040)], (640, 384), "yolov8", id="YOLOv8, not square"),
        pytest.param([(1, 116, 8400), (1, 32, 160, 160)], (640, 640), "yolov8", id="v8-seg"),
        pytest.param([(1, 300, 6)], (640, 640), "end-to-end", id="YOLOv10 and 26"),
        pytest.param([(507, 85), (2028, 85)], (416, 416), "darknet", id="YOLOv3-tiny"),
        pytest.param([(1, 1, 100, 7)], (300, 300), "ssd", id="SSD"),
        pytest.param([(1, 1, 1, 7)], (300, 300), "ssd", id="SSD that found nothing"),
        pytest.param([(1, 125, 13, 13)], (416, 416), "yolov2", id="Tiny YOLOv2 on VOC"),
    ],
)
def test_the_shapes_tell_the_layout(shapes, size, expected):
    arrays = [np.zeros(shape, np.float32) for shape in shapes]
    assert recognise(outputs_of(*arrays), NetFacts(Size(*size))).layout == expected


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param([(1, 1000)], id="classifier"),
        pytest.param([(1, 1000, 1, 1)], id="classifier, pooled"),
        pytest.param([(1, 84, 777)], id="cells of another blob size"),
        pytest.param([(1, 21, 64, 96)], id="segmentation"),
        pytest.param([], id="nothing"),
        pytest.param([()], id="a single number without axes"),
    ],
)
def test_unknown_outputs_are_listed_with_the_layouts_we_know(shapes):
    with pytest.raises(LayoutUnknown) as caught:
        recognise(outputs_of(*(np.zeros(shape) for shape in shapes)), FACTS)
    text = str(caught.value)
    assert all(f"out{i} {list(shape)}" in text for i, shape in enumerate(shapes))
    assert all(layout in text for layout in LAYOUTS)
    assert "name it in the card (layout = ...)" in text


def test_a_classifier_among_detectors_is_called_one():
    with pytest.raises(LayoutUnknown, match="what a classifier answers"):
        recognise(outputs_of(np.zeros((1, 1000))), FACTS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_from_a_card_that_does_not_fit_says_what_it_wants(layout):
    with pytest.raises(LayoutUnknown, match=r"out0 \[1, 4\]|anchors"):
        decode_outputs(outputs_of(np.zeros((1, 4))), FACTS, layout)


def test_a_layout_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(LayoutUnknown, match=r'no layout "yolov99".*darknet'):
        decode_outputs(outputs_of(np.zeros((1, 4))), FACTS, "yolov99")


def test_the_choice_of_a_person_outranks_the_shapes():
    rows, facts = outputs_of(drawn(1, len(CELLS), 9)), replace(FACTS, labels=4)
    assert recognise(rows, facts).layout == "yolov5"
    assert not np.allclose(
        decode_outputs(rows, facts, "yolox").xyxy, decode_outputs(rows, facts).xyxy
    )


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        ("darknet", (len(CELLS), 9)),
        ("ssd", (1, 1, 9, 7)),
        ("yolov5", (1, 3 * len(CELLS), 9)),
        ("yolox", (1, len(CELLS), 9)),
        ("yolov8", (1, 9, len(CELLS))),
        ("end-to-end", (1, 300, 6)),
        ("yolov2", (1, 40, 2, 3)),
    ],
)
@pytest.mark.parametrize("value", [np.nan, np.inf, 9e9])
def test_what_a_broken_net_answers_is_decoded_without_a_warning_and_dropped(
    layout, shape, value
):
    outputs = outputs_of(np.full(shape, value))
    detections = decode_outputs(outputs, FACTS, layout)
    assert len(detections) > 0
    if not math.isfinite(value):
        assert len(detections.above(0.1)) == 0


SHAPES = {
    "darknet": (len(CELLS), 9),
    "yolov5": (1, 3 * len(CELLS), 9),
    "yolox": (1, len(CELLS), 9),
    "yolov8": (1, 9, len(CELLS)),
    "end-to-end": (1, 300, 6),
    "yolov2": (1, 40, 2, 3),
}


@pytest.mark.parametrize("layout", SHAPES)
@pytest.mark.parametrize("above", [0.0, 0.1, 0.5, 0.8, 0.999, 1.0])
@pytest.mark.parametrize("odd", [0.5, np.nan], ids=["finite", "with holes"])
def test_decoding_above_a_threshold_keeps_the_very_rows_that_decoding_and_a_threshold_keep(
    layout, above, odd
):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        numbers = rng.random(SHAPES[layout]) ** 0.3  # many near 1, as far as scores go
        numbers[rng.random(SHAPES[layout]) < 0.02] = odd
        outputs = outputs_of(numbers)
        every = decode_outputs(outputs, FACTS, layout)
        decoded = decode_above(outputs, FACTS, layout, above=above)
        assert decoded.rows == len(every)
        for name in ("xyxy", "confidence", "class_id", "row"):
            wanted = getattr(every.above(above), name)
            np.testing.assert_array_equal(getattr(decoded.confident, name), wanted)
        if odd == 0.5:
            assert decoded.top_confidence == every.confidence.max()


def test_decoding_above_a_threshold_leaves_mask_numbers_out():
    outputs = Outputs(
        {
            "rows": np.random.default_rng(7).random((1, 9, 5 + 3 + 2)).astype(np.float32),
            "masks": np.zeros((1, 2, 4, 4), np.float32),
        }
    )
    decoded = decode_above(outputs, FACTS, "yolov5", above=0.1)
    assert decoded.confident.class_id.max() <= 2
