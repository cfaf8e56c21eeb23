"""How people like their numbers: the specs that are worth trying on an unknown net."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.blob.known_means import (
    CAFFE_MEAN,
    FACE_DETECTOR_MEAN,
    MOBILENET_MEAN,
    TORCHVISION_MEAN,
    TORCHVISION_STD,
)
from core.blob.spec import BlobSpec, Triple
from core.picture.size import Size

SAME_NUMBERS = 0.02  # of the range of values: 0.017 is 1/255/0.23 to everybody but a computer


@dataclass(frozen=True, slots=True)
class Convention:
    """How the nets of one family like their numbers; mean and std in the order B, G, R."""

    name: str
    scalefactor: float
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)

    def spec(self, size: Size | None, *, swap_rb: bool) -> BlobSpec:
        """Write it as a spec; mean and std follow the colours."""
        return BlobSpec(
            size=size,
            scalefactor=(self.scalefactor,) * 3,
            mean=self.mean[::-1] if swap_rb else self.mean,
            std=self.std[::-1] if swap_rb else self.std,
            swap_rb=swap_rb,
        )


CAFFE = Convention("Caffe, VGG", 1.0, CAFFE_MEAN)
CONVENTIONS: tuple[Convention, ...] = (
    Convention("Darknet, YOLO", 1 / 255),
    Convention("bytes as they are", 1.0),
    CAFFE,
    Convention("torchvision", 1 / 255, TORCHVISION_MEAN, TORCHVISION_STD),
    Convention("TensorFlow, MobileNet-SSD", 1 / 127.5, (127.5,) * 3),
    Convention("MobileNet (Caffe)", 0.017, MOBILENET_MEAN),
    Convention("OpenCV's face detector", 1.0, FACE_DETECTOR_MEAN),
)


def candidate_specs(size: Size | None) -> tuple[BlobSpec, ...]:
    """List the specs worth trying, without those that make the same blob as one before.

    Each habit with both orders of colour, and Caffe's mean in the wrong order as well,
    because some nets were trained that way.

    >>> len(candidate_specs(Size(224, 224)))
    14
    """
    specs = [
        convention.spec(size, swap_rb=swap)
        for convention in CONVENTIONS
        for swap in (False, True)
    ]
    specs += [replace(spec, mean=spec.mean[::-1]) for spec in specs if spec.mean in _TURNED]
    kept: list[BlobSpec] = []
    for spec in specs:
        if not any(same_numbers(spec, each) for each in kept):
            kept.append(spec)
    return tuple(kept)


_TURNED = (CAFFE.mean, CAFFE.mean[::-1])


def same_numbers(one: BlobSpec, other: BlobSpec) -> bool:
    """Say whether two specs give bytes nearly the same values in each plane.

    >>> half = BlobSpec(scalefactor=(1 / 127.5,) * 3, mean=(127.5,) * 3)
    >>> same_numbers(half, BlobSpec(mean=(127.5,) * 3, std=(127.5,) * 3))
    True
    """
    ours, theirs = _ends(one), _ends(other)
    near = np.abs(ours - theirs).max() <= SAME_NUMBERS * np.ptp(ours)
    return bool(near) and one.swap_rb == other.swap_rb


def _ends(spec: BlobSpec) -> npt.NDArray[np.float64]:
    """Where the bytes 0 and 255 go in each plane, (2, 3)."""
    bytes_ = np.array([[0.0], [255.0]])
    return np.asarray(
        (bytes_ - np.array(spec.mean)) * np.array(spec.scalefactor) / np.array(spec.std)
    )
