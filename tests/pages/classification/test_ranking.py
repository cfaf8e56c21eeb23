"""The likeliest classes and their table."""

import pytest

from core.nets.catalog import card_named
from core.nets.downloads import download
from tests.shared import where_present


@pytest.mark.parametrize(
    "name", ["starter-classifier-onnx", *where_present("squeezenet-v1.1-fp16-onnx")]
)
def test_classification_names_the_cat_and_its_confidence(name, visit):
    model = card_named(name)
    if not model.shipped:
        download(model)
    app = visit("classification", classification__model=model.title)
    assert any("cat" in each.value and "%" in each.value for each in app.markdown)
    table = app.dataframe[0].value
    assert table["label"][0] == "Egyptian cat"
    assert table["confidence"].is_monotonic_decreasing
    app.slider(key="classification.k").set_value(8).run()
    assert len(app.dataframe[0].value) == 8
