"""A picture as a screen shows it, and its boxes moved onto it."""

from dataclasses import dataclass
from typing import TypeVar

from core.picture.image import BgrImage
from core.picture.size import Size
from core.render.encode import for_display
from core.results.detections import Detections
from core.results.truth import Truth

Located = TypeVar("Located", Detections, Truth)


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """An image at the size at which it is shown.

    Attributes:
        image: what is drawn on; any size, but the picture's proportions.
        picture_size: of the original picture, in whose pixels its boxes are.
    """

    image: BgrImage
    picture_size: Size

    @classmethod
    def of(cls, image: BgrImage) -> "Shown":
        """Bring an image to the size a screen has room for, read-only."""
        shown = for_display(image).view()  # the caller's own array may stay writeable
        shown.setflags(write=False)
        return cls(BgrImage(shown), Size.of(image))

    def placed(self, boxes: Located) -> Located:
        """Move boxes from the original picture onto the image."""
        shown, picture = Size.of(self.image), self.picture_size
        across, down = shown.width / picture.width, shown.height / picture.height
        return boxes.scaled(across, down)

    def visible(self, boxes: Detections) -> Detections:
        """Cut boxes at the edges of the original picture, and move them onto the image."""
        return self.placed(boxes.clipped(self.picture_size).with_area())
