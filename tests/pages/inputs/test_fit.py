"""A spec's own fit, or another."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.blob.spec import FITS, BlobSpec
from core.nets.catalog import card_named
from core.picture.size import Size


def script(spec):
    import streamlit as st

    from pages.components.inputs.fit import pick_fit

    st.session_state.picked = pick_fit("own", spec, own="its own", help="words")


@pytest.mark.parametrize("fit", FITS)
def test_every_fit_can_be_had_and_nothing_else_of_the_spec_changes(fit):
    spec = BlobSpec(Size(20, 30), mean=(1.0, 2.0, 3.0), fit="crop")
    app = AppTest.from_function(script, args=(spec,), default_timeout=60).run()
    assert app.session_state["picked"] == spec
    app.segmented_control(key="own.fit").set_value(fit).run()
    assert app.session_state["picked"] == replace(spec, fit=fit)


def detector(name):
    import streamlit as st

    from core.nets.catalog import card_named
    from pages.components.inputs.fit import pick_fit_for_model

    st.session_state.picked = pick_fit_for_model("own", card_named(name))


def test_a_model_starts_with_the_fit_it_was_trained_with():
    name = "starter-detector-darknet"
    app = AppTest.from_function(detector, args=(name,), default_timeout=60).run()
    assert app.session_state["picked"] == card_named(name).blob
    assert card_named(name).blob.fit in app.segmented_control(key="own.fit").help
