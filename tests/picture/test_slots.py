"""Nobody holds all decoding slots, and nobody is passed over."""

import threading
from contextlib import contextmanager

import pytest

from core.picture.slots import TELL, VISITOR, DecodingSlots


class Decoder(threading.Thread):
    """Somebody who asks for a slot and holds it until told otherwise."""

    def __init__(self, slots, visitor):
        super().__init__(daemon=True)
        self.slots, self.visitor = slots, visitor
        self.holds, self.may_go = threading.Event(), threading.Event()
        self.told, self.asked = [], threading.Event()

    def run(self):
        VISITOR.set(self.visitor)
        TELL.set(self._tell)
        with self.slots.taken():
            self.holds.set()
            self.may_go.wait(30)

    def _tell(self, waits):
        self.told.append(waits)
        self.asked.set()


@contextmanager
def decoding(slots, *visitors):
    started = []
    for visitor in visitors:
        started.append(Decoder(slots, visitor))
        started[-1].start()
    try:
        yield started
    finally:
        for each in started:
            each.may_go.set()
        for each in started:
            each.join(30)


def test_one_visitor_leaves_a_slot_to_the_others():
    slots = DecodingSlots(2)
    with decoding(slots, "greedy") as (first,):
        assert first.holds.wait(10)
        with decoding(slots, "greedy", "greedy") as waiting:
            assert waiting[0].asked.wait(10)
            assert slots.is_waiting("greedy")
            with decoding(slots, "other") as (other,):
                assert other.holds.wait(10)
                assert not slots.is_waiting("other")
            assert not any(each.holds.is_set() for each in waiting)
            first.may_go.set()
            assert waiting[0].holds.wait(10)


def test_who_waits_is_told_when_it_begins_and_when_it_ends():
    slots = DecodingSlots(2)
    with decoding(slots, "a", "b") as (a, b):
        assert a.holds.wait(10)
        assert b.holds.wait(10)
        assert a.told == b.told == []
        with decoding(slots, "c") as (c,):
            assert c.asked.wait(10)
            assert c.told == [True]
            a.may_go.set()
            assert c.holds.wait(10)
            assert c.told == [True, False]


def test_an_error_gives_the_slot_back():
    slots = DecodingSlots(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="damaged"), slots.taken():
            raise ValueError("damaged")
    with slots.taken():
        pass
