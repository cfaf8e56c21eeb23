import json
import re
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import TruthAmbiguous, TruthUnreadable
from core.picture.orientation import turned
from core.picture.size import Size
from core.results.truth import (
    MAX_ENTRIES,
    MAX_OBJECTS,
    MAX_TRUTH_BYTES,
    Marked,
    read_truth,
    truth_for,
)

SIZE = Size(200, 100)


def read(name, text, *, picture="street.jpg", size=SIZE):
    data = text if isinstance(text, bytes) else text.encode()
    return read_truth(name, data, picture=picture, size=size)


def voc(*objects, size=""):
    body = "".join(
        f"<object><name>{name}</name>{more}<bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>"
        f"<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
        for name, box, more in objects
    )
    return f"<annotation>{size}{body}</annotation>"


def coco(*annotations, images=None, categories=((1, "person"), (18, "dog"))):
    return json.dumps(
        {
            "images": images or [{"id": 7, "file_name": "street.jpg"}],
            "categories": [{"id": number, "name": name} for number, name in categories],
            "annotations": [{"image_id": 7, **each} for each in annotations],
        }
    )


def test_yolos_fractions_become_pixels_and_a_sixth_column_is_left_alone():
    marked = read("street.txt", "16 0.5 0.5 0.25 0.5\n\n0 0.25 0.25 0.1 0.1 0.93\n")
    assert marked[0] == Marked(16, (75, 25, 125, 75))
    assert marked[1].label == 0
    np.testing.assert_allclose(marked[1].xyxy, (40, 20, 60, 30))


def test_vocs_pixels_are_counted_from_one_and_the_last_belongs_to_the_box():
    (marked,) = read("street.xml", voc(("dog", (1, 1, 200, 100), "")))
    assert marked == Marked("dog", (0, 0, 200, 100))
    (single,) = read("street.xml", voc(("dog", (5, 9, 5, 9), "")))
    assert single.xyxy == (4, 8, 5, 9)  # one pixel


def test_lone_surrogates_in_cocos_names_become_signs_that_a_screen_can_show():
    text = coco(
        {"category_id": "\ud800", "bbox": [1, 2, 3, 4]},
        images=[{"id": 7, "file_name": "a\udc00.jpg"}],
        categories=(("\ud800", "d\ud83dog"),),
    )
    found = read("a.json", text)
    assert [each.label for each in found] == ["d\ufffdog"]
    assert "a\ufffd.jpg" in found.notes[0]


def test_cocos_image_is_found_by_name_and_its_boxes_are_left_top_width_height():
    images = [{"id": 7, "file_name": "x/Street.JPG"}, {"id": 8, "file_name": "other.jpg"}]
    text = coco(
        {"category_id": 18, "bbox": [10, 20, 30.5, 40]},
        {"category_id": 1, "bbox": [1, 2, 3, 4], "image_id": 8},
        images=images,
    )
    assert read("all.json", text).objects == (Marked("dog", (10, 20, 40.5, 60)),)


def test_a_coco_file_about_one_image_needs_no_name():
    text = coco({"category_id": 18, "bbox": [10, 20, 30, 40]})
    assert len(read("all.json", text, picture="renamed.png")) == 1


BOXES = st.lists(
    st.tuples(
        st.sampled_from(["person", "dog"]),
        st.integers(0, 150),
        st.integers(0, 80),
        st.integers(1, 50),
        st.integers(1, 20),
    ),
    max_size=8,
)


@given(BOXES)
def test_the_three_kinds_of_file_tell_the_same_truth(boxes):
    labels = ["person", "dog"]
    yolo = "\n".join(
        f"{labels.index(name)} {(x + w / 2) / 200!r} {(y + h / 2) / 100!r} {w / 200} {h / 100}"
        for name, x, y, w, h in boxes
    )
    xml = voc(*((name, (x + 1, y + 1, x + w, y + h), "") for name, x, y, w, h in boxes))
    ids = {"person": 1, "dog": 18}
    text = coco(*({"category_id": ids[n], "bbox": box} for n, *box in boxes))
    files = {"a.txt": yolo, "a.xml": xml, "a.json": text}
    truths = [truth_for(read(name, file), labels) for name, file in files.items()]
    for truth in truths:
        assert truth.class_id.tolist() == [labels.index(name) for name, *_ in boxes]
        wanted = [[x, y, x + w, y + h] for _, x, y, w, h in boxes]
        np.testing.assert_allclose(truth.xyxy, np.reshape(wanted, (-1, 4)), atol=1e-9)


