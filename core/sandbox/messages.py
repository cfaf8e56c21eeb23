"""The messages between Blobscope and its workers: a JSON head and raw arrays, over a pipe.

A message is two 32-bit lengths, a head in JSON and the arrays' bytes, little-endian::

    length of the head | length of the body | head | body

Nothing is pickled, so whoever takes a worker over can send numbers and no code. Both sides
check what they read: lengths, types and shapes, before anything is made of them.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, BinaryIO, NoReturn

import numpy as np
import numpy.typing as npt

MOST_HEAD_BYTES = 1 << 16
MOST_ARRAYS = 64
MOST_AXES = 8
DTYPES = frozenset({"|u1", "<i4", "<i8", "<f4", "<f8"})

_LENGTHS = struct.Struct("<II")

SentArray = npt.NDArray[Any]


class MessageBroken(ValueError):  # noqa: N818 - reads as what happened
    """What came is no message, or is larger than what is taken."""


@dataclass(frozen=True, eq=False, slots=True)
class WorkerMessage:
    """One message.

    Attributes:
        kind: of a request the job's name, of an answer what it is (``part``, ``run`` ...).
        values: small values that JSON can hold.
        arrays: of a type in ``DTYPES``; read-only where they were read from a pipe.
    """

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    arrays: Sequence[SentArray] = ()


def write_message(sink: BinaryIO, message: WorkerMessage) -> None:
    """Write a message to an unbuffered pipe.

    Raises:
        MessageBroken: the head is too long, or an array is of a type that is not sent.
        OSError: nobody reads any more.
    """
    arrays = [np.asarray(each, order="C") for each in message.arrays]
    shapes = [[each.dtype.str, list(each.shape)] for each in arrays]
    told = {"kind": message.kind, "values": dict(message.values), "arrays": shapes}
    head = json.dumps(told, allow_nan=False).encode()
    if len(head) > MOST_HEAD_BYTES or any(dtype not in DTYPES for dtype, _ in shapes):
        raise MessageBroken(f"{message.kind!r} is not sent: its head or an array's type")
    body = sum(each.nbytes for each in arrays)
    _write(sink, _LENGTHS.pack(len(head), body) + head)
    for each in arrays:
        _write(sink, each.reshape(-1).view(np.uint8))


def read_message(source: BinaryIO, *, most_bytes: int) -> WorkerMessage | None:
    """Read a message from an unbuffered pipe; None where the other side has closed it.

    Args:
        source: the pipe.
        most_bytes: of arrays; more is refused before any memory is taken for it.

    Raises:
        MessageBroken: what comes is no message, or is too large.
    """
    lengths = _read(source, _LENGTHS.size)
    if not lengths.size:
        return None
    head_bytes, body_bytes = _LENGTHS.unpack(_all_of(lengths, _LENGTHS.size).tobytes())
    if head_bytes > MOST_HEAD_BYTES or body_bytes > most_bytes:
        raise MessageBroken(f"a head of {head_bytes} and a body of {body_bytes} bytes")
    head = _all_of(_read(source, head_bytes), head_bytes).tobytes()
    kind, values, shapes = _parsed(head)
    if sum(_nbytes(dtype, shape) for dtype, shape in shapes) != body_bytes:
        raise MessageBroken("the arrays do not fill the body")
    body = _all_of(_read(source, body_bytes), body_bytes)
    arrays = []
    at = 0
    for dtype, shape in shapes:
        end = at + _nbytes(dtype, shape)
        array = body[at:end].view(dtype).reshape(shape)
        array.setflags(write=False)
        arrays.append(array)
        at = end
    return WorkerMessage(kind, values, tuple(arrays))


def _parsed(head: bytes) -> tuple[str, dict[str, Any], list[tuple[str, list[int]]]]:
    try:
        told = json.loads(head, parse_constant=_no_number)
        kind = told["kind"]
        values = told["values"]
        shapes = told["arrays"]
        known = [(dtype, shape) for dtype, shape in shapes if _known(dtype, shape)]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MessageBroken(f"a head that cannot be read ({type(error).__name__})") from error
    if not isinstance(kind, str) or not isinstance(values, dict):
        raise MessageBroken("a head without a kind or values")
    if len(known) < len(shapes) or len(shapes) > MOST_ARRAYS:
        raise MessageBroken("an array of an unknown type or shape")
    return kind, values, known


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _known(dtype: object, shape: object) -> bool:
    return (
        dtype in DTYPES
        and isinstance(shape, list)
        and len(shape) <= MOST_AXES
        and all(type(side) is int and side >= 0 for side in shape)
    )


def _nbytes(dtype: str, shape: list[int]) -> int:
    return prod(shape) * np.dtype(dtype).itemsize


def _read(source: BinaryIO, count: int) -> npt.NDArray[np.uint8]:
    """Read so many bytes, or fewer where the other side closes the pipe before."""
    taken = np.empty(count, np.uint8)
    at = 0
    view = taken.data
    while at < count:
        came = source.readinto(view[at:])  # type: ignore[attr-defined]
        if not came:
            break
        at += came
    return taken[:at]


def _all_of(taken: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.uint8]:
    if taken.size < count:
        raise MessageBroken(f"{taken.size} bytes of {count}")
    return taken


def _write(sink: BinaryIO, data: Any) -> None:
    view = memoryview(data)
    while view.nbytes:
        view = view[sink.write(view) :]
