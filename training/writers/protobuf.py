"""Protocol Buffers on the wire: a field is its number and type, then a value.

Enough to write Caffe and TensorFlow files without their libraries. A message is bytes; fields
are joined by adding them up.
"""

import struct


def varint(value: int) -> bytes:
    """Return a whole number, seven bits a byte, lowest first; negative ones as 64 bits.

    >>> varint(300).hex()
    'ac02'
    """
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def integer(field: int, value: int) -> bytes:
    """Return a field that holds a whole number, a bool or an enum."""
    return varint(field << 3) + varint(value)


def real(field: int, value: float) -> bytes:
    """Return a field that holds a float32."""
    return varint(field << 3 | 5) + struct.pack("<f", value)


def blob(field: int, value: bytes | str) -> bytes:
    """Return a field that holds bytes, a text or another message."""
    content = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(content)) + content


def packed(field: int, values: tuple[int, ...]) -> bytes:
    """Return a field that holds a packed list of whole numbers."""
    return blob(field, b"".join(varint(value) for value in values))
