"""All three planes of a 1920 x 1080 blob, rendered and encoded: Blobscope against matplotlib.

python -m benchmarks.planes
"""

import io

import cv2
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt

from benchmarks._ratio import HEAD, paired
from core.blob.make import make_blob, planes
from core.blob.spec import BlobSpec
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.render.encode import png_of_indices
from core.render.planes import Colouring, render_planes

Planes = tuple[npt.NDArray[np.float32], ...]
FULL_HD = Size(1920, 1080)


def ours(parts: Planes, colouring: Colouring, width: int) -> list[bytes]:
    """Render as the Blob page does."""
    rendered = render_planes(parts, colouring=colouring, width=width)
    return [png_of_indices(plane.index, plane.colour_map) for plane in rendered]


def with_matplotlib(parts: Planes, colouring: Colouring, width: int) -> bytes:
    """Draw three axes into one figure of as many pixels, with one scale."""
    colour_map = "gray" if colouring == "grey" else "PuOr"
    size = 3 * width / 100, width * 9 / 16 / 100
    figure, axes = plt.subplots(1, 3, figsize=size, dpi=100)
    low, high = min(p.min() for p in parts), max(p.max() for p in parts)
    for axis, plane in zip(axes, parts, strict=True):
        axis.imshow(plane, cmap=colour_map, vmin=low, vmax=high)
        axis.set_axis_off()
    file = io.BytesIO()
    figure.savefig(file, format="png")
    plt.close(figure)
    return file.getvalue()


def main() -> None:
    """Print a line for each size on the screen and each kind of colours."""
    mpl.use("agg")
    cv2.setNumThreads(1)
    image = decode_picture(sample_picture("astronaut"))
    spec = BlobSpec(size=FULL_HD, mean=(104.0, 117.0, 123.0))
    parts = tuple(planes(make_blob(image, spec)[0]))
    print(HEAD)
    for width in (640, FULL_HD.width):
        for colouring in ("grey", "diverging"):
            line = paired(
                lambda c=colouring, w=width: ours(parts, c, w),
                lambda c=colouring, w=width: with_matplotlib(parts, c, w),
                rounds=5,
            )
            print(line, colouring, f"{width} px wide")


if __name__ == "__main__":
    main()
