"""The live page in a real browser, whose camera is a film that the test wrote.

A Chromium gets its film when it is started, so each test starts one of its own.
"""

import contextlib
import os
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import av
import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, expect

from core.live.video_source import SampleClip
from core.nets.catalog import card_named
from core.render.palette import class_colour
from tests.browser.conftest import CAMERA, ROOT
from tests.browser.visit import LOOKS, choose, fetched, idle, keep, shown_metric
from tools.find_browser import FLAGS, find_browser

COLOURS = "live.sight=classification&live.classification.model=Dominant+colour"
SMALL = "live.size=320+x+240"
CYCLES = int(os.environ.get("BLOBSCOPE_LIVE_CYCLES", "6"))
SECONDS = 40_000  # milliseconds; a busy machine takes its time

_PLAYS = """() => {
    const video = document.querySelector('video')
    return video && video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 3
}"""
_PIXELS = """() => {
    const video = document.querySelector('video')
    const canvas = document.createElement('canvas')
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    const pen = canvas.getContext('2d')
    pen.drawImage(video, 0, 0)
    const data = pen.getImageData(0, 0, canvas.width, canvas.height).data
    const text = Array.from(data, n => String.fromCharCode(n)).join('')
    return [canvas.width, canvas.height, btoa(text)]
}"""
_FRAMES = "() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"


def write_y4m(path: Path, images: list[np.ndarray]) -> Path:
    """Write images, (H, W, 3) in B, G, R, as a film that Chromium takes for a camera."""
    height, width = images[0].shape[:2]
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F20:1 Ip A1:1 C420jpeg\n".encode())
        for image in images:
            film.write(b"FRAME\n" + cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes())
    return path


def coloured(blue: int, green: int, red: int) -> list[np.ndarray]:
    """One colour, with a small grey square that walks."""
    images = []
    for step in range(20):
        image = np.full((240, 320, 3), (blue, green, red), np.uint8)
        image[200:220, 10 * step : 10 * step + 20] = 128
        images.append(image)
    return images


