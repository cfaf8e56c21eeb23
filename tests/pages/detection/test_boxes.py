"""The boxes of the Detection page: their counts and their table."""

import pytest

from core.nets.catalog import card_named
from core.nets.downloads import download
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, run_model
from tests.pages.screen import metric
from tests.shared import where_present

STARTER = "starter-detector-darknet"

of_each_net = pytest.mark.parametrize(
    "name", [STARTER, *where_present("yolo-fastest-1.1-coco")]
)


def test_on_a_page_without_any_box_everything_still_stands(visit):
    for tab in ("NMS log", "NMS mistakes"):
        app = visit("detection", sample="motorcycle", detection__more=tab)
        app.slider(key=f"detection.{STARTER}.confidence").set_value(1.0).run()
        assert not app.exception
        assert metric(app, "Detections") == "0"


def opened(visit, name, **query):
    model = card_named(name)
    if not model.shipped:
        download(model)
    query[f"detection__{name}__confidence"] = "0.1"
    return visit("detection", sample="motorcycle", detection__model=model.title, **query)


def counts(app) -> list[str]:
    return [each.label for each in app.button if ".classes." in each.key]


def counted(name, confidence) -> list[str]:
    """What core counts of each class, written as on the page."""
    model = card_named(name)
    run = run_model(sample_picture("motorcycle"), model)
    classes = detect(run, Thresholds(confidence, model.iou)).classes
    return [f"{model.label(each.class_id)} ({each.boxes})" for each in classes]


@of_each_net
def test_each_class_is_counted_and_a_click_filters_by_it(name, visit):
    app = opened(visit, name)
    labels = counts(app)
    assert labels == counted(name, 0.1)
    assert [each.split()[0] for each in labels] == ["motorbike", "person"]
    filtered, person = f"detection.{name}.classes", f"detection.{name}.classes.0"
    app.button(key=person).click().run()
    assert app.multiselect(key=filtered).value == ["person"]
    assert set(app.dataframe[0].value["label"]) == {"person"}
    # the counts tell what another choice would show
    assert counts(app) == labels
    app.button(key=person).click().run()
    assert app.multiselect(key=filtered).value == []
    assert set(app.dataframe[0].value["label"]) == {"motorbike", "person"}


@of_each_net
def test_counts_change_with_the_confidence_and_the_filter_stays(name, visit):
    app = opened(visit, name, **{f"detection__{name}__classes": "person"})
    app.slider(key=f"detection.{name}.confidence").set_value(0.5).run()
    assert counts(app) == counted(name, 0.5) != counted(name, 0.1)
    assert app.multiselect(key=f"detection.{name}.classes").value == ["person"]


@of_each_net
def test_the_table_lists_what_the_picture_shows(name, visit):
    app = opened(visit, name)
    table = app.dataframe[0].value
    assert len(table) == int(metric(app, "Detections"))
    assert table["label"][0] == "motorbike"
    (alt,) = (
        each.proto.imgs[0].alt
        for each in app.image
        if each.proto.imgs[0].alt.startswith("Result")
    )
    assert alt == "Result: " + ", ".join(table["label"])
    raw, confident = metric(app, "Raw predictions"), metric(app, "Above threshold")
    assert int(raw.replace(",", "")) >= int(confident) >= len(table)
