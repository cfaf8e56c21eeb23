"""Each raw row in its head, cell and anchor; what has no grid says so."""

import numpy as np
import pytest

from core.errors import LayoutUnknown
from core.outputs import Outputs
from core.picture.size import Size
from core.results.decoders import decode_outputs, grids
from core.results.grids import HeadRule, objectness
from core.results.layout import NetFacts
from core.results.layouts.yolov5 import STANDARD_ANCHORS

SIZE = Size(96, 64)  # 12 x 8, 6 x 4 and 3 x 2 cells
STRIDES = (8, 16, 32)
CELLS = [(x, y, s) for s in STRIDES for y in range(64 // s) for x in range(96 // s)]
ANCHORS = ((1.0, 1.2), (3.4, 4.4), (6.6, 11.4))
FACTS = NetFacts(SIZE)


def outputs_of(*arrays):
    return Outputs({f"out{i}": np.asarray(a, np.float32) for i, a in enumerate(arrays)})


def drawn(*shape, seed=0, low=0.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def rule(*anchors, classes=4, **more):
    return HeadRule(anchors or ((10.0, 14.0), (23.0, 27.0)), classes, **more)


def yolov5_rows(classes=4, seed=0, anchors=STANDARD_ANCHORS[STRIDES]):
    """Rows as Ultralytics exports them: head, anchor, cell row, cell column."""
    t = np.random.default_rng(seed).normal(0, 2, (3 * len(CELLS), 5 + classes))
    share = 1 / (1 + np.exp(-t))
    places = [
        (x, y, stride, anchor)
        for stride, sizes in zip(STRIDES, anchors, strict=True)
        for anchor in sizes
        for y in range(64 // stride)
        for x in range(96 // stride)
    ]
    for row, (x, y, stride, anchor) in zip(share, places, strict=True):
        row[:2] = (2 * row[:2] - 0.5 + (x, y)) * stride
        row[2:4] = (2 * row[2:4]) ** 2 * anchor
    return share.astype(np.float32), t, places


def darknet_rows(stride, *anchors, classes=4, seed=0):
    """Rows as cv2's region layer returns them, of a head without scale_x_y."""
    columns, rows = SIZE.width // stride, SIZE.height // stride
    places = [(x, y, a) for y in range(rows) for x in range(columns) for a in anchors]
    t = np.random.default_rng(seed).normal(0, 2, (len(places), 5 + classes))
    share = 1 / (1 + np.exp(-t))
    for row, (x, y, anchor), said in zip(share, places, t, strict=True):
        row[:2] = np.add(row[:2], (x, y)) / (columns, rows)
        row[2:4] = np.exp(said[2:4]) * anchor / SIZE.cv2
        row[5:] *= row[4]
    return share.astype(np.float32)


SMALL, LARGE = ((10, 14), (23, 27)), ((81, 82), (135, 169))


def heads_of(found):
    return [(h.stride[0], h.columns, h.rows, h.boxes, h.classes, h.first) for h in found.heads]


def test_darknet_heads_follow_the_order_of_the_cfg_and_rows_count_on():
    outputs = outputs_of(darknet_rows(32, *LARGE), darknet_rows(16, *SMALL))
    found = grids(outputs, NetFacts(SIZE, heads=(rule(*LARGE), rule())))
    assert heads_of(found) == [(32, 3, 2, 2, 4, 0), (16, 6, 4, 2, 4, 12)]
    assert [head.anchors[0] for head in found.heads] == [(81, 82), (10, 14)]


def test_darknet_rows_are_ordered_by_cell_row_cell_column_anchor():
    found = grids(outputs_of(darknet_rows(32, *SMALL)), NetFacts(SIZE, heads=(rule(),)))
    places = [found.heads[0].cell_of(row) for row in range(12)]
    assert places == [(x, y, a) for y in range(2) for x in range(3) for a in range(2)]


def test_anchors_of_a_region_layer_are_counted_in_cells():
    rows = outputs_of(darknet_rows(32, (32, 64), (96, 128)))
    found = grids(rows, NetFacts(SIZE, heads=(rule((1, 2), (3, 4), in_cells=True),)))
    assert found.heads[0].anchors == ((32, 64), (96, 128))


@pytest.mark.parametrize(
    ("arrays", "rules"),
    [
        pytest.param([drawn(12, 9)], [], id="no head described"),
        pytest.param([drawn(12, 9)], [rule(), rule()], id="one head too many"),
        pytest.param([drawn(13, 9)], [rule()], id="half a cell"),
        pytest.param([drawn(14, 9)], [rule()], id="no grid of this blob"),
        pytest.param([drawn(12, 9)], [rule(classes=80)], id="other classes"),
    ],
)
def test_a_cfg_that_does_not_fit_the_outputs_gets_a_sentence(arrays, rules):
    with pytest.raises(LayoutUnknown, match=r"\.cfg.*out0|out0.*\.cfg"):
        grids(outputs_of(*arrays), NetFacts(SIZE, heads=rules))


def test_boxes_outside_their_cells_are_of_another_cfg():
    """The cells of a transposed or shuffled head would explain nothing."""
    rows = darknet_rows(32, *SMALL)
    with pytest.raises(LayoutUnknown, match="head 1 lie outside their cells"):
        grids(outputs_of(rows[::-1]), NetFacts(SIZE, heads=(rule(),)))
    with pytest.raises(LayoutUnknown, match="scale_x_y"):
        grids(outputs_of(rows * np.nan), NetFacts(SIZE, heads=(rule(),)))


def test_yolov2_has_one_head_and_its_rows_are_those_of_the_decoder():
    grid = drawn(1, 3 * 9, 2, 3, low=-3, high=3)
    found = grids(outputs_of(grid), NetFacts(SIZE, ANCHORS), "yolov2")
    assert heads_of(found) == [(32, 3, 2, 3, 4, 0)]
    column, row, anchor = 1, 1, 2
    number = (row * 3 + column) * 3 + anchor
    assert found.heads[0].cell_of(number) == (column, row, anchor)
    np.testing.assert_array_equal(found.table[number], grid[0, 18:27, row, column])


def test_yolov5_rows_that_could_come_from_the_usual_anchors_get_them_as_assumed():
    rows, _, places = yolov5_rows()
    found = grids(outputs_of(rows[None]), FACTS)
    assert heads_of(found) == [
        (8, 12, 8, 3, 4, 0),
        (16, 6, 4, 3, 4, 288),
        (32, 3, 2, 3, 4, 360),
    ]
    assert all(head.assumed for head in found.heads)
    for number, (x, y, stride, anchor) in enumerate(places):
        head = found.head_of(number)
        column, row, box = head.cell_of(number)
        assert (column, row, head.stride[0], head.anchors[box]) == (x, y, stride, anchor)


@pytest.mark.parametrize("doubt", ["anchors", "order"])
def test_yolov5_rows_that_could_not_are_taken_as_they_are(doubt):
    larger = [[(9 * w, 9 * h) for w, h in sizes] for sizes in STANDARD_ANCHORS[STRIDES]]
    rows, _, _ = yolov5_rows(anchors=larger) if doubt == "anchors" else yolov5_rows()
    found = grids(outputs_of(rows[None, ::-1] if doubt == "order" else rows[None]), FACTS)
    assert not any(head.assumed or head.anchors for head in found.heads)
    assert heads_of(found)[0] == (8, 12, 8, 3, 4, 0)


def test_one_row_a_cell_has_no_anchors():
    found = grids(outputs_of(drawn(1, len(CELLS), 9)), FACTS, "yolox")
    assert [found.head_of(i).stride[0] for i in range(len(CELLS))] == [s for _, _, s in CELLS]
    assert [found.head_of(i).cell_of(i) for i in range(len(CELLS))] == [
        (x, y, 0) for x, y, _ in CELLS
    ]


def test_more_boxes_a_cell_than_three_are_counted():
    found = grids(outputs_of(drawn(1, 7 * len(CELLS), 9)), FACTS, "yolov5")
    assert {head.boxes for head in found.heads} == {7}


def test_masks_of_a_segmentation_net_are_no_classes():
    columns = drawn(1, 4 + 3 + 32, len(CELLS))
    found = grids(outputs_of(columns, drawn(1, 32, 16, 24)), FACTS)
    assert [head.classes for head in found.heads] == [3, 3, 3]


LAYOUTS = {
    "darknet": (
        outputs_of(darknet_rows(32, *LARGE), darknet_rows(16, *SMALL)),
        {"heads": (rule(*LARGE), rule())},
    ),
    "yolov2": (outputs_of(drawn(1, 27, 2, 3, low=-3, high=3)), {"anchors": ANCHORS}),
    "yolov5": (outputs_of(yolov5_rows()[0][None]), {}),
    "yolox": (outputs_of(drawn(1, len(CELLS), 9)), {}),
    "yolov8": (outputs_of(drawn(1, 8, len(CELLS))), {}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_raw_row_has_one_place_and_no_two_share_it(layout):
    outputs, more = LAYOUTS[layout]
    found = grids(outputs, NetFacts(SIZE, **more), layout)
    rows = len(decode_outputs(outputs, NetFacts(SIZE, **more), layout))
    places = {(found.head_of(row), *found.head_of(row).cell_of(row)) for row in range(rows)}
    assert len(places) == rows == len(found.table)
    assert sum(head.cells * head.boxes for head in found.heads) == rows
    for head, column, row, box in places:
        assert 0 <= column < head.columns
        assert 0 <= row < head.rows
        assert 0 <= box < head.boxes
    with pytest.raises(IndexError, match=f"no row {rows}"):
        found.head_of(rows)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_heat_of_a_cell_is_its_surest_box(layout):
    outputs, more = LAYOUTS[layout]
    found = grids(outputs, NetFacts(SIZE, **more), layout)
    for head in found.heads:
        expected = np.zeros((head.rows, head.columns))
        for number in range(head.first, head.raw_rows.stop):
            raw = found.table[number].astype(np.float64)
            value = raw[4:].max() if layout == "yolov8" else raw[4]
            value = 1 / (1 + np.exp(-value)) if layout == "yolov2" else value
            column, row, _ = head.cell_of(number)
            expected[row, column] = max(expected[row, column], value)
        np.testing.assert_allclose(objectness(found, head), expected, rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_heat_of_a_broken_net_is_finite(value):
    found = grids(outputs_of(np.full((1, len(CELLS), 9), value)), FACTS, "yolox")
    assert all(np.isfinite(objectness(found, head)).all() for head in found.heads)


@pytest.mark.parametrize(
    ("layout", "shape", "said"),
    [("ssd", (1, 1, 9, 7), "prior boxes"), ("end-to-end", (1, 300, 6), "by confidence")],
)
def test_rows_without_a_grid_get_a_sentence_that_says_why(layout, shape, said):
    with pytest.raises(LayoutUnknown, match=f"no grid to show.*{said}"):
        grids(outputs_of(np.zeros(shape)), FACTS, layout)


def test_rows_that_fill_no_grid_get_a_sentence():
    with pytest.raises(LayoutUnknown, match="no whole number of boxes"):
        grids(outputs_of(drawn(1, 1009, 9)), FACTS, "yolov5")
