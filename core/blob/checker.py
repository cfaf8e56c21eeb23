"""The checker: common mistakes in a spec, each with its numbers and the spec that fixes it.

The rules for specs stand in ``core/blob/rules.py``. What cannot even become a ``BlobSpec``
is the business of ``check_knobs``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from core.blob.findings import Case, Finding, Rule, values
from core.blob.make import make_blob
from core.blob.numbers import triple_to_text
from core.blob.rules import ONES, RULES, as_triple, reaches_alike
from core.blob.spec import BlobSpec
from core.errors import BlobImpossible
from core.picture.header import Kind


def check_spec(
    image: npt.NDArray[Any],
    spec: BlobSpec,
    wanted: BlobSpec | None = None,
    *,
    kind: Kind = "colour",
) -> tuple[Finding, ...]:
    """Hold a spec against what is known of the model and of pictures.

    Args:
        image: as ``make_blob`` takes it.
        spec: the settings to check.
        wanted: the spec of the model card; None skips the checks that need one.
        kind: what the file held, see ``core.picture.image.kind_of``.

    Returns:
        The findings, in the order of ``RULES``; none for a card's own spec.

    Raises:
        BlobImpossible: something is to be said, but the spec makes no blob of this image.

    >>> import numpy as np
    >>> mixed = BlobSpec(scalefactor=(1 / 255,) * 3, mean=(0.485, 0.456, 0.406))
    >>> finding = check_spec(np.full((4, 4, 3), 255, np.uint8), mixed)[0]
    >>> finding.before, finding.after
    ('values 0.9981 to 0.9984', 'values 0.515 to 0.594')
    """
    case = Case(image, spec, wanted, kind)
    found = [finding for rule in RULES.values() if (finding := _asked(rule, case))]
    causes = [each.fix for each in found if each.fix and each.name != "range"]
    if wanted and any(reaches_alike(fix, wanted) for fix in causes):
        # a wrong range is a symptom: where another fix heals it, that one is the cause
        found = [each for each in found if each.name != "range"]
    return tuple(found)


def check_knobs(image: npt.NDArray[Any], **knobs: Any) -> tuple[Finding, ...]:
    """Explain why these settings make no ``BlobSpec``, if one click could fix it.

    Args:
        image: as ``make_blob`` takes it.
        knobs: what ``BlobSpec`` takes, by name.

    Returns:
        A finding for each such fault, all with the same fix: the spec with every one of
        them fixed. Nothing for settings that make a spec, or fail for another reason.
    """
    faults = [fault for rule in KNOB_RULES if (fault := rule(knobs))]
    fixed = {name: value for fault in faults for name, value in fault.fixed.items()}
    try:
        fix = BlobSpec(**{**knobs, **fixed})
        after = values(Case(image, fix))
    except BlobImpossible:
        return ()
    return tuple(
        Finding(
            name=each.name,
            what=each.what,
            why=each.why,
            before=each.before,
            after=after,
            fix=fix,
            severity="error",
        )
        for each in faults
    )


def _asked(rule: Rule, case: Case) -> Finding | None:
    """Apply a rule; if its fix would exceed float32, there is no finding."""
    try:
        return rule(case)
    except BlobImpossible:
        make_blob(case.image, case.spec)  # raises where the spec itself is the trouble
        return None


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why knobs make no spec, and the knobs to turn."""

    name: str
    what: str
    why: str
    before: str
    fixed: dict[str, Any]


def _bytes_with_numbers(knobs: dict[str, Any]) -> _Fault | None:
    """Find ddepth uint8 beside a mean, a scalefactor or a std."""
    neutral = {"scalefactor": ONES, "mean": (0.0, 0.0, 0.0), "std": ONES}
    busy = [name for name, value in neutral.items() if tuple(knobs.get(name, value)) != value]
    if knobs.get("ddepth") != "uint8" or not busy:
        return None
    return _Fault(
        "uint8 with scaling",
        f"ddepth is uint8, but {' and '.join(busy)} would change the values.",
        "uint8 holds whole numbers from 0 to 255 only, so OpenCV refuses to scale a uint8 "
        "blob. Networks expect float32.",
        "no blob: OpenCV raises an error",
        {"ddepth": "float32"},
    )


def _zero_scale(knobs: dict[str, Any]) -> _Fault | None:
    """Find a scalefactor like (1/255, 0, 0): what a short Scalar becomes in OpenCV."""
    scale = tuple(knobs.get("scalefactor", ONES))
    others = [value for value in scale if value != 0]
    if not others or len(others) == len(scale):
        return None
    return _Fault(
        "one channel",
        f"The scalefactor ({triple_to_text(as_triple(scale))}) makes "
        f"{len(scale) - len(others)} of {len(scale)} planes 0.",
        "OpenCV fills its four-value Scalar with zeros, so a single number applies to the "
        "first channel only and the other channels become 0. Write it three times.",
        f"{len(scale) - len(others)} planes of zeros",
        {"scalefactor": tuple(value or others[0] for value in scale)},
    )


KNOB_RULES: tuple[Callable[[dict[str, Any]], _Fault | None], ...] = (
    _bytes_with_numbers,
    _zero_scale,
)
