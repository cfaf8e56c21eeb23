"""The ledger and the NMS lesson as a visitor meets them in a real browser."""

import csv
import re

import pytest
from playwright.sync_api import Page, expect

from core.pipeline import Thresholds, suppression_ledger
from core.share.tables import ledger_csv
from tests.browser.test_box_canvas import answer, canvas, canvas_slider, kept_rows
from tests.browser.visit import LOOKS, idle, keep

LOW = "sample=motorcycle&detection.starter-detector-darknet.confidence=0.05"


@pytest.fixture
def ledger(page: Page) -> Page:
    page.goto(f"/detection?{LOW}&detection.more=NMS log")
    page.get_by_text("raw predictions =", exact=False).wait_for()
    idle(page)
    return page


def test_the_download_holds_every_raw_row_with_its_fate(ledger):
    with ledger.expect_download() as download:
        ledger.get_by_role("button", name="ledger.csv").click()
    written = download.value.path().read_bytes().decode()
    run = answer("starter-detector-darknet", "motorcycle")
    book = suppression_ledger(run, Thresholds(0.05))
    assert written == ledger_csv(book, label=run.card.label)
    rows = list(csv.DictReader(written.splitlines()))
    assert len(rows) == 6300
    kept = [int(row["raw row"]) for row in rows if row["fate"] == "kept"]
    assert kept == kept_rows(ledger)


def test_dragging_on_the_canvas_moves_the_ledger_when_let_go(ledger):
    knob = canvas_slider(ledger, "Confidence threshold")
    knob.focus()
    knob.press("End")
    expect(ledger.get_by_text("6,300 raw predictions = 6,300 below confidence")).to_be_visible()
    knob.press("Home")
    kept = len(kept_rows(ledger))
    expect(
        ledger.get_by_text(re.compile(f"6,300 raw predictions = {kept} kept"))
    ).to_be_visible()


def test_fates_are_chosen_and_travel_in_the_link(ledger, open_page):
    ledger.get_by_role("button", name="suppressed", exact=True).click()
    expect(ledger.get_by_text(re.compile(r"dashed: 0 other boxes"))).to_be_visible()
    idle(ledger)
    other = open_page()
    other.goto(ledger.url)
    other.get_by_text(re.compile(r"dashed: 0 other boxes")).wait_for()
    idle(other)
    assert kept_rows(other) == kept_rows(ledger)


def test_the_lesson_tells_what_a_slip_costs_and_shows_it_on_real_boxes_too(page):
    page.goto(f"/detection?{LOW}&detection.more=NMS mistakes")
    canvas(page).wait_for()
    idle(page)
    wrong = page.get_by_role("img", name=re.compile("^Wrong: "))
    expect(wrong).to_have_attribute("alt", re.compile(", 4 lost"))
    page.get_by_role("radio", name="centres as x, y, w, h").click()
    expect(wrong).to_have_attribute("alt", re.compile(", 14 too many"))
    page.get_by_role("radio", name="this picture").click()
    right = page.get_by_role("img", name=re.compile("^Correct: "))
    expect(right).to_have_attribute("alt", f"Correct: {len(kept_rows(page))} boxes kept")


@pytest.mark.parametrize(("width", "dark"), LOOKS)
@pytest.mark.parametrize("tab", ["NMS log", "NMS mistakes"])
def test_the_tabs_fit_the_window(tab, width, dark, open_page):
    page = open_page(width=width, dark=dark)
    page.goto(f"/detection?{LOW}&detection.more={tab}")
    canvas(page).wait_for()
    idle(page)
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    keep(page, f"{tab.split()[0].lower()}-{width}-{'dark' if dark else 'light'}")
