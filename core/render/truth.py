"""Found against marked, drawn: each fate has a pattern and letters, not a colour alone.

====  ==================  =======  ==========================================
TP    true positive       solid    a box that found an object
FP    false positive      dotted   a box that found none: a false alarm
FN    false negative      dashed   an object that no box found: a miss
====  ==================  =======  ==========================================
"""

from collections.abc import Callable
from typing import Literal

from core.picture.image import BgrImage
from core.render.boxes import PLAIN, BoxStyle, Outline, Pattern, draw_outlines, words_beside
from core.render.palette import CLASS_COLOURS, Bgr
from core.results.detections import Detections
from core.results.matching import Matching
from core.results.truth import Truth

MatchOutcome = Literal["TP", "FP", "FN", "ignored"]
OUTCOME_COLOURS: dict[MatchOutcome, Bgr] = {
    "TP": CLASS_COLOURS[0],  # blue, pink and yellow: bright enough for thin lines with gaps
    "FP": CLASS_COLOURS[18],
    "FN": CLASS_COLOURS[3],
    "ignored": (255, 255, 255),
}


def draw_matched(
    image: BgrImage,
    detections: Detections,
    truth: Truth,
    matching: Matching,
    *,
    label: Callable[[int], str] = str,
    style: BoxStyle = PLAIN,
) -> BgrImage:
    """Draw hits solid, false alarms dotted, and what was missed dashed, on a copy.

    Args:
        image: the picture whose pixels all boxes are in.
        detections: what was found.
        truth: what is marked.
        matching: which found which; see ``match``.
        label: the text of a class.
        style: widths, and which words stand beside the letters.
    """
    outlines = [
        _missed(truth, row, label, style) for row in matching.missed.nonzero()[0].tolist()
    ]
    for index, xyxy in enumerate(detections.xyxy.tolist()):
        outcome = _outcome(matching, index)
        words = words_beside(detections, index, label, style)
        pattern: Pattern = "dotted" if outcome == "FP" else "solid"
        outlines.append(
            Outline(tuple(xyxy), f"{outcome} {words}", OUTCOME_COLOURS[outcome], pattern)
        )
    return draw_outlines(image, outlines, style=style)


def draw_truth(
    image: BgrImage,
    truth: Truth,
    matching: Matching,
    *,
    label: Callable[[int], str] = str,
    style: BoxStyle = PLAIN,
) -> BgrImage:
    """Draw what is marked, dashed, on a copy; what was missed has its letters."""
    outlines: list[Outline] = []
    for row, xyxy in enumerate(truth.xyxy.tolist()):
        if matching.missed[row]:
            outlines.append(_missed(truth, row, label, style))
            continue
        word = label(int(truth.class_id[row])) if style.labels else ""
        outcome: MatchOutcome = "ignored" if truth.ignored[row] else "TP"
        text = f"ignored {word}" if truth.ignored[row] else word
        outlines.append(Outline(tuple(xyxy), text, OUTCOME_COLOURS[outcome], "dashed"))
    return draw_outlines(image, outlines, style=style)


def _outcome(matching: Matching, index: int) -> MatchOutcome:
    if matching.ignored[index]:
        return "ignored"
    return "TP" if matching.truth_row[index] >= 0 else "FP"


def _missed(truth: Truth, row: int, label: Callable[[int], str], style: BoxStyle) -> Outline:
    word = label(int(truth.class_id[row])) if style.labels else ""
    return Outline(
        tuple(truth.xyxy[row].tolist()), f"FN {word}", OUTCOME_COLOURS["FN"], "dashed"
    )
