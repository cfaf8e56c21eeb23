"""Every page can be reached, and the way in leads through app.py."""

from types import SimpleNamespace

import streamlit as st

from pages.components.shell import navigation

PAGES = sorted((navigation.ROOT / "pages").glob("*.py"))


def test_every_page_is_in_the_navigation_and_its_mark_is_there(monkeypatch):
    listed = []
    monkeypatch.setattr(st, "logo", lambda mark, **_: listed.append(mark))
    monkeypatch.setattr(st, "Page", lambda file, **_: file)

    def taken(pages, **_):
        listed.extend(pages)
        return SimpleNamespace(title="Home")

    monkeypatch.setattr(st, "navigation", taken)
    navigation.navigation()
    mark, *pages = listed
    assert sorted(pages) == PAGES
    assert mark.is_file()
    assert navigation.ICON.is_file()


def test_a_page_that_was_not_come_to_through_the_app_is_sent_there(monkeypatch):
    sent = []
    monkeypatch.setattr(navigation, "navigation", lambda: None)
    monkeypatch.setattr(st, "rerun", lambda: sent.append(1))
    script = SimpleNamespace(main_script_path=str(navigation.ROOT / "app.py"))
    monkeypatch.setattr(navigation, "get_script_run_ctx", lambda: script)
    with navigation.inside_app():
        navigation.route_through_app()
    assert not sent
    navigation.route_through_app()
    assert sent
    script.main_script_path = str(navigation.ROOT / "pages/home.py")  # another app's script
    navigation.route_through_app()
    assert len(sent) == 1