def test_boxes_end_at_the_pictures_edge():
    (marked,) = read("a.json", coco({"category_id": 1, "bbox": [-10, 90, 500, 50]}))
    assert marked.xyxy == (0, 90, 200, 100)


def test_difficult_and_crowded_objects_count_for_nothing():
    (hard,) = read("a.xml", voc(("dog", (1, 1, 9, 9), "<difficult>1</difficult>")))
    (many,) = read("a.json", coco({"category_id": 1, "bbox": [1, 1, 9, 9], "iscrowd": 1}))
    assert (hard.ignored, hard.crowd) == (True, False)
    assert (many.ignored, many.crowd) == (True, True)


def test_an_empty_file_of_yolo_marks_nothing_and_is_no_mistake():
    truth = truth_for(read("street.txt", ""), ["dog"])
    assert len(truth) == 0
    assert truth.xyxy.shape == (0, 4)


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("TV Monitor", "tvmonitor"),
        ("tvmonitor", "tv"),
        ("tv", "tvmonitor"),
        ("motorcycle", "motorbike"),
        ("Airplane", "aeroplane"),
        ("sofa", "couch"),
        ("dining table", "diningtable"),
        ("potted_plant", "pottedplant"),
        ("potted-plant", "Potted Plant"),
    ],
)
def test_labels_are_matched_whatever_their_case_and_spelling(words, label):
    truth = truth_for([Marked(words, (0, 0, 1, 1))], ["person", label], label_offset=1)
    assert truth.class_id.tolist() == [2]
    assert truth.unknown == ()


def test_labels_the_net_does_not_know_are_left_out_and_named_once():
    box = (0, 0, 1, 1)
    objects = [
        Marked("unicorn", box),
        Marked("dog", box),
        Marked("unicorn", box),
        Marked(9, box),
    ]
    truth = truth_for(objects, ["person", "dog"])
    assert truth.class_id.tolist() == [1]
    assert truth.unknown == ("unicorn", "class 9")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.txt", "\n0 0.5 0.5 0.1", "a.txt, line 2: a line has five numbers"),
        ("a.txt", "0 0.5 0.5 0.1\n0 0.5", r"line 1: .*So it is with 2 objects\."),
        ("a.txt", "0 0.1 0.1 0.2 0.1 0.2 0.2 0.3", "pairs of x and y; this one has 8"),
        ("a.txt", "0 0.5 x 0.1 0.1", "line 1: 'x' is no number"),
        ("a.txt", "0 0.5 nan 0.1 0.1", "line 1: 'nan' is no number"),
        ("a.txt", "0 50 50 10 10", "line 1: .* fractions"),
        ("a.txt", "0.5 0.5 0.5 0.1 0.1", "line 1: 0.5 is no class"),
        ("a.txt", "-1 0.5 0.5 0.1 0.1", "line 1: -1 is no class"),
        ("a.txt", "0 0.5 0.5 0 0.1", "line 1: a box .* is empty"),
        ("a.txt", b"\xff\xfe0\x000", "not text in UTF-8"),
        ("a.xml", "<annotation><object>", "line 1: this is not well-formed XML"),
        ("a.xml", "<svg/>", "<svg>: Pascal VOC's files begin with <annotation>"),
        ("a.xml", voc(("", (1, 1, 9, 9), "")), "object 1: it has no <name>"),
        ("a.xml", voc(("dog", (1, 1, "wide", 9), "")), "object 1, <xmax>: 'wide' is no number"),
        (
            "a.xml",
            "<annotation><object><name>a</name></object></annotation>",
            r"object 1: a has no <bndbox>\. Only",
        ),
        ("a.xml", voc(("b", (9, 9, 5, 5), "")), "object 1: .* is empty"),
        ("a.xml", voc(("dog", (300, 1, 310, 9), "")), "object 1: the box lies outside"),
        (
            "a.xml",
            voc(size="<size><width>500</width><height>375</height></size>"),
            "made for a picture of 500 x 375, but yours is 200 x 100",
        ),
        ("a.json", '{"images": [\n}', "line 2: this is not JSON"),
        ("a.json", "[]", "an object with images, annotations and categories"),
        ("a.json", "[" * 100_000, "no JSON that we can read"),
        ("a.json", "9" * 5000, "no JSON that we can read"),
        ("a.json", "{}", '"categories": COCO\'s files have a list'),
        (
            "a.json",
            coco({"category_id": 4, "bbox": [0, 0, 1, 1]}),
            r"annotations\[0\].*category",
        ),
        (
            "a.json",
            coco({"category_id": 1, "bbox": [0, 0, 1]}),
            r"annotations\[0\].*four numbers",
        ),
        (
            "a.json",
            coco({"category_id": 1, "bbox": [0, 0, None, 1]}),
            r"\[0\], bbox: 'None' is no",
        ),
        ("a.json", coco({"category_id": 1, "bbox": [0, 0, 0, 1]}), "is empty"),
        (
            "a.json",
            coco(images=[{"id": 1, "file_name": "x.jpg"}, {"id": 2, "file_name": "y.jpg"}]),
            "none is called street.jpg, but: x.jpg, y.jpg",
        ),
        (
            "a.json",
            coco(images=[{"id": 7, "file_name": "street.jpg", "width": 20, "height": 10}]),
            r"images\[0\]: it was made for a picture of 20 x 10",
        ),
        ("a.csv", "", "YOLO's .txt, Pascal VOC's .xml or COCO's .json"),
    ],
    ids=str,
)
def test_every_mistake_gets_a_sentence_that_names_its_place(name, text, sentence):
    with pytest.raises(TruthUnreadable, match=sentence):
        read(name, text)


