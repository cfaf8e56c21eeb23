"""The Blob page's lab and the Experiments, in a real browser as a visitor uses them."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.blob.trace import trace
from core.lab.finder import find_spec
from tests.browser.visit import idle, opened, shown_metric


def open_experiment(page: Page, name: str, **query: str) -> None:
    words = "&".join(f"{key}={value}" for key, value in query.items())
    opened(page, f"/experiments?experiment={name}&{words}")


def headline(page: Page, side: str) -> str:
    return page.get_by_role("heading", name=re.compile(f"^{side}: ")).inner_text()


def cells(page: Page) -> list[str]:
    """Read the first table: what is painted on its canvas stands in it as text, too."""
    first = page.get_by_test_id("stDataFrame").first.locator("[role=gridcell]")
    first.first.wait_for(state="attached")
    return first.all_text_contents()


def test_a_link_to_the_bench_reproduces_both_sides(page, open_page):
    open_experiment(page, "A/B", sample="cat")
    a, b = headline(page, "A"), headline(page, "B")
    assert a[2:] != b[2:], "the first mistake changes the answer"
    page.get_by_role("button", name="Swap A and B").click()
    page.get_by_role("heading", name=f"A:{b[2:]}").wait_for()
    idle(page)
    assert headline(page, "B") == f"B:{a[2:]}"
    other = open_page()
    other.goto(page.url)
    other.get_by_role("heading", name=f"A:{b[2:]}").wait_for()
    idle(other)
    assert headline(other, "B") == headline(page, "B")
    expect(other.get_by_role("img", name="Difference of plane 0")).to_be_visible()
    figures = [
        each.get_by_test_id("stMetric").filter(has_text="mean difference").inner_text()
        for each in (page, other)
    ]
    assert figures[0] == figures[1]


def test_both_sides_see_their_own_blob(page):
    open_experiment(page, "A/B", sample="coffee")
    for side in "AB":
        expect(page.get_by_role("img", name=f"The planes of blob {side}")).to_be_visible()
        takes = page.get_by_role("img", name=f"What model {side} sees")
        expect(takes).to_be_visible()


def test_all_mistakes_are_made_in_one_go(page):
    open_experiment(page, "Common preprocessing mistakes", sample="cat")
    expect(page.get_by_role("heading", name="With correct preprocessing")).to_be_visible()
    made = {"swapRB flipped", "scale left out", "scaled twice", "size halved"}
    assert made <= set(cells(page))
    expect(page.get_by_text("do not apply to this model: mean in reverse")).to_be_visible()


def test_the_finder_ranks_what_it_tried_and_takes_the_best_to_the_blob_page(page):
    open_experiment(page, "Infer preprocessing")
    page.get_by_role("button", name="Infer preprocessing").click()
    page.get_by_role("button", name="Use these settings on the Blob page").wait_for(
        timeout=120_000
    )
    idle(page)
    found = page.get_by_role("heading", name=re.compile("^scalefactor ")).inner_text()
    wanted = re.search(r"scalefactor ([^,]+)", found)[1]
    assert cells(page).count("✓") == 1
    page.get_by_role("button", name="Use these settings on the Blob page").click()
    page.get_by_role("heading", name="Blob", exact=True).wait_for()
    idle(page)
    expect(page.get_by_role("textbox", name="scalefactor")).to_have_value(wanted)


def test_stepping_through_the_stages_is_kept_in_the_link(page, open_page):
    page.goto("/blob?sample=coffee&blob.mean=104, 117, 123")
    idle(page)
    strip = page.get_by_test_id("stPagination")
    strip.get_by_role("button", name="Page 5").click()
    page.get_by_role("heading", name="5 · minus mean").wait_for()
    idle(page)
    expect(page.get_by_role("img", name="Stage minus mean", exact=True)).to_be_visible()
    expect(page.get_by_text("centred = floats - np.float32")).to_be_visible()
    other = open_page()
    other.goto(page.url)
    other.get_by_role("heading", name="5 · minus mean").wait_for()


def test_a_batch_shows_every_picture_taken_out_of_the_blob_again(page):
    page.goto("/blob?blob.batched=true&blob.width=64&blob.height=48")
    page.get_by_text("4 x 3 x 48 x 64").wait_for()
    idle(page)
    for number in range(4):
        expect(page.get_by_role("img", name=f"Picture {number} of the batch")).to_be_visible()
    apart = shown_metric(page, "difference to single blobs")
    assert apart.inner_text().split("\n")[-1] == "0"


@pytest.mark.parametrize(
    ("address", "function"),
    [("/blob", trace), ("/experiments?experiment=Infer preprocessing", find_spec)],
)
def test_the_source_that_made_a_picture_folds_out(address, function, page):
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for()
    idle(page)
    name = f"{function.__module__}.{function.__qualname__}"
    for folded in page.get_by_text("Source code").all():
        folded.click()
        idle(page)
    expect(page.get_by_text(name, exact=True)).to_be_visible()
    expect(page.get_by_text(f"def {function.__name__}(").first).to_be_visible()
