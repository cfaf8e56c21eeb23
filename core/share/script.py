"""Python for exactly this state: a short script that makes the same blob without Blobscope."""

import io
from typing import Literal

from PIL import Image

from core.blob.numbers import triple_to_text
from core.blob.spec import BlobSpec, Triple
from core.picture.image import PICTURE_FORMATS, Picture
from core.picture.size import Size

Reading = Literal["plain", "deep", "transparent", "unlike"]

_READINGS: dict[Reading, tuple[str, ...]] = {
    "plain": ("image = cv2.imread(path)  # B, G, R; turned upright as its EXIF says",),
    "deep": (
        "deep = cv2.imread(path, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)",
        "image = cv2.convertScaleAbs(deep, alpha=1 / 257)  # 16 bits, rounded to 8",
    ),
    "transparent": (
        "bgra = cv2.imread(path, cv2.IMREAD_UNCHANGED)",
        "white, alpha = np.iinfo(bgra.dtype).max, bgra[..., 3:].astype(np.uint32)",
        "over = (bgra[..., :3] * alpha + (white - alpha) * white + white // 2) // white",
        "image = cv2.convertScaleAbs(over.astype(bgra.dtype), alpha=255 / white)",
    ),
    "unlike": (
        "# OpenCV alone reads this rare kind of picture otherwise than Blobscope does:",
        "# save it as an ordinary PNG or JPEG first, and give that one to both.",
        "image = cv2.imread(path)",
    ),
}
_MODES = {"crop": "DNN_PMODE_CROP_CENTER", "letterbox": "DNN_PMODE_LETTERBOX"}


def script(
    spec: BlobSpec, picture_name: str = "picture.png", *, reading: Reading = "plain"
) -> str:
    """Write the script; it needs numpy and cv2 alone, and leaves ``blob.npy`` behind.

    Args:
        spec: how the image becomes a blob.
        picture_name: what the script opens when it is not told another file.
        reading: what the picture needs to become the same pixels here and there, see
            ``reading``.

    >>> print(script(BlobSpec(scalefactor=(1 / 255,) * 3, swap_rb=True), "cat.png"))
    import sys
    <BLANKLINE>
    import cv2
    import numpy as np
    <BLANKLINE>
    # python script.py [picture]  makes blob.npy; needs numpy and opencv-python-headless
    path = sys.argv[1] if len(sys.argv) > 1 else 'cat.png'
    image = cv2.imread(path)  # B, G, R; turned upright as its EXIF says
    <BLANKLINE>
    blob = cv2.dnn.blobFromImage(image, scalefactor=1 / 255, swapRB=True)
    <BLANKLINE>
    np.save("blob.npy", blob)
    print(blob.shape, blob.dtype, blob.min(), blob.max())
    <BLANKLINE>
    """
    lines = [
        "import sys",
        "",
        "import cv2",
        "import numpy as np",
        "",
        "# python script.py [picture]  makes blob.npy; needs numpy and opencv-python-headless",
        # repr: the name came with an upload, and must stay a name
        f"path = sys.argv[1] if len(sys.argv) > 1 else {picture_name!r}",
        *reading_lines(reading),
        "",
        *blob_lines(spec),
        "",
        'np.save("blob.npy", blob)',
        "print(blob.shape, blob.dtype, blob.min(), blob.max())",
        "",
    ]
    return "\n".join(lines)


def reading_lines(reading: Reading) -> tuple[str, ...]:
    """Write the lines that make ``image`` of the file at ``path``."""
    return _READINGS[reading]


def blob_lines(spec: BlobSpec) -> tuple[str, ...]:
    """Write the lines that make ``blob`` of ``image``: one call where blobFromImage suffices.

    It does for one scalefactor, stretch or crop, and NCHW; ``Image2BlobParams`` knows the
    rest, but neither a std nor a letterbox in the top left corner.
    """
    corner = _corner(spec)
    lines = [*_corner_lines(corner, spec.pad_value), ""] if corner else []
    return (*lines, *_value_lines(spec))


def batch_lines(spec: BlobSpec) -> tuple[str, ...]:
    r"""Write the lines that make one ``blob`` of a list of ``images``, and take it apart.

    >>> print("\n".join(batch_lines(BlobSpec(size=Size(224, 224), swap_rb=True))))
    blob = cv2.dnn.blobFromImages(images, size=(224, 224), swapRB=True)
    parts = cv2.dnn.imagesFromBlob(blob)
    """
    corner = _corner(spec)
    lines = []
    if corner:
        inner = [*_corner_lines(corner, spec.pad_value), "images[number] = image"]
        lines = ["for number, image in enumerate(images):", *(f"    {line}" for line in inner)]
    lines += [
        line.replace("blobFromImage", "blobFromImages").replace("(image", "(images")
        for line in _value_lines(spec)
    ]
    blob = "blob" if spec.layout == "NCHW" else "blob.transpose(0, 3, 1, 2)"
    if spec.layout != "NCHW" or spec.ddepth != "float32":  # all that imagesFromBlob takes
        blob = f"np.ascontiguousarray({blob}, np.float32)"
    return (*lines, f"parts = cv2.dnn.imagesFromBlob({blob})")


