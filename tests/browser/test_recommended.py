"""A visitor takes the recommended model with one click."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visit import idle, keep
from tests.shared import needs_shared


@needs_shared
@pytest.mark.parametrize("width", [1440, 390])
def test_one_click_brings_the_recommended_detector_and_links_still_win(
    open_page, start_app, width
):
    url = start_app()
    page = open_page(width=width, url=url)
    page.goto("/")
    idle(page)
    expect(page.get_by_text("Better answers: SqueezeNet")).to_be_visible()
    keep(page, f"recommended-home-{width}")
    page.goto("/detection")
    idle(page)
    expect(page.get_by_text("Better answers: YOLOX-nano")).to_be_visible()
    keep(page, f"recommended-detection-{width}")
    page.get_by_role("button", name="Download and use").click()
    model = page.get_by_role("combobox", name="Model", exact=True)
    expect(model).to_have_value("YOLOX-nano")
    expect(page.get_by_text("Better answers")).to_have_count(0)
    idle(page)
    keep(page, f"recommended-arrived-{width}")

    other = open_page(width=width, url=url)
    other.goto("/detection")
    idle(other)
    expect(other.get_by_role("combobox", name="Model", exact=True)).to_have_value("YOLOX-nano")
    other.goto("/detection?detection.model=Starter+detector")
    idle(other)
    chooser = other.get_by_role("combobox", name="Model", exact=True)
    expect(chooser).to_have_value("Starter detector")
    expect(other).to_have_url(re.compile("Starter"))
