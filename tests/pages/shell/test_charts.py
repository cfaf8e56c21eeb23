"""Charts are drawn from exactly the numbers that were counted."""

import json

import numpy as np
import streamlit as st

from core.render.statistics import Histogram
from pages.components.shell import charts


def test_a_histogram_shows_each_count_over_the_middle_of_its_bin(monkeypatch):
    drawn = []
    monkeypatch.setattr(st, "vega_lite_chart", lambda spec, alt: drawn.append((spec, alt)))
    edges = np.array([0.0, 1.0, 3.0])
    counted = Histogram(edges=edges, counts=np.array([[4, 5], [6, 7]]))
    charts.show_value_histogram(counted, "RG", alt_text="words")
    ((spec, alt),) = drawn
    assert alt == "words"
    assert spec["data"]["values"] == [
        {"value": 0.5, "pixels": 4, "plane": "R"},
        {"value": 2.0, "pixels": 5, "plane": "R"},
        {"value": 0.5, "pixels": 6, "plane": "G"},
        {"value": 2.0, "pixels": 7, "plane": "G"},
    ]
    assert spec["encoding"]["color"]["scale"]["domain"] == ["R", "G"]
    json.dumps(spec)  # what travels to the browser
