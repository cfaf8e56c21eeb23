"""FlatBuffers as bytes: tables, vectors and texts, read where they lie in the file.

Nothing is unpacked but what is asked for. Source: the FlatBuffers internals document.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MOST_ITEMS = 4096
"""Of a vector that is read; a net with more inputs, or axes, is none."""


@dataclass(frozen=True, slots=True)
class FlatTable:
    """One table: where it begins in the file.

    All methods raise ValueError where an offset or a length points out of the file.
    """

    data: memoryview
    at: int

    @classmethod
    def root(cls, data: memoryview) -> "FlatTable":
        """Return the table that a file begins with."""
        return cls(data, _number(data, "<I", 0))

    def tables(self, field: int) -> Iterator["FlatTable"]:
        """Yield the tables of a vector; none where the field is not there."""
        for place in self._items(field):
            yield FlatTable(self.data, place + _number(self.data, "<I", place))

    def numbers(self, field: int) -> tuple[int, ...]:
        """Return a vector of whole numbers of 32 bits."""
        return tuple(_number(self.data, "<i", place) for place in self._items(field))

    def text(self, field: int) -> str:
        """Return a text; an empty one where the field is not there."""
        start, count = self._vector(field)
        return bytes(self.data[start : start + count]).decode("utf-8", "replace")

    def _items(self, field: int) -> range:
        """Say where the items of a vector lie, of four bytes each."""
        start, count = self._vector(field)
        return range(start, start + 4 * count, 4)

    def _vector(self, field: int) -> tuple[int, int]:
        """Say where a vector's items begin, and how many they are."""
        names = self.at - _number(self.data, "<i", self.at)  # the table's own index of fields
        entry = 4 + 2 * field
        inside = entry < _number(self.data, "<H", names)
        offset = _number(self.data, "<H", names + entry) if inside else 0
        if not offset:
            return 0, 0
        place = self.at + offset
        place += _number(self.data, "<I", place)
        count = _number(self.data, "<I", place)
        if count > MOST_ITEMS or place + 4 + count > len(self.data):
            raise ValueError("no FlatBuffers file")
        return place + 4, count


def _number(data: memoryview, kind: str, at: int) -> int:
    """Read one number; Python itself would count a negative place from the end."""
    if not 0 <= at <= len(data) - struct.calcsize(kind):
        raise ValueError("no FlatBuffers file")
    return int(struct.unpack_from(kind, data, at)[0])
