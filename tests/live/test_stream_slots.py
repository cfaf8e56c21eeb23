"""Places: a limit for the process, a fair share for each visitor."""

import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LiveRefused
from core.live.stream_slots import WAITING_SECONDS, StreamSlots, slots_from_environment


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_no_more_streams_than_places_and_a_sentence_for_the_next(clock):
    slots = StreamSlots(2, 60, clock)
    for visitor in ("ann", "ben"):
        slots.take(visitor)
    clock.now = 20
    with pytest.raises(
        LiveRefused, match=r"all 2 streams.*in 40 seconds at the latest, unless it"
    ):
        slots.take("cleo")
    assert slots.taken == 2


def test_a_place_that_is_given_back_goes_to_the_next(clock):
    slots = StreamSlots(1, 60, clock)
    lease = slots.take("ann")
    slots.give_back(lease)
    assert slots.left(lease) == 0
    other = slots.take("ben")
    slots.give_back(lease)  # late and once more: takes nothing from Ben
    assert slots.left(other) == 60


def test_a_visitor_has_one_place_and_their_earlier_one_ends(clock):
    slots = StreamSlots(1, 60, clock)
    first = slots.take("ann")
    second = slots.take("ann")
    assert (slots.left(first), slots.left(second)) == (0, 60)
    assert slots.taken == 1


def test_a_place_ends_when_its_time_is_over(clock):
    slots = StreamSlots(1, 60, clock)
    lease = slots.take("ann")
    clock.now = 60
    assert slots.left(lease) == 0
    slots.take("ben")
    with pytest.raises(LiveRefused, match="has ended"):
        slots.renew(lease)


def test_a_place_can_be_renewed_unless_somebody_waits(clock):
    slots = StreamSlots(1, 60, clock)
    lease = slots.take("ann")
    clock.now = 50
    slots.renew(lease)
    assert slots.left(lease) == 60
    with pytest.raises(LiveRefused):
        slots.take("ben")
    with pytest.raises(LiveRefused, match="Another visitor is waiting"):
        slots.renew(lease)
    assert slots.left(lease) == 60
    clock.now = 50 + min(WAITING_SECONDS, 59) + 0.5
    with pytest.raises(LiveRefused, match="is waiting"):
        slots.renew(lease)


def test_opening_the_page_makes_nobody_wait_and_trying_again_does(clock):
    slots = StreamSlots(1, 60, clock)
    lease = slots.take("ann")
    clock.now = 50
    with pytest.raises(LiveRefused, match="The server is busy"):
        slots.check("ben")
    slots.renew(lease)
    assert slots.left(lease) == 60
    slots.wait("ann")  # who has the place does not wait for it
    slots.renew(lease)
    slots.wait("ben")
    with pytest.raises(LiveRefused, match="Another visitor is waiting"):
        slots.renew(lease)


def test_an_address_leaves_places_to_the_rest_of_the_world(clock):
    slots = StreamSlots(4, 60, clock)
    first = slots.take("ann", "192.0.2.1")
    slots.take("ben", "192.0.2.1")
    slots.take("ben", "192.0.2.1")  # the same tab once more
    with pytest.raises(LiveRefused, match="Your address already has 2 streams"):
        slots.take("cleo", "192.0.2.1")
    slots.renew(first)  # nobody waits for what only another address may have
    slots.take("dora", "192.0.2.2")
    slots.give_back(first)
    slots.take("cleo", "192.0.2.1")


def test_who_has_their_share_already_keeps_nobody_from_renewing(clock):
    slots = StreamSlots(2, 60, clock, per_address=1)
    lease = slots.take("ann", "192.0.2.1")
    slots.take("ben", "192.0.2.2")
    with pytest.raises(LiveRefused, match="The server is busy"):
        slots.take("cleo", "192.0.2.2")
    slots.renew(lease)


def test_where_no_address_is_known_each_visitor_counts_alone(clock):
    slots = StreamSlots(3, 60, clock)
    for visitor in ("ann", "ben", "cleo"):
        slots.take(visitor)
    assert slots.taken == 3


def test_a_place_that_is_free_all_the_same_keeps_nobody_from_renewing(clock):
    slots = StreamSlots(2, 300, clock)
    ann, ben = slots.take("ann"), slots.take("ben")
    with pytest.raises(LiveRefused):
        slots.take("cleo")
    slots.give_back(ben)
    slots.renew(ann)
    assert slots.left(ann) == 300


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["take", "back", "wait"])))
)
def test_whatever_visitors_do_there_are_never_more_than_places(deeds):
    clock = Clock()
    slots, held = StreamSlots(3, 60, clock), {}
    for visitor, deed in deeds:
        if deed == "wait":
            clock.now += 25
        elif deed == "back" and visitor in held:
            slots.give_back(held.pop(visitor))
        elif deed == "take":
            try:
                held[visitor] = slots.take(visitor)
            except LiveRefused:
                assert slots.taken == 3
        lasting = [each for each in held.values() if slots.left(each) > 0]
        assert len(lasting) == slots.taken <= 3


def test_many_threads_never_take_more_than_there_are():
    slots, got = StreamSlots(3, 60), []

    def ask(number):
        with contextlib.suppress(LiveRefused):
            got.append(slots.take(f"visitor {number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == slots.taken == 3


def test_the_environment_says_how_many_and_how_long():
    said = {"MAX_STREAMS": "5", "STREAM_SECONDS": "90", "ADDRESS_STREAMS": "4"}
    slots = slots_from_environment({f"BLOBSCOPE_{name}": value for name, value in said.items()})
    assert (slots.most, slots.seconds, slots.per_address) == (5, 90, 4)
    for nonsense in ("", "0", "-1", "many"):
        assert slots_from_environment({"BLOBSCOPE_MAX_STREAMS": nonsense}).most >= 2