GOOD_AND_BAD = {
    "yolo": ("a.txt", "0 0.5 0.5 0.1\n1 0.5 0.5 0.1 0.1\n7 x", 2, "line 1: a line has five"),
    "voc": (
        "a.xml",
        voc(("a", (9, 9, 5, 5), ""), ("b", (1, 1, 9, 9), "")),
        1,
        "object 1: a box from",
    ),
    "coco": (
        "a.json",
        coco(
            {"category_id": 1, "bbox": [0, 0, 0, 0], "segmentation": [], "area": 0},
            {"category_id": 1, "bbox": [10, 10, 50, 50]},
            {"category_id": 99, "bbox": [10, 10, 50, 50]},
            {"category_id": 1, "bbox": "10,10,50,50"},
            {"category_id": 1},
        ),
        4,
        r"annotations\[0\]: a box from 0, 0 to 0, 0 is empty",
    ),
}


@pytest.mark.parametrize(
    ("name", "text", "bad", "says"), GOOD_AND_BAD.values(), ids=GOOD_AND_BAD
)
def test_bad_objects_are_left_out_with_a_sentence_and_the_rest_is_read(name, text, bad, says):
    found = read(name, text)
    assert len(found) == 1
    assert found.count_left_out == len(found.left_out) == bad
    assert re.search(says, found.left_out[0])


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ("<polygon><x1>1</x1><y1>2</y1></polygon>", "cat has no <bndbox> but <polygon>"),
        ("<robndbox><cx>9</cx></robndbox><pose>Left</pose>", "no <bndbox> but <robndbox>"),
        ("<points><x>1</x></points><mask/>", "no <bndbox> but <points>, <mask>"),
        ("<bndbox><x>1</x><y>2</y><w>3</w><h>4</h></bndbox>", "has no <xmin> but <x>, <y>"),
        ("<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax></bndbox>", r"has no <ymax>\."),
        ("<part><bndbox><xmin>1</xmin></bndbox></part>", r"cat has no <bndbox>\."),
    ],
)
def test_voc_without_a_box_says_what_is_there_instead(shape, says):
    text = f"<annotation><object><name>cat</name>{shape}</object></annotation>"
    with pytest.raises(TruthUnreadable, match=says):
        read("a.xml", text)


