"""The three jobs, done in a real browser as a visitor does them."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.blob.make import make_blob
from core.nets.catalog import card_named
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from tests.browser.visit import LOOKS, choose, idle, keep, metric, shown_metric
from tests.shared import IMAGES, NETS, needs_shared
from tests.shelf import Shelf, serving

SQUEEZENET = "classification.model=SqueezeNet v1.1"
YOLO = "detection.model=YOLO-Fastest 1.1"


@pytest.fixture(scope="session")
def stocked_app(start_app: Callable[..., str], tmp_path_factory) -> str:
    """An app whose machine soon has SqueezeNet and YOLO-Fastest: visitors fetch them."""
    return start_app(BLOBSCOPE_MODELS=str(tmp_path_factory.mktemp("stocked")))


def fetch_if_asked(page: Page) -> None:
    page.get_by_role("heading", level=1).wait_for()
    idle(page)
    button = page.get_by_role("button", name=re.compile("^Download .*now$"))
    if button.count():
        button.click()
        page.get_by_text("preprocessing").wait_for()
        idle(page)


def pixels(page: Page, alt: str) -> np.ndarray:
    """Take a picture's file back out of the browser, (H, W, 3), B, G, R."""
    data_url = page.get_by_role("img", name=alt, exact=True).evaluate(
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


def settings(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize("name", ["blob", "detection", "experiments"])
def test_the_first_request_of_a_process_may_be_a_deep_link(name, start_app, open_page):
    page = open_page(url=start_app())
    page.goto(f"/{name}?sample=coffee")
    expect(page.get_by_role("heading", name=name.title(), exact=True)).to_be_visible()
    idle(page)
    bar = page.get_by_test_id("stHeader")
    titles = (
        "Home",
        "Blob",
        "Classification",
        "Detection",
        "Batch",
        "Video",
        "Live",
        "Experiments",
    )
    for title in titles:
        expect(bar.get_by_role("link", name=title)).to_be_visible()
    expect(bar.get_by_role("link")).to_have_count(len(titles))
    expect(page.get_by_role("radio", name="coffee")).to_be_checked()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_visitor_sees_the_blob_and_a_link_brings_it_back(page, open_page):
    page.goto("/blob?sample=astronaut")
    idle(page)
    choose(page, "Preset", "SSD: 1.0")
    page.get_by_text("1 x 3 x 300 x 300").wait_for()
    page.get_by_role("radio", name="letterbox", exact=True).click()
    mean = page.get_by_role("textbox", name="mean")
    expect(mean).to_have_value("104, 177, 123")
    mean.fill("100, 110, 120")
    mean.press("Enter")
    page.get_by_text("-120 to", exact=False).first.wait_for()
    idle(page)
    assert settings(page)["blob.mean"] == ["100, 110, 120"]
    assert metric(page, "Max difference to cv2.dnn") == "0"
    other = open_page()
    other.goto(page.url)
    other.get_by_text("1 x 3 x 300 x 300").wait_for()
    idle(other)
    expect(other.get_by_role("textbox", name="mean")).to_have_value("100, 110, 120")
    for plane in ("Plane B", "Plane G", "Plane R"):
        np.testing.assert_array_equal(pixels(other, plane), pixels(page, plane))


def test_the_downloaded_blob_is_the_blob_of_cv2(page):
    page.goto("/blob?sample=coffee&blob.width=64&blob.height=48")
    page.get_by_text("1 x 3 x 48 x 64").wait_for()
    idle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="blob.npy").click()
    image = decode_picture(sample_picture("coffee"))
    wanted = cv2.dnn.blobFromImage(image, 1 / 255, (64, 48), (0, 0, 0), swapRB=True)
    np.testing.assert_array_equal(np.load(download.value.path()), wanted)


@needs_shared
def test_a_visitor_classifies_a_photo_of_their_own(open_page, stocked_app):
    page = open_page(url=stocked_app)
    page.goto(f"/classification?picture=upload&{SQUEEZENET}")
    fetch_if_asked(page)
    uploader = page.locator("[data-testid=stFileUploader] input[type=file]")
    uploader.set_input_files(IMAGES / "eagle.jpg")
    page.get_by_text("773 x 512").wait_for()
    idle(page)
    expect(page.get_by_role("heading", name="bald eagle")).to_be_visible()
    seen = pixels(page, "What the net sees")
    spec = card_named("squeezenet-v1.1-fp16-onnx").blob
    blob, _ = make_blob(cv2.imread(str(IMAGES / "eagle.jpg")), spec)
    restored = blob[0].transpose(1, 2, 0) + np.float32(spec.mean)
    np.testing.assert_array_equal(seen[::2, ::2], np.rint(restored))  # shown twice as large


@needs_shared
def test_a_visitor_detects_and_moves_the_slider_by_keyboard(open_page, stocked_app):
    page = open_page(url=stocked_app)
    page.goto(f"/detection?sample=motorcycle&{YOLO}")
    fetch_if_asked(page)
    page.get_by_role("img", name="Result: motorbike", exact=False).wait_for()
    before = int(metric(page, "Above threshold"))
    slider = page.get_by_test_id("stSlider").get_by_role("slider", name="Confidence")
    slider.focus()
    slider.press("Home")
    value = shown_metric(page, "above threshold").get_by_test_id("stMetricValue")
    expect(value).not_to_have_text(str(before))
    idle(page)
    assert int(metric(page, "Above threshold").replace(",", "")) > before
    assert settings(page)["detection.yolo-fastest-1.1-coco.confidence"] == ["0"]


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A mirror that sends YOLO-Fastest's weights half, and the rest when told to."""
    with serving() as mirror:
        for file in card_named("yolo-fastest-1.1-coco").files:
            path = f"yolo-fastest-1.1-coco/{file.name}"
            mirror.files[f"/{path}"] = (NETS / path).read_bytes()
        mirror.moods = ["good", "held"]
        yield mirror


@needs_shared
def test_one_download_serves_all_who_wait_whatever_they_click(shelf, start_app, open_page):
    url = start_app(BLOBSCOPE_MIRROR=shelf.address, NO_PROXY="127.0.0.1")
    first, second = open_page(url=url), open_page(url=url)
    first.goto(f"/detection?sample=rocket&{YOLO}")
    first.get_by_role("button", name="Download 1.4 MB now").click()
    half = "yolo-fastest-1.1.weights: 0.7 of 1.4 MB"
    expect(first.get_by_text(half)).to_be_visible()
    first.get_by_role("radio", name="motorcycle").click()
    expect(first.get_by_role("radio", name="motorcycle")).to_be_checked()
    first.get_by_test_id("stHeader").get_by_role("link", name="Blob").click()
    first.get_by_text("Max difference to cv2.dnn", exact=True).wait_for()
    idle(first)
    first.get_by_test_id("stHeader").get_by_role("link", name="Detection").click()
    second.goto(f"/detection?sample=motorcycle&{YOLO}")
    for page in (first, second):
        expect(page.get_by_text(half)).to_be_visible()
        expect(page.get_by_role("button", name="Download 1.4 MB now")).to_have_count(0)
    shelf.gate.set()
    for page in (first, second):
        page.get_by_role("img", name="Result: motorbike", exact=False).wait_for()
        idle(page)
        expect(page.get_by_text("on this server", exact=False).first).to_be_visible()
        expect(page.get_by_test_id("stProgress")).to_have_count(0)
        expect(page.get_by_text("are not on this server")).to_have_count(0)
    assert set(shelf.gets.values()) == {1}


@needs_shared
def test_picture_and_model_survive_page_changes(open_page, stocked_app):
    page = open_page(url=stocked_app)
    page.goto(f"/detection?sample=rocket&{YOLO}")
    fetch_if_asked(page)
    bar = page.get_by_test_id("stHeader")
    bar.get_by_role("link", name="Blob").click()
    page.get_by_role("heading", name="Blob", exact=True).wait_for()
    idle(page)
    expect(page.get_by_role("radio", name="rocket")).to_be_checked()
    page.get_by_role("radio", name="astronaut").click()
    idle(page)
    bar.get_by_role("link", name="Detection").click()
    page.get_by_role("heading", name="Detection", exact=True).wait_for()
    idle(page)
    expect(page.get_by_role("radio", name="astronaut")).to_be_checked()
    expect(page.get_by_role("combobox", name="Model")).to_have_value("YOLO-Fastest 1.1")


def test_a_click_mends_what_the_checker_finds(page):
    page.goto("/blob?sample=coffee")
    idle(page)
    choose(page, "Preset", "Dominant colour")
    page.get_by_text("1 x 3 x 128 x 128").wait_for()
    page.get_by_text("no problems found").wait_for()
    idle(page)
    swap = page.get_by_test_id("stCheckbox").filter(has_text="swapRB")
    swap.click()
    page.get_by_text("swapRB is off, but", exact=False).wait_for()
    idle(page)
    page.get_by_role("button", name="Fix this").click()
    page.get_by_text("no problems found").wait_for()
    expect(swap.locator("input")).to_be_checked()


def test_a_name_that_looks_like_an_address_never_becomes_a_link(page):
    page.goto("/detection?picture=upload")
    idle(page)
    uploader = page.locator("[data-testid=stFileUploader] input[type=file]")
    name = "www.evil.example.com a@b.example https%3A//x.png"
    uploader.set_input_files({"name": name, "mimeType": "image/png", "buffer": b"no picture"})
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("evil.example.com")
    expect(alert.locator("a")).to_have_count(0)


def test_an_upload_survives_page_changes(page):
    page.goto("/blob?picture=upload")
    idle(page)
    photo = cv2.imencode(".png", np.full((30, 50, 3), 200, np.uint8))[1].tobytes()
    uploader = page.locator("[data-testid=stFileUploader] input[type=file]")
    uploader.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": photo})
    page.get_by_text("The picture, 50 x 30").wait_for()
    page.get_by_test_id("stHeader").get_by_role("link", name="Classification").click()
    page.get_by_text("From earlier in this session: mine.png").wait_for()
    expect(page.get_by_text("The picture, 50 x 30")).to_be_visible()


def test_a_camera_snapshot_becomes_the_picture(page):
    page.goto("/blob?picture=camera")
    page.get_by_role("button", name="Take Photo").click()
    page.get_by_role("button", name="Clear photo").wait_for()
    expect(page.get_by_text("A sample is shown until you take")).to_have_count(0)
    idle(page)
    snapshot = pixels(page, "Snapshot")
    height, width = snapshot.shape[:2]
    expect(page.get_by_text(f"The picture, {width} x {height}")).to_be_visible()
    shown = cv2.resize(pixels(page, "The picture"), (width, height))
    assert np.abs(shown.astype(int) - snapshot).mean() < 5  # both are compressed


def test_a_file_that_is_no_picture_gets_a_sentence(page):
    page.goto("/detection?picture=upload")
    idle(page)
    uploader = page.locator("[data-testid=stFileUploader] input[type=file]")
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    uploader.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": svg})
    expect(page.get_by_text("x.png is an SVG drawing", exact=False)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


@needs_shared
@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_page_fits_its_window_and_is_fit_to_be_seen(width, dark, open_page, stocked_app):
    page = open_page(width=width, dark=dark, url=stocked_app)
    look = f"{width}-{'dark' if dark else 'light'}"
    for name, address in {
        "home": "/",
        "blob": "/blob?sample=cat",
        "classification": f"/classification?sample=cat&{SQUEEZENET}",
        "detection": f"/detection?sample=coffee&{YOLO}",
        "many": "/many",
        "video": "/video",
        "experiments": "/experiments?sample=cat",
    }.items():
        page.goto(address)
        fetch_if_asked(page)
        spill = "document.querySelector('[data-testid=stMain]')"
        assert page.evaluate(f"() => {spill}.scrollWidth") <= page.evaluate(
            f"() => {spill}.clientWidth"
        )
        keep(page, f"{name}-{look}")
