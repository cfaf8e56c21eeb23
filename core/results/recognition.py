"""Which layout a detector's outputs are written in: by reason, not by shape alone.

A layout fits where the shapes are its own and the numbers can be what it says they are:
scores in 0..1, whole classes, boxes that lie in the blob. The card's labels decide between
layouts that fit; where they do not, a person has to choose.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.errors import LayoutUnknown
from core.outputs import AUTO, LayoutName, Outputs, layout_names
from core.results.box_rows import BoxRows
from core.results.hints import hint
from core.results.layout import Layout, NetFacts
from core.results.layouts import layouts
from core.results.tables import OutputArray

SLACK = 0.02
"""So far beyond 0..1 a score may lie that float16 or eight bits have rounded."""

BEST_ROWS = 100
"""So many of the most confident boxes are asked whether they lie in the blob."""


MOST_DOUBTS = 3
"""So many layouts that do not fit are named with the reason."""


@dataclass(frozen=True, slots=True)
class LayoutMatch:
    """A layout whose shapes are those of the outputs, and what speaks for and against it.

    Attributes:
        layout: its name.
        families: the nets that write so.
        grounds: what of the shapes speaks for it.
        doubts: why its numbers cannot be what it says they are; none where it fits.
        classes: how many class scores a row has; None where it holds its class alone.
        odd: the numbers can be so, but seldom are (all scores of a class 0 or 1, key points
            beside their boxes): others that fit go before.
        labels_fit: whether the classes are as many as the card's labels; None where nobody
            can tell.
        left_out: what else the rows hold and nobody reads.
        remark: what a visitor should know of such nets.
    """

    layout: LayoutName
    families: str
    grounds: str
    doubts: tuple[str, ...] = ()
    classes: int | None = None
    odd: bool = False
    labels_fit: bool | None = None
    left_out: str = ""
    remark: str = ""

    @property
    def fits(self) -> bool:
        """Tell whether the numbers can be what this layout says they are."""
        return not self.doubts

    @property
    def reason(self) -> str:
        """What speaks for it, or against it, as one sentence."""
        if self.doubts:
            return f"{self.layout} ({self.families}) has such shapes, but " + (
                ", and ".join(self.doubts) + "."
            )
        return f"{self.layout} ({self.families}): {self.grounds}."


@dataclass(frozen=True, slots=True)
class Recognition:
    """What outputs could be.

    Attributes:
        matches: the layouts whose shapes fit, the best first.
        chosen: the one that fits best; None where there is none, or more than one.
        listed: the outputs' names and shapes.
        hint: what the outputs probably are, where no layout fits.
    """

    matches: tuple[LayoutMatch, ...]
    chosen: LayoutMatch | None
    listed: str
    hint: str = ""

    @property
    def fitting(self) -> tuple[LayoutMatch, ...]:
        """The layouts between which a person has to choose, or the one that fits."""
        fitting = [each for each in self.matches if each.fits]
        best = max((_rank(each) for each in fitting), default=0)
        return tuple(each for each in fitting if _rank(each) == best)

    @property
    def problem(self) -> str:
        """Why no layout is chosen, and what to do, in sentences."""
        if self.chosen:
            return ""
        if fitting := self.fitting:
            reasons = " ".join(each.reason for each in fitting)
            return (
                f"{self.listed} fits several output layouts. {reasons} Choose one, or name it "
                "in the card (layout = ...)."
            )
        likely = sorted(self.matches, key=lambda each: not each.labels_fit)
        doubts = [each.reason for each in likely[:MOST_DOUBTS]]
        parts = [
            f"No output layout fits what the net answered: {self.listed or 'nothing'}.",
            self.hint,
            *doubts,
            "If you know the layout, choose it, or name it in the card (layout = ...): "
            f"{', '.join(layout_names())}.",
        ]
        return " ".join(filter(None, parts))


def recognition(outputs: Outputs, facts: NetFacts) -> Recognition:
    """Ask every layout whether the outputs can be written in it."""
    asked = (match_layout(each, outputs, facts) for each in layouts().values())
    found = sorted(filter(None, asked), key=_rank, reverse=True)
    fitting = [each for each in found if each.fits]
    alone = len(fitting) == 1 or (len(fitting) > 1 and _rank(fitting[0]) > _rank(fitting[1]))
    return Recognition(
        matches=tuple(found),
        chosen=fitting[0] if alone else None,
        listed=outputs.listed,
        hint="" if fitting else hint(outputs, facts.size),
    )


def _rank(each: LayoutMatch) -> int:
    """Put those first that fit, and of these those whose classes are the card's."""
    if not each.fits:
        return 0
    return 2 * {True: 3, None: 2, False: 1}[each.labels_fit] - each.odd


def recognise(outputs: Outputs, facts: NetFacts) -> LayoutMatch:
    """Name the layout of a detector's outputs.

    Raises:
        LayoutUnknown: the outputs fit no layout, or several; the text says which, and why.
    """
    found = recognition(outputs, facts)
    if found.chosen is None:
        raise LayoutUnknown(found.problem)
    return found.chosen


def named(outputs: Outputs, facts: NetFacts, name: LayoutName) -> LayoutMatch:
    """Check that outputs can be written in the layout that a card or a person names.

    Raises:
        LayoutUnknown: they cannot, or there is no such layout; the text says why, and which
            layout would fit.
    """
    if name == AUTO:
        return recognise(outputs, facts)
    layout = layout_named(name)
    with np.errstate(all="ignore"):
        rows = layout.rows(outputs, facts)
        found = _match_of(layout, rows, facts, _number_doubts(rows))
    if found.fits:
        return found
    others = [each.layout for each in recognition(outputs, facts).fitting]
    better = f"{' or '.join(others)} would fit: choose it." if others else ""
    better = better or hint(outputs, facts.size) or "Choose another output layout, or auto."
    raise LayoutUnknown(
        f"The output layout is said to be {name}, but then {', and '.join(found.doubts)}. "
        f"The net answered {outputs.listed}. {better}"
    )


