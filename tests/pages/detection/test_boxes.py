"""The boxes of the Detection page: their counts and their table."""

from core.nets.catalog import card_named
from core.nets.downloads import download
from tests.pages.screen import metric
from tests.shared import needs_shared

MODEL = "yolo-fastest-1.1-coco"
STARTER = "starter-detector-darknet"
FILTER = f"detection.{MODEL}.classes"


def test_on_a_page_without_any_box_everything_still_stands(visit):
    for tab in ("NMS log", "NMS mistakes"):
        app = visit("detection", sample="motorcycle", detection__more=tab)
        app.slider(key=f"detection.{STARTER}.confidence").set_value(1.0).run()
        assert not app.exception
        assert metric(app, "detections") == "0"


def opened(visit, **query):
    download(card_named(MODEL))
    query[f"detection__{MODEL}__confidence"] = "0.1"
    return visit("detection", sample="motorcycle", detection__model="YOLO-Fastest 1.1", **query)


@needs_shared
def test_each_class_is_counted_and_a_click_filters_by_it(visit):
    app = opened(visit)
    labels = [each.label for each in app.button if each.key.startswith(FILTER)]
    assert labels == ["motorbike (19)", "person (2)"]
    person = f"{FILTER}.0"
    app.button(key=person).click().run()
    assert app.multiselect(key=FILTER).value == ["person"]
    assert set(app.dataframe[0].value["label"]) == {"person"}
    # the counts tell what another choice would show
    assert [each.label for each in app.button if each.key.startswith(FILTER)] == labels
    app.button(key=person).click().run()
    assert app.multiselect(key=FILTER).value == []
    assert set(app.dataframe[0].value["label"]) == {"motorbike", "person"}


@needs_shared
def test_counts_change_with_the_confidence_and_the_filter_stays(visit):
    app = opened(visit, **{f"detection__{MODEL}__classes": "person"})
    app.slider(key=f"detection.{MODEL}.confidence").set_value(0.5).run()
    assert [each.label for each in app.button if each.key.startswith(FILTER)] == [
        "motorbike (7)"
    ]
    assert app.multiselect(key=FILTER).value == ["person"]


@needs_shared
def test_the_table_lists_what_the_picture_shows(visit):
    download(card_named("yolo-fastest-1.1-coco"))
    app = visit("detection", sample="motorcycle", detection__model="YOLO-Fastest 1.1")
    table = app.dataframe[0].value
    assert len(table) == int(metric(app, "detections"))
    assert table["label"][0] == "motorbike"
    (alt,) = (
        each.proto.imgs[0].alt
        for each in app.image
        if each.proto.imgs[0].alt.startswith("Result")
    )
    assert alt == "Result: " + ", ".join(table["label"])
    raw, confident = metric(app, "raw predictions"), metric(app, "above threshold")
    assert int(raw.replace(",", "")) >= int(confident) >= len(table)
