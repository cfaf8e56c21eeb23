"""Counters and ICE servers."""

import pytest

from core.errors import LiveRefused
from core.live.counters import Rate, Recent
from core.live.ice import ice_servers


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_rate_is_that_of_the_last_two_seconds():
    clock = Clock()
    rate = Rate(clock)
    for step in range(100):
        clock.now = step / 10
        rate.note()
    assert rate.per_second == pytest.approx(10)
    for step in range(100):
        clock.now = 10 + step / 40
        rate.note()
    assert rate.per_second == pytest.approx(40)
    assert rate.total == 200
    clock.now += 3
    assert rate.per_second == 0


def test_a_rate_keeps_only_so_many_times():
    clock = Clock()
    rate = Rate(clock)
    for step in range(5000):
        clock.now = step / 1000
        rate.note()
    assert rate.per_second == pytest.approx(1000)
    assert len(rate._times) == 240


def test_the_middle_of_the_latest_numbers():
    recent = Recent(3)
    assert recent.median == 0
    for value in (100, 1, 2, 3):
        recent.note(value)
    assert recent.median == 2


def test_no_ice_servers_means_none():
    assert ice_servers(None) == ice_servers("") == ice_servers([]) == []


def test_secrets_and_json_say_the_same():
    server = {"urls": ["turn:x.example"], "username": "u", "credential": "c", "more": 1}
    wanted = [{"urls": ["turn:x.example"], "username": "u", "credential": "c"}]
    assert ice_servers([server]) == wanted
    text = '[{"urls": "turn:x.example", "username": "u", "credential": "c"}]'
    assert ice_servers(text) == wanted


@pytest.mark.parametrize(
    "given", ["{", "1", '["stun:x"]', "[{}]", '[{"urls": []}]', '[{"urls": "http://x"}]']
)
def test_a_configuration_that_nobody_understands_is_a_sentence(given):
    with pytest.raises(LiveRefused, match="BLOBSCOPE_ICE_SERVERS"):
        ice_servers(given)
