"""What a visitor does on any page: wait, look, take a picture of it."""

import os
import re
from pathlib import Path

from playwright.sync_api import Page, expect

_PAINTED = """() => document.fonts.status === 'loaded'
    && !document.querySelector('[data-testid=stSkeleton]')
    && [...document.querySelectorAll('[data-testid=stImage] img')]
        .every(image => image.complete && image.naturalWidth > 0)"""

# Streamlit scrolls inside the window, so that "the full page" is just the window.
_HEIGHT = "() => document.querySelector('[data-testid=stMain]').scrollHeight"


def idle(page: Page) -> None:
    """Wait until the script run is over, and fonts and pictures are painted."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function(_PAINTED)


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    """Choose from a list; in sight first, for a list that is open closes when it moves."""
    chooser = page.get_by_role("combobox", name=label)
    chooser.scroll_into_view_if_needed()
    expect(chooser).to_be_in_viewport()
    chooser.click()
    page.get_by_role("option", name=option).click()


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
