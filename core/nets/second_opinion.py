"""A second opinion: the same blob through ONNX Runtime, and how far the answers lie apart.

ONNX Runtime is an optional extra (requirements-onnx.txt). This is the one module that
imports it, and only when asked.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.blob.make import Blob
from core.errors import EngineMissing, ForwardFailed
from core.nets.card import ModelCard, ModelPaths
from core.nets.downloads import file_paths
from core.nets.engine import Engine, engine
from core.outputs import Outputs

TOLERANCE = 1e-3
"""Answers agree up to this: absolutely below 1, in proportion to the number above it."""

REPEATS = 3
"""Warm forwards of each engine; the fastest counts."""


@dataclass(frozen=True, slots=True)
class OutputDifference:
    """How far two answers lie apart in one output.

    Attributes:
        output: its name.
        shape: of both arrays.
        largest: of all differences, absolutely.
        relative: the largest when each is divided by its number, where that is above 1.
        value: OpenCV's number in the place of ``relative``.
        other: ONNX Runtime's number there.
    """

    output: str
    shape: tuple[int, ...]
    largest: float
    relative: float
    value: float
    other: float


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What two engines made of one blob, and the milliseconds of a warm forward of each."""

    differences: tuple[OutputDifference, ...]
    opencv_ms: float
    onnxruntime_ms: float
    version: str

    @property
    def agrees(self) -> bool:
        """Say whether every number agrees up to TOLERANCE."""
        return all(each.relative <= TOLERANCE for each in self.differences)


def second_opinion(
    card: ModelCard,
    blob: Blob,
    *,
    locate: Callable[[ModelCard], ModelPaths] = file_paths,
    ours: Engine | None = None,
) -> SecondOpinion:
    """Ask OpenCV and ONNX Runtime about the same blob.

    OpenCV comes first: it refuses files that would make ONNX Runtime look for others.

    Args:
        card: a model in one ONNX file, from our catalogue.
        blob: the input.
        locate: returns the file paths of a card.
        ours: the engine that runs OpenCV; this process's own by default.

    Raises:
        EngineMissing: ONNX Runtime is not installed.
        ForwardFailed: one of them refuses the blob, or the answers have different shapes.
        ModelError: as ``Engine.infer``.
    """
    onnxruntime = _onnxruntime()
    asked = ours or engine()
    runs = [asked.infer(card, blob) for _ in range(REPEATS + 1)]
    theirs, onnxruntime_ms = _answer(card, blob, locate(card).model)
    return SecondOpinion(
        differences=differences(runs[-1].outputs, theirs),
        opencv_ms=min(each.timings.forward_ms for each in runs[1:]),
        onnxruntime_ms=onnxruntime_ms,
        version=onnxruntime.__version__,
    )


def differences(
    ours: Outputs, theirs: Mapping[str, npt.NDArray[np.float32]]
) -> tuple[OutputDifference, ...]:
    """Compare two answers, output by output of the same name.

    Raises:
        ForwardFailed: an output is missing, or has another shape.
    """
    shapes = {name: array.shape for name, array in theirs.items()}
    if ours.shapes != shapes:
        raise ForwardFailed(
            f"OpenCV returned {ours.listed}, ONNX Runtime {Outputs(theirs).listed}: arrays "
            "with different names or shapes cannot be compared."
        )
    return tuple(_difference(name, ours[name], theirs[name]) for name in ours)


def _difference(
    name: str, ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]
) -> OutputDifference:
    apart = np.abs(ours - theirs)
    relative = apart / np.maximum(1, np.abs(ours))
    worst = int(relative.argmax())  # a NaN, if there is one
    return OutputDifference(
        output=name,
        shape=ours.shape,
        largest=float(apart.max()),
        relative=float(relative.flat[worst]),
        value=float(ours.flat[worst]),
        other=float(theirs.flat[worst]),
    )


def _answer(
    card: ModelCard, blob: Blob, model: Path
) -> tuple[dict[str, npt.NDArray[np.float32]], float]:
    """Run ONNX Runtime on the blob; gives arrays by name, and milliseconds."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    refusals = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.NotImplemented)
    try:
        session = _session(model, model.stat().st_mtime_ns)
        wanted = session.get_inputs()[0]
        half = "float16" in wanted.type
        feed = {wanted.name: blob.astype(np.float16) if half else blob}
        milliseconds = []
        for _ in range(REPEATS + 1):
            start = time.perf_counter()
            arrays = session.run(None, feed)
            milliseconds.append(1e3 * (time.perf_counter() - start))
    except (*refusals, state.RuntimeException, state.InvalidProtobuf) as error:
        raise ForwardFailed(
            f"ONNX Runtime cannot run {card.title} on a blob of shape {blob.shape}: "
            f"{str(error).splitlines()[0][:300]}"
        ) from error
    names = [each.name for each in session.get_outputs()]
    named = zip(names, arrays, strict=True)
    answers = {name: np.asarray(array, np.float32) for name, array in named}
    return answers, min(milliseconds[1:])


@lru_cache(maxsize=2)
def _session(model: Path, changed: int) -> Any:  # noqa: ARG001 - a file that changed is another
    """Load a model from its bytes, so that it can name no other file; one thread, no telemetry.

    ONNX Runtime's sessions may be used by several threads at once.
    """
    onnxruntime = _onnxruntime()
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: no advice on the console
    return onnxruntime.InferenceSession(
        model.read_bytes(), options, providers=["CPUExecutionProvider"]
    )


def _onnxruntime() -> Any:
    """Import ONNX Runtime, now and not before.

    Raises:
        EngineMissing: it is not installed here.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineMissing(
            "ONNX Runtime is not installed, so the engines cannot be compared. "
            "It is an optional extra: install it with "
            "pip install -r requirements-onnx.txt and start Blobscope again."
        ) from error
    return onnxruntime
