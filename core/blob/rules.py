"""The rules of the checker: each checks one ``Case`` and returns one finding or none.

``RULES`` lists them all, by the name that their findings carry.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from core.blob.findings import (
    Case,
    Finding,
    Rule,
    distortion,
    ellipse,
    inner_size,
    measured,
    plane_means,
    plane_ranges,
    shape,
)
from core.blob.known_means import CAFFE_MEAN, FACE_DETECTOR_MEAN, TORCHVISION_MEAN
from core.blob.make import place
from core.blob.numbers import triple_to_text
from core.blob.spec import BlobSpec, Triple
from core.errors import BlobImpossible
from core.picture.size import Size

ONES: Triple = (1.0, 1.0, 1.0)
UNIT_SCALE = 1 / 32  # a scalefactor below this takes bytes to about 0..1: 1/255, 1/127.5, 0.017
ALIKE = 0.1  # ranges that differ by a tenth of their width are no mistake: 0.017 for 1/255/std
FAR_OFF = 1.3  # 4:3 into a square is 1.33
MEANS_BY_COLOUR = {  # blue, green, red: the means that nets were trained with
    "ImageNet (Caffe)": CAFFE_MEAN,
    "ImageNet (torchvision)": TORCHVISION_MEAN,
    "OpenCV's face detector": FACE_DETECTOR_MEAN,
}
MEAN_TOLERANCE = 1.0


def mixed_units(case: Case) -> Finding | None:
    """Find a mean in 0..1 units, where blobFromImage subtracts before it scales."""
    spec = case.spec
    in_bytes = _rounded(mean / scale for mean, scale in _pairs(spec.mean, spec.scalefactor))
    small = 0 < max(map(abs, spec.mean)) < 1 and max(map(abs, spec.scalefactor)) < UNIT_SCALE
    if not small or max(map(abs, in_bytes)) < 1:
        return None
    return measured(
        case,
        "mixed units",
        f"The mean ({triple_to_text(spec.mean)}) is in 0..1 units and has almost no effect.",
        "blobFromImage subtracts the mean first, from values of 0 to 255, and scales after "
        f"that. In these units the mean is {triple_to_text(in_bytes)}.",
        replace(spec, mean=in_bytes),
    )


def std_in_bytes(case: Case) -> Finding | None:
    """Find a std in 0..255 units, where the values were scaled to about 1 before."""
    spec = case.spec
    in_units = _rounded(std * scale for std, scale in _pairs(spec.std, spec.scalefactor))
    if min(spec.std) < 2 or max(map(abs, spec.scalefactor)) >= UNIT_SCALE or max(in_units) >= 2:
        return None
    if min(in_units) <= 0:  # a negative scalefactor: no std could fix that
        return None
    return measured(
        case,
        "std in bytes",
        f"The std ({triple_to_text(spec.std)}) is in 0..255 units and reduces all values to "
        "almost 0.",
        "Blobscope divides by std after the scalefactor, when the values are already about "
        f"1. In these units the std is {triple_to_text(in_units)}.",
        replace(spec, std=in_units),
    )


def mean_order(case: Case) -> Finding | None:
    """Find the mean of red subtracted from blue."""
    spec, wanted = case.spec, case.wanted
    ours = _by_colour(spec.mean, spec)
    known = [_by_colour(wanted.mean, wanted)] if wanted else list(MEANS_BY_COLOUR.values())
    turned = any(_close(ours[::-1], each) and not _close(ours, each) for each in known)
    if not turned:
        return None
    fix = replace(spec, mean=spec.mean[::-1])
    if wanted and spec.swap_rb != wanted.swap_rb:  # the mean is the card's: swapRB is wrong
        fix = replace(_swapped(spec, wanted), mean=spec.mean)
    order = "red, green, blue" if spec.swap_rb else "blue, green, red"
    return measured(
        case,
        "mean order",
        f"The mean ({triple_to_text(spec.mean)}) is in the wrong order: swapRB is "
        f"{'on' if spec.swap_rb else 'off'}, so its numbers belong to {order}.",
        "The means of red and blue are exchanged: both planes are off by "
        f"{abs(ours[0] - ours[2]):g}.",
        fix,
        measure=plane_means,
    )


def swap(case: Case) -> Finding | None:
    """Find a net that sees red as blue."""
    spec, wanted = case.spec, case.wanted
    if not wanted or spec.swap_rb == wanted.swap_rb or spec.channels == 1 or mean_order(case):
        return None
    order = "red, green, blue" if wanted.swap_rb else "blue, green, red"
    return measured(
        case,
        "swapRB",
        f"swapRB is {'on' if spec.swap_rb else 'off'}, but this net was trained with planes in "
        f"the order {order}.",
        "Red objects look blue to it, and faces too. Networks often still return a plausible "
        "result with a lower accuracy, so the mistake is easy to miss.",
        _swapped(spec, wanted),
        measure=plane_means,
    )


def std_missing(case: Case) -> Finding | None:
    """Find the card's std left out, with no scalefactor that makes up for it."""
    spec, wanted = case.spec, case.wanted
    if not wanted or wanted.std == ONES or spec.std != ONES:
        return None
    have, want = _gain(spec), _gain(wanted)
    if all(abs(one / other - 1) < ALIKE for one, other in zip(have, want, strict=True)):
        return None
    std = wanted.std if spec.swap_rb == wanted.swap_rb else wanted.std[::-1]
    return measured(
        case,
        "std missing",
        f"This net was trained with values divided by std ({triple_to_text(std)}); here they "
        "are not.",
        "blobFromImage has no std argument, so it is easily forgotten: the net then sees a "
        "picture with a quarter of the contrast.",
        replace(spec, std=std, ddepth="float32"),
    )


