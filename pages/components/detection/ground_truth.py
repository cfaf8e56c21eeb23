"""Ground truth beside the result: a file of marked objects, and how the boxes compare."""

from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from core.nets.card import ModelCard
from core.picture.image import Picture
from core.picture.size import Size
from core.pipeline import DetectionResult, Run, Thresholds, detect, on_shown
from core.render.boxes import BoxStyle
from core.render.truth import draw_matched, draw_truth
from core.results.matching import (
    ClassScore,
    DetectionMetrics,
    average_precision,
    match,
    mean_average_precision,
    score,
    scores_by_class,
)
from core.results.truth import Marked, Truth, read_truth, truth_for
from pages.components.shell.errors import show_errors
from pages.components.shell.images import show_photo
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain
from pages.components.shell.uploads import show_kept
from pages.components.shell.widget_memory import persistent

MOST_KEPT = 12
MOST_NAMED = 8

_KEPT = "truth.kept"
_EXAMPLES = {
    "YOLO .txt": "16 0.512 0.430 0.310 0.275\n0 0.104 0.388 0.082 0.541",
    "Pascal VOC .xml": "<annotation>\n <object>\n  <name>dog</name>\n  <bndbox>\n"
    "   <xmin>71</xmin><ymin>66</ymin>\n   <xmax>720</xmax><ymax>464</ymax>\n"
    "  </bndbox>\n </object>\n</annotation>",
    "COCO .json": '{"images": [{"id": 1, "file_name": "dog.jpg"}],\n'
    ' "categories": [{"id": 18, "name": "dog"}],\n "annotations": [{"image_id": 1,\n'
    '   "category_id": 18, "bbox": [70, 65, 650, 399]}]}',
}


@dataclass(frozen=True, slots=True)
class _Given:
    """The objects that a visitor gave for a picture, and where they come from."""

    name: str
    file_id: str
    marked: tuple[Marked, ...]


def show_truth(
    key: str,
    picture: Picture,
    run: Run,
    result: DetectionResult,
    card: ModelCard,
    thresholds: Thresholds,
    style: BoxStyle,
) -> None:
    """Ask for what is really in the picture, and compare it with what was found."""
    st.markdown(
        "Give the file in which somebody marked the objects of this picture, and see which "
        "of them the net found, which it missed, and what it made up: precision and recall "
        "at your thresholds."
    )
    with show_errors():
        given = _ask(key, picture, run.image_size)
        if given is None:
            _explain(key, picture, result, card)
        else:
            _compare(key, given, run, result, card, thresholds, style)
    show_source(match, average_precision)


def _ask(key: str, picture: Picture, size: Size) -> _Given | None:
    """Take a file for this very picture; it is kept for this visit and never in a link."""
    upload = st.file_uploader(
        "A YOLO .txt, Pascal VOC .xml or COCO .json file",
        type=["txt", "xml", "json"],
        key=f"{key}.file.{picture.digest[:12]}",
    )
    given = _kept().get(picture.digest)
    if upload and (given is None or given.file_id != upload.file_id):
        _keep(picture.digest, None)
        marked = read_truth(upload.name, upload.getvalue(), picture=picture.name, size=size)
        given = _Given(upload.name, upload.file_id, marked)
        _keep(picture.digest, given)
    elif given and not upload:
        forget = partial(_keep, picture.digest, None)
        show_kept(f"Compared with {plain(given.name)}", key=key, forget=forget)
    return given


def _kept() -> dict[str, _Given]:
    kept_here: dict[str, _Given] = st.session_state.get(_KEPT, {})
    return kept_here


def _keep(digest: str, given: _Given | None) -> None:
    """Remember what was given for a picture, or forget it; the oldest goes first."""
    others = {each: value for each, value in _kept().items() if each != digest}
    rows = [*others.items(), *([(digest, given)] if given else [])]
    st.session_state[_KEPT] = dict(rows[-MOST_KEPT:])


def _explain(key: str, picture: Picture, result: DetectionResult, card: ModelCard) -> None:
    with st.expander("What such a file looks like"):
        columns = st.columns(len(_EXAMPLES), gap="small")
        for column, (name, text) in zip(columns, _EXAMPLES.items(), strict=True):
            column.caption(name)
            column.code(text, language=None, wrap_lines=True)
        st.caption(
            "YOLO: class number, centre, width and height as fractions. VOC: pixels counted "
            "from 1, of which xmax and ymax are the last inside. COCO: left, top, width and "
            "height in pixels; the image is found by its file_name."
        )
    if len(result.kept):
        st.button(
            f"No file? Take the {len(result.kept)} boxes found now as the truth",
            key=f"{key}.take",
            icon=":material/content_copy:",
            help="Then move a threshold or choose another model, and see what that costs.",
            on_click=_keep,
            args=(picture.digest, _taken(result, card)),
        )


