"""What is done to each frame, while the stream runs."""


def test_moving_a_slider_changes_the_settings_of_the_same_stream(visit):
    app = visit("live")
    stream = app.session_state["live.stream"]
    key = "live.detection.starter-detector-darknet.confidence"
    app.slider(key=key).set_value(0.8).run()
    assert app.session_state["live.stream"] is stream
    assert stream.settings.thresholds.confidence == 0.8
