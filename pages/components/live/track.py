"""Between aiortc and a stream: camera frames go in, annotated frames come out."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from core.live.stream import Stream

CLOCK_RATE = 90_000
REPEAT_SECONDS = 0.5
"""After this, the last frame is sent again, in case the browser lost it."""


class AnnotatedTrack(MediaStreamTrack):
    """The annotated frames of a stream, each as soon as it is drawn, never an older one.

    Runs on the event loop of the server and only waits there. When the connection ends, for
    whatever reason, it closes the stream.
    """

    kind = "video"

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream
        self._began = time.monotonic()
        self._sent: av.VideoFrame | None = None
        self._drawn: asyncio.Event | None = None

    async def recv(self) -> av.VideoFrame:
        """Return the newest annotated frame that was not sent yet."""
        if self.readyState != "live":
            raise MediaStreamError
        frame = await self._next()
        if frame is None:
            self.stop()
            raise MediaStreamError
        frame.pts = int((time.monotonic() - self._began) * CLOCK_RATE)
        frame.time_base = Fraction(1, CLOCK_RATE)
        self._sent = frame
        return frame

    def stop(self) -> None:
        """End the track and its stream."""
        super().stop()
        self._stream.close()

    async def _next(self) -> av.VideoFrame | None:
        drawn = self._drawn or self._listen()
        while not self._stream.ended.is_set():
            processed = self._stream.latest
            if processed is not None and processed.frame is not self._sent:
                return processed.frame
            drawn.clear()
            try:
                await asyncio.wait_for(drawn.wait(), REPEAT_SECONDS)
            except TimeoutError:
                if self._sent is not None:
                    return self._sent
        return None

    def _listen(self) -> asyncio.Event:
        loop = asyncio.get_running_loop()
        drawn = asyncio.Event()
        self._stream.tell(partial(_ring, loop, drawn))
        self._drawn = drawn
        return drawn


def _ring(loop: asyncio.AbstractEventLoop, drawn: asyncio.Event) -> None:
    with suppress(RuntimeError):  # a server that is shutting down has closed its loop
        loop.call_soon_threadsafe(drawn.set)


@dataclass(frozen=True, slots=True)
class Player:
    """A player for streamlit-webrtc: video, no audio."""

    video: AnnotatedTrack
    audio: None = None


def begin(stream: Stream) -> Player:
    """Start a stream when a connection is made; called by streamlit-webrtc on its thread."""
    stream.begin()
    return Player(AnnotatedTrack(stream))
