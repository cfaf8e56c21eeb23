"""The resize mode: the one of a spec or another."""

from dataclasses import replace
from typing import Any, cast

from core.blob.spec import FITS, BlobSpec, Fit
from core.nets.card import ModelCard
from pages.components.shell.choice import choice


def pick_fit(key: str, spec: BlobSpec, *, own: str, help: str, **how: Any) -> BlobSpec:
    """Ask for the resize mode (fit), and return the spec with it.

    Args:
        key: app-wide, without ``.fit``.
        spec: whose fit is the default.
        own: the text of that default.
        help: what the choice means here.
        how: more for ``choice``.
    """
    fit = choice("Resize mode", (own, *FITS), key=f"{key}.fit", wrap=True, help=help, **how)
    return spec if fit == own else replace(spec, fit=cast(Fit, fit))


def pick_fit_for_model(key: str, card: ModelCard) -> BlobSpec:
    """Ask for the resize mode of a detector; the one of the model is the default."""
    return pick_fit(
        key,
        card.blob,
        own="model default",
        help="How the picture is resized to the input size. This model was trained with "
        f"{card.blob.fit}; other modes can change or lose boxes.",
    )