def test_the_boxes_of_an_objects_parts_are_not_its_own():
    part = "<part><name>head</name><bndbox><xmin>20</xmin><ymin>21</ymin><xmax>30</xmax>" + (
        "<ymax>30</ymax></bndbox></part>"
    )
    (cat,) = read("a.xml", voc(("cat", (11, 21, 60.75, 80), part)))
    assert cat.xyxy == (10, 20, 60.75, 80)


def test_voc_counted_from_zero_is_said():
    found = read("a.xml", voc(("cat", (0, 5, 9, 9), "")))
    assert found[0].xyxy == (0, 4, 9, 9)
    assert "one pixel too far" in found.notes[0]


SQUARE = Size(1000, 1000)
LINES = {
    "a track's number": (
        "1 0.434902 0.609438 0.20036 0.321719 1",
        (334.7, 448.6, 535.1, 770.3),
    ),
    "confidence and track": ("1 0.5 0.5 0.2 0.2 0.93 17", (400, 400, 600, 600)),
    "edge half a millionth out": (
        "0 0.254728 0.961913 0.046957 0.076175",
        (231.2, 923.8, 278.2, 1000),
    ),
    "a millionth above 1": ("0 0.5 0.5 1.000001 1.0", (0, 0, 1000, 1000)),
    "three decimals": ("0 0.0 0.5 1.001 1.0", (0, 0, 500.5, 1000)),
    "a millionth below 0": ("0 -0.000001 0.5 0.2 0.2", (0, 400, 100, 600)),
    "a triangle": ("0 0.1 0.2 0.3 0.2 0.2 0.4", (100, 200, 300, 400)),
    "a turned box": ("0 0.5 0.1 0.9 0.5 0.5 0.9 0.1 0.5", (100, 100, 900, 900)),
    "an upright box of corners": ("0 0.2 0.2 0.4 0.2 0.4 0.3 0.2 0.3", (200, 200, 400, 300)),
    "an outline": ("0 0.1 0.2 0.3 0.2 0.35 0.3 0.3 0.4 0.1 0.4", (100, 200, 350, 400)),
    "pose": ("0 0.5 0.4 0.2 0.1 0.45 0.38 2 0.52 0.41 2", (400, 350, 600, 450)),
    "pose with an unseen point": ("0 0.5 0.4 0.2 0.1 0 0 0 0.52 0.41 1", (400, 350, 600, 450)),
    "pose without visibility": (
        "0 0.5 0.4 0.2 0.1 0.45 0.38 0.52 0.41 0.5 0.4",
        (400, 350, 600, 450),
    ),
}


@pytest.mark.parametrize(("line", "xyxy"), LINES.values(), ids=LINES)
def test_each_kind_of_yolo_line_gives_its_box(line, xyxy):
    (found,) = read("a.txt", line, size=SQUARE)
    np.testing.assert_allclose(found.xyxy, xyxy, atol=0.06)


def test_how_long_lines_were_read_is_said():
    pose, outline = LINES["pose"][0], LINES["an outline"][0]
    assert "key points" in read("a.txt", pose, size=SQUARE).notes[0]
    assert "outlines" in read("a.txt", outline, size=SQUARE).notes[0]
    both = read("a.txt", f"{LINES['a triangle'][0]}\n{outline}\n{LINES['a turned box'][0]}")
    assert len(both) == 3
    assert read("a.txt", LINES["a track's number"][0]).notes == ()


def one_of(names, picture, ids=None, annotation=None, **more):
    ids = ids or list(range(1, len(names) + 1))
    images = [
        {"id": key, "file_name": name, **more} for key, name in zip(ids, names, strict=True)
    ]
    boxes = [
        {"category_id": 1, "bbox": [at, 0, 10, 10], "image_id": key}
        for at, key in enumerate(annotation or ids)
    ]
    return read("a.json", coco(*boxes, images=images), picture=picture)


