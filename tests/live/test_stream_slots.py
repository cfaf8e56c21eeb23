"""Places: a limit for the process, a fair share for each visitor."""

import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LiveRefused
from core.live.places import WAITING_SECONDS, Places, configured


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_no_more_streams_than_places_and_a_sentence_for_the_next(clock):
    places = Places(2, 60, clock)
    for visitor in ("ann", "ben"):
        places.take(visitor)
    clock.now = 20
    with pytest.raises(
        LiveRefused, match=r"all 2 streams.*in 40 seconds at the latest, unless it"
    ):
        places.take("cleo")
    assert places.taken == 2


def test_a_place_that_is_given_back_goes_to_the_next(clock):
    places = Places(1, 60, clock)
    place = places.take("ann")
    places.give_back(place)
    assert places.left(place) == 0
    other = places.take("ben")
    places.give_back(place)  # late and once more: takes nothing from Ben
    assert places.left(other) == 60


def test_a_visitor_has_one_place_and_their_earlier_one_ends(clock):
    places = Places(1, 60, clock)
    first = places.take("ann")
    second = places.take("ann")
    assert (places.left(first), places.left(second)) == (0, 60)
    assert places.taken == 1


def test_a_place_ends_when_its_time_is_over(clock):
    places = Places(1, 60, clock)
    place = places.take("ann")
    clock.now = 60
    assert places.left(place) == 0
    places.take("ben")
    with pytest.raises(LiveRefused, match="is over"):
        places.renew(place)


def test_a_place_can_be_renewed_unless_somebody_waits(clock):
    places = Places(1, 60, clock)
    place = places.take("ann")
    clock.now = 50
    places.renew(place)
    assert places.left(place) == 60
    with pytest.raises(LiveRefused):
        places.take("ben")
    with pytest.raises(LiveRefused, match="Somebody else waits"):
        places.renew(place)
    assert places.left(place) == 60
    clock.now = 50 + min(WAITING_SECONDS, 59) + 0.5
    with pytest.raises(LiveRefused, match="waits"):
        places.renew(place)


def test_opening_the_page_makes_nobody_wait_and_trying_again_does(clock):
    places = Places(1, 60, clock)
    place = places.take("ann")
    clock.now = 50
    with pytest.raises(LiveRefused, match="Every place is taken"):
        places.check("ben")
    places.renew(place)
    assert places.left(place) == 60
    places.wait("ann")  # who has the place does not wait for it
    places.renew(place)
    places.wait("ben")
    with pytest.raises(LiveRefused, match="Somebody else waits"):
        places.renew(place)


def test_an_address_leaves_places_to_the_rest_of_the_world(clock):
    places = Places(4, 60, clock)
    first = places.take("ann", "192.0.2.1")
    places.take("ben", "192.0.2.1")
    places.take("ben", "192.0.2.1")  # the same tab once more
    with pytest.raises(LiveRefused, match="From your address come 2 streams already"):
        places.take("cleo", "192.0.2.1")
    places.renew(first)  # nobody waits for what only another address may have
    places.take("dora", "192.0.2.2")
    places.give_back(first)
    places.take("cleo", "192.0.2.1")


def test_who_has_their_share_already_keeps_nobody_from_renewing(clock):
    places = Places(2, 60, clock, per_address=1)
    place = places.take("ann", "192.0.2.1")
    places.take("ben", "192.0.2.2")
    with pytest.raises(LiveRefused, match="Every place is taken"):
        places.take("cleo", "192.0.2.2")
    places.renew(place)


def test_where_no_address_is_known_each_visitor_counts_alone(clock):
    places = Places(3, 60, clock)
    for visitor in ("ann", "ben", "cleo"):
        places.take(visitor)
    assert places.taken == 3


def test_a_place_that_is_free_all_the_same_keeps_nobody_from_renewing(clock):
    places = Places(2, 300, clock)
    ann, ben = places.take("ann"), places.take("ben")
    with pytest.raises(LiveRefused):
        places.take("cleo")
    places.give_back(ben)
    places.renew(ann)
    assert places.left(ann) == 300


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["take", "back", "wait"])))
)
def test_whatever_visitors_do_there_are_never_more_than_places(deeds):
    clock = Clock()
    places, held = Places(3, 60, clock), {}
    for visitor, deed in deeds:
        if deed == "wait":
            clock.now += 25
        elif deed == "back" and visitor in held:
            places.give_back(held.pop(visitor))
        elif deed == "take":
            try:
                held[visitor] = places.take(visitor)
            except LiveRefused:
                assert places.taken == 3
        lasting = [each for each in held.values() if places.left(each) > 0]
        assert len(lasting) == places.taken <= 3


def test_many_threads_never_take_more_than_there_are():
    places, got = Places(3, 60), []

    def ask(number):
        with contextlib.suppress(LiveRefused):
            got.append(places.take(f"visitor {number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == places.taken == 3


def test_the_environment_says_how_many_and_how_long():
    said = {"MAX_STREAMS": "5", "STREAM_SECONDS": "90", "ADDRESS_STREAMS": "4"}
    places = configured({f"BLOBSCOPE_{name}": value for name, value in said.items()})
    assert (places.most, places.seconds, places.per_address) == (5, 90, 4)
    for nonsense in ("", "0", "-1", "many"):
        assert configured({"BLOBSCOPE_MAX_STREAMS": nonsense}).most >= 2
