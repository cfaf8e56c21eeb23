"""The road in four pictures."""

import numpy as np

from core.nets.catalog import cards
from core.nets.downloads import present
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, ranking, run_model
from pages.components.home.road import ready_model
from pages.components.shell.text import amount


def test_the_models_are_on_this_machine_and_of_their_task():
    for task in ("classification", "detection"):
        model = ready_model(task)
        assert present(model)
        assert model in cards(task)


def test_the_four_steps_show_the_numbers_of_the_run(visit):
    app = visit("home", sample="cat")
    assert not app.error
    told = " ".join(each.value for each in (*app.caption, *app.markdown))
    picture, classifier, detector = (
        sample_picture("cat"),
        ready_model("classification"),
        ready_model("detection"),
    )
    run = run_model(picture, classifier)
    assert f"Shape `{list(run.blob.shape)}`" in told
    assert f"from {np.min(run.blob):.4g} to {np.max(run.blob):.4g}" in told
    best = [f"{each.label} {each.confidence:.1%}" for each in ranking(run, 3).best]
    assert [each.proto.text for each in app.get("progress")] == best
    result = detect(run_model(picture, detector), Thresholds(detector.confidence, detector.iou))
    assert f"{result.raw:,} raw predictions" in told
    assert f"{amount(len(result.kept), 'detection')}" in told
