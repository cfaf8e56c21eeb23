"""The road in four pictures."""

import numpy as np
import pytest

from core.nets.catalog import cards, default_model
from core.nets.downloads import present
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, ranking, run_model
from pages.components.shell.text import amount


def test_the_models_are_on_this_machine_and_of_their_task():
    for task in ("classification", "detection"):
        model = default_model(task)
        assert present(model)
        assert model in cards(task)


def test_the_four_steps_show_the_numbers_of_the_run(visit):
    app = visit("home", sample="cat")
    assert not app.error
    told = " ".join(each.value for each in (*app.caption, *app.markdown))
    picture, classifier, detector = (
        sample_picture("cat"),
        default_model("classification"),
        default_model("detection"),
    )
    run = run_model(picture, classifier)
    assert f"Shape `{list(run.blob.shape)}`" in told
    assert f"from {np.min(run.blob):.4g} to {np.max(run.blob):.4g}" in told
    best = [f"{each.label} {each.confidence:.1%}" for each in ranking(run, 3).best]
    assert [each.proto.text for each in app.get("progress")] == best
    result = detect(run_model(picture, detector), Thresholds(detector.confidence, detector.iou))
    assert f"{result.raw:,} raw predictions" in told
    assert f"{amount(len(result.kept), 'detection')}" in told


def test_home_offers_the_recommended_models_and_goes_on_with_them(visit, better):
    app = visit("home")
    for task, model in better.items():
        assert any(f"Better answers: {model.title}" in each.value for each in app.markdown)
        app.button(key=f"home.{task}.better").click().run()
        assert present(model)
        assert not app.exception
        assert not app.warning
        assert any(model.title in each.value for each in (*app.caption, *app.markdown))
    assert not any("Better answers" in each.value for each in app.markdown)


@pytest.mark.usefixtures("better")
def test_home_says_beside_the_button_that_a_download_failed(visit, shelf):
    shelf.files.clear()
    app = visit("home")
    app.button(key="home.detection.better").click().run()
    assert "Better detection could not be downloaded" in app.warning[0].value
    assert not app.error
    assert app.code  # the pipeline is still shown
    assert app.button(key="home.detection.better")