@pytest.mark.parametrize(
    ("inside", "picture"),
    [
        ("Mu\u0308ller.jpg", "M\u00fcller.jpg"),
        ("M\u00fcller.jpg", "Mu\u0308ller.jpg"),
        ("images\\cat.jpg", "cat.jpg"),
        ("C:\\photos\\cat.jpg", "cat.jpg"),
        ("./cat.jpg", "cat.jpg"),
        ("train/cat.jpg", "set/train/cat.jpg"),
        ("images/cb0618f6-cat.jpg", "cat.jpg"),
        ("/data/upload/1/cb0618f6-a%20cat.jpg", "a cat.jpg"),
        ("https://example.org/a%20cat.jpg?size=big", "a cat.jpg"),
        ("10.11.12\u202fAM.png", "10.11.12 AM.png"),
        ("cat\u200b.jpg", "cat.jpg"),
        ("CAT.JPG", "cat.jpg"),
    ],
    ids=ascii,
)
def test_names_that_systems_rewrite_find_their_image(inside, picture):
    (found,) = one_of(["other.jpg", inside], picture)
    assert found.xyxy[0] == 1


@pytest.mark.parametrize(
    ("names", "picture", "row"),
    [
        (["a/cat.jpg", "cat.jpg"], "cat.jpg", 1),
        (["a/cat.jpg", "b/cat.jpg"], "b/cat.jpg", 1),
        (["x/a/cat.jpg", "x/b/cat.jpg"], "b/cat.jpg", 1),
        (["CAT.jpg", "cat.jpg"], "cat.jpg", 1),
        (["1.jpg", "x.jpg"], "2.jpg", 1),
        (["x.jpg", "y.jpg"], "000000000002.jpg", 1),
        (["2.jpg", "x.jpg"], "2.jpg", 0),
    ],
    ids=str,
)
def test_the_whole_path_goes_before_the_name_and_the_name_before_the_id(names, picture, row):
    (found,) = one_of(names, picture)
    assert found.xyxy[0] == row


def test_two_images_of_one_name_ask_and_the_answer_is_taken():
    names = ["a/cat.jpg", "b/cat.jpg"]
    with pytest.raises(TruthAmbiguous, match=r"2 images that may be cat\.jpg") as caught:
        one_of(names, "cat.jpg")
    assert caught.value.candidates == {"1": "a/cat.jpg (id 1)", "2": "b/cat.jpg (id 2)"}
    images = [{"id": at, "file_name": name} for at, name in enumerate(names, start=1)]
    text = coco({"category_id": 18, "bbox": [0, 0, 9, 9], "image_id": 2}, images=images)
    for image_id, count in (("1", 0), ("2", 1)):
        found = read_truth(
            "a.json", text.encode(), picture="cat.jpg", size=SIZE, image_id=image_id
        )
        assert len(found) == count


def test_of_two_images_of_one_name_the_size_may_tell():
    images = [
        {"id": 1, "file_name": "a/cat.jpg", "width": 30, "height": 40},
        {"id": 2, "file_name": "b/cat.jpg", "width": 200, "height": 100},
    ]
    text = coco({"category_id": 18, "bbox": [0, 0, 9, 9], "image_id": 2}, images=images)
    assert len(read("a.json", text, picture="cat.jpg")) == 1


@pytest.mark.parametrize("image", [7, "7", 7.0])
@pytest.mark.parametrize("annotation", [7, "7", 7.0])
@pytest.mark.parametrize("category", [(1, "1"), ("1", 1), (1.0, "1")])
def test_ids_are_the_same_as_texts_and_as_numbers(image, annotation, category):
    defined, named = category
    text = coco(
        {"category_id": named, "bbox": [1, 1, 9, 9], "image_id": annotation},
        images=[{"id": image, "file_name": "street.jpg"}],
        categories=[(defined, "person")],
    )
    assert [each.label for each in read("a.json", text)] == ["person"]


