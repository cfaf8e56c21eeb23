"""The narrow door: a card and a blob go in, named outputs come out.

Everything behind it can change without affecting callers: ``LocalEngine`` runs OpenCV in
this process; a sandboxed process and a remote machine will stand here later.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Protocol

import cv2
import numpy as np

from core.blob.make import Blob
from core.blob.spec import BlobLayout
from core.errors import ForwardFailed
from core.nets.cache import NetCache
from core.nets.card import ModelCard, ModelFile, ModelPaths
from core.nets.downloads import file_paths
from core.nets.inputs import Declared, declared_inputs, refusal, size_note
from core.nets.net import core_of, read_net
from core.nets.scheduler import ForwardScheduler, ThreadTuner
from core.outputs import Outputs
from core.picture.size import Size

MOST_COPIES = 4
"""Copies of one net that serve side by side, however many cores there are."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time went, in milliseconds; waiting for other callers is not in it.

    Attributes:
        load_ms: reading the files; None where the net was in the cache already.
        forward_ms: the blob in, the outputs out.
        first: it was this net's first forward, which also lays out its memory and is
            slower than the following ones.
    """

    load_ms: float | None
    forward_ms: float
    first: bool


@dataclass(frozen=True, eq=False, slots=True)
class Inference:
    """What one forward gave, and what it cost."""

    outputs: Outputs
    timings: Timings


class Engine(Protocol):
    """Whatever can run a model on a blob.

    An engine may be called from any number of threads at once and never mixes up
    their results.
    """

    def infer(self, card: ModelCard, blob: Blob) -> Inference:
        """Run the model on the blob.

        Raises:
            ModelMissing: the model's files are not where the engine looks for them.
            ModelUnreadable: they are no network that the engine can read.
            ForwardFailed: the network refuses this blob.
        """


@dataclass(eq=False)
class LoadedNet:
    """A net with what we learned about it; its borrower is the only one to touch it."""

    net: cv2.dnn.Net
    inputs: Declared
    output_names: tuple[str, ...]
    size_bytes: int
    load_ms: float
    tuner: ThreadTuner
    forwards: int = 0


@dataclass(frozen=True)
class NetKey:
    """A net is laid out for one blob shape; another shape gets a net of its own.

    Alternating shapes on one net costs 60 % more each time, and some nets stay broken
    for good shapes after an odd one. (The card itself would be slow to hash: labels.)
    """

    name: str
    folder: Path
    files: tuple[ModelFile, ...]
    shape: tuple[int, ...]


class LocalEngine:
    """OpenCV in this process, with a bounded cache of nets and one lane a core.

    Args:
        cores: how many forwards may run side by side; all of the machine's by default.
        locate: returns the file paths of a card.
        cache: where nets are kept between calls.
    """

    def __init__(
        self,
        cores: int | None = None,
        locate: Callable[[ModelCard], ModelPaths] = file_paths,
        cache: NetCache[NetKey, LoadedNet] | None = None,
    ) -> None:
        self.cores = cores or cv2.getNumberOfCPUs()
        self.cache = cache or NetCache(copies=min(self.cores, MOST_COPIES))
        self._locate = locate
        self._scheduler = ForwardScheduler(self.cores)
        # OpenCV's readers share state (opencv/opencv issue 15757): one read at a time
        self._reading = Lock()

    def infer(self, card: ModelCard, blob: Blob) -> Inference:
        """Run the model on the blob; see ``Engine.infer``."""
        key = NetKey(card.name, card.folder, card.files, blob.shape)
        with (
            self.cache.borrowed(key, lambda: self._read(card, blob)) as (loaded, fresh),
            self._scheduler.turn(loaded.tuner) as threads,
        ):
            first = loaded.forwards == 0
            start = time.perf_counter()
            outputs = _forward(loaded, card, blob)
            seconds = time.perf_counter() - start
            if threads is not None and not first:
                loaded.tuner.learn(threads, seconds)
        load_ms = loaded.load_ms if fresh else None
        return Inference(outputs, Timings(load_ms, seconds * 1000, first))

    def _read(self, card: ModelCard, blob: Blob) -> LoadedNet:
        paths = self._locate(card)
        with self._reading:
            start = time.perf_counter()
            net = read_net(card, paths)
            load_ms = (time.perf_counter() - start) * 1000
        names = tuple(net.getUnconnectedOutLayersNames())
        size = _memory_of(net, paths, blob)
        inputs = declared_inputs(card, paths)
        return LoadedNet(net, inputs, names, size, load_ms, ThreadTuner.up_to(self.cores))


def _forward(loaded: LoadedNet, card: ModelCard, blob: Blob) -> Outputs:
    reason = refusal(loaded.inputs, blob.shape, card.blob.layout)
    if reason:
        raise ForwardFailed(f"{card.title} {reason}")
    loaded.forwards += 1
    try:
        loaded.net.setInput(blob)
        arrays = loaded.net.forward(loaded.output_names)
    except cv2.error as error:
        raise ForwardFailed(_why(error, loaded, card, blob)) from error
    named = zip(loaded.output_names, arrays, strict=True)
    return Outputs({name: np.asarray(array, np.float32) for name, array in named})


def _why(error: cv2.error, loaded: LoadedNet, card: ModelCard, blob: Blob) -> str:
    """Name what made a forward fail, as far as the net's files and OpenCV tell."""
    said = core_of(error)
    if error.code == cv2.Error.StsNoMem:
        return (
            f"There is not enough memory to run {card.title} on a blob of shape {blob.shape} "
            f"({said}). Choose a smaller size, or try again when less is going on."
        )
    made = _size(blob, card.blob.layout)
    note = size_note(loaded.inputs, made)
    if note:
        return f"{card.title} {note} OpenCV's words: {said}."
    if made and loaded.inputs and loaded.inputs[0].size == made:
        return (
            f"OpenCV fails inside {card.title}, although the blob, of shape {blob.shape}, is "
            f"what the net declares: {said}. The file may be damaged, or hold layers that "
            "OpenCV computes otherwise."
        )
    return (
        f"{card.title} does not accept a blob of shape {blob.shape}: {said}. "
        f"Its card says {_wanted(card)}."
    )


def _size(blob: Blob, layout: BlobLayout) -> Size | None:
    """Return the width and height of a blob that is one."""
    if blob.ndim != 4 or 0 in blob.shape:
        return None
    height, width = blob.shape[2:] if layout == "NCHW" else blob.shape[1:3]
    return Size(width, height)


def _wanted(card: ModelCard) -> str:
    return f"a size of {card.blob.size}" if card.blob.size else "no particular size"


def _memory_of(net: cv2.dnn.Net, paths: ModelPaths, blob: Blob) -> int:
    """Estimate what a net holds once it has run: 4 times its weights, a sixth of its blobs.

    Measured on eight nets (10 to 310 MB of growth): within a factor of 2. OpenCV packs
    the weights again for its kernels and lets layers share the blobs' memory.
    """
    try:
        weights, blobs = net.getMemoryConsumption(blob.shape)
    except cv2.error:  # the shape does not fit; the forward will say so in a sentence
        weights = paths.model.stat().st_size
        blobs = blob.nbytes
    return int(4 * weights + blobs / 6)


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Return the engine of this process."""
    return LocalEngine()


def infer(card: ModelCard, blob: Blob) -> Inference:
    """Run a model on a blob with the engine of this process; see ``Engine.infer``."""
    return engine().infer(card, blob)
