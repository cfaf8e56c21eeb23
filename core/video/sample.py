"""A video to begin with, filmed over the sample photos by a camera that does not exist."""

from functools import lru_cache

from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.video.camera import approached
from core.video.reading import Video
from core.video.writing import AnnotatedVideo, writable

PHOTOS = ("cat", "astronaut", "motorcycle")
SIZE = Size(480, 360)
RATE = 12
SECONDS_A_PHOTO = 3


@lru_cache(maxsize=1)
def sample_video() -> Video:
    """Pan and zoom slowly over some photos, one after the other."""
    annotated = AnnotatedVideo(writable()[0])
    count = RATE * SECONDS_A_PHOTO
    with annotated.writing(SIZE, RATE) as write:
        for at, name in enumerate(PHOTOS):
            photo = decode_picture(sample_picture(name))
            for step in range(count):
                image = approached(photo, SIZE, step / (count - 1))
                write(image, (at * count + step) / RATE)
    return Video(f"sample.{annotated.recipe.container}", annotated.path.read_bytes())
