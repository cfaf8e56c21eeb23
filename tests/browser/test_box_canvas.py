"""The box canvas in a real browser: what it keeps is what core keeps, with no server run.

The rule is tried on a page of its own, on what real nets answered; what the canvas and the
server tell each other is tried on the Detection page.
"""

import re
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from core.nets.catalog import card_named
from core.nets.downloads import download
from core.picture.image import Picture
from core.picture.samples import sample_picture
from core.pipeline import Run, Thresholds, detect, run_model
from tests.browser.conftest import ROOT
from tests.browser.visit import LOOKS, idle, keep, shown_metric
from tests.shared import IMAGES, where_present

GRID = list(
    product(
        (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.77, 1.0),
        (0.0, 0.01, 0.3, 0.45, 0.5, 0.7, 0.95, 1.0),
    )
)
OURS = [("starter-detector-darknet", "motorcycle"), ("tiny-blob-detector", "coffee")]
THEIRS = [("yolo-fastest-1.1-coco", "dog.jpg"), ("yolox-nano-onnx", "street0.jpg")]
PAGE = """
import streamlit as st
from core.pipeline import Thresholds, detect
from core.render.boxes import NUMBERED, BoxStyle
from pages.components.detection.box_canvas import box_canvas
from tests.browser.test_box_canvas import answer, picture_of

asked = st.query_params
thresholds = Thresholds(per_class="agnostic" not in asked, soft="soft" in asked,
    class_ids=frozenset(map(int, asked["classes"].split(","))) if "classes" in asked else None)
bare = BoxStyle(boxes=False, labels=False, numbers=True, colours="confidence")
style = bare if "plain" in asked else NUMBERED
result = detect(answer(asked["model"], asked["picture"]), thresholds)
st.title("Boxes")
box_canvas("lone", picture_of(asked["picture"]), result, style=style)
"""
KEPT = """(canvas, grid) => grid.map(([confidence, iou]) => {
    const sliders = canvas.getRootNode().querySelectorAll('input[type=range]')
    for (const [place, value] of [confidence, iou].entries()) {
        sliders[place].value = value
        sliders[place].dispatchEvent(new Event('input'))
    }
    return canvas.dataset.kept
})"""


def answer(model: str, picture: str) -> Run:
    """Run one of our nets on a sample, or a net of others on a photo of the team."""
    known = card_named(model)
    if "." in picture:
        download(known)
    return run_model(picture_of(picture), known)


def picture_of(name: str) -> Picture:
    if "." not in name:
        return sample_picture(name)
    return Picture(name, (IMAGES / name).read_bytes())


