"""Small films for tests, written with PyAV."""

import io
from collections.abc import Sequence

import av
import numpy as np


def film(
    images: Sequence[np.ndarray], *, kind: str = "mp4", fps: int = 20, title: str = ""
) -> bytes:
    """Encode images, (H, W, 3) in B, G, R, as a video file."""
    written = io.BytesIO()
    with av.open(written, "w", format=kind) as container:
        track = container.add_stream("libvpx" if kind in ("webm", "matroska") else "mpeg4", fps)
        track.height, track.width = images[0].shape[:2]
        track.pix_fmt = "yuv420p"
        container.metadata["title"] = title
        for image in images:
            container.mux(track.encode(frame(image)))
        container.mux(track.encode())
    return written.getvalue()


def frame(image: np.ndarray) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")


def plain(blue: int, green: int, red: int, size: tuple[int, int] = (96, 64)) -> np.ndarray:
    return np.full((size[1], size[0], 3), (blue, green, red), np.uint8)
