import io
import json
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.sandbox import messages
from core.sandbox.messages import (
    DTYPES,
    MessageBroken,
    WorkerMessage,
    read_message,
    write_message,
)

MOST = 1 << 20


def sent(message: WorkerMessage) -> bytes:
    pipe = io.BytesIO()
    write_message(pipe, message)
    return pipe.getvalue()


def read(data: bytes, most_bytes: int = MOST) -> WorkerMessage | None:
    return read_message(io.BytesIO(data), most_bytes=most_bytes)


def head(told: object, body: bytes = b"") -> bytes:
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    return struct.pack("<II", len(text), len(body)) + text + body


@given(
    st.sampled_from(sorted(DTYPES)).flatmap(
        lambda dtype: st.lists(
            arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)),
            max_size=3,
        )
    ),
    st.dictionaries(
        st.text(max_size=5), st.integers() | st.text(max_size=9) | st.none(), max_size=3
    ),
)
def test_what_is_sent_comes_back(some, values):
    came = read(sent(WorkerMessage("part", values, some)))
    assert came.kind == "part"
    assert came.values == values
    for ours, theirs in zip(some, came.arrays, strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert ours.tobytes() == theirs.tobytes()
        assert not theirs.flags.writeable


def test_messages_stand_one_behind_the_other_and_then_the_pipe_is_closed():
    pipe = io.BytesIO(sent(WorkerMessage("a", {}, [np.arange(3)])) + sent(WorkerMessage("b")))
    assert [read_message(pipe, most_bytes=MOST).kind for _ in range(2)] == ["a", "b"]
    assert read_message(pipe, most_bytes=MOST) is None


U1 = ["|u1", [4]]


@pytest.mark.parametrize(
    "data",
    {
        "a head without end": struct.pack("<II", 1 << 31, 0),
        "a body without end": struct.pack("<II", 2, (1 << 32) - 1) + b"{}",
        "no JSON": head(b"\xff\xfe"),
        "JSON a million deep": head(b"[" * 60_000),
        "a number of 60,000 digits": head(b'{"kind": ' + b"9" * 60_000 + b"}"),
        "not a number": head(b'{"kind": "a", "values": {"x": NaN}, "arrays": []}'),
        "a list": head([]),
        "no kind": head({"values": {}, "arrays": []}),
        "a kind that is a number": head({"kind": 1, "values": {}, "arrays": []}),
        "values that are a list": head({"kind": "a", "values": [], "arrays": []}),
        "arrays that are a number": head({"kind": "a", "values": {}, "arrays": 3}),
        "an object array": head(
            {"kind": "a", "values": {}, "arrays": [["|O", [1]]]}, b"12345678"
        ),
        "a structured array": head(
            {"kind": "a", "values": {}, "arrays": [[[["x", "<i4"]], [1]]]}
        ),
        "a negative side": head(
            {"kind": "a", "values": {}, "arrays": [["|u1", [-4]]]}, b"1234"
        ),
        "two negative sides": head(
            {"kind": "a", "values": {}, "arrays": [["|u1", [-2, -2]]]}, b"1234"
        ),
        "a side that is a fraction": head(
            {"kind": "a", "values": {}, "arrays": [["|u1", [4.0]]]}, b"1234"
        ),
        "a side that is true": head(
            {"kind": "a", "values": {}, "arrays": [["|u1", [True]]]}, b"1"
        ),
        "sides whose product runs over": head(
            {"kind": "a", "values": {}, "arrays": [["|u1", [1 << 32, 1 << 32]]]}
        ),
        "nine axes": head({"kind": "a", "values": {}, "arrays": [["|u1", [1] * 9]]}, b"1"),
        "too many arrays": head({"kind": "a", "values": {}, "arrays": [["|u1", [0]]] * 65}),
        "an array beyond the body": head(
            {"kind": "a", "values": {}, "arrays": [["|u1", [5]]]}, b"1234"
        ),
        "a body beyond the arrays": head({"kind": "a", "values": {}, "arrays": [U1]}, b"12345"),
        "a body that breaks off": head({"kind": "a", "values": {}, "arrays": [U1]}, b"1234")[
            :-1
        ],
        "a head that breaks off": head({"kind": "a"})[:-1],
        "lengths that break off": b"\0\0\0",
    }.items(),
    ids=lambda case: case[0],
)
def test_what_is_no_message_is_refused_before_it_costs_anything(data):
    begin = time.process_time()
    with pytest.raises(MessageBroken):
        read(data[1])
    assert time.process_time() - begin < 1


def test_a_length_may_be_the_limit_and_not_more():
    data = sent(WorkerMessage("a", {}, [np.zeros(100, np.uint8)]))
    assert read(data, 100).arrays[0].shape == (100,)
    with pytest.raises(MessageBroken):
        read(data, 99)


def test_a_slow_pipe_gives_whole_messages():
    class Dripping(io.BytesIO):
        def readinto(self, buffer):
            return super().readinto(memoryview(buffer)[:1])

        def write(self, data):
            return super().write(bytes(data[:1]))

    pipe = Dripping()
    write_message(pipe, WorkerMessage("a", {"x": 1}, [np.arange(20)]))
    pipe.seek(0)
    assert read_message(pipe, most_bytes=MOST).arrays[0].tolist() == list(range(20))


def test_what_is_not_sent():
    for message in (
        WorkerMessage("a", {"x": "y" * messages.MOST_HEAD_BYTES}),
        WorkerMessage("a", {}, [np.array([None])]),
        WorkerMessage("a", {}, [np.zeros(3, np.complex128)]),
    ):
        with pytest.raises(MessageBroken):
            sent(message)
    with pytest.raises(ValueError, match="JSON compliant"):
        sent(WorkerMessage("a", {"x": float("nan")}))
