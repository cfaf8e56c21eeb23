"""Output layouts: how each family of detectors writes its boxes, one module each.

A module holds all that is known of its layout and ends with ``LAYOUT``. A new layout is a
new file here: cards, recognition, decoding, grids and exported scripts find it by its name.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from core.outputs import LayoutName, layout_names
from core.results.layout import Layout


@cache
def layouts() -> Mapping[LayoutName, Layout]:
    """Return every layout by its name."""
    return {name: _layout(name) for name in layout_names()}


def _layout(name: LayoutName) -> Layout:
    layout: Layout = import_module(f"{__name__}.{name.replace('-', '_')}").LAYOUT
    if layout.name != name:
        raise ValueError(f"the layout in the file for {name!r} calls itself {layout.name!r}")
    return layout
