"""Each display control changes the pixels as it promises, and the link brings it back."""

from base64 import b64decode
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core.nets.catalog import card_named
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, run_model
from core.render.boxes import BoxStyle, draw_detections
from core.render.encode import jpeg
from core.render.shown import Shown
from tests.browser.visit import idle

MODEL = "starter-detector-darknet"
CONFIDENCE = 0.2
ADDRESS = (
    "/detection?sample=motorcycle&detection.model=Starter detector"
    f"&detection.{MODEL}.confidence={CONFIDENCE}"
)


def result(page: Page) -> Locator:
    return page.get_by_role("img", name="Result: ", exact=False)


def seen(page: Page) -> np.ndarray:
    """Take the result picture back out of the browser."""
    result(page).wait_for()
    idle(page)
    data_url = result(page).evaluate(
        """async image => {
            const file = await (await fetch(image.src)).blob()
            const reader = new FileReader()
            return new Promise(done => {
                reader.onload = () => done(reader.result)
                reader.readAsDataURL(file)
            })
        }"""
    )
    data = b64decode(data_url.partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def expected(style: BoxStyle) -> np.ndarray:
    model = card_named(MODEL)
    run = run_model(sample_picture("motorcycle"), model)
    kept = detect(run, Thresholds(CONFIDENCE, model.iou)).kept
    assert len(kept) > 0
    shown = Shown.of(decode_picture(sample_picture("motorcycle")))
    boxes = shown.placed(kept)
    drawn = draw_detections(shown.image, boxes, label=model.label, style=style)
    return cv2.imdecode(np.frombuffer(jpeg(drawn), np.uint8), cv2.IMREAD_COLOR)


def switch(name: str, page: Page) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def colour(page: Page) -> None:
    page.get_by_role("radio", name="confidence", exact=True).click()


def slide(name: str, page: Page) -> None:
    handle = page.get_by_role("slider", name=name)
    handle.focus()
    handle.press("End")


@pytest.mark.parametrize(
    ("act", "style"),
    [
        (partial(switch, "labels"), BoxStyle(numbers=True, labels=False)),
        (partial(switch, "confidence"), BoxStyle(numbers=True, confidence=False)),
        (partial(switch, "numbers"), BoxStyle()),
        (partial(switch, "boxes"), BoxStyle(numbers=True, boxes=False)),
        (colour, BoxStyle(numbers=True, colours="confidence")),
        (partial(slide, "Line width"), BoxStyle(numbers=True, line=3)),
        (partial(slide, "Text size"), BoxStyle(numbers=True, text=3)),
    ],
    ids=["labels", "confidence", "numbers", "boxes", "colours", "line", "text"],
)
def test_a_control_changes_the_picture_as_promised_and_a_link_brings_it_back(
    act: Callable[[Page], None], style: BoxStyle, open_page: Callable[..., Page]
):
    page = open_page()
    page.goto(ADDRESS)
    np.testing.assert_array_equal(seen(page), expected(BoxStyle(numbers=True)))
    before = result(page).get_attribute("src")
    page.get_by_text("Display", exact=True).click()
    act(page)
    expect(result(page)).not_to_have_attribute("src", before or "")
    np.testing.assert_array_equal(seen(page), expected(style))
    other = open_page()
    other.goto(page.url)
    np.testing.assert_array_equal(seen(other), expected(style))


def test_a_click_on_a_counted_class_filters_by_it_and_a_link_brings_it_back(
    open_page: Callable[..., Page],
):
    page = open_page()
    page.goto(ADDRESS)
    idle(page)
    counts = page.get_by_role("button", name="person (", exact=False)
    expect(counts).to_be_visible()
    words = counts.inner_text()
    counts.click()
    expect(page.get_by_role("img", name="Result: person", exact=False)).to_be_visible()
    idle(page)
    other = open_page()
    other.goto(page.url)
    expect(other.get_by_role("img", name="Result: person", exact=False)).to_be_visible()
    alt = result(other).get_attribute("alt") or ""
    assert set(alt.removeprefix("Result: ").split(", ")) == {"person"}
    expect(other.get_by_role("button", name=words)).to_contain_text("check")
