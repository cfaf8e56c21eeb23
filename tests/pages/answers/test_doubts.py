"""Doubts stand on the page as long as they hold."""

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
