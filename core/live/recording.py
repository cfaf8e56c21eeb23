"""The annotated stream as a file, for so many seconds and bytes and no more."""

import logging
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import IO, Any

import av
import cv2

from core.picture.image import BgrImage
from core.picture.size import Size

MOST_RECORDING_SECONDS = 60.0
MOST_RECORDING_BYTES = 32 * 10**6
_BIT_RATE = 2_000_000
_MILLISECONDS = Fraction(1, 1000)
_LOG = logging.getLogger(__name__)


class Recording:
    """A WebM (VP8) of what is added to it; safe under threads.

    The file has no name: the system removes it with the object, even if the process is
    killed. It ends by itself at its limits, and when it cannot be written: ``error`` then
    reports it, and callers are not affected.

    Args:
        most_seconds, most_bytes: the limits.
    """

    def __init__(
        self,
        *,
        most_seconds: float = MOST_RECORDING_SECONDS,
        most_bytes: int = MOST_RECORDING_BYTES,
    ) -> None:
        self.most_seconds = most_seconds
        self.most_bytes = most_bytes
        self.seconds = 0.0
        self.frames = 0
        self.size_bytes = 0  # of pictures; the file's own head and tail are some hundred more
        self.over = False
        self.error = ""
        self.size: Size | None = None
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as we
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._container: Any = None
        self._track: Any = None
        self._began = 0.0

    def add(self, image: BgrImage, at: float) -> None:
        """Append an image that was seen at a time, in seconds of any clock.

        An image of another size than the first is brought to that size, because a camera
        may change its own under load.
        """
        with self._lock, self._whatever_fails():
            if self.over:
                return
            if self._track is None:
                self._begin(Size.of(image), at)
            elapsed = at - self._began
            if elapsed > self.most_seconds or self.size_bytes > self.most_bytes:
                self._end()
            elif self.frames == 0 or elapsed > self.seconds:
                self._write(image, elapsed)

    def finish(self) -> None:
        """End the recording; what was added so far is a whole file."""
        with self._lock, self._whatever_fails():
            if not self.over:
                self._end()

    def data(self) -> bytes:
        """Return the file; finishes the recording first."""
        self.finish()
        with self._lock:
            self._file.seek(0)
            return self._file.read()

    @contextmanager
    def _whatever_fails(self) -> Iterator[None]:
        """Let a failure, such as a full disk, end the recording and nothing else."""
        try:
            yield
        except Exception as error:  # the border of the recording, see above
            _LOG.exception("A recording failed")
            self.over = True
            self.error = (
                f"The recording failed ({type(error).__name__}). The file may contain the part "
                "before; press Record to start again."
            )
            with suppress(Exception):
                self._container.close()
            self._container = self._track = None

    def _begin(self, size: Size, at: float) -> None:
        even = Size(max(2, size.width // 2 * 2), max(2, size.height // 2 * 2))
        self._container = av.open(self._file, "w", format="webm")
        # the quickest way of this encoder: it works between two frames of a live stream
        quick = {"deadline": "realtime", "cpu-used": "8"}
        self._track = self._container.add_stream("libvpx", rate=30, options=quick)
        self._track.width, self._track.height = even.cv2
        self._track.pix_fmt = "yuv420p"
        self._track.bit_rate = _BIT_RATE
        self._track.codec_context.time_base = _MILLISECONDS
        self.size, self._began = even, at

    def _write(self, image: BgrImage, elapsed: float) -> None:
        assert self.size is not None
        if Size.of(image) != self.size:
            image = BgrImage(
                cv2.resize(image, self.size.cv2, interpolation=cv2.INTER_AREA).astype("uint8")
            )
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts, frame.time_base = round(1000 * elapsed), _MILLISECONDS
        self._mux(self._track.encode(frame))
        self.seconds, self.frames = elapsed, self.frames + 1

    def _end(self) -> None:
        self.over = True
        if self._container is not None:
            self._mux(self._track.encode())
            self._container.close()
            self._container = self._track = None

    def _mux(self, packets: list[Any]) -> None:
        self.size_bytes += sum(packet.size for packet in packets)
        self._container.mux(packets)
