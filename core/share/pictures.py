"""Pictures of an answer: the boxes drawn on the whole picture, and each one cut out."""

from collections.abc import Iterator
from math import ceil, floor

from core.nets.card import ModelCard
from core.picture.header import MAX_PICTURE_PIXELS
from core.picture.image import BgrImage, Picture, decode_picture
from core.picture.size import Size
from core.render.boxes import NUMBERED, BoxStyle, draw_detections
from core.render.encode import jpeg, png
from core.results.detections import Detections
from core.share.archive import zipped
from core.share.file_names import file_name


def annotated(
    picture: Picture, kept: Detections, card: ModelCard, style: BoxStyle = NUMBERED
) -> BgrImage:
    """Draw the boxes on the picture in its own size, by default numbered as in the table."""
    return draw_detections(decode_picture(picture), kept, label=card.label, style=style)


def annotated_png(
    picture: Picture, kept: Detections, card: ModelCard, style: BoxStyle = NUMBERED
) -> bytes:
    """Draw the boxes, every pixel as it is."""
    return png(annotated(picture, kept, card, style))


def annotated_jpeg(
    picture: Picture, kept: Detections, card: ModelCard, style: BoxStyle = NUMBERED
) -> bytes:
    """Draw the boxes, small enough for a letter."""
    return jpeg(annotated(picture, kept, card, style))


def crops_zip(picture: Picture, kept: Detections, card: ModelCard) -> bytes:
    """Cut each box out of the picture, as a PNG of whole pixels, and pack them.

    Boxes end at the picture's edge. All crops together have no more than MAX_PIXELS, else
    a thousand boxes of a big photo would fill the memory; a text file in the archive then
    says how many were omitted.
    """
    return zipped(_crops(decode_picture(picture), kept, card))


def _crops(image: BgrImage, kept: Detections, card: ModelCard) -> Iterator[tuple[str, bytes]]:
    left_over = MAX_PICTURE_PIXELS
    for index, (left, top, right, bottom) in enumerate(kept.clipped(Size.of(image)).xyxy):
        crop = image[floor(top) : ceil(bottom), floor(left) : ceil(right)]
        left_over -= crop.size // 3
        if left_over < 0:
            left_out = f"{len(kept) - index} of {len(kept)} boxes: too many pixels.\n"
            yield "left-out.txt", left_out.encode()
            return
        if crop.size:
            label = file_name(card.label(int(kept.class_id[index])), otherwise="class")
            name = f"{index + 1:03d}-{label}-{kept.confidence[index]:.2f}.png"
            yield name, png(BgrImage(crop))
