"""The tabs below an answer."""

import pytest

TABS = {
    "detection": [
        "Pictures",
        "NMS log",
        "NMS mistakes",
        "Decode a box",
        "Occlusion sensitivity",
        "Ground truth",
        "Raw outputs",
        "Export",
        "OpenCV vs ONNX Runtime",
    ],
    "classification": [
        "Softmax",
        "Compare models",
        "Occlusion sensitivity",
        "Raw outputs",
        "Export",
        "OpenCV vs ONNX Runtime",
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
