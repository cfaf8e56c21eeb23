"""The search for the numbers of a net."""

import streamlit as st

from tests.pages.lab.test_bench import TINY
from tests.pages.screen import table


def forgotten(forwards) -> None:
    """Forget what other pages, or an earlier run, have asked the nets."""
    st.cache_resource.clear()
    forwards.clear()


def find(visit, task="classification", model="", **query):
    title = {f"find__{task}__model": model or TINY[task]}
    return visit(
        "experiments", lab__task=task, experiment="Infer preprocessing", **title, **query
    )


def test_the_finder_waits_until_somebody_asks_and_then_remembers(visit, forwards):
    app = find(visit)
    forgotten(forwards)
    app.run()
    assert not forwards
    app.button(key="find.go").click().run()
    assert not app.exception, app.exception
    before = len(forwards)
    rows = table(app, "score")
    assert rows["score"].is_monotonic_decreasing
    assert "✓" in set(rows["model card"])
    app.run()
    assert len(table(app, "score")) == len(rows)
    assert len(forwards) == before


def test_labels_are_used_where_somebody_knows(visit):
    app = find(visit, find__labelled="true", find__samples="rocket")
    (label,) = (each for each in app.text_input if each.key.startswith("find.label."))
    label.set_value("blue").run()
    app.button(key="find.go").click().run()
    assert "agreement" in table(app, "score")


def test_the_finder_without_pictures_cannot_be_asked(visit):
    app = find(visit)
    app.pills(key="find.samples").set_value([]).run()
    assert app.button(key="find.go").disabled


def test_found_numbers_turn_knobs_that_were_turned_before(visit):
    app = visit("blob")
    app.text_input(key="blob.mean").set_value("9").run()
    app.number_input(key="blob.width").set_value(77).run()
    app.switch_page("pages/experiments.py").run()
    app.query_params["experiment"] = "Infer preprocessing"
    app.session_state["experiment"] = "Infer preprocessing"
    app.selectbox(key="ab.classification.a.model").set_value(TINY["classification"]).run()
    app.selectbox(key="find.classification.model").set_value(TINY["classification"]).run()
    app.button(key="find.go").click().run()
    app.button(key="find.use").click().run()
    assert not app.exception
    app.switch_page("pages/blob.py").run()  # a browser is there already
    assert app.number_input(key="blob.width").value == 128
    assert app.text_input(key="blob.mean").value != "9"
