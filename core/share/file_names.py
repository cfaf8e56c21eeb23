"""File names that every system accepts, from untrusted text."""

import re
from unicodedata import normalize

LONGEST = 60
"""In characters: with a number in front and an ending behind, below 255 bytes of UTF-8."""

_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)


def file_name(text: str, *, otherwise: str = "picture") -> str:
    r"""Make a harmless file name of a text, as like it as possible.

    Folders are cut off; what is no letter, number, space or one of ``._-`` becomes ``_``;
    no dot comes first or last; names of Windows' devices get an underscore in front. A
    name that is too long keeps its ending.

    >>> file_name("../../etc/passwd"), file_name("traffic light"), file_name("<b>.jpg")
    ('passwd', 'traffic light', '_b_.jpg')
    >>> file_name("con.png"), file_name(".. "), file_name("C:\\photos\\cat.png")
    ('_con.png', 'picture', 'cat.png')
    """
    last = re.split(r"[/\\]", normalize("NFKC", text))[-1]
    kept = "".join(each if each.isalnum() or each in "._- " else "_" for each in last)
    kept = kept.strip(" .")
    if _DEVICE.match(kept):
        kept = f"_{kept}"
    return _shortened(kept) or otherwise


def stem(name: str) -> str:
    """Leave out the ending of a file name.

    >>> stem("cat.of.mine.png"), stem("cat")
    ('cat.of.mine', 'cat')
    """
    return name.rpartition(".")[0] or name


def _shortened(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    start, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 8:
        return name[:LONGEST].rstrip(" .")
    return f"{start[: LONGEST - len(ending) - 1].rstrip(' .')}.{ending}"
