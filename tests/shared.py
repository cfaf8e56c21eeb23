"""Where the real nets and photos of the team lie; other machines run without them."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("BLOBSCOPE_SHARED", Path(__file__).parents[2] / "shared"))
NETS = SHARED / "nets"
IMAGES = SHARED / "images"

needs_shared = pytest.mark.skipif(
    not NETS.is_dir(),
    reason="the real nets are not on this machine (BLOBSCOPE_SHARED names their folder)",
)
