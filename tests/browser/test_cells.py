"""Cell by cell, in a real browser: choose a box, see its cell, its numbers, the heat."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_visitors import LOOKS, pixels, settings
from tests.browser.visit import choose, idle, keep, metric, opened

CELLS = "/detection?detection.model=Starter detector&detection.more=Decode a box"
SPILLING = """() => [...document.querySelectorAll(
        '[data-testid=stTable], [data-testid=stTable] td, [data-testid=stCode] code,' +
        '[data-testid=stMetricValue], [data-testid=stMain]')]
    .filter(each => each.scrollWidth > each.clientWidth + 1)
    .map(each => `${each.tagName} ${each.textContent.slice(0, 60)}`)"""


def open_cells(page: Page) -> Page:
    return opened(page, f"{CELLS}&sample=motorcycle", shows="predicts this box")


def choose_second_box(page: Page) -> None:
    choose(page, "Selected box", re.compile("^#2"))


def test_another_box_has_another_cell_stride_and_numbers(page, open_page):
    heading = open_cells(page).get_by_role("heading", name=re.compile("^Raw prediction"))
    row = heading.inner_text()
    first = {name: metric(page, name) for name in ("stride", "cell (column", "anchor")}
    lines = page.get_by_test_id("stCode").all_inner_texts()
    picture = pixels(page, "Blob with stride 32, with cell, anchor and box")
    choose_second_box(page)
    expect(heading).not_to_have_text(row)
    idle(page)
    second = {name: metric(page, name) for name in first}
    assert all(second[name] != first[name] for name in first), (first, second)
    assert page.get_by_test_id("stCode").all_inner_texts() != lines
    stride = second["stride"].removesuffix(" px")
    other = pixels(page, f"Blob with stride {stride}, with cell, anchor and box")
    assert (other != picture).any()
    copy = open_page()
    copy.goto(page.url)
    copy.get_by_role("heading", name=heading.inner_text()).wait_for()


def test_each_head_has_a_heat_map_of_its_own_and_a_link_carries_which(page, open_page):
    open_cells(page)
    maps = []
    for stride in (32, 16, 8):
        page.get_by_role("radio", name=f"stride {stride}").click()
        alt = f"the maximum objectness in each cell, stride {stride}"
        page.get_by_role("img", name=f"Picture with {alt}").wait_for()
        idle(page)
        maps.append(pixels(page, f"Blob with {alt}"))
    assert (maps[0] != maps[1]).any()
    assert (maps[1] != maps[2]).any()
    assert settings(page)["detection.cells.head"] == ["stride 8"]
    copy = open_page()
    copy.goto(page.url)
    alt = "Blob with the maximum objectness in each cell, stride 8"
    copy.get_by_role("img", name=alt).wait_for()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_nothing_is_cut_off(width, dark, open_page):
    page = open_cells(open_page(width=width, dark=dark))
    assert page.evaluate(SPILLING) == []
    keep(page, f"cells-{width}-{'dark' if dark else 'light'}")
