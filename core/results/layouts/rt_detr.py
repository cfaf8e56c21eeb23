"""RT-DETR and other DETRs with sigmoid scores: cx, cy, w, h in 0..1, and C scores or logits.

Either boxes [1, N, 4] beside scores [1, N, C], or, as Ultralytics exports them, one table
[1, N, 4+C]. Logits go through a sigmoid.
"""

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.classification import sigmoid
from core.results.grids import strides_for
from core.results.layout import Layout, NetFacts
from core.results.layouts.end_to_end import listed_table
from core.results.pairs import BoxesAndScores, boxes_and_scores
from core.results.tables import OutputArray, mask_count

MOST_QUERIES, USUAL_QUERIES = 1000, 300

NO_QUERY_GRID = (
    "There is no grid to show: a DETR asks a fixed number of queries, and each may answer "
    "anywhere in the picture."
)

SIGMOID_LINE = "scores = 1 / (1 + np.exp(-scores.astype(float)))  # these were logits"


def queries(outputs: Outputs) -> BoxesAndScores | None:
    """Take boxes and scores of a DETR, from two outputs or from one table."""
    pair = boxes_and_scores(outputs)
    if pair:
        return pair if len(pair.boxes) <= MOST_QUERIES else None
    table = listed_table(outputs, least=5)
    if table is None or mask_count(outputs):
        return None
    return BoxesAndScores(
        boxes=table.rows[:, :4],
        scores=table.rows[:, 4:],
        lines=(f"rows = {table.code}", "boxes, scores = rows[:, :4], rows[:, 4:]"),
    )


def _cell_doubts(count: int, outputs: Outputs, facts: NetFacts) -> tuple[str, ...]:
    """Tell a DETR's queries from the cells of a grid detector in one table."""
    thirds = count // 3 if count % 3 == 0 else count
    cells = strides_for(count, facts.size) or strides_for(thirds, facts.size)
    if len(outputs) == 1 and count != USUAL_QUERIES and cells:
        return ("its rows are as many as the cells of a grid",)
    return ()


def query_doubts(boxes: OutputArray) -> tuple[str, ...]:
    """Say what no boxes of a DETR are: in pixels, or without any width or height."""
    if (boxes > 1.5).any():
        return ("its boxes would be in pixels, and those of a DETR are fractions",)
    return ("some of its boxes would be empty",) if (boxes[:, 2:] <= 0).any() else ()


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    pair = queries(outputs)
    if pair is None:
        return None
    scores, lines = pair.scores, pair.lines
    if not pair.in_range:
        scores, lines = sigmoid(scores), (*lines, SIGMOID_LINE)
    kind = "scores" if pair.in_range else "logits"
    return BoxRows(
        boxes=pair.boxes,
        box_format="cxcywh",
        scores=scores,
        fractions=True,
        lines=lines,
        grounds=f"{len(pair.boxes)} boxes in fractions, with {scores.shape[1]} class {kind}",
        doubts=(*query_doubts(pair.boxes), *_cell_doubts(len(pair.boxes), outputs, facts)),
    )


LAYOUT = Layout(
    name=LayoutName("rt-detr"),
    families="RT-DETR, Deformable DETR, DINO, RF-DETR, D-FINE",
    shape="[1, N, 4] and [1, N, C], or [1, N, 4+C]",
    row="cx, cy, w, h in 0..1, a score or a logit for each class",
    read=_read,
    no_grid=NO_QUERY_GRID,
)
