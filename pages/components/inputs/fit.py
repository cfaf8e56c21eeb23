"""What happens to the aspect ratio: a spec's own fit or another."""

from dataclasses import replace
from typing import Any, cast

from core.blob.spec import FITS, BlobSpec, Fit
from core.nets.card import ModelCard
from pages.components.shell.choice import choice


def pick_fit(key: str, spec: BlobSpec, *, own: str, help: str, **how: Any) -> BlobSpec:
    """Ask for the fit, and return the spec with it.

    Args:
        key: app-wide, without ``.fit``.
        spec: whose fit is the default.
        own: what that default is called.
        help: what the choice means here.
        how: more for ``choice``.
    """
    fit = choice("fit", (own, *FITS), key=f"{key}.fit", wrap=True, help=help, **how)
    return spec if fit == own else replace(spec, fit=cast(Fit, fit))


def pick_fit_for_model(key: str, card: ModelCard) -> BlobSpec:
    """Ask for the fit of a detector; the model's own is the default."""
    return pick_fit(
        key,
        card.blob,
        own="as the model wants",
        help=f"What happens to the aspect ratio. This model was trained with "
        f"{card.blob.fit}; another fit changes or loses boxes.",
    )
