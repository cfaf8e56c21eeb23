"""Ground truth on the Detection page, as a visitor meets it."""

import io
import json

import pytest
from PIL import Image

from core.nets.catalog import card_named
from core.nets.downloads import download
from core.picture.image import Picture
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, run_model
from tests.shared import needs_shared

STARTER, YOLO = "starter-detector-darknet", "yolo-fastest-1.1-coco"
PERSON = "0 0.8 0.3 0.1 0.2\n"
UPLOADER = "truth.file."
EXIF_ORIENTATION = 0x0112


def cycle(name) -> str:
    """The motorcycle of the sample, 741 x 500; nobody stands beside it."""
    return f"{card_named(name).labels.index('motorbike')} 0.533 0.53 0.877 0.796\n"


def opened(visit, name, **query):
    model = card_named(name)
    if not model.shipped:
        download(model)
    query[f"detection__{name}__confidence"] = query.pop("confidence", "0.1")
    app = visit("detection", sample="motorcycle", detection__model=model.title, **query)
    app.session_state["detection.more"] = "Ground truth"
    return app.run()


def give(app, text, name="motorcycle.txt"):
    (uploader,) = (each for each in app.file_uploader if each.key.startswith(UPLOADER))
    uploader.upload(name, text.encode(), "text/plain")
    return app.run()


def metrics(app):
    return {each.label: each.value for each in app.metric}


def by_class(app):
    (table,) = (each.value for each in app.dataframe if "FN" in each.value)
    return table.set_index("label")


@needs_shared
def test_a_truth_file_gives_matches_misses_precision_and_recall(visit):
    app = give(opened(visit, YOLO), cycle(YOLO) + PERSON)
    assert not app.error
    shown = metrics(app)
    assert (
        shown["True positives (TP)"],
        shown["False negatives (FN)"],
        shown["False positives (FP)"],
    ) == (
        "1",
        "1",
        "5",
    )
    assert (shown["Precision"], shown["Recall"]) == ("16.7%", "50.0%")
    assert shown["F1"] == "25.0%"
    table = by_class(app)
    assert table.loc["motorbike", ["objects", "TP", "FN", "FP"]].tolist() == [1, 1, 0, 3]
    assert table.loc["person", ["objects", "TP", "FN", "FP"]].tolist() == [1, 0, 1, 2]
    assert table.loc["motorbike", "AP"] == 1
    alts = [each.proto.imgs[0].alt for each in app.image]
    assert "Ground truth: 2 objects" in alts
    assert "Compared: TP 1, FN 1, FP 5" in alts


@needs_shared
def test_thresholds_move_precision_and_recall_but_not_average_precision(visit):
    app = give(opened(visit, YOLO), cycle(YOLO))
    before = metrics(app)
    app.slider(key=f"detection.{YOLO}.confidence").set_value(0.5).run()
    after = metrics(app)
    assert (before["Precision"], after["Precision"]) == ("16.7%", "100.0%")
    assert (before["Recall"], after["Recall"]) == ("100.0%", "100.0%")
    assert before["Mean AP"] == after["Mean AP"]
    app.slider(key=f"detection.{YOLO}.confidence").set_value(1.0).run()
    assert (metrics(app)["Precision"], metrics(app)["Recall"]) == ("n/a", "0.0%")


@needs_shared
def test_a_stricter_iou_makes_a_loose_box_a_false_alarm(visit):
    app = give(opened(visit, YOLO, confidence="0.5"), "3 0.4 0.53 0.7 0.8")
    assert metrics(app)["True positives (TP)"] == "1"
    app.slider(key="truth.iou").set_value(0.9).run()
    assert metrics(app)["True positives (TP)"] == "0"
    assert metrics(app)["False positives (FP)"] == "1"


def test_of_filtered_classes_only_these_are_expected(visit):
    app = give(
        opened(visit, STARTER, **{f"detection__{STARTER}__classes": "motorbike"}),
        cycle(STARTER) + PERSON,
    )
    assert by_class(app).index.tolist() == ["motorbike"]
    assert metrics(app)["False negatives (FN)"] == "0"


def test_labels_the_model_does_not_know_are_named_and_left_out(visit):
    voc = (
        "<annotation><object><name>[x](http://evil)</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
        "<xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
    )
    app = give(opened(visit, STARTER), voc, name="a.xml")
    (warning,) = (each.value for each in app.warning)
    assert "has no classes with these names" in warning
    assert "[x](" not in warning
    assert metrics(app)["False negatives (FN)"] == "0"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.txt", "0 0.5 0.5 0.1\n", "line 1"),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', "declares a document type"),
        ("a.json", "{", "line 1"),
    ],
)
def test_a_wrong_file_gets_a_sentence_and_the_page_lives(name, text, sentence, visit):
    app = give(opened(visit, STARTER), text, name=name)
    (error,) = (each.value for each in app.error)
    assert sentence in error
    assert not app.exception
    assert "Detections" in metrics(app)


