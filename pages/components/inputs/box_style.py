"""How boxes are drawn: visible parts, line width, colours; a link includes the choice."""

import streamlit as st

from core.render.boxes import COLOURS, BoxStyle
from core.render.palette import SEQUENTIAL
from core.render.planes import colour_bar
from pages.components.shell.choice import choice
from pages.components.shell.images import show_exact
from pages.components.shell.widget_memory import persistent

_PARTS = ("boxes", "labels", "confidence", "numbers")
_LEAST, _MOST, _STEP = 0.5, 3.0, 0.25


def display_controls(key: str) -> BoxStyle:
    """Ask which parts of a box are drawn, and how."""
    with st.expander("Display", icon=":material/brush:"):
        drawn = st.pills(
            "Show",
            _PARTS,
            selection_mode="multi",
            default=_PARTS,
            key=persistent(f"{key}.drawn"),
            bind="query-params",
            help="Without boxes, the labels stay in place. The numbers are those of the table.",
        )
        colours = choice(
            "Colour by",
            COLOURS,
            key=f"{key}.colours",
            help="class: one colour per class. confidence: brighter is higher.",
        )
        line = _factor("Line width", f"{key}.line")
        text = _factor("Text size", f"{key}.text")
    parts = {part: part in drawn for part in _PARTS}
    return BoxStyle(**parts, line=line, text=text, colours=colours)


def show_legend(style: BoxStyle) -> None:
    """Show a colour bar if the colours mean a confidence."""
    if style.colours == "confidence":
        show_exact(
            colour_bar(SEQUENTIAL, height=8),
            caption="The colour of a box is its confidence: 0 on the left, 1 on the right.",
            alt="Colours of confidence, from 0 to 1",
        )


def _factor(label: str, key: str) -> float:
    return st.slider(
        label,
        _LEAST,
        _MOST,
        1.0,
        _STEP,
        format="x %g",
        key=persistent(key),
        bind="query-params",
    )
