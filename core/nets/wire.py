"""Protocol buffers as bytes: the fields of a message, without unpacking the weights in it.

An .onnx or .pb of 100 MB is read in milliseconds, because what is skipped is never copied.
Source: the encoding specification of Protocol Buffers.
"""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10

Value = int | memoryview


def fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    r"""Yield the number and the value of each field: a whole number, or a view of bytes.

    Raises:
        ValueError: this is no message.

    >>> [(number, bytes(value)) for number, value in fields(memoryview(b"\x0a\x02hi"))]
    [(1, b'hi')]
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number = key >> 3
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        length = {FIXED64: 8, FIXED32: 4}.get(kind, 0)
        if kind == BYTES:
            length, at = _varint(message, at)
        if (not length and kind != BYTES) or at + length > len(message):
            raise ValueError("no message of Protocol Buffers")
        yield number, message[at : at + length]
        at += length


def messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the messages, texts or bytes that a field holds."""
    for found, value in fields(message):
        if found == number and isinstance(value, memoryview):
            yield value


def first(message: memoryview, *path: int) -> memoryview | None:
    """Return the first message at a path of field numbers; None where there is none."""
    for number in path:
        found = next(messages(message, number), None)
        if found is None:
            return None
        message = found
    return message


def text(message: memoryview, number: int) -> str:
    """Return a field as text; nothing where there is none."""
    found = first(message, number)
    return "" if found is None else bytes(found).decode("utf-8", "replace")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[at : at + LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("no message of Protocol Buffers")
