from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.picture.size import Size
from core.render import boxes
from core.render.boxes import BoxStyle, Pen, draw_detections, label_tile
from core.render.palette import class_colour, confidence_colour
from core.results.detections import Detections

GROUND = 119


def ground(width=200, height=150):
    return np.full((height, width, 3), GROUND, np.uint8)


def one(xyxy, class_id=0, confidence=0.87):
    return Detections([xyxy], [confidence], [class_id], [0])


BARE = BoxStyle(labels=False, confidence=False)


def bare(image, detections, **style):
    return draw_detections(image, detections, style=replace(BARE, **style))


def test_the_callers_picture_is_not_drawn_upon():
    image = ground()
    image.setflags(write=False)
    drawn = draw_detections(image, one([20, 30, 90, 80]))
    assert (image == GROUND).all()
    assert (drawn != GROUND).any()


def test_a_frame_has_the_colour_of_its_class_and_hides_nothing_inside():
    drawn = bare(ground(), one([20, 30, 90, 80], class_id=3))
    assert drawn[30, 20:90].tolist() == [list(class_colour(3))] * 70
    assert drawn[30:80, 89].tolist() == [list(class_colour(3))] * 50
    line = Pen.of(Size(200, 150)).line
    assert (drawn[30 + line : 80 - line, 20 + line : 90 - line] == GROUND).all()
    drawn[30:80, 20:90] = GROUND
    assert (drawn == GROUND).all()


@pytest.mark.parametrize(
    "xyxy",
    [
        [-90, 10, -5, 60],
        [210, 10, 400, 60],
        [10, 160, 50, 400],
        [50, 50, 50, 90],
        [90, 9, 20, 50],
    ],
    ids=["left", "right", "below", "no width", "inside out"],
)
def test_a_box_that_is_not_in_the_picture_is_left_out_with_its_label(xyxy):
    assert (draw_detections(ground(), one(xyxy)) == GROUND).all()


CORNERS = st.floats(-500, 900)


@settings(max_examples=200)
@given(
    st.tuples(st.integers(1, 700), st.integers(1, 500)),
    st.tuples(CORNERS, CORNERS, CORNERS, CORNERS),
    st.sampled_from(["dog", "a class with quite a long name", "i"]),
)
def test_a_label_is_whole_and_inside_wherever_the_box_is(sides, corners, label):
    image = ground(*sides)
    xyxy = (
        sorted(corners[::2])[0],
        sorted(corners[1::2])[0],
        max(corners[::2]),
        max(corners[1::2]),
    )
    found = one(xyxy, class_id=1)
    drawn = draw_detections(image, found, label=lambda _: label)
    framed = bare(image, found)
    if (framed == GROUND).all():
        return
    size = Size.of(image)
    tile = label_tile(f"{label} 0.87", class_colour(1), text_size=Pen.of(size).text, room=size)
    windows = np.lib.stride_tricks.sliding_window_view(drawn, tile.shape)[:, :, 0]
    rows, columns = np.nonzero((windows[..., 0, 0, :] == tile[0, 0]).all(axis=-1))
    assert any((windows[r, c] == tile).all() for r, c in zip(rows, columns, strict=True))


def test_labels_of_crowded_boxes_do_not_cover_each_other():
    crowd = Detections([[50, 60, 150, 120]] * 4, [0.9, 0.8, 0.7, 0.6], [0, 1, 2, 3], range(4))
    image = ground(400, 300)
    drawn = draw_detections(image, crowd)
    text = Pen.of(Size(400, 300)).text
    for row in range(4):
        label = f"{row} {crowd.confidence[row]:.2f}"
        tile = label_tile(label, class_colour(row), text_size=text, room=Size(400, 300))
        windows = np.lib.stride_tricks.sliding_window_view(drawn, tile.shape)[:, :, 0]
        assert (windows == tile).all(axis=(2, 3, 4)).any()


def test_the_first_row_lies_on_top():
    both = Detections([[20, 30, 90, 80]] * 2, [0.9, 0.8], [4, 5], [0, 1])
    assert bare(ground(), both)[30, 20].tolist() == list(class_colour(4))


def test_where_labels_have_to_overlap_the_first_row_is_the_one_to_read():
    size = Size(30, 16)  # room for a single label
    both = Detections([[0, 0, 30, 16]] * 2, [0.9, 0.8], [4, 5], [0, 1])
    drawn = draw_detections(
        ground(*size.cv2), both, label=lambda _: "dog", style=BoxStyle(confidence=False)
    )
    tile = label_tile("dog", class_colour(4), text_size=Pen.of(size).text, room=size)
    assert (drawn[: tile.shape[0], : tile.shape[1]] == tile).all()


def test_what_is_written_can_be_chosen(monkeypatch):
    written = []

    def noted(text, *args, **options):
        written.append(text)
        return label_tile(text, *args, **options)

    monkeypatch.setattr(boxes, "label_tile", noted)
    found, names = one([20, 30, 90, 80]), ["dog"].__getitem__
    draw_detections(ground(), found, label=names)
    draw_detections(ground(), found, label=names, style=BoxStyle(confidence=False))
    draw_detections(ground(), found, label=names, style=BoxStyle(labels=False, numbers=True))
    assert written == ["dog 0.87", "dog", "#1 0.87"]


