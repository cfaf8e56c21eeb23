"""Pictures to begin with: photographs from scikit-image, and test cards drawn here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import PictureRefused
from core.picture.image import Picture

WIDTH, HEIGHT = 640, 480


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture that everybody has: how it is called, and whom we thank for it."""

    name: str
    credit: str


_PHOTOS = {
    "cat": ("chelsea.png", "Chelsea, by Stefan van der Walt, CC0"),
    "coffee": ("coffee.png", "Rachel Michetti, CC0"),
    "astronaut": ("astronaut.png", "Eileen Collins, by NASA, public domain"),
    "rocket": ("rocket.jpg", "Launch of DSCOVR, by SpaceX, public domain"),
    "motorcycle": (
        "motorcycle_left.png",
        "Middlebury 2014 stereo benchmark, by Nera Nesic and others (D. Scharstein et al., "
        "GCPR 2014)",
    ),
}


def samples() -> tuple[Sample, ...]:
    """List the samples, photographs first."""
    photos = [Sample(name, credit) for name, (_, credit) in _PHOTOS.items()]
    cards = [Sample(name, "drawn by Blobscope") for name in _CARDS]
    return (*photos, *cards)


@lru_cache(maxsize=16)
def sample_picture(name: str) -> Picture:
    """Fetch a sample as an encoded picture, as if somebody had uploaded it.

    Raises:
        PictureRefused: no sample has this name.
    """
    if name in _PHOTOS:
        file_name = _PHOTOS[name][0]
        return Picture(file_name, files("skimage").joinpath("data", file_name).read_bytes())
    if name in _CARDS:
        card = np.clip(np.rint(_CARDS[name]()), 0, 255).astype(np.uint8)
        return Picture(f"{name}.png", cv2.imencode(".png", card)[1].tobytes())
    known = ", ".join((*_PHOTOS, *_CARDS))
    raise PictureRefused(f"There is no sample called {name}. The samples are {known}.")


def _colour_bars() -> npt.NDArray[Any]:
    """Draw seven bars at 75 % in the order of SMPTE EG 1, and a staircase of grey."""
    card = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    edges = np.linspace(0, WIDTH, 8).astype(int)
    names = ("grey", "yellow", "cyan", "green", "magenta", "red", "blue")
    for index, name in enumerate(names):
        number = 7 - index  # its bits switch green, red and blue on
        colour = [191 * bool(number & bit) for bit in (1, 4, 2)]
        left, right = edges[index], edges[index + 1]
        card[:360, left:right] = colour
        ink = 255 if name in ("magenta", "red", "blue") else 0
        _write(card, name, (left + 6, 24), ink)
        for row, (letter, value) in enumerate(zip("BGR", colour, strict=True)):
            _write(card, f"{letter} {value}", (left + 6, 350 - 20 * row), ink)
    for step in range(8):
        value = round(step * 255 / 7)
        card[360:, 80 * step : 80 * (step + 1)] = value
        _write(card, str(value), (80 * step + 6, 466), 255 if value < 128 else 0)
    return card


def _gradient() -> npt.NDArray[Any]:
    """Draw ramps from 0 to 255, left to right: red, green, blue and grey."""
    card = np.zeros((HEIGHT, WIDTH, 3))
    ramp = np.linspace(0, 255, WIDTH)
    for row, channels in enumerate(([2], [1], [0], [0, 1, 2])):
        for channel in channels:
            card[120 * row : 120 * (row + 1), :, channel] = ramp
    return card


def _circles() -> npt.NDArray[Any]:
    """Let three lights overlap: red above, blue left, green right, white where all meet."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    centres = ((250, 295), (390, 295), (320, 175))  # of blue, green and red
    discs = [np.hypot(x - centre[0], y - centre[1]) for centre in centres]
    return 255 * np.clip(130.5 - np.stack(discs, axis=-1), 0, 1)


def _zone_plate() -> npt.NDArray[Any]:
    """Draw rings that grow finer outwards, as fine as pixels allow in the corners.

    Whatever shrinks this card without smoothing shows rings that are not there.
    """
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    squared = (x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2
    rings = 127.5 * (1 + np.cos(np.pi * squared / np.hypot(WIDTH, HEIGHT)))
    return np.repeat(rings[..., np.newaxis], 3, axis=2)


def _grid() -> npt.NDArray[Any]:
    """Rule a line every 40 pixels, with coordinates, and colour each corner."""
    card = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    card[::40] = card[:, ::40] = (190, 190, 190)
    card[::80] = card[:, ::80] = (90, 90, 90)
    card[-1] = card[:, -1] = (90, 90, 90)
    card[:40, :40] = (0, 0, 255)
    card[:40, -40:] = (0, 160, 0)
    card[-40:, :40] = (255, 0, 0)
    card[-40:, -40:] = (0, 190, 255)
    for x in range(80, WIDTH, 80):
        _write(card, str(x), (x + 4, 16), 0)
    for y in range(80, HEIGHT, 80):
        _write(card, str(y), (4, y + 16), 0)
    _write(card, f"{WIDTH} x {HEIGHT}", (WIDTH // 2 + 6, HEIGHT // 2 - 6), 0)
    return card


def _write(card: npt.NDArray[np.uint8], text: str, at: tuple[int, int], ink: int) -> None:
    """Write on a card under construction."""
    cv2.putText(card, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (ink,) * 3, 1, cv2.LINE_AA)


_CARDS: dict[str, Callable[[], npt.NDArray[Any]]] = {
    "colour-bars": _colour_bars,
    "gradient": _gradient,
    "circles": _circles,
    "zone-plate": _zone_plate,
    "grid": _grid,
}
