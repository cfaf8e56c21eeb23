"""Pictures to try specs on, each changed a little in several ways."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.picture.image import BgrImage, Picture, decode_picture
from core.picture.shrinking import fitted, shrunk
from core.picture.size import Size

LONGEST_VIEW_SIDE = 1280  # larger pictures are shrunk first: no net looks closer


@dataclass(frozen=True, slots=True)
class Example:
    """A picture to try specs on, and its label if it is known.

    ``label`` is a text of the card's labels, or a word of one ("cat" for "tabby cat").
    """

    picture: Picture
    label: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class AugmentedView:
    """A slightly changed picture, and the inverse mapping for its boxes (N, 4)."""

    image: BgrImage
    back: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True, eq=False, slots=True)
class AugmentedExample:
    """An example with its views, the unchanged one first."""

    views: tuple[AugmentedView, ...]
    label: str | None


def augment(example: Example) -> AugmentedExample:
    """Decode an example; mirror, brighten and crop it.

    Raises:
        PictureRefused: the picture cannot be decoded.
    """
    image = _shrunk(decode_picture(example.picture))
    width, height = Size.of(image).cv2
    across, down = width // 20, height // 20
    inner = image[down : height - down, across : width - across]
    views = (
        AugmentedView(image, lambda xyxy: xyxy),
        AugmentedView(
            BgrImage(np.ascontiguousarray(image[:, ::-1])),
            lambda xyxy: _mirrored(xyxy, width),
        ),
        AugmentedView(_brightened(image), lambda xyxy: xyxy),
        AugmentedView(
            BgrImage(np.ascontiguousarray(inner)),
            lambda xyxy: xyxy + np.array([across, down, across, down]),
        ),
    )
    return AugmentedExample(views, example.label)


def blank_examples() -> tuple[AugmentedExample, ...]:
    """Draw pictures of nothing: a grey wall, and noise that is the same every time."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    walls = np.full((300, 300, 3), 128, np.uint8), noise
    return tuple(
        AugmentedExample((AugmentedView(BgrImage(wall), lambda xyxy: xyxy),), None)
        for wall in walls
    )


def _brightened(image: BgrImage) -> BgrImage:
    return BgrImage(np.asarray(cv2.convertScaleAbs(image, alpha=1.2), np.uint8))


def _shrunk(image: BgrImage) -> BgrImage:
    own = Size.of(image)
    most = Size(LONGEST_VIEW_SIDE, LONGEST_VIEW_SIDE)
    return shrunk(image, fitted(own, into=most)) if max(own.cv2) > LONGEST_VIEW_SIDE else image


def _mirrored(xyxy: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    left, top, right, bottom = xyxy.T
    return np.stack([width - right, top, width - left, bottom], axis=1)