def value_range(case: Case) -> Finding | None:
    """Find bytes of 0 to 255 ending elsewhere than the card's numbers would take them."""
    spec, wanted = case.spec, case.wanted
    if not wanted or reaches_alike(spec, wanted):
        return None
    (low, high), (from_, to) = _reach(spec), _reach(wanted)
    same = spec.swap_rb == wanted.swap_rb
    numbers = {
        name: getattr(wanted, name) if same else getattr(wanted, name)[::-1]
        for name in ("scalefactor", "mean", "std")
    }
    return measured(
        case,
        "range",
        f"With these numbers a picture's values lie between {low:.4g} and {high:.4g}; this net "
        f"was trained on {from_:.4g} to {to:.4g}.",
        "The weights of a network fit one input range only; outside it, the result is "
        "unreliable.",
        replace(spec, **numbers, ddepth="float32"),
    )


def size(case: Case) -> Finding | None:
    """Find a blob larger or smaller than the net's input."""
    spec, wanted = case.spec, case.wanted
    made = spec.size or Size.of(case.image)
    if not wanted or wanted.size is None or made == wanted.size:
        return None
    return measured(
        case,
        "size",
        f"The blob is {made}; the model card says {wanted.size}.",
        "Many networks reject another size; the others see every object larger or smaller than "
        "in training.",
        replace(spec, size=wanted.size),
        measure=shape,
    )


def aspect_ratio(case: Case) -> Finding | None:
    """Find a picture pulled out of shape where the card does not ask for it."""
    spec, wanted = case.spec, case.wanted
    if spec.fit != "stretch" or (wanted and wanted.fit == "stretch"):
        return None
    distorted = distortion(case)
    if distorted < FAR_OFF:
        return None
    fix = replace(spec, fit="letterbox")
    if wanted:
        fix = replace(spec, fit=wanted.fit, anchor=wanted.anchor, pad_value=wanted.pad_value)
    return measured(
        case,
        "stretch",
        f"A {Size.of(case.image)} picture becomes {spec.size}: a circle turns into an ellipse "
        f"{distorted:.2f} times as long as wide.",
        f"This net was trained with {wanted.fit}, so it expects undistorted objects."
        if wanted
        else "The net was not trained on this distortion, unless its training stretched as "
        "well.",
        fix,
        "warning" if wanted else "note",
        measure=ellipse,
    )


def letterbox_rounding(case: Case) -> Finding | None:
    """Find a letterbox whose resized side is truncated where the card's is rounded, or not."""
    spec, wanted = case.spec, case.wanted
    if not wanted or not (spec.letterboxed and wanted.letterboxed) or spec.fit == wanted.fit:
        return None
    fix = replace(spec, fit=wanted.fit)
    size = Size.of(case.image)
    try:
        ours, theirs = place(size, spec).resized, place(size, fix).resized
    except BlobImpossible:
        return None
    if ours == theirs:
        return None
    return measured(
        case,
        "letterbox",
        f"This letterbox resizes the {size} picture to {ours}; this net's card says "
        f"{wanted.fit}, which makes {theirs} of it.",
        "OpenCV's letterbox truncates the resized side, Ultralytics and most exporters round "
        "it. All boxes shift a little: by up to 9 pixels, where it was measured.",
        fix,
        "note",
        measure=inner_size,
    )


def one_channel(case: Case) -> Finding | None:
    """Find a scalefactor meant for all channels that reached some only."""
    spec, wanted = case.spec, case.wanted
    scale = spec.scalefactor
    others = [value for value in scale if value != 1]
    if not others or len(others) == 3 or (wanted and scale == wanted.scalefactor):
        return None
    filled = tuple(others[0] if value == 1 else value for value in scale)
    return measured(
        case,
        "one channel",
        f"The scalefactor ({triple_to_text(scale)}) leaves {3 - len(others)} of 3 planes "
        "unscaled.",
        "OpenCV fills its four-value Scalar from the left, so a single number applies to the "
        "first channel only. Write it three times.",
        replace(spec, scalefactor=as_triple(filled)),
        measure=plane_ranges,
    )


