"""The annotated stream as a file, for so many seconds and bytes and no more."""

import logging
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from core.picture.image import BgrImage
from core.picture.shrinking import shrunk
from core.picture.size import Size
from core.video.encoder import LIVE_WEBM, Encoder

MOST_RECORDING_SECONDS = 60.0
MOST_RECORDING_BYTES = 32 * 10**6
_FPS = 30
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
        self.size_bytes = 0  # of pictures, see ``Encoder.nbytes``
        self.over = False
        self.error = ""
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as we
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._size = Size(1, 1)
        self._began = 0.0

    def add(self, image: BgrImage, at: float) -> None:
        """Append an image that was seen at a time, in seconds of any clock.

        An image of another size than the first is brought to that size, because a camera
        may change its own under load.
        """
        with self._lock, self._whatever_fails():
            if self.over:
                return
            if self._encoder is None:
                self._size = Size.of(image)
                self._began = at
                self._encoder = Encoder(self._file, LIVE_WEBM, self._size, _FPS)
            elapsed = at - self._began
            if elapsed > self.most_seconds or self.size_bytes > self.most_bytes:
                self._end()
            elif self.frames == 0 or elapsed > self.seconds:
                self._encoder.write(shrunk(image, self._size), elapsed)
                self.size_bytes = self._encoder.nbytes
                self.seconds = elapsed
                self.frames += 1

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
                self._end()

    def _end(self) -> None:
        self.over = True
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()
            self.size_bytes = encoder.nbytes
