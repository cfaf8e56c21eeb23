"""Words on the screen."""

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~:$@&-]|^\d+(?=[.)]))")
_ADDRESS = re.compile(r"www(?=\.)|@|:(?=//)", re.IGNORECASE)
WORD_JOINER = "\u2060"


def plain(text: str) -> str:
    r"""Escape Markdown, so that a file's name or a label can never become a link or picture.

    Each sign that means something becomes its character reference. Browsers turn bare
    addresses into links all the same, so an unseen word joiner breaks those.

    >>> plain("![x](y)"), plain("www.y.z")
    ('&#33;&#91;x&#93;&#40;y&#41;', 'www\u2060.y.z')
    """
    broken = _ADDRESS.sub(f"\\g<0>{WORD_JOINER}", text)
    return _MARKDOWN.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found[0]), broken)


def milliseconds(value: float) -> str:
    """Write a time so that it can be compared at a glance.

    >>> milliseconds(3.14159), milliseconds(345.6)
    ('3.1 ms', '346 ms')
    """
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def megabytes(count: int) -> str:
    """Write a file's size.

    >>> megabytes(2_484_091), megabytes(9_685)
    ('2.5 MB', '9.7 kB')
    """
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def about_seconds(seconds: float) -> str:
    """Write how long something will take, no more exactly than anybody can know.

    >>> about_seconds(0.2), about_seconds(48.3), about_seconds(310)
    ('1 s', '48 s', '5 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def amount(count: int, noun: str) -> str:
    """Write a number with its noun.

    >>> amount(1, "picture"), amount(1200, "picture")
    ('1 picture', '1,200 pictures')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