def test_annotations_of_no_image_and_a_picture_taken_for_another_are_said():
    (stray,) = one_of(["street.jpg"], "street.jpg", annotation=[9]).notes
    assert "1 annotations name an image_id that no image has" in stray
    (single,) = one_of(["other.jpg"], "street.jpg").notes
    assert "a single image, called other.jpg: it was taken" in single
    (by_id,) = one_of(["x.jpg", "y.jpg"], "0002.jpg").notes
    assert "the image of id 2 was taken" in by_id


def test_a_coco_object_without_bbox_gets_the_box_around_its_polygons():
    found = read(
        "a.json",
        coco(
            {
                "category_id": 1,
                "segmentation": [[10, 20, 30, 20, 20, 40], [5, 25, 6, 25, 6, 26]],
            },
            {"category_id": 1, "bbox": [0, 0, 0, 0], "segmentation": [10, 20, 30, 20, 20, 40]},
        ),
    )
    assert [each.xyxy for each in found] == [(5, 20, 30, 40), (10, 20, 30, 40)]
    assert "2 boxes were laid around their segmentation" in found.notes[0]


def test_boxes_as_fractions_in_a_file_of_pixels_raise_a_doubt():
    (note,) = read("a.json", coco({"category_id": 1, "bbox": [0.1, 0.2, 0.3, 0.4]})).notes
    assert "fractions" in note


@pytest.mark.parametrize("orientation", range(1, 9))
def test_truth_of_the_stored_photo_is_turned_as_decode_turns_the_pixels(orientation):
    stored = np.zeros((60, 120, 3), np.uint8)
    stored[5:25, 10:50] = 255
    upright = turned(stored, orientation)
    rows, columns = np.nonzero(upright[..., 0])
    wanted = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    about = {"picture": "p.jpg", "size": Size.of(upright), "orientation": orientation}
    declared = "<size><width>120</width><height>60</height></size>"
    files = {
        "a.xml": voc(("cat", (11, 6, 50, 25), ""), size=declared),
        "a.txt": "0 0.25 0.25 0.33333333 0.33333333",
        "a.json": coco(
            {"category_id": 1, "bbox": [10, 5, 40, 20]},
            images=[{"id": 7, "file_name": "p.jpg", "width": 120, "height": 60}],
        ),
    }
    for name, text in files.items():
        found = read_truth(name, text.encode(), frame="stored", **about)
        np.testing.assert_allclose(found[0].xyxy, wanted, atol=1e-4)
        found = read_truth(name, text.encode(), **about)
        settled = name != "a.txt" and orientation >= 5
        assert found.asks_frame == (orientation != 1 and not settled)
        if settled:
            assert found[0].xyxy == wanted
            assert "before its EXIF turn" in found.notes[0]
        elif orientation != 1:
            assert f"EXIF orientation of {orientation}" in found.notes[0]


def test_a_file_that_says_the_upright_size_is_not_turned_again():
    declared = "<size><width>60</width><height>120</height></size>"
    text = voc(("cat", (11, 6, 50, 25), ""), size=declared).encode()
    found = read_truth(
        "a.xml", text, picture="p.jpg", size=Size(60, 120), orientation=6, frame="stored"
    )
    assert (found[0].xyxy, found.notes) == ((10, 5, 50, 25), ())


def test_a_turned_size_without_exif_gets_a_word_on_turning():
    declared = "<size><width>100</width><height>200</height></size>"
    with pytest.raises(TruthUnreadable, match="One of them is turned"):
        read("a.xml", voc(("cat", (1, 1, 9, 9), ""), size=declared))


BOMB = "".join(f'<!ENTITY a{i + 1} "&a{i};&a{i};&a{i};&a{i};">' for i in range(30))


@pytest.mark.parametrize(
    "head",
    [
        f'<!DOCTYPE annotation [<!ENTITY a0 "a">{BOMB}]>',
        '<!DOCTYPE annotation [<!ENTITY a30 SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE annotation SYSTEM "http://127.0.0.1/x.dtd">',
        '<!DOCTYPE annotation [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]>',
    ],
    ids=["a billion laughs", "a file", "a document type", "a parameter"],
)
def test_xml_that_declares_entities_is_refused_before_it_unfolds(head):
    text = f"{head}<annotation><object><name>&a30;</name></object></annotation>"
    with pytest.raises(TruthUnreadable, match="declares a document type or entities"):
        read("a.xml", text)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8"])
