"""What stands below a stream."""

from core.live.stream import Stream
from core.live.stream_slots import StreamSlots
from pages.components.live import player
from pages.components.live.player import Stage


def test_a_stream_that_ended_while_the_browser_plays_on_does_not_make_the_page_spin(
    visit, monkeypatch
):
    app, runs = visit("live"), []
    over = Stream("ann", StreamSlots(1, 600))
    over.close("The time is over.")

    def still_playing(*_):
        runs.append(1)
        assert len(runs) < 5, "each run asked for the next"
        return Stage(Stream("ann", StreamSlots(1, 600)), playing=True)

    monkeypatch.setattr(player, "open_stream", still_playing)
    app.session_state["live.shown"] = over
    app.run()
    assert not app.exception
    assert len(runs) == 1
    assert "Freeze this frame" not in [each.label for each in app.button]
