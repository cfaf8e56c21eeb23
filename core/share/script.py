"""Python for exactly this state: a short script that makes the same blob without Blobscope."""

from core.blob.numbers import triple_to_text
from core.blob.spec import BlobSpec, Triple
from core.picture.recipe import PLAIN_RECIPE, ImreadRecipe

_MODES = {"crop": "DNN_PMODE_CROP_CENTER", "letterbox": "DNN_PMODE_LETTERBOX"}


def script(spec: BlobSpec, recipe: ImreadRecipe = PLAIN_RECIPE) -> str:
    """Write the script; it needs numpy and cv2 alone, and leaves ``blob.npy`` behind.

    Args:
        spec: how the image becomes a blob.
        recipe: which picture it opens when it is not told another file, and how that becomes
            the same pixels here and there.

    >>> recipe = ImreadRecipe("cat.png")
    >>> print(script(BlobSpec(scalefactor=(1 / 255,) * 3, swap_rb=True), recipe))
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
        f"path = sys.argv[1] if len(sys.argv) > 1 else {recipe.picture_name!r}",
        *recipe.lines,
        "",
        *blob_lines(spec),
        "",
        'np.save("blob.npy", blob)',
        "print(blob.shape, blob.dtype, blob.min(), blob.max())",
        "",
    ]
    return "\n".join(lines)


def blob_lines(spec: BlobSpec) -> tuple[str, ...]:
    """Write the lines that make ``blob`` of ``image``: one call where blobFromImage suffices.

    It does for one scalefactor, stretch or crop, and NCHW; ``Image2BlobParams`` knows the
    rest, but neither a std nor a letterbox that is rounded or in the top left corner.
    """
    padding = _padding_lines(spec)
    lines = [*padding, ""] if padding else []
    return (*_grey_lines(spec, "image = {}"), *lines, *_value_lines(spec))


def batch_lines(spec: BlobSpec) -> tuple[str, ...]:
    r"""Write the lines that make one ``blob`` of a list of ``images``, and take it apart.

    >>> from core.picture.size import Size
    >>> print("\n".join(batch_lines(BlobSpec(size=Size(224, 224), swap_rb=True))))
    blob = cv2.dnn.blobFromImages(images, size=(224, 224), swapRB=True)
    parts = cv2.dnn.imagesFromBlob(blob)
    """
    padding = _padding_lines(spec)
    lines = _grey_lines(spec, "images = [{} for image in images]")
    if padding:
        inner = [*padding, "images[number] = image"]
        lines += ["for number, image in enumerate(images):", *(f"    {line}" for line in inner)]
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
        axes = ".reshape(-1, 1, 1)" if spec.layout == "NCHW" else ""
        std = _one(spec.std[0]) if spec.channels == 1 else _three(spec.std)
        lines.append(f"blob /= np.float32([{std}]){axes}  # cv2.dnn has no std")
    return lines


def _grey_lines(spec: BlobSpec, statement: str) -> list[str]:
    """Make the picture grey first, where the net wants one channel."""
    if spec.channels == 3:
        return []
    made = statement.format("cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)")
    return [f"{made}  # 0.299 R + 0.587 G + 0.114 B"]


def _is_simple(spec: BlobSpec) -> bool:
    """Tell whether the arguments of blobFromImage can say it all."""
    fits = not spec.letterboxed or spec.size is None or spec.padded_before
    return fits and spec.layout == "NCHW" and len(set(spec.scalefactor)) == 1


def _call(spec: BlobSpec) -> str:
    arguments = {
        "scalefactor": _one(spec.scalefactor[0]) if spec.scalefactor[0] != 1 else "",
        "size": str(spec.size.cv2) if spec.size else "",
        "mean": f"({_three(spec.mean)})" if any(spec.mean) else "",
        "swapRB": "True" if spec.swap_rb and spec.channels == 3 else "",
        "crop": "True" if spec.fit == "crop" and spec.size else "",
        "ddepth": "cv2.CV_8U" if spec.ddepth == "uint8" else "",
    }
    given = [f"{name}={value}" for name, value in arguments.items() if value]
    return f"blob = cv2.dnn.blobFromImage({', '.join(['image', *given])})"


def _params_lines(spec: BlobSpec) -> list[str]:
    """Say it with Image2BlobParams; what stays at its default is left out."""
    mode = "" if spec.padded_before or spec.size is None else _MODES.get(spec.fit, "")
    scale, mean, colour = (
        _three(each) for each in (spec.scalefactor, spec.mean, spec.pad_value)
    )
    any_scale = set(spec.scalefactor) != {1.0}
    values = {
        # always four: of a single number, the other channels become 0
        "scalefactor": f"({scale}, {_one(spec.scalefactor[2])})" if any_scale else "",
        "size": str(spec.size.cv2) if spec.size else "",
        "mean": f"({mean}, 0)" if any(spec.mean) else "",
        "swapRB": "True" if spec.swap_rb and spec.channels == 3 else "",
        "ddepth": "cv2.CV_8U" if spec.ddepth == "uint8" else "",
        "datalayout": "cv2.dnn.DNN_LAYOUT_NHWC" if spec.layout == "NHWC" else "",
        "paddingmode": f"cv2.dnn.{mode}" if mode else "",
        "borderValue": f"({colour}, 0)  # B, G, R" if spec.letterboxed and mode else "",
    }
    lines = [f"params.{name} = {value}" for name, value in values.items() if value]
    return [
        "params = cv2.dnn.Image2BlobParams()",
        *lines,
        "blob = cv2.dnn.blobFromImageWithParams(image, params)",
    ]


def _padding_lines(spec: BlobSpec) -> list[str]:
    """Letterbox before cv2.dnn sees the image, where its own letterbox is another."""
    if not spec.padded_before or spec.size is None:
        return []
    numbers = "np.float64" if spec.fit == "letterbox, rounded" else "np.float32"
    width, height = spec.size.cv2
    bars = [f"bars = 0, {height} - height, 0, {width} - width"]
    if spec.anchor == "centre":
        bars = [
            f"top, left = ({height} - height) // 2, ({width} - width) // 2",
            f"bars = top, {height} - height - top, left, {width} - width - left",
        ]
    return [
        f"# this net wants the picture {spec.anchor}, its side rounded; cv2.dnn truncates it",
        f"wanted, given = {numbers}({spec.size.cv2}), {numbers}(image.shape[1::-1])",
        "width, height = (round(float(side * min(wanted / given))) for side in given)",
        "image = cv2.resize(image, (width, height))",
        *bars,
        f"colour = ({_three(spec.pad_value)}, 0)",
        "image = cv2.copyMakeBorder(image, *bars, cv2.BORDER_CONSTANT, value=colour)",
    ]


def _one(number: float) -> str:
    """Write a number so that Python reads the same one, as a fraction where it is one."""
    return triple_to_text((number, number, number)).replace("/", " / ")


def _three(numbers: Triple) -> str:
    return ", ".join(_one(number) for number in numbers)
