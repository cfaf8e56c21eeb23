"""What a component sends to the browser: values as JSON, and arrays as their bytes."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_UNPACK = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def pack(head: Mapping[str, Any], parts: Mapping[str, bytes]) -> bytes:
    """Pack the length of a JSON head (uint32, little-endian), the head, and the parts.

    The head also says how the parts are called and how long they are, as ``parts``.
    """
    named = {**head, "parts": [(name, len(data)) for name, data in parts.items()]}
    written = json.dumps(named).encode()
    return b"".join((struct.pack("<I", len(written)), written, *parts.values()))


def script_of(script: Path) -> str:
    """Read a component's script, with what unpacks a payload in front."""
    return _UNPACK + script.read_text(encoding="utf-8")