def _value_lines(spec: BlobSpec) -> list[str]:
    """Write the call, and the division by std behind it."""
    lines = [_call(spec)] if _is_simple(spec) else _params_lines(spec)
    if spec.std != (1.0, 1.0, 1.0):
        axes = ".reshape(3, 1, 1)" if spec.layout == "NCHW" else ""
        lines.append(f"blob /= np.float32([{_three(spec.std)}]){axes}  # cv2.dnn has no std")
    return lines


def reading(picture: Picture) -> Reading:
    """Tell from the header how cv2.imread is to be asked for the pixels ``decode`` gives.

    ``unlike`` are transparent pictures that OpenCV does not show as they are: grey ones
    with one transparent shade, and those that EXIF turns.
    """
    header = Image.open(io.BytesIO(picture.data), formats=PICTURE_FORMATS)
    if header.has_transparency_data:
        turned = header.getexif().get(0x0112, 1) != 1
        shade = header.mode in ("1", "L", "I", "I;16", "I;16B")
        return "unlike" if turned or shade else "transparent"
    # a PNG says its depth in byte 24 (PNG specification, 11.2.1)
    return "deep" if header.format == "PNG" and picture.data[24] == 16 else "plain"


def _corner(spec: BlobSpec) -> Size | None:
    """Return the size of a letterbox that leaves its bars right and below."""
    return spec.size if spec.fit == "letterbox" and spec.anchor == "top-left" else None


def _is_simple(spec: BlobSpec) -> bool:
    """Tell whether the arguments of blobFromImage can say it all."""
    fits = spec.fit != "letterbox" or spec.size is None or _corner(spec) is not None
    return fits and spec.layout == "NCHW" and len(set(spec.scalefactor)) == 1


def _call(spec: BlobSpec) -> str:
    arguments = {
        "scalefactor": _one(spec.scalefactor[0]) if spec.scalefactor[0] != 1 else "",
        "size": str(spec.size.cv2) if spec.size else "",
        "mean": f"({_three(spec.mean)})" if any(spec.mean) else "",
        "swapRB": "True" if spec.swap_rb else "",
        "crop": "True" if spec.fit == "crop" and spec.size else "",
        "ddepth": "cv2.CV_8U" if spec.ddepth == "uint8" else "",
    }
    given = [f"{name}={value}" for name, value in arguments.items() if value]
    return f"blob = cv2.dnn.blobFromImage({', '.join(['image', *given])})"


def _params_lines(spec: BlobSpec) -> list[str]:
    """Say it with Image2BlobParams; what stays at its default is left out."""
    mode = "" if _corner(spec) or spec.size is None else _MODES.get(spec.fit, "")
    scale, mean, colour = (
        _three(each) for each in (spec.scalefactor, spec.mean, spec.pad_value)
    )
    any_scale = set(spec.scalefactor) != {1.0}
    values = {
        # always four: of a single number, the other channels become 0
        "scalefactor": f"({scale}, {_one(spec.scalefactor[2])})" if any_scale else "",
        "size": str(spec.size.cv2) if spec.size else "",
        "mean": f"({mean}, 0)" if any(spec.mean) else "",
        "swapRB": "True" if spec.swap_rb else "",
        "ddepth": "cv2.CV_8U" if spec.ddepth == "uint8" else "",
        "datalayout": "cv2.dnn.DNN_LAYOUT_NHWC" if spec.layout == "NHWC" else "",
        "paddingmode": f"cv2.dnn.{mode}" if mode else "",
        "borderValue": f"({colour}, 0)  # B, G, R" if spec.fit == "letterbox" and mode else "",
    }
    lines = [f"params.{name} = {value}" for name, value in values.items() if value]
    return [
        "params = cv2.dnn.Image2BlobParams()",
        *lines,
        "blob = cv2.dnn.blobFromImageWithParams(image, params)",
    ]


def _corner_lines(size: Size, colour: Triple) -> list[str]:
    """Letterbox into the top left corner before cv2.dnn sees the image."""
    return [
        "# cv2.dnn letterboxes into the middle; this net wants the picture top left",
        f"wanted, given = np.float32({size.cv2}), np.float32(image.shape[1::-1])",
        "width, height = (round(float(side * min(wanted / given))) for side in given)",
        "image = cv2.resize(image, (width, height))",
        f"bars, colour = (0, {size.height} - height, 0, {size.width} - width), "
        f"({_three(colour)}, 0)",
        "image = cv2.copyMakeBorder(image, *bars, cv2.BORDER_CONSTANT, value=colour)",
    ]


def _one(number: float) -> str:
    """Write a number so that Python reads the same one, as a fraction where it is one."""
    return triple_to_text((number, number, number)).replace("/", " / ")


def _three(numbers: Triple) -> str:
    return ", ".join(_one(number) for number in numbers)
