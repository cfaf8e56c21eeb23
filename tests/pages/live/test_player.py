"""The live page without a browser: what it shows, and what it does to a stream."""

from importlib.metadata import version

import pytest
import streamlit as st
import streamlit_webrtc.component as component
import streamlit_webrtc.webrtc as webrtc
from aiortc.contrib.media import MediaRelay
from streamlit.testing.v1 import AppTest

from core.errors import LiveRefused
from core.live.stream import Stream
from core.live.stream_slots import StreamSlots
from core.picture.image import Picture
from core.render.encode import png
from pages.components.live import player, webrtc_patches
from pages.components.live.frozen import Frozen
from pages.components.live.player import Stage
from tests.live.films import plain


@pytest.fixture(autouse=True)
def no_session(monkeypatch):
    """streamlit-webrtc looks for the session of a real server, which an AppTest has not."""
    for lease in ("component", "shutdown"):
        monkeypatch.setattr(f"streamlit_webrtc.{lease}.get_this_session_info", lambda: None)


def sentence(app) -> str:
    return " ".join(each.value for each in (*app.warning, *app.error))


def test_the_cure_is_for_this_version_alone():
    assert version("streamlit-webrtc") == webrtc_patches.CURED, (
        "measure anew whether it needs it"
    )
    assert hasattr(component, "get_script_run_count")
    assert hasattr(component, "_reset_context")
    assert hasattr(webrtc, "get_global_relay")


def test_the_cured_relay_passes_on_the_newest_frame_and_has_no_queue():
    class Source:
        kind = "video"

    proxy = webrtc_patches.NewestRelay(MediaRelay()).subscribe(Source())
    assert proxy._queue is None


def beginnings():
    import streamlit as st
    from streamlit_webrtc.component import generate_frontend_component_key

    from pages.components.live.webrtc_patches import begins_anew

    offer = st.session_state.offer
    value = {"sdpOffer": {"sdp": offer} if offer else None}
    st.session_state[generate_frontend_component_key("player")] = value
    st.session_state.anew = begins_anew("player")


class Worker:
    stopped = False

    def stop(self):
        self.stopped = True


def test_another_offer_ends_what_an_earlier_one_began_where_no_stop_was_heard():
    app = AppTest.from_function(beginnings)
    signalling = component.WebRtcStreamerState(playing=False, signalling=True)
    context = component.WebRtcStreamerContext(None, signalling)
    app.session_state["player"] = context
    told, worker = [], Worker()
    for offer in (None, "first", "first", None, "second", "second", None, "third"):
        app.session_state["offer"] = offer
        told.append(app.run().session_state["anew"])
        if offer == "first":
            context._set_worker(worker)
            context._sdp_answer_json, context._is_sdp_answer_sent = "{}", True
    assert told == [True, False, False, False, True, False, False, False]
    assert worker.stopped
    assert context.state == signalling
    assert not context._is_sdp_answer_sent, "the second offer gets its own answer"


@pytest.mark.parametrize("mode", ["detection", "classification", "planes"])
def test_the_page_opens_with_a_player_and_no_error(mode, visit):
    app = visit("live")
    app.segmented_control(key="live.sight").set_value(mode).run()
    assert not app.exception
    assert not sentence(app)
    (player,) = (each for each in app.get("component_instance"))
    assert '"iceServers": []' in player.proto.json_args, "no third party is asked"
    assert '"audio": false' in player.proto.json_args


@pytest.mark.parametrize("mode", ["detection", "classification", "planes"])
def test_snapshots_show_a_result_for_a_sample(mode, visit):
    app = visit("live")
    app.segmented_control(key="live.sight").set_value(mode).run()
    app.segmented_control(key="live.source").set_value("snapshot").run()
    assert len(app.get("camera_input")) == 1
    app.segmented_control(key="picture").set_value("sample").run()
    assert not app.exception
    assert not sentence(app)
    (result,) = (each.proto.imgs[0].alt for each in app.image)
    assert result.startswith("Result: ")


def test_a_moving_sample_needs_no_camera(visit):
    app = visit("live")
    app.segmented_control(key="live.source").set_value("video").run()
    (player,) = (each for each in app.get("component_instance"))
    assert '"mode": "RECVONLY"' in player.proto.json_args


