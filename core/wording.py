"""Counts and durations in words, and text that every screen and file can hold."""

import math


def counted(count: int, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "box"), counted(3, "box"), counted(2, "class"), counted(0, "stream")
    ('1 box', '3 boxes', '2 classes', '0 streams')
    """
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"


def duration_text(seconds: float) -> str:
    """Write a time as people say it, rounded up.

    >>> duration_text(1), duration_text(59), duration_text(61)
    ('1 second', '59 seconds', '2 minutes')
    """
    if seconds < 60:
        return counted(math.ceil(seconds), "second")
    return counted(math.ceil(seconds / 60), "minute")


def whole_characters(text: str) -> str:
    r"""Replace lone surrogates, which JSON can hold and UTF-8 cannot, with U+FFFD.

    >>> whole_characters("caf\ud800") == "caf\ufffd"
    True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
