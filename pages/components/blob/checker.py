"""The preprocessing checker: what is wrong with a spec, and buttons that fix it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.blob.checker import check_knobs, check_spec
from core.blob.findings import Finding, Severity
from core.blob.rules import RULES
from core.blob.spec import BlobSpec
from core.picture.image import Picture, kind_of
from pages.components.blob.knobs import turn_knobs
from pages.components.shell.cached import SPEC_BY_TEXT, cached_image
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain

_ICONS: dict[Severity, str] = {
    "error": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "note": ":blue[:material/info:]",
}


def show_findings(
    key: str, picture: Picture, spec: BlobSpec, wanted: BlobSpec | None = None
) -> None:
    """Show what the checker finds; a button sets the controls to the fix.

    Args:
        key: of the controls, as in ``blob_controls``.
        picture: what the blob is made of.
        spec: what the controls say.
        wanted: the spec of the model card; None skips the checks that need one.
    """
    findings = _findings(picture.digest, spec, wanted, picture)
    _show(key, findings)
    if not findings:
        held = "the model card and " if wanted else ""
        st.markdown(
            f":green[:material/check_circle:] **Checked** against {held}common "
            "preprocessing mistakes: no problems found."
        )
    if not wanted:
        st.caption("Choose a model as the preset to check the settings against its model card.")
    show_source(check_spec, *(RULES[each.name] for each in findings))


def show_knob_findings(key: str, picture: Picture, knobs: dict[str, Any]) -> None:
    """Show why the settings make no spec, if one click could fix it; else nothing."""
    _show(key, check_knobs(cached_image(picture), **knobs))


def _show(key: str, findings: Sequence[Finding]) -> None:
    for number, finding in enumerate(findings):
        with st.container(border=True, gap="small"):
            st.markdown(f"{_ICONS[finding.severity]} **{plain(finding.what)}**")
            st.markdown(plain(finding.why))
            with st.container(
                horizontal=True,
                vertical_alignment="center",
                horizontal_alignment="distribute",
            ):
                st.caption(_before_and_after(finding), width="content")
                if finding.fix:
                    st.button(
                        "Fix this",
                        key=f"{key}.fix.{number}",
                        icon=":material/build:",
                        on_click=turn_knobs,
                        args=(key, finding.fix),
                        help=f"Changes the settings to fix this: {finding.name}.",
                    )


def _before_and_after(finding: Finding) -> str:
    then = "with the fix" if finding.fix else "instead"
    return f"now: **{plain(finding.before)}** · {then}: **{plain(finding.after)}**"


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _findings(
    digest: str,  # noqa: ARG001 - the key
    spec: BlobSpec,
    wanted: BlobSpec | None,
    _picture: Picture,
) -> tuple[Finding, ...]:
    return check_spec(cached_image(_picture), spec, wanted, kind=kind_of(_picture))