@pytest.mark.parametrize(
    "size", [Size(64, 48), Size(640, 480), Size(1920, 1080), Size(6000, 4000)]
)
def test_lines_and_letters_follow_the_size_of_the_picture(size):
    pen = Pen.of(size)
    assert 2 <= pen.line <= pen.text / 4

    assert pen.text == max(11, round((size.width + size.height) / 2 * 0.028))


def test_a_label_longer_than_the_picture_is_cut_short():
    tile = label_tile("a" * 300, (0, 0, 0), text_size=16, room=Size(100, 90))
    assert tile.shape[1] <= 100


@pytest.mark.parametrize("text", ["Katze", "кошка", "猫", "ñandú"])
def test_labels_in_other_scripts_are_written_with_or_without_a_font_for_them(text, monkeypatch):
    assert np.unique(label_tile(text, (0, 0, 0), text_size=16, room=Size(200, 90))).size > 2
    monkeypatch.setattr(boxes, "_system_font", lambda _: None)
    assert np.unique(label_tile(text, (0, 0, 0), text_size=16, room=Size(200, 90))).size > 2


def test_without_a_font_accents_are_dropped_and_the_letters_stay(monkeypatch):
    monkeypatch.setattr(boxes, "_system_font", lambda _: None)
    accented = label_tile("Äpfel", (0, 0, 0), text_size=16, room=Size(200, 90))
    plain = label_tile("Apfel", (0, 0, 0), text_size=16, room=Size(200, 90))
    np.testing.assert_array_equal(accented, plain)


def test_without_boxes_the_labels_stand_where_they_stood_and_the_rest_is_the_picture():
    image, found = ground(), one([20, 60, 90, 120])
    both = draw_detections(image, found)
    labels = draw_detections(image, found, style=BoxStyle(boxes=False))
    tile = label_tile(
        "0 0.87", class_colour(0), text_size=Pen.of(Size(200, 150)).text, room=Size(200, 150)
    )
    height, width = tile.shape[:2]
    place = slice(60 - height, 60), slice(20, 20 + width)
    assert (labels[place] == both[place]).all()
    assert (labels[place] == tile).all()
    labels[place] = GROUND
    assert (labels == GROUND).all()


def test_without_boxes_and_words_there_is_just_the_picture():
    assert (bare(ground(), one([20, 30, 90, 80]), boxes=False) == GROUND).all()


@pytest.mark.parametrize("factor", [0.25, 0.5, 2.0, 4.0])
def test_lines_are_as_many_times_thicker_as_asked_but_never_nothing(factor):
    drawn = bare(ground(900, 700), one([200, 100, 800, 600], class_id=3), line=factor)
    thick = np.flatnonzero((drawn[350, 200:500] == class_colour(3)).all(axis=-1))
    assert thick.tolist() == list(range(max(1, round(Pen.of(Size(900, 700)).line * factor))))


def test_letters_are_as_many_times_taller_as_asked(monkeypatch):
    sizes = []
    written = label_tile

    def noted(text, background, *, text_size, room):
        sizes.append(text_size)
        return written(text, background, text_size=text_size, room=room)

    monkeypatch.setattr(boxes, "label_tile", noted)
    for factor in (0.5, 1.0, 3.0):
        draw_detections(ground(900, 700), one([0, 0, 9, 9]), style=BoxStyle(text=factor))
    assert sizes == [11, 22, 66]


def test_coloured_by_confidence_a_box_says_how_sure_and_not_what():
    for class_id in (0, 7):
        found = one([20, 30, 90, 80], class_id=class_id, confidence=0.6)
        drawn = bare(ground(), found, colours="confidence")
        assert drawn[30, 20].tolist() == list(confidence_colour(0.6))


@pytest.mark.parametrize(
    "wrong",
    [{"line": 0}, {"line": 5}, {"text": 0.1}, {"text": float("nan")}, {"colours": "size"}],
    ids=str,
)
def test_a_style_that_cannot_be_drawn_is_refused_at_birth(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))[:5]):
        BoxStyle(**wrong)


def test_a_turned_box_is_drawn_turned():
    image = ground()
    upright = Detections([[50, 25, 150, 125]], [0.87], [0], [0])
    diamond = replace(upright, corners=[[100, 25, 150, 75, 100, 125, 50, 75]])
    drawn = bare(image, diamond)
    colour = class_colour(0)
    for x, y in ((125, 50), (75, 50), (125, 100), (75, 100)):  # the middles of its sides
        assert np.abs(drawn[y, x].astype(int) - colour).max() < 8
    for x, y in ((52, 27), (147, 27), (52, 122), (147, 122)):  # the upright box's corners
        assert (drawn[y, x] == GROUND).all()


def test_a_turned_box_that_is_far_outside_stops_nobody():
    far = Detections([[-1e30, -1e30, 1e30, 1e30]], [0.87], [0], [0])
    far = replace(far, corners=[[0, -1e30, 1e30, 0, 0, 1e30, -1e30, 0]])
    assert bare(ground(), far).shape == ground().shape
