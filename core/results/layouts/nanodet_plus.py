"""NanoDet-Plus [1, N, C+4B]: C scores, then four distances as B logits each.

Formula: RangiLyu's NanoDet-Plus with generalized focal loss: a distance is the mean of its
softmax over 0..B-1, in strides; it leads from the *corner* of a cell, of grids with strides
8, 16, 32 and 64. Some exports keep the scores [1, n, C] and distances [1, n, 4B] of each
grid apart.
"""

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.distances import distance_rows
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN

_STRIDES = (8, 16, 32, 64)


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    return distance_rows(outputs, facts, strides=_STRIDES, middle=0.0)


LAYOUT = Layout(
    name=LayoutName("nanodet-plus"),
    families="NanoDet-Plus",
    shape="[1, N, C+32], or [1, n, C] and [1, n, 32] from each grid",
    row="a score for each class, four distances as eight logits each",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
