"""The player, and a sentence for each reason why there is none."""

import pytest
import streamlit as st

from core.errors import LiveRefused
from core.live.stream_slots import StreamSlots
from pages.components.live import player
from tests.pages.screen import sentence


@pytest.mark.parametrize("mode", ["detection", "classification", "planes"])
def test_the_page_opens_with_a_player_and_no_error(mode, visit):
    app = visit("live")
    app.segmented_control(key="live.sight").set_value(mode).run()
    assert not app.exception
    assert not sentence(app)
    (player,) = (each for each in app.get("component_instance"))
    assert '"iceServers": []' in player.proto.json_args, "no third party is asked"
    assert '"audio": false' in player.proto.json_args


@pytest.mark.parametrize("trouble", [*player.TROUBLES, "something new"])
def test_each_trouble_has_a_sentence_and_opens_snapshots(trouble, visit, monkeypatch):
    monkeypatch.setattr(player, "watch", lambda _key, camera: trouble if camera else "")
    app = visit("live")
    assert "Until then, you can use single pictures" in sentence(app)
    assert [each.value for each in app.subheader] == ["Snapshot"]
    assert len(app.get("component_instance")) == 1, "START stays, to try again"


def test_when_all_places_are_taken_the_page_says_so_and_takes_snapshots(visit, monkeypatch):
    full = StreamSlots(1, 600)
    lease = full.take("somebody else")
    monkeypatch.setattr(player, "stream_slots", lambda: full)
    app = visit("live")
    assert "The server is busy" in sentence(app)
    assert not app.get("component_instance")
    assert [each.value for each in app.subheader] == ["Snapshot"]
    full.renew(lease)  # a page that was only opened waits for nothing
    app.button(key="live.again").click().run()
    with pytest.raises(LiveRefused, match="Another visitor is waiting"):
        full.renew(lease)


def test_one_address_gets_its_share_of_the_places_whatever_tabs_it_opens(visit, monkeypatch):
    wide = StreamSlots(9, 600, per_address=1)
    wide.take("another tab", "192.0.2.1")
    monkeypatch.setattr(player, "stream_slots", lambda: wide)
    assert not sentence(visit("live")), "on this computer there are no addresses"
    monkeypatch.setattr(type(st.context), "ip_address", "192.0.2.1")
    assert "Your address already has 1 stream" in sentence(visit("live"))


def test_ice_servers_come_from_the_environment_and_nonsense_is_a_sentence(visit, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_ICE_SERVERS", '[{"urls": "stun:stun.example.org"}]')
    (player,) = visit("live").get("component_instance")
    assert "stun:stun.example.org" in player.proto.json_args
    monkeypatch.setenv("BLOBSCOPE_ICE_SERVERS", "stun.example.org")
    app = visit("live")
    assert "not configured correctly" in sentence(app)
    assert [each.value for each in app.subheader] == ["Snapshot"]
