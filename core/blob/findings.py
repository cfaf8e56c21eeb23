"""What the checker says about a spec, with numbers measured on the picture at hand."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy.typing as npt

from core.blob.make import Blob, make_blob, place, planes
from core.blob.spec import BlobSpec
from core.errors import BlobImpossible
from core.picture.header import Kind
from core.picture.size import Size

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a spec, or worth knowing about it.

    Attributes:
        name: the rule that found it.
        what: a sentence on what the settings do.
        why: a sentence on why that is seldom wanted.
        before: measured on this picture with the spec as it is.
        after: measured once more with the fix.
        fix: the spec that fixes only this; None if no spec can.
        severity: ``error`` makes no blob, ``warning`` spoils the answer, ``note`` informs.
    """

    name: str
    what: str
    why: str
    before: str
    after: str
    fix: BlobSpec | None
    severity: Severity = "warning"


@dataclass(frozen=True, eq=False)
class Case:
    """The input of a rule.

    Attributes:
        image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), as ``make_blob`` takes it.
        spec: the spec to check.
        wanted: the spec on the model's card; None where there is no model.
        kind: what the file held before it was decoded.
    """

    image: npt.NDArray[Any]
    spec: BlobSpec
    wanted: BlobSpec | None = None
    kind: Kind = "colour"

    @cached_property
    def blob(self) -> Blob:
        """The blob that the spec makes of the image."""
        return make_blob(self.image, self.spec)[0]


Rule = Callable[[Case], Finding | None]
Measure = Callable[[Case], str]


def measured(
    case: Case,
    name: str,
    what: str,
    why: str,
    fix: BlobSpec,
    severity: Severity = "warning",
    *,
    measure: Measure | None = None,
) -> Finding:
    """Measure the case with and without the fix, and write both down.

    Args:
        case: the input of the rule.
        name: the rule, as ``RULES`` knows it.
        what: a sentence on what the settings do.
        why: a sentence on why that is seldom wanted.
        fix: the spec that fixes it.
        severity: see ``Finding``.
        measure: describes the difference best; the range of the values by default.
    """
    told = measure or values
    before = told(case)
    try:
        after = told(replace(case, spec=fix))
        possible: BlobSpec | None = fix
    except BlobImpossible as error:  # such as a letterbox of a picture far too long
        after = str(error)
        possible = None
    return Finding(
        name=name,
        what=what,
        why=why,
        before=before,
        after=after,
        fix=possible,
        severity=severity,
    )


def values(case: Case) -> str:
    """Write the range of the whole blob."""
    return f"values {case.blob.min():.4g} to {case.blob.max():.4g}"


def shape(case: Case) -> str:
    """Write the blob's shape."""
    return "blob " + " x ".join(map(str, case.blob.shape))


def plane_means(case: Case) -> str:
    """Write the mean of each plane."""
    means = (f"{plane.mean():.4g}" for plane in planes(case.blob, case.spec.layout))
    return f"plane means {', '.join(means)}"


def plane_ranges(case: Case) -> str:
    """Write the range of each plane."""
    each = (
        f"{plane.min():.4g} to {plane.max():.4g}"
        for plane in planes(case.blob, case.spec.layout)
    )
    return f"planes {', '.join(each)}"


def ellipse(case: Case) -> str:
    """Write what becomes of a circle."""
    return f"a circle is {distortion(case):.2f} times as long as wide"


def inner_size(case: Case) -> str:
    """Write the size of the picture in the blob, without bars."""
    return f"the picture is {place(Size.of(case.image), case.spec).resized} in the blob"


def distortion(case: Case) -> float:
    """Divide the larger scale, across or down, by the smaller one: 1 keeps shapes."""
    across, down = place(Size.of(case.image), case.spec).scale
    return max(across / down, down / across)
