"""GIF: what its blocks say. Source: CompuServe, GIF89a specification, 1990."""

import struct

from core.picture.header import Header, Unfit, checked_size
from core.picture.size import Size

GIF_SIGNATURES = (b"GIF87a", b"GIF89a")
MAX_BLOCKS = 250_000
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9


def read_gif(data: bytes) -> Header:
    """Read the header; keep the first frame, the one that a viewer shows first.

    Raises:
        Unfit: too large, or cut into too many blocks.
        ValueError: damaged, or cut off within the first frame.
    """
    blocks = _Blocks(data)
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    screen_end = 13 + _table_bytes(flags)
    at, control = blocks.next_image(screen_end)
    left, top, across, down, local = struct.unpack_from("<HHHHB", data, at + 1)
    end = blocks.skipped(at + 10 + _table_bytes(local) + 1)
    size = checked_size(max(width, left + across), max(height, top + down))
    checked_size(across, down)
    is_part = Size(across, down) != size
    transparent = len(control) > 3 and bool(control[3] & 1)
    after = data[end : end + 1]
    # the frame alone, at the top left corner of a screen of its own size
    screen = data[:6] + struct.pack("<HH", across, down) + data[10:screen_end]
    image = data[at : at + 1] + bytes(4) + data[at + 5 : end]
    return Header(
        "GIF",
        size,
        "alpha" if transparent or is_part else "colour",
        screen + control + image + bytes([_TRAILER]),
        decoder="Pillow",
        corner=(left, top),
        whole=bool(after.strip(b"\0")),
        first_of_many=blocks.has_image(end),
        like_imread=False,
    )


class _Blocks:
    """A walk over the blocks, which may not go on for ever."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = MAX_BLOCKS

    def next_image(self, at: int) -> tuple[int, bytes]:
        """Return where the next image begins, and the graphic control in front of it."""
        control = b""
        while self._data[at] == _EXTENSION:
            end = self.skipped(at + 2)
            if self._data[at + 1] == _GRAPHIC_CONTROL:
                control = self._data[at:end]
            at = end
        if self._data[at] != _IMAGE:
            raise ValueError("no image")
        return at, control

    def has_image(self, at: int) -> bool:
        """Tell whether another image follows; what cannot be read holds none."""
        try:
            return bool(self.next_image(at))
        except (ValueError, IndexError, Unfit):
            return False

    def skipped(self, at: int) -> int:
        """Go over data in sub-blocks, each with its length in front; return the end."""
        while length := self._data[at]:
            at += 1 + length
            self._left -= 1
            if self._left < 0:
                raise Unfit(
                    f"is cut into more than {MAX_BLOCKS:,} blocks, the limit. Save it again "
                    "with another program."
                )
        return at + 1


def _table_bytes(flags: int) -> int:
    """Return the length of the colour table that a descriptor's flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
