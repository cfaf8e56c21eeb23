"""NanoDet [1, N, C+4B]: C scores, then four distances as B logits each.

The first NanoDet: as NanoDet-Plus, but its distances lead from the *middle* of a cell, of
grids with strides 8, 16 and 32. Some exports keep scores and distances of each grid apart.
"""

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.distances import distance_rows
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN

_STRIDES = (8, 16, 32)


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    return distance_rows(outputs, facts, strides=_STRIDES, middle=0.5)


LAYOUT = Layout(
    name=LayoutName("nanodet"),
    families="NanoDet",
    shape="[1, N, C+32], or [1, n, C] and [1, n, 32] from each grid",
    row="a score for each class, four distances as eight logits each",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
