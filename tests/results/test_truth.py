import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import TruthUnreadable
from core.picture.size import Size
from core.results.truth import MAX_OBJECTS, MAX_TRUTH_BYTES, Marked, read_truth, truth_for

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


def test_cocos_image_is_found_by_name_and_its_boxes_are_left_top_width_height():
    images = [{"id": 7, "file_name": "x/Street.JPG"}, {"id": 8, "file_name": "other.jpg"}]
    text = coco(
        {"category_id": 18, "bbox": [10, 20, 30.5, 40]},
        {"category_id": 1, "bbox": [1, 2, 3, 4], "image_id": 8},
        images=images,
    )
    assert read("all.json", text) == (Marked("dog", (10, 20, 40.5, 60)),)


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
        ("a.txt", "0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1", "a.txt, line 2: a line has five numbers"),
        ("a.txt", "0 0.1 0.1 0.2 0.1 0.2 0.2", "line 1.*polygon"),
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
        ("a.xml", "<annotation><object><name>a</name></object></annotation>", "<xmin>: 'None'"),
        (
            "a.xml",
            voc(("a", (1, 1, 2, 2), ""), ("b", (9, 9, 5, 5), "")),
            "object 2: .* is empty",
        ),
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
    with pytest.raises(TruthUnreadable, match=r"a\.xml"):
        read("a.xml", "<a>" * 1_000_000)
    tower = "<a>" * 500_000 + "</a>" * 500_000
    with pytest.raises(TruthUnreadable, match="begin with <annotation>"):
        read("a.xml", tower)


@pytest.mark.parametrize("ending", ["txt", "xml", "json"])
def test_files_that_are_too_big_are_not_even_parsed(ending):
    with pytest.raises(TruthUnreadable, match="the limit is 5 MB"):
        read(f"a.{ending}", b" " * (MAX_TRUTH_BYTES + 1))


def test_the_number_of_objects_is_bounded():
    line = "0 0.5 0.5 0.1 0.1\n"
    assert len(read("a.txt", line * MAX_OBJECTS)) == MAX_OBJECTS
    with pytest.raises(TruthUnreadable, match="more than 2,000 objects"):
        read("a.txt", line * (MAX_OBJECTS + 1))


@settings(max_examples=300, deadline=None)
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


@settings(max_examples=300, deadline=None)
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


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789.-e \nxnaif", max_size=60))
def test_whatever_the_lines_there_is_a_truth_or_a_sentence(text):
    with suppress(TruthUnreadable):
        read("a.txt", text)