@pytest.fixture(scope="module")
def canvas_url(start_app: Callable[..., str], tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("canvas")
    (folder / "boxes.py").write_text(PAGE)
    (folder / ".streamlit").symlink_to(ROOT / ".streamlit")
    return start_app(
        folder / "boxes.py",
        PYTHONPATH=str(ROOT),
        BLOBSCOPE_MODELS=str(tmp_path_factory.getbasetemp() / "models"),
    )


def canvas(page: Page) -> Locator:
    return page.get_by_role("application", name=re.compile("^Detections on the picture"))


def told(page: Page) -> Locator:
    return page.locator(".boxes .told")


def slider(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stSlider").get_by_role("slider", name=name)


def canvas_slider(page: Page, name: str) -> Locator:
    return page.locator(".boxes").get_by_role("slider", name=name)


def kept_rows(page: Page) -> list[int]:
    data = canvas(page).get_attribute("data-kept") or ""
    return [int(each.partition(":")[0]) for each in data.split()]


def sent_frames(page: Page) -> list[bytes]:
    """Record whatever the browser sends to the server from the next page on."""
    frames: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: frames.append(frame))

    page.on("websocket", listen)
    return frames


def assert_same_as_core(page: Page, model: str, picture: str, **settings) -> None:
    run = answer(model, picture)
    seen = canvas(page).evaluate(KEPT, [list(each) for each in GRID])
    most = 0
    for (confidence, iou), drawn in zip(GRID, seen, strict=True):
        kept = detect(run, Thresholds(confidence, iou, **settings)).kept
        rows = [int(each.partition(":")[0]) for each in drawn.split()]
        left = [float(each.partition(":")[2]) for each in drawn.split()]
        assert rows == kept.row.tolist(), (confidence, iou)
        np.testing.assert_array_equal(np.float32(left), kept.confidence)
        most = max(most, len(rows))
    assert most > 1, "a grid on which nothing is found proves nothing"


@pytest.mark.usefixtures("mirrored")
@pytest.mark.parametrize("settings", ["", "&agnostic", "&soft", "&soft&agnostic"])
@pytest.mark.parametrize(("model", "picture"), [*OURS, *where_present(*THEIRS)])
def test_at_all_thresholds_the_canvas_keeps_what_core_keeps(
    model, picture, settings, open_page, canvas_url
):
    page = open_page(url=canvas_url)
    page.goto(f"/?model={model}&picture={picture}{settings}")
    canvas(page).wait_for()
    assert_same_as_core(
        page, model, picture, soft="soft" in settings, per_class="agnostic" not in settings
    )


def test_only_wanted_classes_reach_the_canvas(open_page, canvas_url):
    model, picture = OURS[0]
    page = open_page(url=canvas_url)
    page.goto(f"/?model={model}&picture={picture}&classes=0,4")
    canvas(page).wait_for()
    assert_same_as_core(page, model, picture, class_ids=frozenset({0, 4}))


DRAWN = """canvas => new Promise(done => {
    const drawn = { words: [], frames: 0 }
    const { fillText, strokeRect } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillText = function (...how) {
        drawn.words.push(how[0])
        return fillText.apply(this, how)
    }
    CanvasRenderingContext2D.prototype.strokeRect = function (...how) {
        drawn.frames += 1
        return strokeRect.apply(this, how)
    }
    canvas.getRootNode().querySelector('input').dispatchEvent(new Event('input'))
    requestAnimationFrame(() => requestAnimationFrame(() => done(drawn)))
})"""


@pytest.mark.parametrize("plain", [False, True])
def test_the_display_controls_decide_what_is_drawn(plain, open_page, canvas_url):
    page = open_page(url=canvas_url)
    page.goto(f"/?model={OURS[0][0]}&picture=motorcycle{'&plain' if plain else ''}")
    canvas(page).wait_for()
    idle(page)
    drawn = canvas(page).evaluate(DRAWN)
    kept = len(kept_rows(page))
    assert len(drawn["words"]) == kept > 1
    pattern = r"#\d+ \d\.\d\d" if plain else r"#\d+ (person|motorbike) \d\.\d\d"
    assert [each for each in drawn["words"] if not re.fullmatch(pattern, each)] == []
    assert (drawn["frames"] == 0) == plain


@pytest.fixture
def detection(page: Page) -> Page:
    page.goto("/detection?sample=motorcycle&detection.starter-detector-darknet.confidence=0.05")
    canvas(page).wait_for()
    idle(page)
    return page


def table_says(page: Page, kept: int) -> None:
    metric = shown_metric(page, "detections")
    expect(metric).to_contain_text(re.compile(rf"detections\s*{kept:,}\s*$"))


def test_dragging_refilters_at_once_and_letting_go_turns_the_servers_knobs(page):
    frames = sent_frames(page)
    page.goto("/detection?sample=motorcycle")
    canvas(page).wait_for()
    idle(page)
    knob = canvas_slider(page, "Confidence threshold")
    box = knob.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.35 * box["width"], middle)
    page.mouse.down()
    before, asked = len(kept_rows(page)), len(frames)
    seen = set()
    for part in (0.3, 0.2, 0.1, 0.05):
        page.mouse.move(box["x"] + part * box["width"], middle, steps=4)
        seen.add(len(kept_rows(page)))
    assert len(seen) > 2
    assert max(seen) > before
    assert len(frames) == asked, "the server was asked while the slider was dragged"
    page.mouse.up()
    kept = kept_rows(page)
    table_says(page, len(kept))
    idle(page)
    assert len(frames) > asked
    value = knob.input_value()
    expect(slider(page, "confidence")).to_have_value(value)
    assert f"confidence={value}" in page.url
    assert kept_rows(page) == kept
    thresholds = Thresholds(float(value), 0.45)
    run = answer("starter-detector-darknet", "motorcycle")
    assert kept == detect(run, thresholds).kept.row.tolist()


def test_the_servers_sliders_move_the_canvas_too(detection):
    page = detection
    before = kept_rows(page)
    slider(page, "confidence").press("Home")
    expect(canvas_slider(page, "Confidence threshold")).to_have_value("0")
    table_says(page, len(kept_rows(page)))
    assert len(kept_rows(page)) > len(before)
    slider(page, "IoU").press("End")
    expect(canvas_slider(page, "NMS IoU threshold")).to_have_value("1")
    table_says(page, 1000)


def test_keys_pressed_faster_than_the_server_answers_all_count(detection):
    page = detection
    knob = canvas_slider(page, "Confidence threshold")
    knob.focus()
    for _ in range(15):
        knob.press("ArrowRight", delay=40)
    expect(slider(page, "confidence")).to_have_value("0.2")
    idle(page)
    expect(knob).to_have_value("0.2")
    table_says(page, len(kept_rows(page)))


def test_the_switches_of_nms_reach_the_canvas(detection):
    page = detection
    expect(page.locator(".boxes .count")).to_contain_text("hard NMS, per class")
    per_class = kept_rows(page)
    page.get_by_role("radio", name="class-agnostic").click()
    expect(page.locator(".boxes .count")).to_contain_text("class-agnostic")
    assert kept_rows(page) != per_class
    page.get_by_role("radio", name="soft").click()
    expect(page.locator(".boxes .count")).to_contain_text("soft NMS")
    table_says(page, len(kept_rows(page)))


