"""Every family that people have is recognised by its numbers, and read as by hand."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import LayoutUnknown
from core.outputs import Outputs, layout_names
from core.results.decoders import decode_outputs, decoder_lines
from core.results.layout import NetFacts
from core.results.recognition import named, recognise, recognition
from tests.results.layout_samples import (
    OBJECTS,
    ROWS,
    SAMPLES,
    SIZE,
    cells,
    cxcywh,
    floor,
    nanodet_table,
    points_of,
    yolov8_rows,
)

PIXELS, CONFIDENCE = 0.02, 1e-4


def outputs_of(*arrays):
    return Outputs({f"out{i}": np.asarray(a, np.float32) for i, a in enumerate(arrays)})


def boxes(outputs, facts, layout="auto"):
    """What is above a confidence of a half, the most confident first."""
    return decode_outputs(outputs, facts, layout).above(0.5)


def assert_objects(found, objects=OBJECTS):
    np.testing.assert_allclose(found.xyxy, [box for box, _, _ in objects], atol=PIXELS)
    np.testing.assert_allclose(
        found.confidence, [sure for *_, sure in objects], atol=CONFIDENCE
    )
    assert found.class_id.tolist() == [class_id for _, class_id, _ in objects]


def test_there_is_a_sample_of_every_layout():
    assert sorted(SAMPLES) == sorted(layout_names())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_family_is_recognised_and_its_boxes_are_those_that_were_encoded(name):
    sample = SAMPLES[name]
    found = recognition(sample.outputs, sample.net_facts)
    assert found.chosen, found.problem
    assert found.chosen.layout == name, [each.reason for each in found.matches]
    assert_objects(boxes(sample.outputs, sample.net_facts), sample.objects)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_card_may_name_what_is_recognised(name):
    sample = SAMPLES[name]
    assert named(sample.outputs, sample.net_facts, name).layout == name
    assert_objects(boxes(sample.outputs, sample.net_facts, name), sample.objects)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_exported_lines_decode_as_the_decoder_does(name):
    sample = SAMPLES[name]
    expected = decode_outputs(sample.outputs, sample.net_facts, name)
    names = {"np": np, "outputs": dict(sample.outputs), "into": np.array(SIZE.cv2)}
    exec("\n".join(decoder_lines(sample.outputs, sample.net_facts, name)), names)
    np.testing.assert_allclose(names["xyxy"], expected.xyxy, atol=1e-4)
    np.testing.assert_allclose(names["confidences"], expected.confidence, rtol=1e-5, atol=1e-7)
    assert names["class_ids"].tolist() == expected.class_id.tolist()


FRACTIONS = np.array([96, 64, 96, 64])


def in_fractions(name):
    sample = SAMPLES[name]
    arrays = {key: np.array(array, np.float32) for key, array in sample.arrays.items()}
    (table,) = arrays.values()
    if name.startswith("yolov8"):
        table[0, :4] /= FRACTIONS[:, None]
    else:
        table[..., :4] /= FRACTIONS
    if name == "yolov8-pose":
        for axis in (0, 1):
            table[0, 5 + axis :: 3] /= FRACTIONS[axis]
    return replace(sample, arrays=arrays)


@pytest.mark.parametrize(
    "name", ["yolov5", "yolov8", "yolov8-pose", "end-to-end", "end-to-end-obb"]
)
def test_fractions_are_told_from_pixels(name):
    sample = in_fractions(name)
    assert recognise(sample.outputs, sample.net_facts).layout == name
    assert_objects(boxes(sample.outputs, sample.net_facts), sample.objects)
    names = {"np": np, "outputs": dict(sample.outputs), "into": np.array(SIZE.cv2)}
    exec("\n".join(decoder_lines(sample.outputs, sample.net_facts)), names)
    sure = names["confidences"] > 0.5
    assert sorted(names["xyxy"][sure][:, 0].round().tolist()) == [5, 10, 50]


@pytest.mark.parametrize("name", ["yolov5", "yolov8", "yolov8-pose", "yolov8-obb"])
@pytest.mark.parametrize("layout", ["auto", "named"])
def test_transposed_tables_are_read(name, layout):
    sample = SAMPLES[name]
    turned = Outputs(
        {key: np.ascontiguousarray(a.transpose(0, 2, 1)) for key, a in sample.outputs.items()}
    )
    layout = name if layout == "named" else "auto"
    assert named(turned, sample.net_facts, layout).layout == name
    assert_objects(boxes(turned, sample.net_facts, layout), sample.objects)


def test_a_flat_yolov5_is_no_darknet_net():
    sample = SAMPLES["yolov5"]
    flat = Outputs({"output": sample.outputs["output"][0]})
    facts = replace(sample.net_facts, darknet=False)
    assert recognise(flat, facts).layout == "yolov5"
    assert_objects(boxes(flat, facts))


def test_darknet_is_never_guessed_for_a_net_of_another_kind():
    sample = SAMPLES["darknet"]
    facts = replace(sample.net_facts, darknet=False)
    with pytest.raises(LayoutUnknown, match="OpenCV did not read it with Darknet's files"):
        recognise(sample.outputs, facts)
    assert named(sample.outputs, facts, "darknet").layout == "darknet"


@pytest.mark.parametrize("prototypes", [True, False], ids=["with", "without"])
def test_a_segmentation_net_is_read_as_boxes_and_says_what_is_left_out(prototypes):
    rows = yolov8_rows(32)
    rows[:, 8:] = np.random.default_rng(2).normal(0, 1, (len(rows), 32))
    masks = [np.zeros((1, 32, 16, 24))] if prototypes else []
    outputs = outputs_of(rows.T[None], *masks)
    told = recognise(outputs, SAMPLES["yolov8"].net_facts)
    assert told.layout == "yolov8"
    assert told.left_out == "32 more numbers a row mix its mask, and are not read."
    assert_objects(boxes(outputs, SAMPLES["yolov8"].net_facts))


def test_an_end_to_end_segmentation_net_is_read_as_boxes():
    rows = np.zeros((1, 300, 38))
    rows[..., 38 - 32 :] = np.random.default_rng(2).normal(0, 1, (1, 300, 32))
    rows[..., :6] = SAMPLES["end-to-end"].arrays["output0"]
    outputs = outputs_of(rows, np.zeros((1, 32, 16, 24)))
    told = recognise(outputs, SAMPLES["end-to-end"].net_facts)
    assert (told.layout, told.left_out[:21]) == ("end-to-end", "32 more numbers a row")
    assert_objects(boxes(outputs, SAMPLES["end-to-end"].net_facts))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("yolov8-pose", "51 more numbers a row are key points"),
        ("end-to-end-pose", "51 more numbers a row are key points"),
        ("yolov5-face", "10 more numbers a row are landmarks"),
        ("yolov7-pose", "15 more numbers a row are key points"),
        ("yunet", "10 more numbers a row are landmarks"),
        ("scrfd", "10 more numbers a row are landmarks"),
    ],
)
def test_what_is_left_out_is_said(name, said):
    sample = SAMPLES[name]
    assert recognise(sample.outputs, sample.net_facts).left_out.startswith(said)


@pytest.mark.parametrize("points", [(5, 3), (17, 2)], ids=["five of three", "17 of two"])
def test_key_points_of_other_numbers_are_counted(points):
    count, numbers = points
    rows = yolov8_rows(count * numbers, SAMPLES["yolov8-pose"].objects, 1)
    rows[:, 5:] = points_of(rows, count, numbers)
    outputs = outputs_of(rows.T[None])
    told = recognise(outputs, NetFacts(SIZE, labels=1))
    assert told.layout == "yolov8-pose"
    assert f"{count} key points" in told.grounds


def test_a_pose_net_with_the_labels_of_another_net_is_still_no_detector_of_52_classes():
    sample = SAMPLES["yolov8-pose"]
    assert recognise(sample.outputs, NetFacts(SIZE, labels=80)).layout == "yolov8-pose"


def test_a_named_layout_whose_scores_cannot_be_scores_is_refused_with_the_one_that_fits():
    sample = SAMPLES["yolov8-pose"]
    with pytest.raises(LayoutUnknown, match=r"said to be yolov8, .*class scores.*yolov8-pose"):
        named(sample.outputs, sample.net_facts, "yolov8")


def test_a_saturated_detector_may_be_named():
    """Scores of 0 and 1 only are odd, but no proof: our smallest net answers so."""
    rows = SAMPLES["yolov5"].arrays["output"].copy()
    rows[..., 5:] = np.rint(rows[..., 5:])
    assert named(outputs_of(rows), NetFacts(SIZE), "yolov5").layout == "yolov5"


def test_logits_are_no_scores_and_the_sentence_says_how_to_export():
    columns = yolov8_rows().T[None].copy()
    columns[:, 4:] = np.log(columns[:, 4:] / (1 - columns[:, 4:]))
    with pytest.raises(
        LayoutUnknown, match=r"last sigmoid.*yolov8.* class scores would run from -"
    ):
        recognise(outputs_of(columns), NetFacts(SIZE, labels=4))


@pytest.mark.parametrize(("labels", "layout"), [(4, "yolov5"), (5, "yolov8")])
def test_the_labels_decide_between_objectness_and_a_class(labels, layout):
    rows = floor(126, 9)
    outputs = outputs_of(rows[None])
    assert recognise(outputs, NetFacts(SIZE, labels=labels)).layout == layout
    found = recognition(outputs, NetFacts(SIZE))
    assert found.chosen is None
    assert {each.layout for each in found.fitting} == {"yolov5", "yolov8"}
    assert "Choose one" in found.problem


@pytest.mark.parametrize(
    ("name", "labels", "layout"), [("rt-detr", 4, "rt-detr"), ("rt-detr", 3, "detr")]
)
def test_the_labels_decide_whether_a_detr_has_a_class_for_no_object(name, labels, layout):
    facts = NetFacts(SIZE, labels=labels)
    assert recognise(SAMPLES[name].outputs, facts).layout == layout
    with pytest.raises(LayoutUnknown, match="several output layouts"):
        recognise(SAMPLES[name].outputs, NetFacts(SIZE))


def test_the_background_counts_where_labels_begin_at_one():
    facts = NetFacts(SIZE, labels=3, label_offset=1)
    assert facts.fit_classes(4)
    assert facts.fit_classes(3)
    assert not facts.fit_classes(80)


def test_an_rt_detr_in_one_table_is_read():
    arrays = SAMPLES["rt-detr"].arrays
    scores = 1 / (1 + np.exp(-arrays["logits"]))
    outputs = outputs_of(np.concatenate([arrays["pred_boxes"], scores], axis=2))
    assert recognise(outputs, NetFacts(SIZE, labels=4)).layout == "rt-detr"
    assert_objects(boxes(outputs, NetFacts(SIZE, labels=4)))


def test_paddle_without_nms_has_its_scores_transposed():
    arrays = SAMPLES["yolo-nas"].arrays
    outputs = outputs_of(arrays["boxes"], arrays["scores"].transpose(0, 2, 1))
    assert recognise(outputs, NetFacts(SIZE, labels=4)).layout == "yolo-nas"
    assert_objects(boxes(outputs, NetFacts(SIZE, labels=4)))


@pytest.mark.parametrize(
    ("name", "strides", "middle"),
    [("nanodet", (8, 16, 32), 0.5), ("nanodet-plus", (8, 16, 32, 64), 0)],
)
def test_a_nanodet_whose_grids_are_apart_is_read(name, strides, middle):
    table, arrays, first = nanodet_table(strides, middle), {}, 0
    for stride in strides:
        part = table[first : first + len(cells(stride))]
        first += len(part)
        arrays[f"cls_{stride}"], arrays[f"dis_{stride}"] = part[None, :, :4], part[None, :, 4:]
    outputs = Outputs({key: np.asarray(a, np.float32) for key, a in arrays.items()})
    assert recognise(outputs, NetFacts(SIZE, labels=4)).layout == name
    assert_objects(boxes(outputs, NetFacts(SIZE, labels=4)))


def test_turned_boxes_keep_their_corners_and_an_upright_box_around_them():
    rows = yolov8_rows(1)
    rows[:, -1] = np.random.default_rng(3).uniform(-0.7, 2.3, len(rows))
    rows[ROWS[0], -1] = np.pi / 6
    found = boxes(outputs_of(rows.T[None]), NetFacts(SIZE, labels=4), "yolov8-obb")
    cx, cy, w, h = cxcywh(OBJECTS[0][0])
    turn = np.array(
        [[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]]
    )
    expected = [
        turn @ (sx * w / 2, sy * h / 2) + (cx, cy)
        for sx, sy in ((1, 1), (-1, 1), (-1, -1), (1, -1))
    ]
    np.testing.assert_allclose(found.corners[0].reshape(4, 2), expected, atol=1e-4)
    np.testing.assert_allclose(found.xyxy[0, :2], np.min(expected, axis=0), atol=1e-4)
    np.testing.assert_allclose(found.xyxy[0, 2:], np.max(expected, axis=0), atol=1e-4)


HINTS = {
    "YOLOv7 raw heads": ([(1, 3, 12, 8, 9), (1, 3, 6, 4, 9)], "raw heads of a YOLOv5.*--grid"),
    "YOLOv8 raw heads": ([(1, 68, 8, 12), (1, 68, 4, 6)], "raw heads of a YOLOv8.*export"),
    "segmentation": ([(1, 21, 64, 96)], "segmentation net.*export a detector"),
    "classifier": ([(1, 1000)], "what a classifier answers"),
    "RetinaFace": ([(1, 200, 4), (1, 200, 2), (1, 200, 10)], "RetinaFace.*decoding"),
    "RetinaFace, flat": ([(200, 4), (200, 2), (200, 10)], "RetinaFace.*decoding"),
    "YuNet of 2021 and 2022": ([(200, 14), (200, 2), (200, 1)], "YuNet.*yunet_2023mar"),
    "another input size": ([(1, 84, 777)], "another input size"),
}


@pytest.mark.parametrize(("shapes", "said"), HINTS.values(), ids=HINTS)
def test_what_fits_no_layout_says_what_it_probably_is(shapes, said):
    arrays = [np.random.default_rng(1).normal(0, 5, shape) for shape in shapes]
    with pytest.raises(LayoutUnknown, match=said):
        recognise(outputs_of(*arrays), NetFacts(SIZE, labels=80, darknet=False))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_net_that_sees_nothing_is_no_crash(name):
    sample = SAMPLES[name]
    blank = Outputs({key: np.zeros_like(array) for key, array in sample.outputs.items()})
    found = recognition(blank, sample.net_facts)
    if found.chosen:
        assert len(boxes(blank, sample.net_facts)) == 0
    else:
        assert found.problem


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 9e9])
def test_a_broken_net_is_no_crash(name, value):
    sample = SAMPLES[name]
    broken = Outputs({key: np.full_like(array, value) for key, array in sample.outputs.items()})
    recognition(broken, sample.net_facts)
    kept = decode_outputs(broken, sample.net_facts, name).above(0.5)
    assert np.isfinite(kept.xyxy).all()


def odd_shapes(random):
    """Shapes that nets answer, and some that none does: other axes, empty ones, scalars."""
    cells_of = [126, 378, 24, 96, 6, 300, 1, 0, 2, 193]
    widths = [1, 2, 4, 5, 6, 7, 8, 9, 10, 16, 21, 36, 40, 57, 0]
    count, width = (int(random.choice(each)) for each in (cells_of, widths))
    return [
        (1, count, width),
        (1, width, count),
        (count, width),
        (1, 1, count, 7),
        (1, width, 4, 6),
        (1, 4, 6, width),
        (1, 8, 12, width),
        (1, 2, 3, width),
        (1, count),
        (count,),
        (),
        (2, count, width),
        (1, 3, 4, 6, width),
    ][random.integers(13)]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_net_answers_recognition_gives_a_sentence_and_never_fails(seed):
    random = np.random.default_rng(seed)
    for _ in range(40):
        arrays = []
        for _ in range(random.choice([1, 1, 1, 2, 2, 3, 4, 6, 9, 12])):
            shape = odd_shapes(random)
            numbers = random.normal(0, 10.0 ** random.integers(-2, 4), shape)
            kind = random.integers(5)
            numbers = (numbers, np.abs(numbers), np.rint(numbers), numbers * 0, None)[kind]
            arrays.append(random.random(shape) if numbers is None else numbers)
        facts = NetFacts(
            SIZE,
            labels=random.choice([None, 1, 4, 80]),
            label_offset=int(random.integers(2)),
            darknet=random.choice([None, True, False]),
        )
        outputs = outputs_of(*arrays)
        found = recognition(outputs, facts)
        assert bool(found.chosen) != bool(found.problem)
        for layout in layout_names():
            try:
                named(outputs, facts, layout)
                read = decode_outputs(outputs, facts, layout)
            except LayoutUnknown:
                continue
            kept = read.above(0.25)
            assert np.isfinite(kept.xyxy).all()
            decoder_lines(outputs, facts, layout)