def test_a_file_that_is_no_video_gets_a_sentence(visit):
    app = visit("live")
    app.segmented_control(key="live.source").set_value("video").run()
    app.file_uploader(key="live.upload").upload("mine.mp4", b"no video", "video/mp4").run()
    assert not app.exception
    assert "no video that Blobscope opens" in sentence(app)


@pytest.mark.parametrize("trouble", [*player.TROUBLES, "something new"])
def test_each_trouble_has_a_sentence_and_opens_snapshots(trouble, visit, monkeypatch):
    monkeypatch.setattr(player, "watch", lambda _key, camera: trouble if camera else "")
    app = visit("live")
    assert "Until then, single pictures go the same way" in sentence(app)
    assert [each.value for each in app.subheader] == ["Snapshot"]
    assert len(app.get("component_instance")) == 1, "START stays, to try again"


def test_when_all_places_are_taken_the_page_says_so_and_takes_snapshots(visit, monkeypatch):
    full = StreamSlots(1, 600)
    lease = full.take("somebody else")
    monkeypatch.setattr(player, "stream_slots", lambda: full)
    app = visit("live")
    assert "Every place is taken" in sentence(app)
    assert not app.get("component_instance")
    assert [each.value for each in app.subheader] == ["Snapshot"]
    full.renew(lease)  # a page that was only opened waits for nothing
    app.button(key="live.again").click().run()
    with pytest.raises(LiveRefused, match="Somebody else waits"):
        full.renew(lease)


def test_one_address_gets_its_share_of_the_places_whatever_tabs_it_opens(visit, monkeypatch):
    wide = StreamSlots(9, 600, per_address=1)
    wide.take("another tab", "192.0.2.1")
    monkeypatch.setattr(player, "stream_slots", lambda: wide)
    assert not sentence(visit("live")), "on this computer there are no addresses"
    monkeypatch.setattr(type(st.context), "ip_address", "192.0.2.1")
    assert "From your address comes 1 stream already" in sentence(visit("live"))


def test_moving_a_slider_changes_the_settings_of_the_same_stream(visit):
    app = visit("live")
    stream = app.session_state["live.stream"]
    key = "live.detection.starter-detector-darknet.confidence"
    app.slider(key=key).set_value(0.8).run()
    assert app.session_state["live.stream"] is stream
    assert stream.settings.thresholds.confidence == 0.8


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


def test_the_limit_of_a_video_is_said_before_and_kept_by_the_browser(visit):
    app = visit("live")
    app.segmented_control(key="live.source").set_value("video").run()
    uploader = app.file_uploader(key="live.upload")
    assert "up to 20 MB" in uploader.label
    assert uploader.proto.max_upload_size_mb == 20


def test_the_page_says_what_of_a_camera_is_kept_and_for_how_long(visit):
    said = " ".join(each.value for each in visit("live").caption)
    assert "cut-outs of what came into sight, until STOP" in said
    assert "Nothing is kept" not in said


def test_ice_servers_come_from_the_environment_and_nonsense_is_a_sentence(visit, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_ICE_SERVERS", '[{"urls": "stun:stun.example.org"}]')
    (player,) = visit("live").get("component_instance")
    assert "stun:stun.example.org" in player.proto.json_args
    monkeypatch.setenv("BLOBSCOPE_ICE_SERVERS", "stun.example.org")
    app = visit("live")
    assert "not configured as they should be" in sentence(app)
    assert [each.value for each in app.subheader] == ["Snapshot"]


@pytest.mark.parametrize("page", ["Blob", "Classification", "Detection"])
def test_a_frozen_frame_becomes_the_snapshot_of_another_page(page, visit):
    app = visit("live")
    picture = Picture("live frame 7.png", png(plain(0, 0, 200)))
    app.session_state["live.frozen"] = Frozen(picture, picture.data, "Frame 7, 0.3 s: red")
    app.run()
    app.button(key=f"live.to.{page}").click().run()
    assert not app.exception
    assert app.session_state["picture.kept.camera"] == (picture,)
    app.switch_page(f"pages/{page.lower()}.py").run()  # an AppTest stays where it was
    app.segmented_control(key="picture").set_value("camera").run()
    assert [each.value for each in app.title] == [page]
    assert any("Kept from before: live frame 7" in each.value for each in app.caption)
