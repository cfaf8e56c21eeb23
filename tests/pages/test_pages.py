"""What a visitor is promised, page by page."""

import pytest

from core.picture.samples import samples

PAGES = ("home", "blob", "classification", "detection", "experiments")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_a_result_with_no_download_and_no_click(page, visit):
    app = visit(page)
    assert len(app.title) == 1
    assert len(app.image) >= 2
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("sample", [sample.name for sample in samples()])
def test_every_page_takes_every_sample(page, sample, visit):
    assert not visit(page, sample=sample).error
