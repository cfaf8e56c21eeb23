"""The likeliest classes and their table."""

from core.nets.catalog import card_named
from core.nets.downloads import download
from tests.shared import needs_shared


@needs_shared
def test_classification_names_the_cat_and_its_confidence(visit):
    download(card_named("squeezenet-v1.1-fp16-onnx"))
    app = visit("classification", classification__model="SqueezeNet v1.1")
    assert any("cat" in each.value and "%" in each.value for each in app.markdown)
    table = app.dataframe[0].value
    assert table["label"][0] == "Egyptian cat"
    assert table["confidence"].is_monotonic_decreasing
    app.slider(key="classification.k").set_value(8).run()
    assert len(app.dataframe[0].value) == 8
