"""Doubts stand on the page as long as they hold."""

from pages.components.answers import doubts


def warnings(app):
    return [each.value for each in app.warning]


def test_labels_that_do_not_fit_are_said_on_the_page_and_stay(visit, monkeypatch):
    monkeypatch.setattr(doubts, "label_doubt", lambda *_: "The labels do not fit.")
    app = visit("classification")
    assert warnings(app) == ["The labels do not fit."]
    assert warnings(app.run()) == ["The labels do not fit."]


def test_nothing_is_said_against_our_own_nets_and_they_are_asked_once(visit, monkeypatch):
    asked = []
    monkeypatch.setattr(doubts, "constant_doubt", lambda card: asked.append(card.name) or "")
    for page in ("classification", "detection"):
        assert warnings(visit(page).run()) == []
    assert len(asked) == 2
