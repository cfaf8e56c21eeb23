"""Choosing a model, and fetching its files."""

from threading import Timer

import pytest

from core.errors import DownloadFailed
from core.nets.catalog import card_named, cards
from core.nets.downloads import download, present, running, start_download
from pages.components.shell.text import plain
from tests.pages.screen import metric, words
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
    assert metric(app, "Raw predictions") == "1,500"


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
        assert metric(app, "Raw predictions") == "1,500"
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


@pytest.mark.parametrize("page", ["classification", "detection"])
def test_one_click_fetches_the_recommended_model_and_the_page_goes_on_with_it(
    page, visit, better, shelf, forwards
):
    model = better[page]
    app = visit(page)
    chooser, before = f"{page}.model", cards(page)[0].title
    assert app.selectbox(key=chooser).value == before
    told = words(app)
    assert f"**Better answers: {model.title}**" in told
    assert f"knows {len(model.labels)} classes" in told
    assert f"Licence: {plain(model.licence)}" in told
    forwards.clear()
    app.button(key=f"{page}.better").click().run()
    assert app.selectbox(key=chooser).value == model.title
    assert set(forwards) == {model.name}
    assert "Better answers" not in words(app)
    assert not app.error
    assert set(shelf.gets.values()) == {1}
    app.switch_page("pages/home.py").run()
    app.switch_page(f"pages/{page}.py").run()
    assert app.selectbox(key=chooser).value == model.title


@pytest.mark.parametrize("page", ["classification", "detection"])
def test_a_recommended_model_that_is_there_is_the_default_but_a_link_wins(page, visit, better):
    download(better[page])
    other = cards(page)[0].title
    app = visit(page)
    assert app.selectbox(key=f"{page}.model").value == better[page].title
    assert "Better answers" not in words(app)
    app = visit(page, **{f"{page}__model": other})
    assert app.selectbox(key=f"{page}.model").value == other


def test_who_is_at_work_keeps_the_model_when_somebody_else_fetches_the_better_one(
    visit, better
):
    app = visit("detection")
    before = app.selectbox(key="detection.model").value
    download(better["detection"])
    app.run()
    assert app.selectbox(key="detection.model").value == before != better["detection"].title
    assert "Better answers" not in words(app)


def test_the_offer_shows_the_progress_of_a_download_on_its_way(visit, better, shelf):
    shelf.moods = ["held"]
    app = visit("detection")
    transfer = start_download(better["detection"])
    Timer(1, shelf.gate.set).start()
    app.button(key="detection.better").click().run()
    assert transfer.wait(0)
    assert app.selectbox(key="detection.model").value == better["detection"].title
    assert set(shelf.gets.values()) == {1}


@pytest.mark.parametrize("page", ["classification", "detection"])
def test_an_offer_that_fails_says_so_and_the_page_goes_on(page, visit, better, shelf):
    files, shelf.files = shelf.files, {}
    app = visit(page)
    before = app.selectbox(key=f"{page}.model").value
    app.button(key=f"{page}.better").click().run()
    (told,) = [each.value for each in app.warning if "could not be downloaded" in each.value]
    assert told.startswith(better[page].title)
    assert "BLOBSCOPE" not in told  # a visitor has no settings
    assert app.selectbox(key=f"{page}.model").value == before
    assert app.image
    assert not app.error
    shelf.files = files
    app.button(key=f"{page}.better").click().run()
    assert app.selectbox(key=f"{page}.model").value == better[page].title
    assert not app.warning


def test_a_chosen_model_is_not_offered_a_second_time(visit, better):
    app = visit("detection", detection__model=better["detection"].title)
    assert app.button(key="detection.fetch")
    assert "Better answers" not in words(app)


@needs_shared
def test_the_real_recommended_detector_comes_with_one_click(visit):
    app = visit("detection", sample="cat")
    assert "**Better answers: YOLOX&#45;nano**, 3.7 MB, knows 80 classes" in words(app)
    app.button(key="detection.better").click().run()
    assert app.selectbox(key="detection.model").value == "YOLOX-nano"
    assert metric(app, "Raw predictions") == "3,549"