COCO = {
    "categories": [{"id": "4", "name": "motorbike"}],
    "images": [
        {"id": 1, "file_name": "a/motorcycle_left.png"},
        {"id": 2, "file_name": "b/motorcycle_left.png"},
    ],
    "annotations": [
        {"image_id": 2, "category_id": 4, "bbox": [70, 66, 650, 398]},
        {"image_id": "2", "category_id": 4, "bbox": [0, 0, 0, 0]},
    ],
}


def test_of_two_images_of_one_name_the_visitor_chooses_and_a_bad_object_is_named(visit):
    app = give(opened(visit, STARTER), json.dumps(COCO), name="a.json")
    assert "True positives (TP)" not in metrics(app)
    (chosen,) = (each for each in app.selectbox if "Several images" in each.label)
    chosen.set_value("2").run()
    assert metrics(app)["True positives (TP)"] == "1"
    assert any("1 object of the file cannot be read" in each.label for each in app.expander)
    assert any("a box from 0, 0 to 0, 0 is empty" in each.value for each in app.markdown)


def turned_photo() -> bytes:
    """The motorcycle as a camera on its side stores it, with the EXIF turn that rights it."""
    upright = Image.open(io.BytesIO(sample_picture("motorcycle").data)).convert("RGB")
    turn = Image.Exif()
    turn[EXIF_ORIENTATION] = 6
    kept = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(kept, "JPEG", quality=95, exif=turn)
    return kept.getvalue()


def yolo_line(fractions, drawn_on: str) -> str:
    """Write a box as fractions of the upright photo, or of the one that a camera stored."""
    left, top, right, bottom = fractions.tolist()
    if drawn_on == "stored":  # a quarter turn to the left before it
        left, top, right, bottom = top, 1 - right, bottom, 1 - left
    return f"{(left + right) / 2} {(top + bottom) / 2} {right - left} {bottom - top}"


@pytest.mark.parametrize("drawn_on", ["upright", "stored"])
def test_of_a_turned_photo_the_visitor_says_where_the_truth_was_drawn(drawn_on, visit):
    photo, card = Picture("phone.jpg", turned_photo()), card_named(STARTER)
    result = detect(run_model(photo, card), Thresholds(0.1))
    number = card.labels.index("motorbike")
    best = result.kept.of_classes([number]).xyxy[0]  # what it finds is the truth of this test
    line = yolo_line(best / (result.run.image_size.cv2 * 2), drawn_on)
    app = opened(visit, STARTER)
    app.segmented_control(key="picture").set_value("upload").run()
    app.file_uploader(key="picture.upload").upload(photo.name, photo.data, "image/jpeg")
    app = give(app.run(), f"{number} {line}\n", name="phone.txt")
    app.slider(key="truth.iou").set_value(0.85).run()  # turned wrongly, it overlaps too
    (asked,) = (each for each in app.radio if "were drawn on" in each.label)
    found = {}
    for each in ("upright", "stored"):
        asked.set_value(each).run()
        found[each] = metrics(app)["True positives (TP)"]
        (asked,) = (each for each in app.radio if "were drawn on" in each.label)
    assert found == {"upright": "0", "stored": "0", drawn_on: "1"}


def test_the_truth_is_kept_for_its_picture_until_it_is_forgotten(visit):
    app = give(opened(visit, STARTER), cycle(STARTER))
    app.pills(key="sample").set_value("coffee").run()
    assert "True positives (TP)" not in metrics(app)  # that truth is about another picture
    app.pills(key="sample").set_value("motorcycle").run()
    assert metrics(app)["True positives (TP)"] == "1"
    assert any("Compared with motorcycle" in each.value for each in app.caption)
    app.button(key="truth.forget").click().run()
    assert "True positives (TP)" not in metrics(app)


@needs_shared
def test_without_a_file_the_boxes_of_now_can_be_the_truth(visit):
    app = opened(visit, YOLO)
    app.button(key="truth.take").click().run()
    assert metrics(app)["True positives (TP)"] == "6"
    assert (metrics(app)["Precision"], metrics(app)["Recall"]) == ("100.0%", "100.0%")
    app.slider(key=f"detection.{YOLO}.confidence").set_value(0.3).run()
    assert (metrics(app)["Precision"], metrics(app)["Recall"]) == ("100.0%", "33.3%")


def test_while_the_tab_is_closed_nothing_is_compared(visit, monkeypatch):
    app = give(opened(visit, STARTER), cycle(STARTER))
    for name in ("match", "draw_matched", "truth_for"):
        monkeypatch.delattr(f"pages.components.detection.ground_truth.{name}")
    app.session_state["detection.more"] = "Raw outputs"
    assert not app.run().exception
