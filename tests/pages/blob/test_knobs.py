"""A spec turns the knobs of the Blob page, by a link and by a preset."""

import numpy as np
import pytest

from core.blob.make import make_blob
from core.nets.catalog import card_named, catalog
from core.picture.image import decode_picture
from core.picture.samples import sample_picture, samples
from pages.components.blob.knobs import knob_query
from tests.pages.screen import metric


@pytest.mark.parametrize("name", ["tiny-dominant-colour", "yolox-s-onnx", "resnet18-v1-onnx"])
def test_found_numbers_travel_to_the_blob_page_in_a_link(name, visit):
    spec = card_named(name).blob
    query = {key.replace(".", "__"): value for key, value in knob_query("blob", spec).items()}
    app = visit("blob", **query)
    assert not app.error
    assert app.toggle(key="blob.swapRB").value == spec.swap_rb
    assert app.number_input(key="blob.width").value == spec.size.width
    assert app.segmented_control(key="blob.fit").value == spec.fit
    assert app.text_input(key="blob.mean").value == query["blob__mean"]


@pytest.mark.parametrize("model", catalog(), ids=lambda model: model.name)
def test_the_preset_of_every_card_makes_that_cards_blob(model, visit):
    app = visit("blob")
    app.selectbox(key="blob.preset").set_value(model.title).run()
    assert not app.error
    image = decode_picture(sample_picture(samples()[0].name))
    blob, _ = make_blob(image, model.blob)
    assert metric(app, "Shape N x C x H x W") == " x ".join(map(str, blob.shape))
    table = app.dataframe[0].value
    np.testing.assert_allclose(table["max"], blob.max(axis=(0, 2, 3)), rtol=1e-6)
