"""BlobSpec: every setting between an image and the blob, the input of a net."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from core.blob.known_means import FACE_DETECTOR_MEAN
from core.errors import BlobImpossible
from core.picture.size import Size

Fit = Literal["stretch", "crop", "letterbox", "letterbox, rounded"]
Anchor = Literal["centre", "top-left"]
Depth = Literal["float32", "uint8"]
BlobLayout = Literal["NCHW", "NHWC"]
Channels = Literal[1, 3]
Triple = tuple[float, float, float]

FITS: tuple[Fit, ...] = get_args(Fit)
ANCHORS: tuple[Anchor, ...] = get_args(Anchor)
DEPTHS: tuple[Depth, ...] = get_args(Depth)
BLOB_LAYOUTS: tuple[BlobLayout, ...] = get_args(BlobLayout)
CHANNELS: tuple[Channels, ...] = get_args(Channels)

MAX_BLOB_SIDE = 4096
LEAST_SCALE, MOST_SCALE = 1e-37, 1e37
"""The range that float32 distinguishes from 0 and infinity, with a margin."""


@dataclass(frozen=True, slots=True)
class BlobSpec:
    """How an image becomes a blob: ``(fitted - mean) * scalefactor / std``.

    Attributes:
        size: the blob's width and height; None keeps the image's own.
        scalefactor: multiplies after the mean is subtracted; one factor a blob channel.
            A fourth channel (alpha) is scaled like the third, and has mean 0 and std 1.
        mean: what is subtracted, in 0..255 units and in the *blob's* channel order
            (R, G, B when ``swap_rb`` is on, else B, G, R).
        std: what the result is divided by, in the blob's channel order. blobFromImage
            has no such argument; Blobscope divides afterwards.
        swap_rb: exchange the first and the third channel (OpenCV's ``swapRB``).
        fit: what happens to the aspect ratio; ``crop`` is blobFromImage's ``crop=True``,
            ``letterbox`` OpenCV's own, which truncates the resized side; ``letterbox,
            rounded`` rounds it, as Ultralytics and most exporters do.
        pad_value: the letterbox bars, B, G, R in 0..255, before mean and scale.
        anchor: where a letterboxed image sits; YOLOX wants ``top-left``.
        ddepth: ``uint8`` keeps bytes; OpenCV then forbids mean and scale.
        layout: the order of the blob's axes.
        channels: 1 makes the image grey before anything else, with cv2.cvtColor:
            0.299 R + 0.587 G + 0.114 B. Of scalefactor, mean and std the first value
            then counts, and swap_rb does nothing. 3 leaves the image's channels alone.

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
    channels: Channels = 3

    def __post_init__(self) -> None:
        self._check_choices()
        self._check_numbers()
        if self.size is not None and max(self.size.cv2) > MAX_BLOB_SIDE:
            raise BlobImpossible(
                f"A blob of {self.size} is too large: choose at most {MAX_BLOB_SIDE} per side."
            )
        if self.ddepth == "uint8" and not self.is_plain:
            raise BlobImpossible(
                "With ddepth uint8 the blob keeps the picture's values: OpenCV then allows "
                "only scalefactor 1, mean 0 and std 1. Set these, or choose ddepth float32."
            )

    @property
    def letterboxed(self) -> bool:
        """Tell whether bars fill what the picture leaves of the blob."""
        return self.fit in ("letterbox", "letterbox, rounded")

    @property
    def padded_before(self) -> bool:
        """Tell whether bars are drawn before cv2.dnn sees the image: its own are others.

        OpenCV centres the image and truncates its resized side; it knows nothing else.
        """
        return self.letterboxed and (self.fit != "letterbox" or self.anchor == "top-left")

    @property
    def is_plain(self) -> bool:
        """Return whether values stay unchanged: no scalefactor, no mean, no std."""
        ones = (1.0, 1.0, 1.0)
        return self.scalefactor == ones and self.std == ones and not any(self.mean)

    @property
    def planes(self) -> tuple[str, ...]:
        """What the planes of a colour image's blob mean, in order.

        >>> BlobSpec(swap_rb=True).planes, BlobSpec(channels=1).planes
        (('R', 'G', 'B'), ('grey',))
        """
        if self.channels == 1:
            return ("grey",)
        return ("R", "G", "B") if self.swap_rb else ("B", "G", "R")

    def _check_choices(self) -> None:
        if self.channels not in CHANNELS:
            raise BlobImpossible(
                f"channels is 1, which makes the picture grey, or 3, not {self.channels!r}."
            )
        choices: tuple[tuple[str, str, tuple[str, ...]], ...] = (
            ("fit", self.fit, FITS),
            ("anchor", self.anchor, ANCHORS),
            ("ddepth", self.ddepth, DEPTHS),
            ("layout", self.layout, BLOB_LAYOUTS),
        )
        for name, value, allowed in choices:
            if value not in allowed:
                raise BlobImpossible(f"{name} is one of {', '.join(allowed)}, not {value!r}.")

    def _check_numbers(self) -> None:
        for name in ("scalefactor", "mean", "std", "pad_value"):
            _check_triple(name, getattr(self, name))
        if 0 in self.scalefactor:
            raise BlobImpossible(
                f"A scalefactor of 0 makes all values 0; {_text(self.scalefactor)} holds one. "
                "Choose another, for example 1/255 = 0.00392157."
            )
        if min(self.std) <= 0:
            raise BlobImpossible(
                f"std divides, so each value must be above 0, not {_text(self.std)}. "
                "Choose 1 for no division."
            )
        if min(self.pad_value) < 0 or max(self.pad_value) > 255:
            raise BlobImpossible(
                f"pad_value is a colour with values 0 to 255, not {_text(self.pad_value)}."
            )
        if not all(map(_is_sayable, self.mean, self.scalefactor, self.std)):
            raise BlobImpossible(
                f"With mean {_text(self.mean)}, scalefactor {_text(self.scalefactor)} and std "
                f"{_text(self.std)}, float32 cannot hold the blob: its values would be "
                "infinite, or all 0. Choose numbers closer to 1."
            )


def _check_triple(name: str, values: Triple) -> None:
    if len(values) != 3 or not all(math.isfinite(value) for value in values):
        raise BlobImpossible(
            f"{name} is three finite numbers, one for each channel, not {_text(values)}."
        )


def _is_sayable(mean: float, scale: float, std: float) -> bool:
    """Return whether float32 can hold these numbers, and their results for 0 and 255."""
    factors = (scale, std, scale / std)
    ends = [(byte - mean) * scale for byte in (0, 255)]
    reach = (mean, *factors, *ends, *(end / std for end in ends))
    return min(map(abs, factors)) >= LEAST_SCALE and max(map(abs, reach)) <= MOST_SCALE


def _text(values: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"


@dataclass(frozen=True, slots=True)
class Preset:
    """A spec with a name, and an honest word on which nets it fits."""

    name: str
    title: str
    spec: BlobSpec
    fits_nets: str


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="imagenet",
        title="ImageNet: 1/255, 224 x 224, mean 0, swapRB",
        spec=BlobSpec(size=Size(224, 224), scalefactor=(1 / 255,) * 3, swap_rb=True),
        fits_nets=(
            "Correct for Darknet classifiers only. Most ImageNet models were trained with a "
            "mean and a std: the top-1 accuracy of SqueezeNet v1.1 falls from 66.5 % to 0.3 % "
            "with this preset."
        ),
    ),
    Preset(
        name="ssd",
        title="SSD: 1.0, 300 x 300, mean (104, 177, 123)",
        spec=BlobSpec(size=Size(300, 300), mean=FACE_DETECTOR_MEAN),
        fits_nets=(
            "Correct for OpenCV's SSD face detector. Other Caffe models "
            "subtract (104, 117, 123); MobileNet-SSD uses scalefactor 1/127.5 and mean 127.5."
        ),
    ),
    Preset(
        name="yolo",
        title="YOLO: 1/255, 416 x 416, mean 0, swapRB",
        spec=BlobSpec(size=Size(416, 416), scalefactor=(1 / 255,) * 3, swap_rb=True),
        fits_nets=(
            "Correct for Darknet's YOLO v2 to v4. YOLOv5 and later use 640 x 640 and a "
            "letterbox with grey bars (114); YOLOX uses 0 to 255 and B, G, R."
        ),
    ),
)