def test_hovering_a_box_tells_its_label_its_confidence_and_its_place(detection):
    page = detection
    run = answer("starter-detector-darknet", "motorcycle")
    kept = detect(run, Thresholds(0.05)).kept
    frame = canvas(page).bounding_box()
    assert frame is not None
    for number, (left, top, right, bottom) in enumerate(kept.xyxy.tolist(), start=1):
        name = run.card.label(int(kept.class_id[number - 1]))
        inside = (left + 1.5, top + 1.5) if number > 1 else ((left + right) / 2, bottom - 2)
        x, y = (
            each / side * room
            for each, side, room in zip(
                inside, run.image_size.cv2, (frame["width"], frame["height"]), strict=True
            )
        )
        page.mouse.move(frame["x"] + x, frame["y"] + y)
        words = told(page).inner_text()
        if not words.startswith(f"#{number} "):
            continue  # a smaller box lies over this corner
        assert words.startswith(f"#{number} {name} {kept.confidence[number - 1]:.2f}: left")
        assert f"raw prediction {kept.row[number - 1]}" in words
        assert f"left {left:.0f}, top {top:.0f}, right {right:.0f}" in words
        break
    else:
        pytest.fail("no box could be pointed at")
    expect(page.locator(".boxes output")).to_have_text(words)
    page.mouse.move(frame["x"] - 20, frame["y"])
    expect(told(page)).to_contain_text("selected: #1")


def test_a_click_chooses_a_box_and_the_list_follows(detection):
    page = detection
    chooser = page.get_by_role("combobox", name="Selected box")
    expect(chooser).to_have_value(re.compile("^#1 "))
    canvas(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(told(page)).to_have_text(re.compile("^#2 "))
    page.keyboard.press("Enter")
    expect(chooser).to_have_value(re.compile("^#2 "))
    page.keyboard.press("Escape")
    expect(told(page)).to_have_text(re.compile("^selected: #2 "))
    frame, first = canvas(page).bounding_box(), found_box(0)
    assert frame is not None
    page.mouse.click(
        frame["x"] + first[0] * frame["width"], frame["y"] + first[1] * frame["height"]
    )
    clicked = re.match(r"#\d+ ", told(page).inner_text())
    assert clicked
    expect(chooser).to_have_value(re.compile(f"^{clicked[0]}"))


def found_box(number: int) -> tuple[float, float]:
    """Where the middle of a kept box is, 0..1."""
    run = answer("starter-detector-darknet", "motorcycle")
    left, top, right, bottom = detect(run, Thresholds(0.05)).kept.xyxy[number].tolist()
    width, height = run.image_size.cv2
    return (left + right) / 2 / width, (top + bottom) / 2 / height


def test_all_boxes_can_be_walked_by_keyboard_and_ghosts_tell_who_removed_them(detection):
    page = detection
    kept = len(kept_rows(page))
    page.get_by_role("checkbox", name="Show suppressed boxes").check()
    canvas(page).focus()
    outline = canvas(page).evaluate("each => getComputedStyle(each).outline")
    assert "3px" in outline
    page.keyboard.press("Home")
    expect(told(page)).to_have_text(re.compile("^#1 "))
    for _ in range(kept):
        page.keyboard.press("ArrowRight")
    expect(told(page)).to_contain_text(re.compile(r"suppressed by #\d+ with IoU 0\.\d\d"))
    page.keyboard.press("Enter")  # what is gone cannot be chosen
    expect(page.get_by_role("combobox", name="Selected box")).to_have_value(re.compile("^#1 "))


def test_without_the_canvas_the_servers_own_sliders_do_it_all(detection):
    page = detection
    slider(page, "confidence").press("End")
    expect(page.get_by_text("No detections.", exact=False)).to_be_visible()
    expect(page.locator(".boxes .count")).to_contain_text("0 of 0 boxes kept")
    slider(page, "confidence").press("Home")
    page.get_by_role("img", name=re.compile("^Result: ")).first.wait_for()


def test_another_picture_takes_the_canvas_along(detection):
    page = detection
    was = canvas(page).get_attribute("data-kept")
    page.get_by_role("radio", name="astronaut").click()
    expect(canvas(page)).not_to_have_attribute("data-kept", was or "")
    run = answer("starter-detector-darknet", "astronaut")
    assert kept_rows(page) == detect(run, Thresholds(0.05)).kept.row.tolist()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_canvas_fits_the_window(width, dark, open_page):
    page = open_page(width=width, dark=dark)
    page.goto("/detection?sample=motorcycle&detection.starter-detector-darknet.confidence=0.05")
    canvas(page).wait_for()
    idle(page)
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    box = canvas(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    page.get_by_role("checkbox", name="Show suppressed boxes").check()
    keep(page, f"box-canvas-{width}-{'dark' if dark else 'light'}")
