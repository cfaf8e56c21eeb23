"""DETR: cx, cy, w, h in 0..1 [1, N, 4] beside C+1 logits [1, N, C+1], the last "no object".

Formula: Carion et al. 2020 (arXiv 2005.12872), softmax of the logits without the last one.
"""

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.classification import softmax
from core.results.layout import Layout, NetFacts
from core.results.layouts.rt_detr import MOST_QUERIES, NO_QUERY_GRID, query_doubts
from core.results.pairs import boxes_and_scores


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    pair = boxes_and_scores(outputs)
    if pair is None or len(pair.boxes) > MOST_QUERIES or pair.scores.shape[1] < 2:
        return None
    scores = softmax(pair.scores)[:, :-1]
    finished = ("its logits would all lie in 0..1, as scores do",) if pair.in_range else ()
    return BoxRows(
        boxes=pair.boxes,
        box_format="cxcywh",
        scores=scores,
        fractions=True,
        lines=(
            *pair.lines,
            "scores = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))",
            "scores = (scores / scores.sum(axis=1, keepdims=True))[:, :-1]  # no object",
        ),
        grounds=f"{len(pair.boxes)} boxes in fractions beside {scores.shape[1]} class logits "
        'and one for "no object"',
        doubts=(*query_doubts(pair.boxes), *finished),
    )


LAYOUT = Layout(
    name=LayoutName("detr"),
    families="DETR, Conditional DETR with softmax, YOLOS",
    shape="[1, N, 4] and [1, N, C+1]",
    row='cx, cy, w, h in 0..1, beside a logit for each class and one for "no object"',
    read=_read,
    no_grid=NO_QUERY_GRID,
)
