import csv
import io
import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.blob.make import Blob
from core.results.detections import Detections
from core.results.ledger import Ledger, NmsStages, ledger
from core.share.tables import (
    csv_cell,
    csv_text,
    ledger_csv,
    plane_name,
    plane_png,
    statistics_csv,
)

FORMULAS = {
    "equals": "=1+1",
    "plus": "+cmd|' /C calc'!A0",
    "minus": "-2+3",
    "typographic minus": "\u22122+3",
    "at": "@SUM(A1)",
    "tab": "\t=1",
    "carriage return": "\r=1",
    "line feed": "\n=1",
    "nul": "\0=1",
    "pipe": "|x",
    "percent": "%x",
    "full width": "\uff1d1+1",
    "small form": "\ufe66x",
    "spaces first": "   =1",
    "no-break space first": "\u00a0=1",
    "byte order mark first": "\ufeff=1",
    "zero width space first": "\u200b=1",
    "direction mark first": "\u202e=1",
}


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", FORMULAS)
def test_what_a_spreadsheet_would_run_is_text(name):
    (_, cells) = read(csv_text([{"label": FORMULAS[name]}]))
    assert cells == ["'" + FORMULAS[name]]


@pytest.mark.parametrize(
    "text", ["dog", "a=1", "3", "日本", "", "  ", "é", "_x", "'=1", "\U0001f600"]
)
def test_ordinary_text_stays_as_it_is(text):
    assert csv_cell(text) == text


@pytest.mark.parametrize("number", [-3, -3.5, 1e-300, np.float32(-0.1), np.int64(-7), True])
def test_numbers_stay_numbers(number):
    assert csv_cell(number) is number
    (_, (cell,)) = read(csv_text([{"n": number}]))
    assert cell == str(number)


def test_names_of_columns_are_text_from_strangers_too():
    assert read(csv_text([{"=1": 2}]))[0] == ["'=1"]


def test_a_table_without_rows_is_an_empty_file():
    assert csv_text([]) == ""


@given(st.lists(st.tuples(st.text(), st.floats(allow_nan=False)), min_size=1, max_size=4))
def test_what_is_written_can_be_read_back(rows):
    written = read(csv_text([{"text": text, "number": number} for text, number in rows]))
    for (text, number), (cell, digits) in zip(rows, written[1:], strict=True):
        assert cell.removeprefix("'") == text.removeprefix("'")
        assert float(digits) == number


def noise(*shape):
    return Blob(np.random.default_rng(0).normal(0, 1, shape).astype(np.float32))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_statistics_are_those_of_the_planes(layout):
    blob = noise(1, 3, 5, 7)
    given_blob = Blob(blob.transpose(0, 2, 3, 1)) if layout == "NHWC" else blob
    text = statistics_csv(given_blob, layout=layout, channels=("R", "G", "B"))
    header, *rows = read(text)
    assert header == ["plane", "min", "max", "mean", "std"]
    for (name, *numbers), channel, plane in zip(rows, "RGB", blob[0], strict=True):
        wide = plane.astype(np.float64)
        expected = [wide.min(), wide.max(), wide.mean(), wide.std()]
        assert name == channel
        assert list(map(float, numbers)) == pytest.approx(expected)


@pytest.mark.parametrize("side", [1, 3, 700, 1500])
def test_a_plane_as_png_keeps_its_size_and_says_what_its_greys_mean(side):
    plane = noise(4, side)
    image = Image.open(io.BytesIO(plane_png(plane)))
    assert (image.mode, image.size) == ("L", (side, 4))
    words = image.text["Comment"]
    assert "value = low + (grey - 1) * (high - low) / 254" in words
    low, high = map(float, re.findall(r"(?:low|high) (-?\d[^,;]*)", words))
    assert (low, high) == (plane.min(), plane.max())
    values = low + (np.asarray(image, np.float64) - 1) * (high - low) / 254
    np.testing.assert_allclose(values, plane, atol=(high - low) / 508 * 1.001)


def test_a_plane_of_bytes_is_written_as_it_is():
    plane = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    read_back = cv2.imdecode(np.frombuffer(plane_png(plane), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read_back, plane)


def test_the_name_of_a_plane_tells_its_place_channel_and_range():
    assert plane_name(np.float32([[0, 0.5]]), "G", 1) == "plane-1-G-from0-to0.5.png"


def sieved_by_hand() -> Ledger:
    raw = Detections(
        [[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, np.inf, 9]], [0.9, 0.8, 0.7], [0, 0, 1], range(3)
    )
    candidates = raw.above(0.25)
    after_nms = candidates.suppressed(iou=0.45)
    stages = NmsStages(raw, candidates, candidates, candidates, after_nms, after_nms)
    return ledger(stages, raw, confidence=0.25, iou=0.45)


def test_the_ledger_as_csv_has_a_line_for_every_raw_row_and_gaps_stay_empty():
    labels = ("=cat", "dog")
    book = sieved_by_hand()
    rows = list(csv.DictReader(io.StringIO(ledger_csv(book, label=labels.__getitem__))))
    assert [row["raw row"] for row in rows] == ["0", "1", "2"]
    assert [row["fate"] for row in rows] == ["kept", "suppressed", "no box"]
    assert [row["#"] for row in rows] == ["1", "", ""]
    assert [row["removed by row"] for row in rows] == ["", "0", ""]
    assert [row["removed by #"] for row in rows] == ["", "1", ""]
    assert float(rows[1]["IoU"]) == pytest.approx(0.9)
    assert np.float32(rows[1]["confidence"]) == np.float32(0.8)
    assert rows[0]["label"] == "'=cat"


def test_of_an_empty_ledger_the_csv_is_empty():
    nothing = Detections([], [], [], [])
    stages = NmsStages(*([nothing] * 6))
    assert ledger_csv(ledger(stages, nothing, confidence=0.5, iou=0.5)) == ""
