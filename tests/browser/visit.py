"""What a visitor does on any page: wait, look, take a picture of it."""

import contextlib
import os
import re
from pathlib import Path

from playwright.sync_api import Error, Locator, Page

TRIES, MOMENT = 5, 6000  # milliseconds

_PAINTED = """() => document.fonts.status === 'loaded'
    && !document.querySelector('[data-testid=stSkeleton]')
    && [...document.querySelectorAll('[data-testid=stImage] img')]
        .every(image => image.complete && image.naturalWidth > 0)"""

# Streamlit scrolls inside the window, so that "the full page" is just the window.
_HEIGHT = "() => document.querySelector('[data-testid=stMain]').scrollHeight"

EVERY_LOOK = [(1440, False), (1440, True), (390, False), (390, True)]
LOOKS = EVERY_LOOK if os.environ.get("BLOBSCOPE_EVERY_LOOK") else [(1440, False), (390, True)]
"""Widths in pixels, and whether dark: each of both once; `make looks` tries all four."""


def idle(page: Page) -> None:
    """Wait until the script run is over, and fonts and pictures are painted."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function(_PAINTED)


def opened(page: Page, address: str, *, shows: str = "") -> Page:
    """Go to an address and wait until its page is drawn, with a text that it shows."""
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for()
    if shows:
        page.get_by_text(shows).wait_for()
    idle(page)
    return page


def shown_metric(page: Page, label: str) -> Locator:
    """Find the number that has this label."""
    return page.get_by_test_id("stMetric").filter(has_text=label)


def metric(page: Page, label: str) -> str:
    """Read the value of the number that has this label."""
    return shown_metric(page, label).get_by_test_id("stMetricValue").inner_text()


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    """Choose from a list, until it shows what was chosen.

    A list that is open closes when the page moves, and while a page is still loading a choice
    may come to nothing: then once more.
    """
    chooser = page.get_by_role("combobox", name=label)
    wanted = page.get_by_role("option", name=option)
    shown = re.compile(re.escape(option)) if isinstance(option, str) else option
    for _ in range(TRIES):
        with contextlib.suppress(Error):  # drawn anew meanwhile, or closed
            chooser.scroll_into_view_if_needed(timeout=MOMENT)
            chooser.click(timeout=MOMENT)
            wanted.click(timeout=MOMENT)
            idle(page)
            if shown.search(chooser.input_value(timeout=MOMENT)):
                return
        page.keyboard.press("Escape")
    raise AssertionError(f"{label} never offered {option}")


def fetched(page: Page, name: str) -> Path:
    """Press a download's button; a click may fall between two drawings of a live page."""
    for _ in range(TRIES):
        with contextlib.suppress(Error):
            with page.expect_download(timeout=MOMENT) as download:
                page.get_by_role("button", name=name, exact=True).click()
            return download.value.path()
    raise AssertionError(f"{name} never came")


def keep(page: Page, name: str) -> None:
    """Write a picture of the whole page to the folder BLOBSCOPE_SCREENSHOTS, if one is named.

    The README's pictures are made so: ``make screenshots``.
    """
    folder = os.environ.get("BLOBSCOPE_SCREENSHOTS")
    if not folder:
        return
    window = page.viewport_size
    assert window is not None, "the fixture opens windows of a known size"
    whole = max(window["height"], page.evaluate(_HEIGHT))
    page.set_viewport_size({"width": window["width"], "height": whole})
    idle(page)
    Path(folder).mkdir(parents=True, exist_ok=True)
    page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")
    page.set_viewport_size(window)