def _taken(result: DetectionResult, card: ModelCard) -> _Given:
    boxes = zip(result.kept.class_id.tolist(), result.kept.xyxy.tolist(), strict=True)
    marked = tuple(Marked(card.label(class_id), tuple(xyxy)) for class_id, xyxy in boxes)
    name = f"{len(marked)} boxes of {card.title} at the thresholds of then"
    return _Given(name, "", marked)


def _compare(
    key: str,
    given: _Given,
    run: Run,
    result: DetectionResult,
    card: ModelCard,
    thresholds: Thresholds,
    style: BoxStyle,
) -> None:
    min_iou = st.slider(
        "IoU of a match",
        0.1,
        0.95,
        0.5,
        0.05,
        key=persistent(f"{key}.iou"),
        bind="query-params",
        help="A box has found an object of its class if both overlap at least so much. Each "
        "object is found once, by the surest box.",
    )
    truth = truth_for(given.marked, card.labels, label_offset=card.label_offset)
    if thresholds.class_ids is not None:
        truth = truth.of_classes(thresholds.class_ids)
    _show_unknown(truth, card)
    everything = detect(run, card, replace(thresholds, confidence=0.0)).kept
    matching = match(result.kept, truth, min_iou=min_iou)
    rows = scores_by_class(result.kept, truth, everything=everything, min_iou=min_iou)
    _show_score(score(matching), mean_average_precision(rows))
    left, right = st.columns(2, gap="small")
    with left:
        marked = on_shown(truth, run)
        show_photo(
            draw_truth(run.shown, marked, matching, label=card.label, style=style),
            caption=f"What is marked, dashed: {len(truth)} objects. FN: a miss.",
            alt=f"Ground truth: {len(truth)} objects",
        )
    with right:
        boxes = on_shown(result.kept, run)
        show_photo(
            draw_matched(run.shown, boxes, marked, matching, label=card.label, style=style),
            caption="What was found. TP, solid: a match. FP, dotted: a false alarm. "
            "FN, dashed: a miss.",
            alt=f"Compared: {score(matching)}",
        )
    _show_classes(rows, card)


def _show_unknown(truth: Truth, card: ModelCard) -> None:
    if truth.unknown:
        named = ", ".join(plain(each) for each in truth.unknown[:MOST_NAMED])
        more = len(truth.unknown) - MOST_NAMED
        st.warning(
            f"{plain(card.title)} knows no class of these names, so their objects are left "
            f"out: {named}{f' and {more} more' if more > 0 else ''}.",
            icon=":material/help:",
        )


def _show_score(total: DetectionMetrics, mean: float | None) -> None:
    show_metrics(
        {
            "matches (TP)": total.hits,
            "misses (FN)": total.misses,
            "false alarms (FP)": total.false_alarms,
            "precision": _percent(total.precision),
            "recall": _percent(total.recall),
            "F1": _percent(total.f1),
            "mean AP": _percent(mean),
        }
    )


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.1%}"


def _show_classes(rows: tuple[ClassScore, ...], card: ModelCard) -> None:
    if not rows:
        return
    shares = ("precision", "recall", "F1", "AP")
    st.dataframe(
        [_cells(each, card) for each in rows],
        hide_index=True,
        column_config=dict.fromkeys(shares, st.column_config.NumberColumn(format="percent")),
    )
    st.caption(
        "Precision: of what was found, the share that is right. Recall: of what is there, the "
        "share that was found. F1: their harmonic mean. All at your thresholds. AP: the "
        "precision averaged over 101 recalls, over all confidences, as COCO does; on a single "
        "picture a rough number."
    )


def _cells(row: ClassScore, card: ModelCard) -> dict[str, object]:
    return {
        "label": card.label(row.class_id),
        "marked": row.score.hits + row.score.misses,
        "TP": row.score.hits,
        "FN": row.score.misses,
        "FP": row.score.false_alarms,
        "precision": row.score.precision,
        "recall": row.score.recall,
        "F1": row.score.f1,
        "AP": row.average_precision,
    }
