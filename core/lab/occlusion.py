"""The occlusion map: hide one part of the picture after the other and ask the net again.

Where the confidence falls, the net looked. No gradients are needed, so it works for any
net that answers at all: it is Zeiler and Fergus's experiment of 2013 (arXiv 1311.2901).
What is hidden still shows something, a grey square or a smear, which a net may take for a
thing of its own: hence the choice of covers, and hence confidences that rise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

from core.blob.make import make_blob
from core.blob.spec import BlobSpec
from core.errors import ForwardFailed
from core.lab.compare import SAME_THING
from core.nets.card import ModelCard
from core.nets.engine import infer
from core.outputs import Outputs
from core.picture.image import BgrImage
from core.picture.placement import Placement
from core.picture.shrinking import shrunk
from core.picture.size import Size
from core.pipeline import net_facts
from core.render.boxes import Patch
from core.results.boxes import iou_matrix
from core.results.classification import confidences
from core.results.decoders import decode_outputs

Cover = Literal["grey", "mean colour", "blurred"]
COVERS: tuple[Cover, ...] = get_args(Cover)

MOST_CELLS = 32
LITTLE = 0.02  # a confidence that moves by less does not depend on any one place
SMEAR = 6  # blurred: what is left of the picture is this many spots a side


@dataclass(frozen=True, slots=True)
class Sweep:
    """How a patch goes over a picture.

    Attributes:
        cells: the patch stops in cells x cells places.
        width: how many cells it covers along each side; beyond 1, its places overlap.
        cover: what hides the picture: grey, its own mean colour, or its own blur.
    """

    cells: int = 8
    width: int = 2
    cover: Cover = "grey"

    def __post_init__(self) -> None:
        if not 2 <= self.cells <= MOST_CELLS:
            raise ValueError(f"a sweep has 2 to {MOST_CELLS} cells a side, not {self.cells}")
        if not 1 <= self.width <= self.cells:
            raise ValueError(f"a patch is 1 to {self.cells} cells wide, not {self.width}")
        if self.cover not in COVERS:
            raise ValueError(f"cover is one of {', '.join(COVERS)}, not {self.cover!r}")

    def patch(self, row: int, column: int, size: Size) -> Patch:
        """Place the patch over the middle of a cell; it ends at the picture's edge.

        >>> Sweep(4, 2).patch(0, 1, Size(80, 40))
        Patch(left=10, top=0, right=50, bottom=15)
        """
        left, right = self._span(column, size.width)
        top, bottom = self._span(row, size.height)
        return Patch(left, top, right, bottom)

    def _span(self, cell: int, side: int) -> tuple[int, int]:
        middle = cell + 0.5
        half = self.width / 2
        near, far = (middle + reach for reach in (-half, half))
        return (
            max(0, round(near * side / self.cells)),
            min(side, round(far * side / self.cells)),
        )


@dataclass(frozen=True, slots=True)
class WatchedClass:
    """A class of a classifier, whose confidence is watched."""

    class_id: int

    def confidence(self, outputs: Outputs, _placement: Placement, card: ModelCard) -> float:
        """Return the confidence of the class, 0..1."""
        return float(confidences(outputs, logits=card.logits)[self.class_id])


@dataclass(frozen=True, slots=True)
class WatchedBox:
    """A box of a detector, whose confidence is watched.

    Attributes:
        class_id: its class.
        xyxy: its corners, in pixels of the picture.
    """

    class_id: int
    xyxy: tuple[float, float, float, float]

    def confidence(self, outputs: Outputs, placement: Placement, card: ModelCard) -> float:
        """Return the confidence of the same object, 0..1; 0 if it is not found.

        The same is what has the class and overlaps with an IoU of at least 0.5: of these
        the highest confidence counts, regardless of threshold and NMS.
        """
        boxes = decode_outputs(outputs, net_facts(card, placement.blob), card.layout)
        boxes = boxes.of_classes([self.class_id]).above(0.0).on_image(placement)
        overlap = iou_matrix([self.xyxy], boxes.clipped(placement.image).xyxy)[0]
        return float(boxes.confidence[overlap >= SAME_THING].max(initial=0.0))


Watched = WatchedClass | WatchedBox


@dataclass(frozen=True, eq=False, slots=True)
class OcclusionMap:
    """The confidence with each part of the picture covered.

    Attributes:
        baseline: the confidence with nothing hidden, 0..1.
        confidence: (cells, cells), 0..1, while the patch lay over this cell; not a number
            where it has not been yet.
        sweep: how the patch went.
    """

    baseline: float
    confidence: npt.NDArray[np.float64]
    sweep: Sweep

    @property
    def drop(self) -> npt.NDArray[np.float64]:
        """How much the confidence falls, (cells, cells); below 0 where it rises."""
        return np.asarray(self.baseline - self.confidence)

    @property
    def lowest(self) -> tuple[int, int]:
        """Row and column of the cell that matters most."""
        return _cell(int(np.nanargmin(self.confidence)), self.sweep.cells)

    @property
    def highest(self) -> tuple[int, int]:
        """Row and column of the cell whose covering gives the highest confidence."""
        return _cell(int(np.nanargmax(self.confidence)), self.sweep.cells)

    def __str__(self) -> str:
        low, high = self.confidence[self.lowest], self.confidence[self.highest]
        if max(self.baseline - low, high - self.baseline) < LITTLE:
            return (
                f"No single position matters: the confidence stays near {self.baseline:.2f} "
                "wherever the patch is. Try a larger patch."
            )
        parts = []
        if self.baseline - low >= LITTLE:
            where = place_name(*self.lowest, self.sweep.cells)
            parts.append(
                f"The confidence falls most, from {self.baseline:.2f} to {low:.2f}, when the "
                f"patch covers {where}."
            )
        if high - self.baseline >= LITTLE:
            where = place_name(*self.highest, self.sweep.cells)
            parts.append(f"It rises most, to {high:.2f}, when the patch covers {where}.")
        return " ".join(parts)


@dataclass(frozen=True, eq=False, slots=True)
class OcclusionProgress:
    """How far the patch has come, in forwards, and the map as far as it is known."""

    done: int
    total: int
    map: OcclusionMap


def occlude(
    card: ModelCard,
    image: BgrImage,
    watched: Watched,
    *,
    spec: BlobSpec | None = None,
    sweep: Sweep | None = None,
) -> Iterator[OcclusionProgress]:
    """Hide one place after the other; the last progress holds the whole map.

    The patch lies in the picture, before the blob is made, so a crop or a letterbox does
    to it what it does to the picture. One forward a place: on two cores a batch of 64
    took three times as long as 64 forwards.

    Args:
        card: the model.
        image: the picture's pixels, decoded once; a copy is painted, never these.
        watched: whose confidence.
        spec: how the image becomes a blob; the card's own where it is None.
        sweep: how the patch goes.

    Raises:
        BlobscopeError: what making a blob, a forward or reading the outputs raise.
    """
    way = sweep or Sweep()
    total = way.cells**2 + 1
    seen = np.full((way.cells, way.cells), np.nan)
    baseline = _asked(card, image, watched, spec)
    yield OcclusionProgress(1, total, _mapped(baseline, seen, way))
    paint = painted(image, way.cover)
    for place in range(way.cells**2):
        cell = _cell(place, way.cells)
        hidden = covered(image, way.patch(*cell, Size.of(image)), paint)
        seen[cell] = _asked(card, hidden, watched, spec)
        yield OcclusionProgress(place + 2, total, _mapped(baseline, seen, way))


def covered(image: BgrImage, patch: Patch, paint: BgrImage) -> BgrImage:
    """Return a copy of the image in which the patch shows the paint instead."""
    hidden = image.copy()
    hidden[patch.slices] = paint[patch.slices]
    return BgrImage(hidden)


def painted(image: BgrImage, cover: Cover) -> BgrImage:
    """Return what covers the image, as large as itself.

    Blurred is the image as it looks from very far away: shrunk to a few spots, enlarged.
    """
    if cover == "blurred":
        spots = shrunk(image, Size(SMEAR, SMEAR))
        far = cv2.resize(spots, Size.of(image).cv2, interpolation=cv2.INTER_CUBIC)
        return BgrImage(np.asarray(far, np.uint8))
    colour = (128, 128, 128) if cover == "grey" else image.mean(axis=(0, 1)).round()
    return BgrImage(np.broadcast_to(np.asarray(colour, np.uint8), image.shape))


def place_name(row: int, column: int, cells: int) -> str:
    """Name a cell's place in words, by thirds.

    >>> place_name(0, 0, 8), place_name(4, 4, 8), place_name(4, 7, 8)
    ('the upper left', 'the centre', 'the middle right')
    """
    down = ("upper", "middle", "lower")[3 * (2 * row + 1) // (2 * cells)]
    across = ("left", "middle", "right")[3 * (2 * column + 1) // (2 * cells)]
    return "the centre" if across == down else f"the {down} {across}"


def _asked(card: ModelCard, image: BgrImage, watched: Watched, spec: BlobSpec | None) -> float:
    blob, placement = make_blob(image, spec or card.blob)
    sure = watched.confidence(infer(card, blob).outputs, placement, card)
    if not np.isfinite(sure):
        raise ForwardFailed(
            f"{card.title} returns values that are not numbers, so there is no confidence to "
            "map. Choose another model."
        )
    return sure


def _mapped(baseline: float, seen: npt.NDArray[np.float64], sweep: Sweep) -> OcclusionMap:
    known = seen.copy()
    known.setflags(write=False)
    return OcclusionMap(baseline, known, sweep)


def _cell(place: int, cells: int) -> tuple[int, int]:
    return place // cells, place % cells
