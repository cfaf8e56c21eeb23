"""From files to a ``cv2.dnn.Net``: the only place that calls OpenCV's readers."""

import mmap
import re
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import CardInvalid, ModelUnreadable
from core.nets.card import Framework, ModelCard, ModelPaths
from core.nets.darknet_cfg import HEADS, Section, check_filters, read_sections, write_sections

LOWEST_CONFIDENCE = 0.001
"""Rows below it are useless to any slider, and an exact 0 would keep every empty cell."""

READ_BY_SUFFIX: dict[str, Framework] = {
    ".onnx": "onnx",
    ".pb": "tensorflow",
    ".caffemodel": "caffe",
    ".weights": "darknet",
    ".tflite": "tflite",
}
TO_ONNX = (
    "Export it to ONNX (in PyTorch: torch.onnx.export(..., dynamo=False)) and use that file."
)
FREEZE = "Freeze it into one .pb file, or convert it to ONNX with tf2onnx."
UNREAD_SUFFIXES = {
    ".pt": f"is a PyTorch file, which OpenCV does not read. {TO_ONNX}",
    ".pth": f"is a PyTorch file, which OpenCV does not read. {TO_ONNX}",
    ".safetensors": f"holds weights without a network. {TO_ONNX}",
    ".h5": f"is a Keras file, which OpenCV does not read. {FREEZE}",
    ".keras": f"is a Keras file, which OpenCV does not read. {FREEZE}",
    ".xml": "is an OpenVINO model; this build of OpenCV comes without OpenVINO. "
    "Use the ONNX file that it was made from.",
    ".bin": "looks like OpenVINO weights; this build of OpenCV comes without OpenVINO. "
    "Use the ONNX file that it was made from.",
    ".t7": "is a Lua Torch file, an obsolete format. Look for an ONNX export.",
    ".prototxt": "describes a Caffe network without its weights. Give the .caffemodel too.",
    ".cfg": "describes a Darknet network without its weights. Give the .weights too.",
    ".pbtxt": "describes a TensorFlow graph without its weights. Give the .pb too.",
}


# An importer's error holds that of the layer: OpenCV(4.14.0) /x/y.cpp:7: error: (-2:Why) ...
_WHERE = re.compile(r"OpenCV\([\d.]+\) \S+:\d+: error: \([^)]*\)\s*|\s*in function '[^'\n]*'")


def framework_of(file_name: str) -> Framework:
    """Return the framework by the file extension, as ``cv2.dnn.readNet`` does.

    >>> framework_of("SqueezeNet_fp16.onnx"), framework_of("YOLO.WEIGHTS")
    ('onnx', 'darknet')

    Raises:
        ModelUnreadable: OpenCV has no reader for such a file; says what would help.
    """
    suffix = Path(file_name).suffix.lower()
    if suffix in READ_BY_SUFFIX:
        return READ_BY_SUFFIX[suffix]
    known = ", ".join(READ_BY_SUFFIX)
    reason = UNREAD_SUFFIXES.get(suffix, f"has an unknown file extension. Known are {known}.")
    raise ModelUnreadable(f"{Path(file_name).name} {reason}")


def read_net(card: ModelCard, paths: ModelPaths) -> cv2.dnn.Net:
    """Read the files of a model into a network that is ready for a forward.

    Raises:
        ModelUnreadable: OpenCV cannot read the files, or they do not belong together.
    """
    found = framework_of(paths.model.name)
    if found != card.framework:
        raise ModelUnreadable(
            f"{card.title}: the card says {card.framework}, but {paths.model.name} is {found}."
        )
    try:
        return READERS[card.framework](paths)
    except cv2.error as error:
        raise ModelUnreadable(
            f"OpenCV cannot read {card.title} ({paths.model.name}): {core_of(error)}. "
            f"{_remedy(error)}"
        ) from error
    except OSError as error:
        raise ModelUnreadable(
            f"{card.title}: {error.filename or paths.model} cannot be opened: {error.strerror}."
        ) from error


def _remedy(error: cv2.error) -> str:
    """Say what helps against a file that OpenCV cannot read."""
    if "NonMaxSuppression" in str(error):
        return (
            "OpenCV has no such layer. Export the net without its NMS (Ultralytics: nms=False, "
            "YOLOv7: without --end2end, Paddle: exclude_nms=True); Blobscope suppresses "
            "doubles itself."
        )
    return "The file may be damaged, or use layers that OpenCV does not know."


