"""Why does a net say so? Softmax by numbers, nets side by side, and what they look at."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.lab.occlusion import WatchedClass, occlude
from core.nets.catalog import card_named
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.pipeline import ranking, run_model
from core.render.heat import draw_heat, draw_outline
from core.render.planes import PlaneScale
from core.render.shown import Shown
from tests.browser.test_visitors import pixels, settings
from tests.browser.visit import LOOKS, choose, idle, keep, opened

STARTER = "Starter classifier, ONNX"


def find_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^.*Run: 65 inferences")).click()
    occlusion_map(page).wait_for()
    idle(page)


def occlusion_map(page: Page):
    return page.get_by_role("img", name=re.compile("^Occlusion map of"))


def test_the_temperature_is_turned_by_keyboard_and_stands_in_the_address(page):
    opened(page, f"/classification?sample=cat&classification.model={STARTER}")
    page.get_by_role("tab", name="Softmax").click()
    slider = page.get_by_role("slider", name="Temperature T")
    expect(slider).to_be_visible()
    expect(page.get_by_text("at temperature 1; move the slider", exact=False)).to_be_visible()
    slider.focus()
    slider.press("End")
    hot = page.get_by_text(re.compile(r"at temperature 1 and \d+\.\d% at 10;"))
    expect(hot).to_be_visible()
    idle(page)
    assert settings(page)["softmax.temperature"] == ["10"]
    expect(page.get_by_text("probability = exp(z / T", exact=False)).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Egyptian cat: exp\(.* / 10 - "))).to_be_visible()
    page.reload()
    expect(hot).to_be_visible()


def test_two_nets_stand_side_by_side_and_a_third_joins_them(open_page):
    page = open_page(height=2200)  # a list that opens while its page scrolls closes again
    address = "classification.more=Compare models"
    opened(page, f"/classification?sample=cat&classification.model={STARTER}&{address}")
    expect(page.get_by_text("Both rank the same class first: Egyptian cat.")).to_be_visible()
    heading = page.get_by_role("heading", name="Dominant colour", exact=True)
    expect(heading).to_have_count(0)
    page.get_by_role("combobox", name="Models to compare").click()
    page.get_by_role("option", name="Dominant colour").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("2 of 3 rank the same class first: Egyptian cat.")).to_be_visible()
    idle(page)
    expect(heading).to_be_visible()


def test_the_map_of_a_class_moves_a_bar_and_is_the_map_that_core_draws(page):
    model, picture = card_named("starter-classifier-onnx"), sample_picture("coffee")
    address = "classification.more=Occlusion sensitivity"
    opened(page, f"/classification?sample=coffee&classification.model={STARTER}&{address}")
    expect(occlusion_map(page)).to_have_count(0)  # never by itself
    find_out(page)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    run, image = run_model(picture, model), decode_picture(picture)
    best = ranking(run, 1).best[0]
    *_, last = occlude(model, image, WatchedClass(best.class_id))
    expect(page.get_by_role("heading", name=str(last.map))).to_be_visible()
    reach = float(np.abs(last.map.drop).max())
    drawn = draw_heat(Shown.of(image).image, last.map.drop, PlaneScale(-reach, reach))
    patch = last.map.sweep.patch(*last.map.lowest, run.image_size)
    drawn = cv2.imdecode(
        cv2.imencode(".jpg", draw_outline(drawn, patch), [cv2.IMWRITE_JPEG_QUALITY, 90])[1],
        cv2.IMREAD_COLOR,
    )
    alt = occlusion_map(page).get_attribute("alt")
    assert alt is not None
    np.testing.assert_array_equal(pixels(page, alt), drawn)


def test_a_sweep_shows_its_progress_and_stops_when_told(page):
    query = "detection.more=Occlusion sensitivity&detection.why.places=16 x 16&sample=astronaut"
    opened(page, f"/detection?{query}")
    page.get_by_role("button", name=re.compile("Run: 257 inferences")).click()
    expect(page.get_by_text(re.compile(r"^\d+ of 257 inferences$"))).to_be_visible()
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True)
    stop.dispatch_event("click")  # at once: a click waits until nothing moves
    expect(page.get_by_text(re.compile("of 257 inferences$"))).to_have_count(0)
    idle(page)
    expect(occlusion_map(page)).to_have_count(0)


def test_a_chosen_box_is_explained(page):
    opened(page, "/detection?sample=motorcycle&detection.more=Occlusion sensitivity")
    expect(page.get_by_text("Which parts of the picture does #1 motorbike")).to_be_visible()
    choose(page, "Selected box", "#2 person")
    expect(page.get_by_text("Which parts of the picture does #2 person")).to_be_visible()
    idle(page)
    find_out(page)
    expect(occlusion_map(page)).to_have_attribute(
        "alt", re.compile("^Occlusion map of #2 person")
    )
    page.get_by_text("Values of the map").click()
    expect(page.get_by_text("The drop of the confidence from", exact=False)).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_tab_fits_its_window(width, dark, open_page):
    page = open_page(width=width, dark=dark)
    look = f"{width}-{'dark' if dark else 'light'}"
    start = f"/classification?sample=cat&classification.model={STARTER}&classification.more="
    for name, address in {
        "softmax": f"{start}Softmax&softmax.temperature=3",
        "side-by-side": f"{start}Compare models",
        "why-class": f"{start}Occlusion sensitivity",
        "why-box": "/detection?sample=cat&detection.more=Occlusion sensitivity",
    }.items():
        opened(page, address)
        if name.startswith("why"):
            find_out(page)
        spill = "document.querySelector('[data-testid=stMain]')"
        assert page.evaluate(f"() => {spill}.scrollWidth") <= page.evaluate(
            f"() => {spill}.clientWidth"
        )
        keep(page, f"{name}-{look}")
