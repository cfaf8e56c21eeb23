"""What a component sends to the browser: values as JSON, and arrays as their bytes."""

import json
import struct
from collections.abc import Mapping
from typing import Any


def pack(head: Mapping[str, Any], parts: Mapping[str, bytes]) -> bytes:
    """Pack the length of a JSON head (uint32, little-endian), the head, and the parts.

    The head also lists the names and lengths of the parts, as ``parts``.
    """
    named = {**head, "parts": [(name, len(data)) for name, data in parts.items()]}
    written = json.dumps(named).encode()
    return b"".join((struct.pack("<I", len(written)), written, *parts.values()))
