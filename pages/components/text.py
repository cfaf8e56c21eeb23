"""Words on the screen."""

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~:$@&-]|(?<=w)\.|^\d+(?=[.)]))")


def plain(text: str) -> str:
    r"""Escape Markdown, so that a file's name or a label can never become a link or picture.

    Each sign that means something becomes its character reference, which Markdown neither
    reads as its own nor takes for a part of an address.

    >>> plain("![x](www.y.z)")
    '&#33;&#91;x&#93;&#40;www&#46;y.z&#41;'
    """
    return _MARKDOWN.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found[0]), text)


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
