"""Numbers side by side, and the times of a run among them."""

from streamlit.testing.v1 import AppTest


def script():
    from pages.components.shell.metrics import show_metrics

    show_metrics({"second": "2 ms", "first": 1, "dtype": "uint8"}, help={"first": "what it is"})


def test_values_stand_in_their_order_under_their_names_in_sentence_case():
    app = AppTest.from_function(script, default_timeout=60).run()
    told = [(each.label, each.value, each.proto.help) for each in app.metric]
    assert told == [
        ("Second", "2 ms", ""),
        ("First", "1", "what it is"),
        ("dtype", "uint8", ""),
    ]
