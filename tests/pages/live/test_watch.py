"""The browser's side of a stream is asked, and believed word for word."""

from types import SimpleNamespace

import pytest

from pages.components.live import watch


@pytest.mark.parametrize(("said", "word"), [(None, ""), ("denied", "denied")])
def test_the_word_of_the_browser_is_the_answer(said, word, monkeypatch):
    asked = {}

    def component(**how):
        asked.update(how)
        return SimpleNamespace(trouble=said)

    monkeypatch.setattr(watch, "_WATCH", component)
    assert watch.watch("live.watch", camera=True) == word
    assert asked["data"] == {"camera": True}
    assert asked["key"] == "live.watch"
