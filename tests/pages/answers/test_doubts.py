"""Doubts stand on the page as long as they hold."""

from html import unescape

import pytest

import core.doubts
from pages.components.answers import doubts


def warnings(app):
    return [each.value for each in app.warning]


def test_labels_that_do_not_fit_are_said_on_the_page_and_stay(visit, monkeypatch):
    monkeypatch.setattr(core.doubts, "label_doubt", lambda *_: "The labels do not fit.")
    app = visit("classification")
    assert warnings(app) == ["The labels do not fit."]
    assert warnings(app.run()) == ["The labels do not fit."]


def begin(app, page):
    return app.button(key=f"{page}.start").click().run()


@pytest.mark.parametrize("page", ["many", "video"])
def test_the_warning_and_the_layout_stand_beside_a_series_too(page, visit, monkeypatch):
    monkeypatch.setattr(core.doubts, "label_doubt", lambda *_: "The labels do not fit.")
    app = begin(visit(page, video__stride="60"), page)
    assert "The labels do not fit." in warnings(app)
    assert any("Output layout: darknet" in unescape(each.value) for each in app.caption)


def test_the_warning_and_the_layout_stand_below_a_live_snapshot(visit, monkeypatch):
    monkeypatch.setattr(core.doubts, "label_doubt", lambda *_: "The labels do not fit.")
    monkeypatch.setattr("streamlit_webrtc.component.get_this_session_info", lambda: None)
    monkeypatch.setattr("streamlit_webrtc.shutdown.get_this_session_info", lambda: None)
    app = visit("live")
    app.segmented_control(key="live.source").set_value("snapshot").run()
    app.segmented_control(key="picture").set_value("sample").run()
    app.pills(key="sample").set_value("motorcycle").run()
    assert "The labels do not fit." in warnings(app)
    assert any("Output layout: darknet" in unescape(each.value) for each in app.caption)


@pytest.fixture
def checked(monkeypatch):
    """The names of the nets that are checked for answering always the same."""
    names = []
    monkeypatch.setattr(doubts, "constant_doubt", lambda run: names.append(run.card.name) or "")
    return names


def test_nothing_is_said_against_our_own_nets_and_they_are_checked_once(visit, checked):
    for page in ("classification", "detection"):
        assert warnings(visit(page).run()) == []
    assert len(checked) == 2
    visit("classification", sample="coffee")
    assert len(checked) == 2
