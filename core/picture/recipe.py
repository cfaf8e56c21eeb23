"""How cv2.imread alone reads a picture as ``decode`` does, for scripts that are taken home."""

from dataclasses import dataclass

from core.picture.header import Header
from core.picture.image import Picture, header_of

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
        lines: Python that needs cv2 and numpy alone.
        as_png: True where cv2 reads this file otherwise, or not at all. The lines are then
            for ``Picture.png``: the same pixels, saved as a PNG.
    """

    lines: tuple[str, ...] = _PLAIN
    as_png: bool = False


def imread_recipe(picture: Picture) -> ImreadRecipe:
    """Tell from the header how cv2.imread is to be asked for the pixels of ``decode``.

    Raises:
        PictureRefused: as ``decode``, for what the header alone tells.
    """
    header = header_of(picture)
    if not _is_read_alike(header):
        note = "# a PNG that Blobscope made: OpenCV alone reads the original otherwise"
        return ImreadRecipe((note, *_PLAIN), as_png=True)
    if header.kind == "alpha":
        return ImreadRecipe(_TRANSPARENT)
    return ImreadRecipe(_DEEP if header.bits == 16 else _PLAIN)


def _is_read_alike(header: Header) -> bool:
    # IMREAD_UNCHANGED, which alone gives the alpha, does not turn
    turned_alpha = header.kind == "alpha" and header.orientation != 1
    return header.like_imread and not turned_alpha