@pytest.fixture(scope="session")
def films(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    ride = [frame.to_ndarray(format="bgr24") for _, frame in SampleClip("motorcycle").frames()]
    written = {"ride": ride[:60], "red": coloured(0, 0, 230), "blue": coloured(230, 0, 0)}
    return {name: write_y4m(folder / f"{name}.y4m", images) for name, images in written.items()}


@pytest.fixture(scope="session")
def live_url(start_app: Callable[..., str]) -> str:
    """An app with room for all: a closed browser's stream is missed only some seconds later."""
    return start_app(BLOBSCOPE_MAX_STREAMS="20")


@pytest.fixture(scope="session")
def browser_path() -> Path:
    return find_browser()


@pytest.fixture
def open_live(
    chromium: Browser, browser_path: Path, films: dict[str, Path], live_url: str
) -> Iterator[Callable[..., Page]]:
    """Open the live page in a browser of its own, whose camera shows one of the films."""
    browsers: list[Browser] = []

    def opened(
        film: str = "",
        query: str = "",
        *,
        url: str = live_url,
        flags: tuple[str, ...] = (),
        camera: bool = True,
        **context: object,
    ) -> Page:
        own = [*FLAGS, *flags, *(CAMERA if camera else ())]
        if film:
            own.append(f"--use-file-for-fake-video-capture={films[film]}")
        browser = chromium.browser_type.launch(
            executable_path=browser_path, headless=True, args=own
        )
        browsers.append(browser)
        look = {"viewport": {"width": 1440, "height": 1000}, "permissions": ["camera"]}
        page = browser.new_context(base_url=url, **(look | context)).new_page()
        page.goto(f"/live?{query}")
        page.get_by_role("heading", name="Live", exact=True).wait_for()
        idle(page)
        return page

    yield opened
    for browser in browsers:
        browser.close()


def player(page: Page) -> Frame:
    return next(frame for frame in page.frames if "webrtc_streamer" in frame.url)


def press(page: Page, button: str) -> None:
    frame = page.frame_locator("iframe[title*='webrtc']")
    frame.get_by_role("button", name=button, exact=True).click()


def wait_for_start(page: Page) -> None:
    frame = page.frame_locator("iframe[title*='webrtc']")
    frame.get_by_role("button", name="Start", exact=True).wait_for(timeout=SECONDS)


def started(page: Page) -> Frame:
    press(page, "Start")
    frame = player(page)
    frame.wait_for_function(_PLAYS, timeout=SECONDS)
    return frame


def pixels(frame: Frame) -> np.ndarray:
    """Take what the video shows now out of the browser, (H, W, 3), B, G, R."""
    width, height, text = frame.evaluate(_PIXELS)
    rgba = np.frombuffer(b64decode(text), np.uint8).reshape(height, width, 4)
    return rgba[..., 2::-1].astype(int)


def near(image: np.ndarray, colour: tuple[int, int, int], *, within: int = 60) -> np.ndarray:
    """Tell which pixels have about this colour; video codecs smear colours."""
    return np.abs(image - colour).max(axis=-1) < within


def eventually(frame: Frame, true_of: Callable[[np.ndarray], bool]) -> np.ndarray:
    """Wait until a new picture of the video has a property; the last one in any case."""
    image = pixels(frame)
    for _ in range(150):
        if true_of(image):
            break
        frame.page.wait_for_timeout(100)
        image = pixels(frame)
    return image


def corner_is(colour: tuple[int, int, int]) -> Callable[[np.ndarray], bool]:
    """The label of a ranking begins in the upper left corner, in its class's colour."""
    return lambda image: bool(near(image[2:8, 1:4], colour).mean() > 0.6)


def colour_of(label: str) -> tuple[int, int, int]:
    return class_colour(card_named("tiny-dominant-colour").labels.index(label))


def appeared(page: Page, label: str) -> Locator:
    return page.get_by_role("img", name=f"Detected: {label}", exact=True).first


def test_boxes_with_the_right_label_come_back_on_the_video(open_live):
    page = open_live("ride", "live.sight=detection")
    frame = started(page)
    expect(appeared(page, "motorbike")).to_be_visible(timeout=SECONDS)
    labels = card_named("starter-detector-darknet").labels
    bike = class_colour(labels.index("motorbike"))
    image = eventually(frame, lambda image: near(image, bike, within=40).mean() > 0.003)
    assert near(image, bike, within=40).mean() > 0.003
    for name in ("camera", "model", "inference", "latency", "dropped"):
        expect(shown_metric(page, name)).to_be_visible()
    expect(page.get_by_text(re.compile(r"On this screen: \d+\.\d FPS"))).to_be_visible()
    keep(page, "live-1440-light")


def test_moving_a_slider_acts_on_the_running_stream(open_live):
    page = open_live("red", f"{COLOURS}&{SMALL}")
    frame = started(page)
    red = colour_of("red")
    assert corner_is(red)(eventually(frame, corner_is(red)))
    frame.evaluate("() => { document.querySelector('video').id = 'the same one' }")
    slider = page.get_by_role("slider", name="confidence")
    slider.focus()
    slider.press("End")
    bare = eventually(frame, corner_is((0, 0, 230)))
    assert corner_is((0, 0, 230))(bare)
    slider.focus()
    slider.press("Home")
    assert corner_is(red)(eventually(frame, corner_is(red)))
    assert frame.evaluate("() => document.querySelector('video').id") == "the same one"


def test_the_planes_of_the_blob_are_shown_live(open_live):
    page = open_live("red", f"live.sight=planes&live.scale=per+plane&{SMALL}")
    frame = started(page)
    image = eventually(frame, lambda image: near(image[60, 40], (0, 0, 230)).all())
    assert near(image[60, 40], (0, 0, 230)).all(), "the picture itself"
    for cell in (image[20:110, 170:310], image[140:230, 10:150], image[140:230, 170:310]):
        assert np.ptp(cell, axis=-1).mean() < 30, "a plane in grey"


def test_start_stop_and_leave_work_again_and_again(start_app, open_live):
    url = start_app()
    page = open_live("red", f"{COLOURS}&{SMALL}", url=url)
    used = []
    for cycle in range(CYCLES):
        started(page)
        if cycle % 3 == 2:
            page.get_by_test_id("stHeader").get_by_role("link", name="Home").click()
            page.get_by_role("heading", name="What does", exact=False).wait_for()
            page.get_by_test_id("stHeader").get_by_role("link", name="Live").click()
            page.get_by_role("heading", name="Live", exact=True).wait_for()
            idle(page)
        else:
            press(page, "Stop")
            wait_for_start(page)
        used.append(threads_and_megabytes(url))
        print(f"cycle {cycle + 1}: {used[-1]}")
    threads, megabytes = zip(*used, strict=True)
    settled = CYCLES // 2
    # pools of threads fill up to their size once, and freed memory stays with the process
    assert threads[-1] <= max(threads[:settled]) + 8
    assert megabytes[-1] <= max(megabytes[:settled]) + 60


BREATH = """() => {
    const button = word => [...document.querySelectorAll('button')].find(
        each => each.textContent.trim() === word && !each.disabled)
    window.breath = setInterval(() => {
        if (button('Start')) { clearInterval(window.breath); button('Start').click() }
    }, 1)
    button('Stop').click()
}"""


def test_stop_and_start_in_one_breath_shows_a_picture_again(open_live):
    page = open_live("red", f"{COLOURS}&{SMALL}")
    frame = started(page)
    for _ in range(3):
        frame.evaluate(BREATH)
        frame.wait_for_function("() => !document.querySelector('video')")
        frame.wait_for_function(_PLAYS, timeout=SECONDS)


def threads_and_megabytes(url: str) -> tuple[int, int]:
    """Ask Linux how many threads a server has, and its resident memory; elsewhere 0, 0."""
    wanted = f"--server.port={urlsplit(url).port}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (process / "cmdline").read_bytes():
                lines = (process / "status").read_text().splitlines()
                said = dict(line.split(":", 1) for line in lines)
                return int(said["Threads"]), int(said["VmRSS"].split()[0]) // 1024
    return 0, 0


def test_two_visitors_at_once_get_their_own_results(open_live):
    red, blue = (open_live(film, f"{COLOURS}&{SMALL}") for film in ("red", "blue"))
    frames = {"red": started(red), "blue": started(blue)}
    for label, frame in frames.items():
        wanted = corner_is(colour_of(label))
        assert wanted(eventually(frame, wanted)), label
    for label, page in (("red", red), ("blue", blue)):
        expect(appeared(page, label)).to_be_visible(timeout=SECONDS)
        other = {"red": "blue", "blue": "red"}[label]
        expect(page.get_by_role("img", name=f"Detected: {other}", exact=True)).to_have_count(0)


BROKEN = """
import runpy
from core.errors import ForwardFailed
from core.live import processing

whole, calls = processing.run_image, []

def failing(image, card, spec):
    calls.append(1)
    if len(calls) > 40:
        raise ForwardFailed("This net has had enough.")
    return whole(image, card, spec)

processing.run_image = failing if whole.__name__ != "failing" else whole
runpy.run_path({page!r})
"""


def test_an_exception_in_a_net_is_said_and_the_stream_goes_on(start_app, open_live, tmp_path):
    script = tmp_path / "app.py"
    script.write_text(BROKEN.format(page=str(ROOT / "pages/live.py")))
    (tmp_path / ".streamlit").symlink_to(ROOT / ".streamlit")
    url = start_app(script, PYTHONPATH=str(ROOT))
    page = open_live("red", f"{COLOURS}&{SMALL}", url=url)
    frame = started(page)
    expect(page.get_by_text("This net has had enough.")).to_be_visible(timeout=SECONDS)
    before = frame.evaluate(_FRAMES)
    frame.wait_for_function(f"before => ({_FRAMES})() > before + 10", arg=before)


def test_without_a_camera_the_page_says_so_and_takes_pictures(open_live):
    page = open_live(camera=False)
    expect(page.get_by_text("No camera.")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_role("heading", name="Snapshot")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Result: cat"))).to_be_visible()
    page.get_by_role("radio", name="video").click()
    expect(page.get_by_text("No camera.")).to_have_count(0, timeout=SECONDS)


def test_a_refused_permission_is_said_and_the_page_takes_pictures(open_live):
    refusing = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    page = open_live(flags=refusing, camera=False, permissions=[])
    if not page.get_by_text("Permission denied.").count():
        press(page, "Start")
    expect(page.get_by_text("Permission denied.")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_role("heading", name="Snapshot")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Result: cat"))).to_be_visible()


def test_without_https_the_page_says_so_and_takes_pictures(open_live, live_url):
    rule = "--host-resolver-rules=MAP blobscope.test 127.0.0.1"
    url = live_url.replace("127.0.0.1", "blobscope.test")
    page = open_live(url=url, flags=(rule,), permissions=[])
    expect(page.get_by_text("No HTTPS.")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_role("img", name=re.compile("^Result: cat"))).to_be_visible()


# What a firewall does: neither side ever hears where the other can be reached.
FIREWALL = """
const hear = RTCPeerConnection.prototype.addEventListener
RTCPeerConnection.prototype.addEventListener = function (what, ...rest) {
    if (what !== 'icecandidate') hear.call(this, what, ...rest)
}
const learn = RTCPeerConnection.prototype.setRemoteDescription
RTCPeerConnection.prototype.setRemoteDescription = function (answer) {
    const sdp = answer.sdp.replace(/a=candidate.*\\r\\n/g, '')
    return learn.call(this, { type: answer.type, sdp })
}
"""


def test_without_a_connection_the_page_says_so_and_offers_the_camera(open_live):
    page = open_live("red", f"{COLOURS}&{SMALL}")
    page.context.add_init_script(FIREWALL)
    page.reload()
    idle(page)
    press(page, "Start")
    expect(page.get_by_text("No connection.")).to_be_visible(timeout=SECONDS)
    page.get_by_role("button", name="Take Photo").click()
    expect(page.get_by_role("img", name=re.compile("^Result: red"))).to_be_visible(
        timeout=SECONDS
    )


def test_when_every_place_is_taken_the_page_says_when_one_is_free(start_app, open_live):
    url = start_app(BLOBSCOPE_MAX_STREAMS="1", BLOBSCOPE_STREAM_SECONDS="300")
    first = open_live("red", f"{COLOURS}&{SMALL}", url=url)
    second = open_live("blue", f"{COLOURS}&{SMALL}", url=url)
    started(first)
    press(second, "Start")
    expect(second.get_by_text("The server is busy")).to_be_visible(timeout=SECONDS)
    press(first, "Stop")
    wait_for_start(first)
    expect(first.get_by_role("button", name="Record", exact=True)).to_have_count(0)
    second.get_by_role("button", name="Try again").click()
    expect(second.get_by_text("The server is busy")).to_have_count(0, timeout=SECONDS)
    started(second)


def test_the_time_of_a_stream_ends_it_and_start_begins_another(start_app, open_live):
    page = open_live("red", f"{COLOURS}&{SMALL}", url=start_app(BLOBSCOPE_STREAM_SECONDS="6"))
    started(page)
    page.get_by_role("button", name="Extend session").click()
    expect(page.get_by_text("The session of this stream has ended")).to_be_visible(
        timeout=SECONDS
    )
    started(page)
    expect(page.get_by_text("The session of this stream has ended")).to_have_count(0)


def test_a_frozen_frame_is_sent_to_each_other_page(open_live):
    page = open_live("red", f"{COLOURS}&{SMALL}")
    started(page)
    expect(appeared(page, "red")).to_be_visible(timeout=SECONDS)
    page.get_by_role("button", name="Freeze this frame").click()
    expect(page.get_by_role("img", name=re.compile("^Frozen: Frame"))).to_be_visible()
    kept = cv2.imread(str(fetched(page, "frame.png")))
    assert near(kept[100, 100].astype(int), (0, 0, 230)).all()
    height, width = kept.shape[:2]
    for title in ("Classification", "Blob", "Detection"):
        page.get_by_role("button", name=title, exact=True).click()
        page.get_by_role("heading", name=title, exact=True).wait_for()
        expect(
            page.get_by_text("From earlier in this session: live frame", exact=False)
        ).to_be_visible()
        expect(page.get_by_text(f"The picture, {width} x {height}")).to_be_visible()
        page.get_by_test_id("stHeader").get_by_role("link", name="Live").click()
        expect(page.get_by_role("img", name=re.compile("^Frozen: Frame"))).to_be_visible()


def test_a_recording_is_a_video_of_the_annotated_stream(open_live):
    page = open_live("red", f"{COLOURS}&{SMALL}")
    frame = started(page)
    assert corner_is(colour_of("red"))(eventually(frame, corner_is(colour_of("red"))))
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("at most 60 s", exact=False)).to_be_visible(timeout=SECONDS)
    page.get_by_text(re.compile(r"^[2-9] s, ")).wait_for(timeout=SECONDS)
    page.get_by_role("button", name="Stop recording").click()
    with page.expect_download(timeout=SECONDS) as download:
        page.get_by_role("button", name=re.compile("^recording.webm")).click()
    with av.open(str(download.value.path()), format="webm") as film:
        images = [each.to_ndarray(format="bgr24").astype(int) for each in film.decode(video=0)]
    assert len(images) > 5
    assert corner_is(colour_of("red"))(images[-1])


def test_a_moving_sample_and_a_video_file_play_without_a_camera(open_live, tmp_path):
    page = open_live(query="live.source=video&live.clip=cat", camera=False)
    started(page)
    expect(appeared(page, "cat")).to_be_visible(timeout=SECONDS)
    page.get_by_role("radio", name="classification", exact=True).click()
    choose(page, "Model", "Dominant colour")
    film = as_mp4(tmp_path / "blue.mp4", coloured(230, 0, 0))
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(film)
    expect(appeared(page, "blue")).to_be_visible(timeout=SECONDS)
    wanted = corner_is(colour_of("blue"))
    assert wanted(eventually(player(page), wanted))


def as_mp4(path: Path, images: list[np.ndarray]) -> Path:
    with av.open(str(path), "w") as film:
        track = film.add_stream("mpeg4", rate=20)
        track.height, track.width = images[0].shape[:2]
        track.pix_fmt = "yuv420p"
        for image in images:
            film.mux(track.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        film.mux(track.encode())
    return path


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_page_fits_its_window(width, dark, open_live):
    view = {"viewport": {"width": width, "height": 900}}
    page = open_live("ride", color_scheme="dark" if dark else "light", **view)
    started(page)
    expect(appeared(page, "motorbike")).to_be_visible(timeout=SECONDS)
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    keep(page, f"live-{width}-{'dark' if dark else 'light'}")