def core_of(error: cv2.error) -> str:
    """Keep the telling line of an OpenCV error, without file names and line numbers."""
    text = _WHERE.sub("", getattr(error, "err", None) or str(error))
    lines = [line.strip(" >\t") for line in text.splitlines() if line.strip(" >\t")]
    return lines[0].rstrip(".") if lines else "no reason given"


def _read_caffe(paths: ModelPaths) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromCaffe(str(paths.config), str(paths.model))


def _read_tensorflow(paths: ModelPaths) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromTensorflow(
        str(paths.model), "" if paths.config is None else str(paths.config)
    )


def _read_onnx(paths: ModelPaths) -> cv2.dnn.Net:
    if keeps_weights_outside(paths.model):
        # OpenCV 4 divides by zero here and takes the whole process with it
        raise ModelUnreadable(
            f"{paths.model.name} keeps its weights in a second file, which OpenCV 4 cannot "
            "read. Export it again as one file: torch.onnx.export(..., dynamo=False), or "
            "torch.onnx.export(..., external_data=False, opset_version=20)."
        )
    return cv2.dnn.readNetFromONNX(str(paths.model))


def keeps_weights_outside(onnx_file: Path) -> bool:
    """Look for a tensor whose data lie in another file ("external data").

    Such a tensor holds an entry with the key ``location`` in field 13 of its
    TensorProto; these bytes do not arise elsewhere (onnx.proto3, TensorProto).
    """
    if onnx_file.stat().st_size == 0:
        return False
    with (
        onnx_file.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return re.search(rb"\x6a[\x00-\xff]{1,2}\x0a\x08location\x12", content) is not None


def _read_tflite(paths: ModelPaths) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromTFLite(str(paths.model))


def _read_darknet(paths: ModelPaths) -> cv2.dnn.Net:
    assert paths.config is not None
    text = paths.config.read_bytes()
    try:
        check_filters(text.decode("latin-1"), name=paths.config.name)
    except CardInvalid as error:
        raise ModelUnreadable(str(error)) from error
    cfg = with_low_thresholds(text)
    weights = np.fromfile(paths.model, np.uint8)
    # never bytes: OpenCV takes bytes for a file's name
    net = cv2.dnn.readNetFromDarknet(np.frombuffer(cfg, np.uint8), weights)
    _check_length(net, weights, paths.model.name)
    return net


def with_low_thresholds(cfg: bytes) -> bytes:
    r"""Let all rows of the [yolo] and [region] layers through; thresholds and NMS are ours.

    Without it OpenCV sets every class score below 0.2 (or the file's ``thresh``) to 0,
    and a confidence slider does nothing below. Comments and spaces go, as OpenCV stumbles
    over some of them.

    >>> with_low_thresholds(b"[ yolo ] ; head\nthresh=0.6\nclasses=3").decode().splitlines()
    ['[yolo]', 'thresh=0.001', 'classes=3']
    """
    sections = read_sections(cfg.decode("latin-1"))
    return write_sections(map(_lowered, sections)).encode("latin-1")


def _lowered(section: Section) -> Section:
    if section.kind not in HEADS:
        return section
    own = ("thresh", "nms_threshold")
    others = {key: value for key, value in section.values.items() if key not in own}
    return Section(section.kind, {"thresh": str(LOWEST_CONFIDENCE), **others})


def _check_length(net: cv2.dnn.Net, weights: npt.NDArray[np.uint8], name: str) -> None:
    """Refuse weights of another network or a cut file; OpenCV would read garbage silently."""
    wanted = _header_length(weights) + 4 * _count_weights(net)
    if weights.size != wanted:
        raise ModelUnreadable(
            f"{name} has {weights.size:,} bytes, but its .cfg needs exactly {wanted:,}: "
            "the file is truncated, or the two files do not belong together."
        )


def _header_length(weights: npt.NDArray[np.uint8]) -> int:
    """Darknet wrote 16 bytes before version 0.2 and 20 since (its ``load_weights_upto``)."""
    if weights.size < 8:
        return 20
    major, minor = struct.unpack("<ii", weights[:8].tobytes())
    return 20 if major * 10 + minor >= 2 else 16


def _count_weights(net: cv2.dnn.Net) -> int:
    layers = (net.getLayer(net.getLayerId(name)) for name in net.getLayerNames())
    learned = ("Convolution", "BatchNorm", "InnerProduct")
    return sum(blob.size for layer in layers if layer.type in learned for blob in layer.blobs)


READERS: dict[Framework, Callable[[ModelPaths], cv2.dnn.Net]] = {
    "caffe": _read_caffe,
    "darknet": _read_darknet,
    "tensorflow": _read_tensorflow,
    "onnx": _read_onnx,
    "tflite": _read_tflite,
}
