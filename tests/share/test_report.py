"""The report stands alone: it asks for nothing, runs nothing, and no label breaks out of it."""

import base64
import json
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from core.nets.catalog import card_named
from core.picture.image import Picture, decode_picture
from core.picture.samples import sample_picture
from core.pipeline import DetectionResult, Ranking, Thresholds, detect, ranking, run_model
from core.results.classification import Ranked
from core.share.detections import box_rows, boxes_json
from core.share.inference_script import detection_script
from core.share.provenance import Provenance
from core.share.report import classification_report, detection_report

EVIL = "<script>alert(1)</script>"
QUOTE = "\"'><img src=http://evil.example.com/x onerror=alert(1)>"
MADE = "Made 2025-11-25 18:40 UTC."
CARD = card_named("tiny-blob-detector")
PICTURE = sample_picture("coffee")
# what could make a browser ask for something, or run it
ADDRESSES = ("src", "href", "srcset", "action", "data", "poster", "background", "xlink:href")


class Reading(HTMLParser):
    """What a browser finds in a file."""

    def __init__(self, data: bytes):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(data.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        while self._open.pop() != tag:
            pass

    def handle_data(self, data):
        self.text.append(data)
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data

    @property
    def addresses(self) -> list[str]:
        return [
            value or "" for _, at in self.tags for key, value in at.items() if key in ADDRESSES
        ]


@pytest.fixture(scope="module")
def answer() -> tuple[Provenance, DetectionResult]:
    run = run_model(PICTURE, CARD)
    return Provenance(PICTURE, run), detect(run, Thresholds(0.2, 0.3))


def report(answer, picture=PICTURE, **changes) -> Reading:
    provenance, result = answer
    provenance = Provenance(picture, replace(provenance.run, **changes))
    return Reading(detection_report(provenance, result, code="a < b & c", made=MADE))


def hostile(text: str) -> dict:
    odd = replace(CARD, labels=(text,) * 7, title=text, licence=text)
    return {"card": odd, "picture": Picture(text, PICTURE.data)}


def test_the_report_asks_for_nothing(answer):
    read = report(answer)
    assert read.addresses
    assert all(each.startswith("data:image/") for each in read.addresses)
    tags = {tag for tag, _ in read.tags}
    assert tags.isdisjoint({"script", "link", "iframe", "object", "base", "form", "a", "svg"})
    (style,) = (text for text in read.text if "--paper" in text)
    assert "url(" not in style
    assert "@import" not in style
    policies = [at["content"] for tag, at in read.tags if "http-equiv" in at]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


@pytest.mark.parametrize("text", [EVIL, QUOTE])
def test_no_text_of_a_stranger_becomes_markup(text, answer):
    honest, odd = report(answer), report(answer, **hostile(text))
    assert [tag for tag, _ in odd.tags] == [tag for tag, _ in honest.tags]
    assert [set(at) for _, at in odd.tags] == [set(at) for _, at in honest.tags]
    assert any(text in each for each in odd.text)


def test_a_label_of_a_classifier_becomes_no_markup():
    run = run_model(PICTURE, replace(CARD, title=EVIL))
    best = Ranked(0, EVIL, 0.75), Ranked(1, QUOTE, float("nan"))
    ranked = Ranking(run, np.zeros(2), best, read_ms=1.0)
    read = Reading(
        classification_report(Provenance(PICTURE, run), ranked, code=EVIL, made=EVIL)
    )
    assert {"script", "img"} & {tag for tag, _ in read.tags} == {"img"}
    assert len(read.addresses) == 2
    assert read.rows[1] == ["0", EVIL, "0.75", ""]
    assert [at["value"] for tag, at in read.tags if tag == "meter"] == ["0.75", "0.0"]


def test_the_table_lists_the_boxes_that_were_kept(answer):
    provenance, result = answer
    rows = report(answer).rows
    wanted = [
        [str(number), *map(str, row.values())]
        for number, row in enumerate(box_rows(result.kept, provenance.card), start=1)
    ]
    assert len(wanted) > 3
    assert rows[1 : len(wanted) + 1] == wanted


def test_the_report_shows_the_picture_with_its_boxes_and_the_planes(answer):
    photo, planes = (
        cv2.imdecode(np.frombuffer(base64.b64decode(each.partition(",")[2]), np.uint8), 1)
        for each in report(answer).addresses
    )
    size = answer[0].size
    assert photo.shape == (size.height, size.width, 3)
    assert np.abs(photo.astype(int) - decode_picture(PICTURE)).max() > 100  # frames were drawn
    assert planes.shape[1] > 3 * 256


def test_the_report_says_every_setting_and_the_code(answer):
    read = report(answer)
    settings = dict(row for row in read.rows if len(row) == 2)
    assert settings["sha256"] == PICTURE.digest
    assert settings["scalefactor"] == "1/255"
    assert settings["swapRB"] == "True"
    assert settings["confidence threshold"] == "0.2"
    assert settings["classes"] == "all"
    assert settings["OpenCV"] == cv2.__version__
    assert settings["blobs.onnx"] == CARD.files[0].digest
    assert "a < b & c" in read.text
    assert any(MADE in each for each in read.text)


def test_bars_are_told_where_there_are_some(answer):
    boxed = replace(CARD.blob, fit="letterbox", pad_value=(1, 2, 3), anchor="top-left")
    settings = dict(row for row in report(answer, spec=boxed).rows if len(row) == 2)
    assert settings["bars"] == "B, G, R 1, 2, 3; the picture top-left"


def test_a_report_of_nothing_says_so(answer):
    provenance, result = answer
    empty = replace(result, kept=result.kept.taken(slice(0)))
    read = Reading(detection_report(provenance, empty, code="", made=MADE))
    assert "No detections." in read.text
    assert any(text.startswith("0 boxes in coffee.png") for text in read.text)


def test_labels_that_do_not_fit_are_told_in_every_file_that_has_room_for_words(answer):
    provenance, result = answer
    few = replace(CARD, labels=CARD.labels[:-1])
    doubted = Provenance(PICTURE, replace(provenance.run, card=few))
    (warning,) = doubted.doubts
    assert f"its card lists {len(few.labels)} labels" in warning
    told = json.loads(boxes_json(result.kept, doubted, result.thresholds))
    assert told["warnings"] == [warning]
    code = detection_script(doubted, result.thresholds)
    assert f"# Warning: {warning}" in code.splitlines()
    page = detection_report(doubted, result, code=code, made=MADE).decode()
    assert f"<strong>Warning:</strong> {escape(warning)}" in page
    assert "Warning" not in detection_script(provenance, result.thresholds)
    assert json.loads(boxes_json(result.kept, provenance, result.thresholds))["warnings"] == []


def test_the_report_of_a_classifier_ranks_its_classes():
    model = card_named("starter-classifier-onnx")
    run = run_model(PICTURE, model)
    ranked = ranking(run, 3)
    provenance = Provenance(PICTURE, run)
    read = Reading(classification_report(provenance, ranked, code="x = 1", made=MADE))
    assert [row[1] for row in read.rows[1:4]] == [each.label for each in ranked.best]
    meters = [float(at["value"]) for tag, at in read.tags if tag == "meter"]
    np.testing.assert_allclose(meters, [each.confidence for each in ranked.best], atol=1e-6)


def test_a_name_that_is_no_unicode_does_not_cost_the_report(answer):
    assert report(answer, picture=Picture("\ud800.png", PICTURE.data)).rows
