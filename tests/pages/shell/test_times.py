"""How long each part took."""

from streamlit.testing.v1 import AppTest


def script():
    from core.pipeline import RoadTimes
    from pages.components.shell.times import show_times

    show_times(
        RoadTimes(load=None, decode=3.25, blob=1.0, first_forward=None, forward=250.0),
        read_ms=0.04,
    )


def test_what_did_not_happen_in_this_run_has_no_number():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert {each.label: each.value for each in app.metric} == {
        "Decode image": "3.2 ms",
        "Preprocessing": "1.0 ms",
        "Inference": "250 ms",
        "Post-processing": "0.0 ms",
    }
