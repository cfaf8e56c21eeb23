"""Text on the screen: escaping, numbers with units, plurals."""

import re

from core.wording import whole_characters

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~:$@&-]|^\d+(?=[.)]))")
_ADDRESS = re.compile(r"www(?=\.)|@|:(?=//)", re.IGNORECASE)
WORD_JOINER = "\u2060"
CODE_NAMES = ("swapRB", "scalefactor", "mean", "std", "ddepth", "dtype", "x", "y")
"""What OpenCV and NumPy call a parameter; people search their documentation for it."""


def plain(text: str) -> str:
    r"""Escape Markdown, so that a file name or a label can never become a link or an image.

    Each character with a meaning in Markdown becomes its character reference. Bare addresses
    would still become links, so an invisible word joiner splits them. Lone surrogates, which
    Streamlit cannot send, are replaced.

    >>> plain("![x](y)"), plain("www.y.z")
    ('&#33;&#91;x&#93;&#40;y&#41;', 'www\u2060.y.z')
    """
    broken = _ADDRESS.sub(f"\\g<0>{WORD_JOINER}", whole_characters(text))
    return _MARKDOWN.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found[0]), broken)


def as_label(name: str) -> str:
    """Write a name as the label of a control or a number: in sentence case, or as in code.

    >>> as_label("largest difference"), as_label("swapRB"), as_label("FPS")
    ('Largest difference', 'swapRB', 'FPS')
    """
    return name if name in CODE_NAMES else name[:1].upper() + name[1:]


def milliseconds(value: float) -> str:
    """Write a time in milliseconds.

    >>> milliseconds(3.14159), milliseconds(345.6)
    ('3.1 ms', '346 ms')
    """
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def megabytes(count: int) -> str:
    """Write a file size.

    >>> megabytes(2_484_091), megabytes(9_685)
    ('2.5 MB', '9.7 kB')
    """
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def about_seconds(seconds: float) -> str:
    """Write a duration in seconds or minutes, rounded.

    >>> about_seconds(0.2), about_seconds(48.3), about_seconds(310)
    ('1 s', '48 s', '5 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def amount(count: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun; the plural adds an s unless it is given.

    >>> amount(1, "picture"), amount(1200, "picture"), amount(2, "box", "boxes")
    ('1 picture', '1,200 pictures', '2 boxes')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
