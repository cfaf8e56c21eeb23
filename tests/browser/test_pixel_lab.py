"""The cross-hair in a real browser: what it says is what core/blob/arithmetic.py says.

The lab stands on a page of its own here, so that these tests need no other part of the app.
"""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core.blob.arithmetic import arithmetic, digits
from core.blob.spec import BlobSpec
from core.blob.trace import Trace, trace
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from tests.browser.conftest import ROOT
from tests.browser.visit import LOOKS, keep

TORCH = {
    "scalefactor": (1 / 255,) * 3,
    "mean": (123.675, 116.28, 103.53),
    "std": (0.229, 0.224, 0.225),
    "swap_rb": True,
}
SPECS = {
    "stretch": BlobSpec(Size(40, 30), **TORCH),
    "letterbox": BlobSpec(Size(48, 48), fit="letterbox", pad_value=(114.0,) * 3, **TORCH),
    "crop": BlobSpec(Size(33, 40), fit="crop", mean=(104.0, 117.0, 123.0)),
    "channels last": BlobSpec(Size(40, 30), layout="NHWC", **TORCH),
    "as it is": BlobSpec(swap_rb=True),
    "grey": BlobSpec(Size(40, 30), channels=1, mean=(100.0,) * 3, scalefactor=(0.5,) * 3),
    "bytes": BlobSpec(Size(40, 30), ddepth="uint8"),
}
PAGE = """
import streamlit as st
from core.blob.trace import trace
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.render.encode import for_display, jpeg
from pages.components.blob import pixel_lab
from tests.browser.test_pixel_lab import SPECS

st.set_page_config(layout="wide")
st.title("Pixels")
spec = SPECS[st.query_params["spec"]]
image = decode_picture(sample_picture("coffee"))
pixel_lab.MOST_WHOLE_PIXELS = 0 if "large" in st.query_params else 10**6
photo = jpeg(for_display(image))
pixel_lab.pixel_lab("lab", trace(image, spec), spec, photo)
st.caption("the end")
"""


@pytest.fixture(scope="module")
def lab_url(start_app: Callable[..., str], tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "lab.py").write_text(PAGE)
    (folder / ".streamlit").symlink_to(ROOT / ".streamlit")
    return start_app(folder / "lab.py", PYTHONPATH=str(ROOT))


@pytest.fixture
def open_lab(open_page: Callable[..., Page], lab_url: str) -> Callable[..., Page]:
    def opened(spec: str = "stretch", *, query: str = "", **window: int) -> Page:
        page = open_page(url=lab_url, **window)
        page.goto(f"/?spec={spec}{query}")
        expect(status(page)).to_contain_text("blob[")
        return page

    return opened


def traced(name: str) -> Trace:
    return trace(decode_picture(sample_picture("coffee")), SPECS[name])


def canvas(page: Page, name: str) -> Locator:
    return page.get_by_role("application", name=re.compile(f"^{name}"))


def status(page: Page) -> Locator:
    return page.locator(".lab").get_by_role("status")


def hover(page: Page, name: str, x: float, y: float) -> None:
    """Point at a place of a canvas, both 0..1."""
    box = canvas(page, name).bounding_box()
    assert box is not None
    inside = box["width"] - 2, box["height"] - 2  # the border is one pixel
    page.mouse.move(box["x"] + 1 + x * inside[0], box["y"] + 1 + y * inside[1])


def words(name: str, x: int, y: int) -> str:
    return "\n".join(arithmetic(traced(name), SPECS[name], x=x, y=y).lines)


def near(page: Page, x: float, y: float) -> tuple[int, int]:
    """Wait until the point is told that was pointed at; a canvas may be smaller than a blob."""
    ranges = ("|".join(str(int(at) + by) for by in (-2, -1, 0, 1, 2)) for at in (x, y))
    expect(status(page)).to_contain_text(re.compile("blob x ({}), y ({}) ".format(*ranges)))
    return point(page)


def point(page: Page) -> tuple[int, int]:
    found = re.search(r"^blob x (\d+), y (\d+)", status(page).inner_text())
    assert found
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("name", SPECS)
def test_hovering_says_word_for_word_what_the_core_says(name, open_lab):
    page = open_lab(name)
    size = traced(name).placement.blob
    for x, y in [(0.31, 0.62), (0.003, 0.003), (0.995, 0.995), (0.5, 0.02), (0.7, 0.4)]:
        hover(page, "fitted picture", x, y)
        at = near(page, x * size.width, y * size.height)
        assert status(page).inner_text().split("\n") == words(name, *at).split("\n")