def test_xml_says_itself_how_it_is_encoded(encoding):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    (marked,) = read("a.xml", (head + voc(("Bär", (1, 1, 9, 9), ""))).encode(encoding))
    assert marked.label == "Bär"


@pytest.mark.parametrize("encoding", ["shift_jis", "no-such-encoding", "utf-7", "rot13"])
def test_xml_in_an_encoding_we_do_not_read_gets_a_sentence(encoding):
    with pytest.raises(TruthUnreadable, match=r"a\.xml"):
        read("a.xml", f'<?xml version="1.0" encoding="{encoding}"?><annotation/>')


def test_a_tower_of_elements_does_no_harm():
    with pytest.raises(TruthUnreadable, match=r"a\.xml, line 1"):
        read("a.xml", "<a>" * MAX_ENTRIES)
    tower = "<a>" * (MAX_ENTRIES // 2) + "</a>" * (MAX_ENTRIES // 2)
    with pytest.raises(TruthUnreadable, match="begin with <annotation>"):
        read("a.xml", tower)


@pytest.mark.parametrize("ending", ["txt", "xml", "json"])
def test_files_that_are_too_big_are_not_even_parsed(ending):
    with pytest.raises(TruthUnreadable, match="the limit is 5 MB"):
        read(f"a.{ending}", b" " * (MAX_TRUTH_BYTES + 1))


@pytest.mark.parametrize(("ending", "entry"), [("txt", "\n"), ("xml", "<a/>"), ("json", "{},")])
def test_files_of_too_many_entries_are_not_even_parsed(ending, entry):
    with pytest.raises(TruthUnreadable, match="more than 60,000 entries"):
        read(f"a.{ending}", entry * (MAX_ENTRIES + 1))


def test_lists_in_lists_are_a_sentence_however_deep_they_are():
    for depth in range(700, 1000):  # as Python's stack takes them, and a few more
        tower = "[" * depth + "1" + "]" * depth
        text = (
            f'{{"images": [{{"id": 1, "file_name": {tower}}}], "annotations": '
            f'[{{"image_id": 1, "category_id": 1, "bbox": [{tower}, 1, 1, 1]}}], '
            f'"categories": [{{"id": 1, "name": "a"}}, {{"id": 2, "name": {tower}}}]}}'
        )
        with pytest.raises(TruthUnreadable, match=r"a list is no number|no JSON"):
            read("a.json", text)


def test_the_number_of_objects_is_bounded():
    line = "0 0.5 0.5 0.1 0.1\n"
    assert len(read("a.txt", line * MAX_OBJECTS)) == MAX_OBJECTS
    with pytest.raises(TruthUnreadable, match="more than 2,000 objects"):
        read("a.txt", line * (MAX_OBJECTS + 1))


@settings(max_examples=300)
@given(st.sampled_from(["txt", "xml", "json"]), st.binary(max_size=200))
def test_whatever_the_bytes_there_is_a_truth_or_a_sentence(ending, data):
    with suppress(TruthUnreadable):
        read(f"a.{ending}", data)


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["images", "annotations", "categories", "id", "bbox", "image_id", "name"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=300)
@given(
    st.dictionaries(
        st.sampled_from(["images", "annotations", "categories"]),
        st.lists(
            st.dictionaries(
                st.sampled_from(
                    ["id", "bbox", "image_id", "category_id", "name", "file_name", "width"]
                ),
                JSONS,
            ),
            max_size=3,
        )
        | JSONS,
    )
)
def test_whatever_the_json_there_is_a_truth_or_a_sentence(whole):
    with suppress(TruthUnreadable):
        read("a.json", json.dumps(whole))


@settings(max_examples=300)
@given(st.text("0123456789.-e \nxnaif", max_size=60))
def test_whatever_the_lines_there_is_a_truth_or_a_sentence(text):
    with suppress(TruthUnreadable):
        read("a.txt", text)
