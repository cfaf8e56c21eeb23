"""File names that every system accepts, from untrusted text."""

import hashlib
import re

LONGEST_BYTES = 200
"""Of UTF-8: with a number in front and an ending behind, below the 255 of file systems."""

LONGEST_ENDING = 8

# What Windows forbids includes what all others do; signs of direction hide a name's ending.
_FORBIDDEN = re.compile(
    '[\x00-\x1f\x7f-\x9f/\\\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]'
)
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\s*(\.|$))", re.IGNORECASE)


def file_name(text: str, *, otherwise: str = "picture") -> str:
    r"""Make a harmless file name of a text: the text itself wherever that is one.

    Folders are cut off; only what some file system forbids becomes ``_``. A name that had
    to be changed ends in a mark made of the whole text, so that no two texts share it.

    >>> file_name("../../etc/passwd"), file_name("C:\\photos\\road#12 (1).png")
    ('passwd', 'road#12 (1).png')
    >>> file_name("<b>.jpg"), file_name("con.png"), file_name(".. ")
    ('_b_~64a1d9.jpg', '_con~115842.png', 'picture')
    """
    last = re.split(r"[/\\]", text)[-1]
    kept = _FORBIDDEN.sub("_", last).strip(" .")
    if _DEVICE.match(kept):
        kept = f"_{kept}"
    if not kept:
        return otherwise
    if kept == last and len(kept.encode()) <= LONGEST_BYTES:
        return kept
    digest = hashlib.sha256(last.encode("utf-8", "surrogatepass")).hexdigest()
    return _marked(kept, f"~{digest[:6]}")


def stem(name: str) -> str:
    """Leave out the ending of a file name.

    >>> stem("cat.of.mine.png"), stem("cat")
    ('cat.of.mine', 'cat')
    """
    return name.rpartition(".")[0] or name


def _marked(name: str, mark: str) -> str:
    """Shorten the stem where it must be, and put a mark behind it."""
    start, dot, ending = name.rpartition(".")
    if not dot or len(ending) > LONGEST_ENDING:
        start = name
        ending = ""
    behind = f"{mark}.{ending}" if ending else mark
    room = LONGEST_BYTES - len(behind.encode())
    return start.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + behind
