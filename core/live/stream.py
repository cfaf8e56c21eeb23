"""A visitor's stream: frames come in, the newest is processed, an annotated one goes out.

Its own thread does the processing, so that neither the server's event loop nor anybody
else's page waits for it; the engine serves all callers in the order of asking.
"""

import atexit
import logging
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from core.errors import BlobscopeError, LiveRefused
from core.live.counters import LiveNumbers, Rate, Recent
from core.live.history import History
from core.live.processing import FrameResult, error_result, process_frame
from core.live.recording import Recording
from core.live.settings import LiveSettings
from core.live.stream_slots import StreamLease, StreamSlots
from core.live.video_source import VideoSource, play
from core.picture.image import BgrImage
from core.picture.shrinking import shrunk
from core.picture.size import Size
from core.series.settled import Settled

MOST_WIDTH = MOST_HEIGHT = 1280
"""Larger frames are shrunk: a visitor's camera must not decide what a look costs."""

LEAST_SIDE = 2
"""Video halves the colours of a frame, so that it needs two pixels on each side."""

EXIT_SECONDS = 5.0
"""So long a process that ends waits for looks that are under way."""

_LOG = logging.getLogger(__name__)
_BEGUN: "weakref.WeakSet[Stream]" = weakref.WeakSet()


@dataclass(frozen=True, eq=False, slots=True)
class ProcessedFrame:
    """A processed frame.

    Attributes:
        number: which frame of the stream it was, from 1.
        second: when it came in, counted from the stream's beginning.
        result: what came of it.
        frame: the annotated image as a video wants it.
    """

    number: int
    second: float
    result: FrameResult
    frame: av.VideoFrame


class LatestFrame:
    """Room for one frame: a newer one takes its place; safe under threads."""

    def __init__(self) -> None:
        self.frames = 0
        self.dropped = 0
        self._room = threading.Condition()
        self._waiting: tuple[int, float, av.VideoFrame] | None = None
        self._closed = False

    def put(self, frame: av.VideoFrame) -> None:
        """Leave a frame; never waits."""
        with self._room:
            if self._closed:
                return
            self.frames += 1
            self.dropped += self._waiting is not None
            self._waiting = self.frames, time.monotonic(), frame
            self._room.notify()

    def take(self) -> tuple[int, float, av.VideoFrame] | None:
        """Wait for the next frame; its number, when it came, and itself. None at the end."""
        with self._room:
            self._room.wait_for(lambda: self._closed or self._waiting is not None)
            taken, self._waiting = self._waiting, None
            return None if self._closed else taken

    def close(self) -> None:
        """Release all waiting threads."""
        with self._room:
            self._closed = True
            self._waiting = None
            self._room.notify_all()


