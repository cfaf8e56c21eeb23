"""BlobSpec: every setting between an image and the blob a net eats."""

from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import BlobImpossible
from core.picture.size import Size

Fit = Literal["stretch", "crop", "letterbox"]
Anchor = Literal["centre", "top-left"]
Depth = Literal["float32", "uint8"]
BlobLayout = Literal["NCHW", "NHWC"]
Triple = tuple[float, float, float]

FITS: tuple[Fit, ...] = get_args(Fit)
ANCHORS: tuple[Anchor, ...] = get_args(Anchor)
DEPTHS: tuple[Depth, ...] = get_args(Depth)
BLOB_LAYOUTS: tuple[BlobLayout, ...] = get_args(BlobLayout)


@dataclass(frozen=True, slots=True)
class BlobSpec:
    """How an image becomes a blob: ``(fitted - mean) * scalefactor / std``.

    Attributes:
        size: the blob's width and height; None keeps the image's own.
        scalefactor: multiplies after the mean is subtracted; one factor a blob channel.
        mean: what is subtracted, in 0..255 units and in the *blob's* channel order
            (R, G, B when ``swap_rb`` is on, else B, G, R).
        std: what the result is divided by, in the blob's channel order. blobFromImage
            has no such argument; Blobscope divides afterwards.
        swap_rb: exchange the first and the third channel (OpenCV's ``swapRB``).
        fit: what happens to the aspect ratio; ``crop`` is blobFromImage's ``crop=True``.
        pad_value: the letterbox bars, B, G, R in 0..255, before mean and scale.
        anchor: where a letterboxed image sits; YOLOX wants ``top-left``.
        ddepth: ``uint8`` keeps bytes; OpenCV then forbids mean and scale.
        layout: the order of the blob's axes.

    Raises:
        BlobImpossible: a value that OpenCV would refuse or misread.
    """

    size: Size | None = None
    scalefactor: Triple = (1.0, 1.0, 1.0)
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    swap_rb: bool = False
    fit: Fit = "stretch"
    pad_value: Triple = (0.0, 0.0, 0.0)
    anchor: Anchor = "centre"
    ddepth: Depth = "float32"
    layout: BlobLayout = "NCHW"
