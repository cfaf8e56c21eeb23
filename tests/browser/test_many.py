"""The Batch page in a real browser: files, a folder, stop, come back, take home."""

import csv
from pathlib import Path

import cv2
from playwright.sync_api import Page, expect

from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from tests.browser.visit import idle, metric, opened

LATE = 120_000  # milliseconds that a busy machine may take


def start(page: Page, count: int) -> None:
    page.get_by_role("button", name=f"Start: {count} picture").click()


def results(page: Page, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as coming:
        page.get_by_role("button", name="results.csv").click()
    path = folder / "results.csv"
    coming.value.save_as(path)
    return list(csv.DictReader(path.read_text().splitlines()))


def test_uploaded_files_are_told_in_one_table_and_a_broken_one_has_its_row(page, tmp_path):
    opened(page, "/many?many.source=files")
    cat, coffee = sample_picture("cat").data, sample_picture("coffee").data
    files = [("cat.png", cat), ("broken.png", coffee[:2000]), ("coffee.png", coffee)]
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
    )
    start(page, 3)
    page.get_by_role("button", name="results.csv").wait_for(timeout=LATE)
    idle(page)
    assert (metric(page, "Pictures"), metric(page, "Problems")) == ("2", "1")
    lines = results(page, tmp_path)
    assert list(dict.fromkeys(line["file"] for line in lines)) == [name for name, _ in files]
    (broken,) = (line for line in lines if line["file"] == "broken.png")
    assert "damaged or was cut off" in broken["problem"]
    assert any(line["label"] == "cat" for line in lines if line["file"] == "cat.png")


def test_of_a_folder_the_pictures_are_taken(page, tmp_path):
    inner = tmp_path / "holiday" / "day two"
    inner.mkdir(parents=True)
    (inner / "cat.png").write_bytes(sample_picture("cat").data)
    (tmp_path / "holiday" / "coffee.png").write_bytes(sample_picture("coffee").data)
    (tmp_path / "holiday" / "notes.txt").write_text("not a picture")
    opened(page, "/many?many.source=folder")
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        tmp_path / "holiday"
    )
    start(page, 2)
    page.get_by_role("button", name="results.csv").wait_for(timeout=LATE)
    idle(page)
    assert (metric(page, "Pictures"), metric(page, "Problems")) == ("2", "0")


def test_a_stop_keeps_what_came_and_so_does_a_change_of_page(page, tmp_path):
    photo = cv2.resize(decode_picture(sample_picture("coffee")), (4000, 3000))
    large = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 30])[1].tobytes()
    many = 90  # enough work to be stopped in, however long the browser takes to click
    opened(page, "/many?many.source=files")
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        [{"name": f"{at}.jpg", "mimeType": "image/jpeg", "buffer": large} for at in range(many)]
    )
    start(page, many)
    page.get_by_text("left", exact=False).filter(has_text=f"of {many} pictures").wait_for()
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped after")).to_be_visible(timeout=LATE)
    idle(page)
    came = int(metric(page, "Pictures"))
    assert 1 <= came < many
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("cv2.dnn")
    idle(page)
    page.get_by_test_id("stHeader").get_by_role("link", name="Batch").click()
    expect(page.get_by_text("Stopped after")).to_be_visible()
    idle(page)
    assert {line["file"] for line in results(page, tmp_path)} == {
        f"{at}.jpg" for at in range(came)
    }


def test_the_samples_make_a_contact_sheet(page):
    opened(page, "/many")
    start(page, 10)
    page.get_by_role("tab", name="Contact sheet").click(timeout=LATE)
    expect(page.get_by_role("img", name="chelsea.png")).to_be_visible()
    idle(page)
    page.get_by_role("tab", name="Classes").click()
    idle(page)
    expect(page.get_by_text("the 30 most frequent classes")).to_be_visible()