class Stream:
    """One visitor's stream, from START to STOP.

    ``settings`` and ``video_source`` may be replaced at any time; they apply to the next frame.

    Args:
        visitor: who asks for a place.
        slots: where it is asked for.
        address: where the visitor comes from, as far as that is known.
    """

    def __init__(self, visitor: str, slots: StreamSlots, address: str = "") -> None:
        self.settings: LiveSettings | None = None
        self.video_source: VideoSource | None = None
        self.history = History()
        self.settled = Settled()
        self.recording: Recording | None = None
        self.latest: ProcessedFrame | None = None
        self.error = ""
        self.ended = threading.Event()
        self.why_ended = ""
        self.lease: StreamLease | None = None
        self._visitor = visitor
        self._slots = slots
        self._address = address
        self._latest_frame = LatestFrame()
        self._came = Rate(time.monotonic)
        self._went = Rate(time.monotonic)
        self._forward_ms, self._delay_ms = Recent(), Recent()
        self._listeners: list[Callable[[], object]] = []
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._began = time.monotonic()

    @property
    def began(self) -> bool:
        """Return whether START was pressed."""
        return self._thread is not None or bool(self.why_ended)

    @property
    def numbers(self) -> LiveNumbers:
        """How the stream is doing."""
        return LiveNumbers(
            self._came.per_second,
            self._went.per_second,
            self._forward_ms.median,
            self._delay_ms.median,
            self._latest_frame.frames,
            self._latest_frame.dropped,
        )

    @property
    def seconds_left(self) -> float:
        """How long the place still lasts."""
        return self._slots.left(self.lease) if self.lease else 0.0

    def renew(self) -> None:
        """Ask for the full time again.

        Raises:
            LiveRefused: the time is over, or another visitor is waiting.
        """
        if self.lease:
            self._slots.renew(self.lease)

    def begin(self) -> None:
        """Take a place and begin to look; without a place the stream ends at once, with why."""
        with self._lock:
            if self._thread or self.ended.is_set():
                return
            try:
                self.lease = self._slots.take(self._visitor, self._address)
            except BlobscopeError as refused:
                self._end(str(refused))
                return
            self._began = time.monotonic()
            _BEGUN.add(self)
            self._thread = _thread("blobscope-live", self._work)
            if self.video_source is not None:
                _thread("blobscope-video-source", partial(self._to_its_end, self._play))

    def offer(self, frame: av.VideoFrame) -> None:
        """Hand over a frame that came in; returns at once, whatever the net does."""
        self._came.note()
        self._latest_frame.put(frame)

    def tell(self, listener: Callable[[], object]) -> None:
        """Call a function, in the stream's thread, after each look and at the end."""
        self._listeners.append(listener)

    def record(self) -> Recording:
        """Begin a recording of what is shown from now on; it ends with the stream."""
        self.recording = recording = Recording()
        if self.ended.is_set():  # its thread may be over already
            recording.finish()
        return recording

    def close(self, why: str = "") -> None:
        """End the stream; closing it twice does no harm."""
        with self._lock:
            self._end(why)

    def join(self, seconds: float) -> None:
        """Wait until the last look is over, so many seconds at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _end(self, why: str) -> None:
        if self.ended.is_set():
            return
        self.why_ended = why
        self.ended.set()
        self._latest_frame.close()
        if self.lease:
            self._slots.give_back(self.lease)
        self._tell_all()

    def _work(self) -> None:
        """Look until the end, then leave nothing behind; the thread of the stream.

        The recording is finished here and not where the stream is closed: that may be the
        server's event loop, which must not wait for an encoder.
        """
        self._to_its_end(self._process_frames)
        if self.recording:
            self.recording.finish()
        self.latest = None  # frees megabytes that are not needed any more
        self.history.forget_thumbnails()

    def _process_frames(self) -> None:
        """Process the newest frame, repeatedly."""
        while (taken := self._latest_frame.take()) is not None:
            settings = self.settings
            if self.seconds_left <= 0:
                self.close("The session of this stream has ended. Press START for a new one.")
            elif settings is not None:
                self._publish(*taken, settings)

    def _play(self) -> None:
        """Feed the stream with its video source."""
        play(lambda: self.video_source, self.offer, self.ended)

    def _to_its_end(self, work: Callable[[], None]) -> None:
        """Do a thread's work; whatever breaks it ends the stream with a sentence."""
        try:
            work()
        except BlobscopeError as error:
            self.close(str(error))
        except Exception as error:  # top of the thread: the error would be lost otherwise
            _LOG.exception("A stream broke off")
            kind = type(error).__name__
            self.close(f"This stream failed ({kind}). Press START for a new one.")

    def _publish(
        self, number: int, came: float, frame: av.VideoFrame, settings: LiveSettings
    ) -> None:
        result = process_frame_safely(image_of(frame), settings, self.settled)
        self.error = result.error
        second = came - self._began
        self.latest = ProcessedFrame(number, second, result, frame_of(result.annotated))
        self._went.note()
        self._delay_ms.note(1e3 * (time.monotonic() - came))
        if result.forward_ms is not None:
            self._forward_ms.note(result.forward_ms)
        self.history.note(result, second)
        if self.recording:
            self.recording.add(result.annotated, came)
        self._tell_all()

    def _tell_all(self) -> None:
        for listener in self._listeners:
            try:
                listener()
            except Exception:  # one that is closed must not block the others
                _LOG.exception("A listener of a stream failed")


@atexit.register
def _end_all() -> None:
    """Let no look outlive Python: one that comes back from OpenCV then aborts the process."""
    begun = list(_BEGUN)
    for stream in begun:
        stream.close()
    for stream in begun:
        stream.join(EXIT_SECONDS)


def _thread(name: str, work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


def process_frame_safely(
    image: BgrImage, settings: LiveSettings, settled: Settled
) -> FrameResult:
    """Process an image; every error becomes a sentence, and the stream continues.

    An exception would end the thread and freeze the picture without a word.
    """
    try:
        return process_frame(image, settings, settled)
    except BlobscopeError as error:
        return error_result(image, str(error))
    except Exception as error:  # the border of the thread, see above
        _LOG.exception("A look failed")
        kind = type(error).__name__
        return error_result(
            image, f"This frame could not be processed ({kind}). Choose another."
        )


def image_of(frame: av.VideoFrame) -> BgrImage:
    """Turn a frame into an image of bounded size."""
    return bounded(BgrImage(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)))


def bounded(image: BgrImage) -> BgrImage:
    """Fit it into ``MOST_WIDTH`` x ``MOST_HEIGHT``, with even sides, as video wants them.

    Raises:
        LiveRefused: there is next to nothing of it.
    """
    height, width = image.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise LiveRefused(
            f"A frame of {width} x {height} pixels is too small to process. Choose "
            "another camera or video."
        )
    pixels: npt.NDArray[Any] = image
    scale = min(MOST_WIDTH / width, MOST_HEIGHT / height)
    if scale < 1:
        width, height = (max(LEAST_SIDE, round(side * scale)) for side in (width, height))
        pixels = shrunk(image, Size(width, height))
    return BgrImage(np.ascontiguousarray(pixels[: height // 2 * 2, : width // 2 * 2]))


def frame_of(image: BgrImage) -> av.VideoFrame:
    """Turn an image into a frame with the colours halved (4:2:0), as video encoders want it."""
    return av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
