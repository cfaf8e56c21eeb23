"""A video to begin with, filmed over the sample photos by a camera that does not exist."""

from functools import lru_cache

import cv2
import numpy as np

from core.picture.image import BgrImage, decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.video.reading import Video
from core.video.writing import AnnotatedVideo, writable

PHOTOS = ("cat", "astronaut", "motorcycle")
SIZE = Size(480, 360)
RATE = 12
SECONDS_A_PHOTO = 3
_MOST_ZOOM = 1.5


@lru_cache(maxsize=1)
def sample_video() -> Video:
    """Pan and zoom slowly over some photos, one after the other."""
    annotated = AnnotatedVideo(writable()[0])
    count = RATE * SECONDS_A_PHOTO
    with annotated.writing(SIZE, RATE) as write:
        for at, name in enumerate(PHOTOS):
            photo = decode_picture(sample_picture(name))
            for step in range(count):
                image = _seen(photo, step / (count - 1))
                write(image, (at * count + step) / RATE)
    return Video(f"sample.{annotated.recipe.container}", annotated.path.read_bytes())


def _seen(photo: BgrImage, share: float) -> BgrImage:
    """Look at the photo from further left and closer at the end than at the beginning."""
    height, width = photo.shape[:2]
    fits = min(width / SIZE.width, height / SIZE.height)
    scale = fits / (1 + (_MOST_ZOOM - 1) * share)
    across, down = SIZE.width * scale, SIZE.height * scale
    left, top = (width - across) * (1 - share), (height - down) * share / 2
    moved = np.array([[scale, 0, left], [0, scale, top]])
    flags = cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
    return BgrImage(cv2.warpAffine(photo, moved, SIZE.cv2, flags=flags))  # type: ignore[arg-type]
