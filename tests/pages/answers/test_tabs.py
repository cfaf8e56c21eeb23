"""The tabs below an answer."""

import pytest

TABS = {
    "detection": [
        "Still pictures",
        "Ledger",
        "NMS by hand",
        "Cell by cell",
        "Why",
        "Ground truth",
        "Raw outputs",
        "Take home",
        "Second opinion",
    ],
    "classification": [
        "Softmax",
        "Side by side",
        "Why",
        "Raw outputs",
        "Take home",
        "Second opinion",
    ],
}


@pytest.mark.parametrize("page", TABS)
def test_every_tab_opens_by_its_link_and_the_others_stay_empty(page, visit):
    for title in TABS[page]:
        app = visit(page, **{f"{page}__more": title})
        assert [each.label for each in app.tabs] == TABS[page]
        filled = [each.label for each in app.tabs if each.children]
        assert filled == [title]
        assert not app.error