def test_large_pictures_travel_in_part_and_say_the_same(open_lab):
    page = open_lab("crop", query="&large=1")
    hover(page, "fitted picture", 0.4, 0.4)
    at = near(page, 0.4 * 33, 0.4 * 40)
    assert status(page).inner_text().split("\n") == words("crop", *at).split("\n")


def test_hovering_the_source_or_a_plane_moves_the_cross_hair_everywhere(open_lab):
    page = open_lab("stretch")
    for picture in ("plane R", "plane B", "source picture"):
        hover(page, picture, 0.26, 0.52)
        expect(status(page)).to_contain_text("blob x 10, y 15 ")
        found = arithmetic(traced("stretch"), SPECS["stretch"], x=10, y=15)
        for channel, value in zip("RGB", found.swapped, strict=True):
            caption = page.locator("figure", has_text=f"plane {channel}").locator(".note")
            expect(caption).to_contain_text(digits(value))
        hover(page, "fitted picture", 0.91, 0.92)
        expect(status(page)).to_contain_text("blob x 36, y 27 ")


def test_arrow_keys_move_the_cross_hair_in_all_pictures(open_lab):
    page = open_lab("stretch")
    for picture in ("source picture", "fitted picture", "plane G"):
        before = point(page)
        canvas(page, picture).focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Shift+ArrowLeft")
        after = before[0] + 1 - 10, before[1] + 1
        after = max(0, after[0]), after[1]
        expect(status(page)).to_contain_text(f"blob x {after[0]}, y {after[1]} ")
        notes = page.locator("figure.plane .note").all_inner_texts()
        assert [f",{after[1]},{after[0]}]" in note for note in notes] == [True] * 3
        assert status(page).inner_text().split("\n") == words("stretch", *after).split("\n")


def test_focus_can_be_seen_and_the_table_shows_the_value(open_lab):
    page = open_lab("stretch")
    canvas(page, "source picture").focus()
    page.keyboard.press("Tab")
    outline = canvas(page, "fitted picture").evaluate("each => getComputedStyle(each).outline")
    assert "solid 3px" in outline or "3px solid" in outline
    found = arithmetic(traced("stretch"), SPECS["stretch"], x=20, y=15)
    cells = page.locator(".lab tr.result td").all_inner_texts()
    assert cells == [digits(value) for value in found.swapped]


def test_zoom_writes_the_exact_value_into_the_pixel(open_lab):
    page = open_lab("stretch")
    page.evaluate(
        """() => {
            window.written = []
            const fill = CanvasRenderingContext2D.prototype.fillText
            CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
                window.written.push(text)
                return fill.call(this, text, ...place)
            }
        }"""
    )
    hover(page, "fitted picture", 0.51, 0.52)
    assert page.evaluate("window.written") == []
    canvas(page, "fitted picture").focus()
    page.keyboard.press("1")
    page.wait_for_function("window.written.length > 20")
    found = arithmetic(traced("stretch"), SPECS["stretch"], x=20, y=15)
    written = page.evaluate("window.written")
    for value in found.swapped:
        assert digits(value) in written
    for letter, value in zip("BGR", found.fitted, strict=True):
        assert f"{letter} {value}" in written
    shares = [f"{np.floor(100 * pixel.weight + 0.5):.0f} %" for pixel in found.sources]
    assert set(shares) <= set(written)
    slider = page.get_by_role("slider", name="zoom")
    expect(slider).to_have_value("100")
    page.get_by_role("button", name="show all").click()
    expect(slider).to_have_value("0")


def test_the_wheel_zooms_a_clicked_picture_and_else_scrolls_the_page(open_lab):
    page = open_lab("stretch", height=400)
    slider = page.get_by_role("slider", name="zoom")
    canvas(page, "source picture").scroll_into_view_if_needed()
    hover(page, "source picture", 0.5, 0.5)
    page.mouse.wheel(0, -50)
    expect(slider).to_have_value("0")
    page.mouse.down()
    page.mouse.up()
    expect(page.locator(".lab .pin")).to_have_text("pinned")
    note = page.locator("figure.plane .note").first
    before = note.inner_text()
    page.mouse.wheel(0, -50)
    expect(slider).to_have_value("7")
    hover(page, "source picture", 0.2, 0.2)
    assert note.inner_text() == before
    page.keyboard.press("Escape")
    hover(page, "source picture", 0.25, 0.25)
    expect(note).not_to_have_text(before)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_lab_fits_the_window(width, dark, open_lab):
    page = open_lab("letterbox", width=width, dark=dark)
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    for picture in canvas(page, "").all():
        box = picture.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["width"] > 120
    canvas(page, "fitted picture").focus()
    page.keyboard.press("1")
    keep(page, f"pixel-lab-{width}-{'dark' if dark else 'light'}")
