"""Choosing a model, and fetching its files."""

from threading import Timer

import pytest

from core.errors import DownloadFailed
from core.nets.catalog import card_named, cards
from core.nets.downloads import download, present, running, start_download
from tests.pages.screen import metric
from tests.shared import NETS, needs_shared
from tests.shelf import serving


@needs_shared
def test_a_model_that_is_not_here_is_fetched_when_the_visitor_asks(visit):
    model = card_named("yolo-fastest-1.1-coco")
    app = visit("detection", detection__model=model.title)
    assert not present(model)
    assert not app.metric  # nothing ran
    app.button(key="detection.fetch").click().run()
    assert present(model)
    assert not app.error
    assert metric(app, "raw predictions") == "1,500"


@needs_shared
def test_a_download_that_runs_needs_no_second_click(visit, monkeypatch):
    model = card_named("yolo-fastest-1.1-coco")
    with serving() as shelf:
        for file in model.files:
            path = f"{model.name}/{file.name}"
            shelf.files[f"/{path}"] = (NETS / path).read_bytes()
        shelf.moods = ["held"]
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("BLOBSCOPE_MIRROR", shelf.address)
        app = visit("detection")
        transfer = start_download(model)
        app.selectbox(key="detection.model").set_value(model.title)
        Timer(1, shelf.gate.set).start()
        app.run()
        assert transfer.wait(0)
        assert not app.error
        assert any("on this server" in each.value for each in app.caption)
        assert metric(app, "raw predictions") == "1,500"
        assert set(shelf.gets.values()) == {1}


def test_a_model_that_cannot_be_reached_gets_one_sentence(visit, monkeypatch, tmp_path):
    monkeypatch.setenv("BLOBSCOPE_MIRROR", str(tmp_path))
    app = visit("detection", detection__model="YOLO-Fastest 1.1")
    app.button(key="detection.fetch").click().run()
    assert "could not be reached" in app.error[0].value
    app.button(key="detection.fetch").click().run()  # it is there for the next try
    assert "could not be reached" in app.error[0].value
    with pytest.raises(DownloadFailed):
        download(card_named("yolo-fastest-1.1-coco"))
    assert running(card_named("yolo-fastest-1.1-coco")) is None


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_links_name_models_by_titles_so_titles_are_unique(task):
    titles = [model.title for model in cards(task)]
    assert len(set(titles)) == len(titles)
