"""FastestDet [1, 5+C, rows, columns]: objectness, four box numbers, C scores in each cell.

Formula: dog-qiuqiu's FastestDet: a centre is its cell plus tanh, sides are a sigmoid times
the blob's; the confidence is objectness ** 0.6 times score ** 0.4. One grid, stride 16.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.classification import sigmoid
from core.results.grids import grid_size
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN

_STRIDE = 16


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    if len(outputs) != 1:
        return None
    ((name, array),) = outputs.items()
    columns, rows = grid_size(facts.size, _STRIDE)
    if array.ndim != 4 or len(array) != 1 or array.shape[1] < 6:
        return None
    if array.shape[2:] != (rows, columns):
        return None
    table = array[0].reshape(array.shape[1], -1).T  # (rows * columns, 5+C)
    row, column = np.divmod(np.arange(rows * columns), columns)
    centres = (np.stack([column, row], axis=1) + np.tanh(table[:, 1:3])) * _STRIDE
    sides = sigmoid(table[:, 3:5]) * facts.size.cv2
    raw = table[:, [0, *range(5, table.shape[1])]]
    impossible = (raw < -0.02).any() or (raw > 1.02).any()
    return BoxRows(
        boxes=np.hstack([centres, sides]),
        box_format="cxcywh",
        scores=table[:, 5:] ** 0.4,
        objectness=table[:, 0] ** 0.6,
        fractions=False,
        lines=(
            f"grid = outputs[{name!r}][0]",
            "across = grid.shape[2]",
            "rows = grid.reshape(len(grid), -1).T",
            "row, column = np.divmod(np.arange(len(rows)), across)",
            f"centres = (np.stack([column, row], axis=1) + np.tanh(rows[:, 1:3])) * {_STRIDE}",
            "boxes = np.hstack([centres, into / (1 + np.exp(-rows[:, 3:5].astype(float)))])",
            "objectness, scores = rows[:, 0] ** 0.6, rows[:, 5:] ** 0.4",
        ),
        grounds=f"{array.shape[1] - 5} class scores, objectness and a box in each of "
        f"{columns} x {rows} cells of one grid with stride {_STRIDE}",
        doubts=("objectness or class scores would lie outside 0..1",) if impossible else (),
    )


LAYOUT = Layout(
    name=LayoutName("fastestdet"),
    families="FastestDet",
    shape="[1, 5+C, rows, columns]",
    row="objectness, four box numbers, a score for each class",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