def grey(case: Case) -> Finding | None:
    """Find a net for grey pictures that gets colours, or the other way round."""
    spec, wanted = case.spec, case.wanted
    if not wanted or spec.channels == wanted.channels:
        return None
    return measured(
        case,
        "grey",
        f"channels is {spec.channels}, but this net was trained on "
        f"{'grey' if wanted.channels == 1 else 'colour'} pictures.",
        "OpenCV refuses the blob, or, where the numbers happen to allow it, computes another "
        "convolution without a word.",
        replace(spec, channels=wanted.channels),
        measure=shape,
    )


def channels(case: Case) -> Finding | None:
    """Find an image, or a file it came from, that is not made of three colours."""
    count = 1 if case.image.ndim == 2 else case.image.shape[2]
    if count != 3:
        return Finding(
            name="channels",
            what=f"The image has {count} {'channel' if count == 1 else 'channels'}, so the "
            "blob has as many planes.",
            why="Networks for photos need three channels: convert the image with "
            "cv2.cvtColor, or read it with cv2.IMREAD_COLOR.",
            before=shape(case),
            after=shape(replace(case, image=np.zeros((*case.image.shape[:2], 3), np.uint8))),
            fix=None,
        )
    return {"grey": _grey_file, "alpha": _alpha_file}.get(case.kind, lambda _: None)(case)


RULES: Mapping[str, Rule] = {
    "mixed units": mixed_units,
    "std in bytes": std_in_bytes,
    "one channel": one_channel,
    "mean order": mean_order,
    "swapRB": swap,
    "std missing": std_missing,
    "range": value_range,
    "size": size,
    "grey": grey,
    "stretch": aspect_ratio,
    "letterbox": letterbox_rounding,
    "channels": channels,
}


def _grey_file(case: Case) -> Finding:
    differences = np.ptp(case.image.astype(np.int32), axis=2)
    return Finding(
        name="channels",
        what="The file is greyscale; decoding copies the values into blue, green and red.",
        why="The three planes differ by mean and scale only, and swapRB has no effect. "
        "Networks trained on colour photos are less confident on greyscale ones.",
        before="1 channel in the file",
        after=f"3 channels, {differences.max():g} apart at most",
        fix=None,
        severity="note",
    )


def _alpha_file(case: Case) -> Finding:
    white = (case.image == 255).all(axis=2).mean()
    return Finding(
        name="channels",
        what="The file is partly transparent; Blobscope puts it on a white background.",
        why="A network has no plane for transparency. cv2.imread drops it and keeps the colour "
        "below, often black, so the result may differ.",
        before="colours and alpha in the file",
        after=f"3 channels; {white:.0%} of the picture is pure white",
        fix=None,
        severity="note",
    )


def _swapped(spec: BlobSpec, wanted: BlobSpec) -> BlobSpec:
    """Turn swapRB; numbers that are not the card's already stay with their colours."""
    turned = {
        name: mine if (mine := getattr(spec, name)) == getattr(wanted, name) else mine[::-1]
        for name in ("scalefactor", "mean", "std")
    }
    return replace(spec, swap_rb=wanted.swap_rb, **turned)


def _by_colour(values: Triple, spec: BlobSpec) -> Triple:
    """Put values of the blob's planes in the order blue, green, red."""
    return values[::-1] if spec.swap_rb else values


def _gain(spec: BlobSpec) -> Triple:
    """Work out what a step of 1 in a byte becomes in the blob: blue, green, red."""
    return _by_colour(
        as_triple(scale / std for scale, std in _pairs(spec.scalefactor, spec.std)), spec
    )


def _reach(spec: BlobSpec) -> tuple[float, float]:
    """Work out the lowest and the highest value that bytes can become."""
    ends = [
        (byte - mean) * scale / std
        for byte in (0, 255)
        for mean, scale, std in zip(spec.mean, spec.scalefactor, spec.std, strict=True)
    ]
    return min(ends), max(ends)


def reaches_alike(spec: BlobSpec, wanted: BlobSpec) -> bool:
    """Say whether bytes end in about the same range with both specs."""
    low, high = _reach(wanted)
    return all(
        abs(one - other) <= ALIKE * (high - low)
        for one, other in zip(_reach(spec), (low, high), strict=True)
    )


def _close(ours: Triple, known: Triple) -> bool:
    return all(abs(one - other) <= MEAN_TOLERANCE for one, other in _pairs(ours, known))


def _pairs(one: Triple, other: Triple) -> list[tuple[float, float]]:
    return list(zip(one, other, strict=True))


def _rounded(values: Any) -> Triple:
    """Cut the dust off quotients: 0.485 / (1/255) is 123.675."""
    return as_triple(round(value, 6) for value in values)


def as_triple(values: Any) -> Triple:
    """Take three values, one for each channel."""
    first, second, third = values
    return first, second, third
