"""The nets and photos of others: this machine may have them, and may not.

What our own nets can prove, they prove everywhere, and the nets of others are further
parameters of the same test: ``[*OURS, *where_present("yolox-nano-onnx")]``. Only what
nothing but a net of others can prove needs them.
"""

import os
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

SHARED = Path(os.environ.get("BLOBSCOPE_SHARED", Path(__file__).parents[2] / "shared"))
NETS = SHARED / "nets"
IMAGES = SHARED / "images"
PRESENT = NETS.is_dir()

needs_shared = pytest.mark.skipif(
    not PRESENT,
    reason="the real nets are not on this machine (BLOBSCOPE_SHARED names their folder)",
)


def where_present(*values: T) -> tuple[T, ...]:
    """Return these parameters of a test where the nets of others are here, else none."""
    return values if PRESENT else ()
