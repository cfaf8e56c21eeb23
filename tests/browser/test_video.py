"""Videos in a real browser: upload, watch, stop, play, take home."""

import csv
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.video.reading import FrameRange, Video, frames, video_info
from tests.browser.visit import idle, opened
from tests.videos import number_in, numbered

LATE = 120_000  # milliseconds that a busy machine may take

# what a browser must say to, and what is asked of it
PLAYS = {
    "MP4": 'video/mp4; codecs="avc1.64001f"',
    "WebM": 'video/webm; codecs="vp9"',
}


def upload(page: Page, data: bytes, name: str = "mine.mp4") -> None:
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        {"name": name, "mimeType": "video/mp4", "buffer": data}
    )
    # not the uploader's own line, which stands there before the page has run again
    page.get_by_text(re.compile(rf"{re.escape(name)}(, | is )")).wait_for()
    idle(page)


def start(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Start:")).click()


def taken_home(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as coming:
        page.get_by_role("button", name=name).click()
    path = folder / name
    coming.value.save_as(path)
    return path


def played(page: Page) -> tuple[int, int, float]:
    """Play the film a little, and return its width, its height and its length."""
    film = page.locator("video[data-testid=stVideo]")
    film.wait_for(timeout=LATE)
    film.evaluate("film => { film.muted = true; return film.play() }")
    page.wait_for_function(
        "() => { const film = document.querySelector('video[data-testid=stVideo]');"
        "return film.videoWidth > 0 && (film.currentTime > 0.2 || film.ended) }"
    )
    width, height, seconds = film.evaluate(
        "film => [film.videoWidth, film.videoHeight, film.duration]"
    )
    return width, height, seconds


@pytest.mark.parametrize("kind", PLAYS)
def test_the_film_of_the_sample_plays_and_goes_home(kind, page, tmp_path):
    opened(page, f"/video?video.format={kind}&video.stride=3")
    if not page.evaluate(
        "kind => document.createElement('video').canPlayType(kind)", PLAYS[kind]
    ):
        pytest.skip(f"this browser has no decoder for {kind}")
    expect(page.get_by_role("img", name="First frame")).to_be_visible()
    start(page)
    width, height, seconds = played(page)
    idle(page)
    assert (width, height) == (480, 360)
    assert seconds == pytest.approx(9, abs=0.3)
    home = taken_home(page, f"annotated.{kind.lower()}", tmp_path)
    assert len(video_info(Video(home.name, home.read_bytes())).times) == 36
    lines = list(
        csv.DictReader(taken_home(page, "frames.csv", tmp_path).read_text().splitlines())
    )
    assert {int(line["frame"]) for line in lines} == set(range(0, 108, 3))
    assert {"cat", "person", "motorbike"} <= {line["label"] for line in lines}
    expect(page.get_by_text("Boxes per frame")).to_be_visible()


def test_an_upload_is_cut_by_the_slider(page, tmp_path):
    opened(page, "/video?video.source=upload&video.task=classification")
    upload(page, numbered(45))
    first = page.get_by_role("slider").first
    first.focus()
    for tenths in range(1, 11):
        first.press("ArrowRight")
        page.get_by_text(f"from {tenths / 10:.1f} to 3.0 s").wait_for()
        idle(page)
    expect(page.get_by_role("button", name="Start: 30 frames")).to_be_visible()
    start(page)
    played(page)
    idle(page)
    home = taken_home(page, "annotated.mp4", tmp_path)
    film = Video(home.name, home.read_bytes())
    seen = [
        number_in(frame.image) for frame in frames(film, video_info(film), FrameRange(0, 9))
    ]
    assert seen == list(range(15, 45))


def test_a_stop_leaves_a_film_that_plays_and_is_there_when_one_comes_back(page, tmp_path):
    opened(page, "/video?video.source=upload")
    upload(page, numbered(900, size=(640, 480)))
    start(page)
    page.get_by_text(re.compile("of 900 frames · about .* left")).wait_for(timeout=LATE)
    expect(page.get_by_role("img", name="Latest frame")).to_be_visible(timeout=LATE)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    told = page.get_by_text(re.compile(r"Stopped after \d+ of 900 frames"))
    expect(told).to_be_visible(timeout=LATE)
    count = int(re.findall(r"\d+", told.inner_text())[0])
    assert 1 <= count < 900
    played(page)
    page.get_by_role("link", name="Blob", exact=True).click()
    expect(page.get_by_role("heading", name="Blob", exact=True)).to_be_visible()
    idle(page)
    page.get_by_test_id("stHeader").get_by_role("link", name="Video").click()
    width, height, _ = played(page)
    idle(page)
    assert (width, height) == (640, 480)
    home = taken_home(page, "annotated.mp4", tmp_path)
    assert len(video_info(Video(home.name, home.read_bytes())).times) == count


def test_what_is_no_video_gets_a_sentence(page):
    opened(page, "/video?video.source=upload")
    upload(page, b"#EXTM3U\nfile:///etc/hostname\n")
    expect(page.get_by_text("is no video that Blobscope opens")).to_be_visible()


def test_a_closed_tab_takes_its_film_along(start_app, open_page, tmp_path):
    page = open_page(url=start_app(TMPDIR=str(tmp_path)))
    opened(page, "/video?video.stride=12")
    start(page)
    page.locator("video[data-testid=stVideo]").wait_for(timeout=LATE)
    pattern = "blobscope-videos-*/*.part"
    assert len(list(tmp_path.glob(pattern))) == 1
    page.close()
    end = time.monotonic() + LATE / 1000
    while list(tmp_path.glob(pattern)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not list(tmp_path.glob(pattern))