def layout_named(name: LayoutName) -> Layout:
    """Return the layout of this name.

    Raises:
        LayoutUnknown: there is none.
    """
    found = layouts().get(name)
    if found is None:
        raise LayoutUnknown(
            f'There is no layout "{name}". Name one of these in the card (layout = ...): '
            f"{', '.join(layout_names())}."
        )
    return found


def match_layout(layout: Layout, outputs: Outputs, facts: NetFacts) -> LayoutMatch | None:
    """Ask one layout; None where the shapes are not its own."""
    if layout.fits and not layout.fits(outputs, facts):
        return None
    try:
        with np.errstate(all="ignore"):  # a broken net, or another net, answers anything
            rows = layout.read(outputs, facts)
    except LayoutUnknown as missing:
        return LayoutMatch(layout.name, layout.families, f"the shape is its own. {missing}")
    if rows is None or rows.off_grid or not len(rows):
        return None
    with np.errstate(all="ignore"):
        doubts = (*rows.doubts, *_number_doubts(rows))
        doubts = (*doubts, *(_box_doubts(rows, facts) if not doubts else ()))
        found = _match_of(layout, rows, facts, doubts)
        return found if doubts else replace(found, odd=rows.odd or _is_odd(rows))


def _match_of(
    layout: Layout, rows: BoxRows, facts: NetFacts, doubts: tuple[str, ...]
) -> LayoutMatch:
    return LayoutMatch(
        layout=layout.name,
        families=layout.families,
        grounds=rows.grounds,
        doubts=doubts,
        classes=None if rows.scores is None else rows.scores.shape[1],
        labels_fit=_labels_fit(rows, facts),
        left_out=rows.left_out,
        remark=layout.remark,
    )


def _labels_fit(rows: BoxRows, facts: NetFacts) -> bool | None:
    if rows.scores is not None:
        return facts.fit_classes(rows.scores.shape[1])
    if rows.class_id is None:
        return None
    return facts.fit_class_ids(int(np.nan_to_num(rows.class_id.max(initial=0))))


def _number_doubts(rows: BoxRows) -> tuple[str, ...]:
    """Say which numbers can be no scores, or no classes, whoever says they are."""
    return (*_score_doubts(rows), *_class_doubts(rows))


def _score_doubts(rows: BoxRows) -> Iterator[str]:
    for what, values in (
        ("objectness", rows.objectness),
        ("class scores", rows.scores),
        ("confidences", rows.confidence),
    ):
        if values is None or not values.size:
            continue
        low, high = _range(values)
        if low < -SLACK or high > 1 + SLACK:
            yield (
                f"its {what} would run from {low:.4g} to {high:.4g}, and a score lies in 0..1"
            )


def _range(values: OutputArray) -> tuple[float, float]:
    """Return the least and the largest finite number; 0 and 0 where there is none."""
    low, high = float(values.min()), float(values.max())
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = values[np.isfinite(values)]
    return float(finite.min(initial=0)), float(finite.max(initial=0))


def _class_doubts(rows: BoxRows) -> Iterator[str]:
    if rows.class_id is not None:
        ids = rows.class_id[np.isfinite(rows.class_id)]
        if (ids != np.rint(ids)).any() or (ids < -1).any():
            yield f"its classes would be {_some(ids)}, and a class is a whole number from 0"


def _is_odd(rows: BoxRows) -> bool:
    """Tell whether a class has no score but 0 and 1, like objectness that is always 1."""
    if rows.scores is None:
        return False
    whole = (rows.scores == np.rint(rows.scores)).all(axis=0)
    return bool((whole & (rows.scores != 0).any(axis=0)).any())


def _some(values: OutputArray) -> str:
    return ", ".join(f"{each:.4g}" for each in values[values != np.rint(values)][:3]) or (
        f"{values.min():.4g}"
    )


def _box_doubts(rows: BoxRows, facts: NetFacts) -> Iterator[str]:
    """Look at the most confident boxes: half of them must lie in the blob."""
    if rows.box_format == "cxcywh" and (rows.boxes[:, 2:] < 0).any():
        yield "some of its widths or heights would be negative"
        return
    found = rows.detections(facts.size)
    sure = found.confidence.astype(np.float64)
    best = np.argsort(-np.nan_to_num(sure), kind="stable")[:BEST_ROWS]
    best = best[sure[best] > 0]
    inside = _could_lie_in_blob(found.xyxy[best], facts)
    if 2 * np.count_nonzero(inside) < len(best):
        yield (
            f"{len(best) - np.count_nonzero(inside)} of its {len(best)} most confident boxes "
            f"could not lie in a blob of {facts.size}"
        )


def _could_lie_in_blob(xyxy: npt.NDArray[np.float64], facts: NetFacts) -> npt.NDArray[np.bool_]:
    """Tell for each box whether its middle is in the blob or near it, and its sides are."""
    size = np.array(facts.size.cv2)
    middle, sides = (xyxy[:, :2] + xyxy[:, 2:]) / 2, xyxy[:, 2:] - xyxy[:, :2]
    near = (middle >= -size / 2) & (middle <= 1.5 * size)
    return np.asarray((near & (sides >= 0)).all(axis=1))
