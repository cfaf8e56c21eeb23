"""Settings of the server that are whole numbers, from the environment's variables."""

import os
from collections.abc import Mapping


def whole_number(
    name: str, default: int, *, environment: Mapping[str, str] = os.environ
) -> int:
    """Read a whole number of at least 1; anything else counts as not set.

    >>> whole_number("BLOBSCOPE_JOBS", 3, environment={"BLOBSCOPE_JOBS": " 5 "})
    5
    >>> [whole_number("A", 3, environment={"A": text}) for text in ("", "0", "-1", "2.5", "x")]
    [3, 3, 3, 3, 3]
    """
    text = environment.get(name, "").strip()
    return int(text) if text.isdecimal() and int(text) > 0 else default
