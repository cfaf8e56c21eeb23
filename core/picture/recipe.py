"""How cv2.imread alone reads a picture as ``decode_picture`` does: the lines for scripts."""

from dataclasses import dataclass

import cv2

from core.picture.header import Header
from core.picture.image import Picture, decode_picture, header_of

_PLAIN = ("image = cv2.imread(path)  # B, G, R; turned upright as its EXIF says",)
_DEEP = (
    "deep = cv2.imread(path, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)",
    "image = cv2.convertScaleAbs(deep, alpha=1 / 257)  # 16 bits, rounded to 8",
)
_TRANSPARENT = (
    "bgra = cv2.imread(path, cv2.IMREAD_UNCHANGED)",
    "white, alpha = np.iinfo(bgra.dtype).max, bgra[..., 3:].astype(np.uint32)",
    "over = (bgra[..., :3] * alpha + (white - alpha) * white + white // 2) // white",
    "image = cv2.convertScaleAbs(over.astype(bgra.dtype), alpha=255 / white)",
)


@dataclass(frozen=True, slots=True)
class ImreadRecipe:
    """The lines that make ``image`` of the file at ``path``.

    Attributes:
        picture_name: the file that they read; see ``data_for_scripts``.
        lines: Python that needs cv2 and numpy alone.
        as_png: True where cv2 reads the original otherwise than ``decode_picture``, or not
            at all; the file is then a PNG of the same pixels.
    """

    picture_name: str = "picture.png"
    lines: tuple[str, ...] = _PLAIN
    as_png: bool = False


PLAIN_RECIPE = ImreadRecipe()
"""For a picture that holds nothing unusual."""


def imread_recipe(picture: Picture) -> ImreadRecipe:
    """Tell from the header how cv2.imread is to be asked for the pixels of ``decode_picture``.

    Raises:
        PictureRefused: as ``decode_picture``, for what the header alone tells.
    """
    header = header_of(picture)
    if not _is_read_alike(header):
        stem = picture.name.rpartition(".")[0] or picture.name
        note = (
            "# a PNG of the pixels that Blobscope read: cv2.imread reads the original otherwise"
        )
        return ImreadRecipe(f"{stem}.png", (note, *_PLAIN), as_png=True)
    if header.kind == "alpha":
        return ImreadRecipe(picture.name, _TRANSPARENT)
    return ImreadRecipe(picture.name, _DEEP if header.bits == 16 else _PLAIN)


def data_for_scripts(picture: Picture) -> bytes:
    """Return the bytes of the file that a recipe's lines read: the picture, or a PNG of it.

    Raises:
        PictureRefused: as ``decode_picture``.
    """
    if not imread_recipe(picture).as_png:
        return picture.data
    return cv2.imencode(".png", decode_picture(picture))[1].tobytes()


def _is_read_alike(header: Header) -> bool:
    # IMREAD_UNCHANGED, which alone gives the alpha, does not turn
    turned_alpha = header.kind == "alpha" and header.orientation != 1
    return header.like_imread and not turned_alpha
