"""Ground truth: annotated objects from a file, compared with the detections."""

from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import TruthAmbiguous
from core.nets.card import ModelCard
from core.picture.image import Picture, orientation_of
from core.picture.size import Size
from core.pipeline import DetectionResult, detect
from core.render.boxes import BoxStyle
from core.render.shown import Shown
from core.render.truth import draw_matched, draw_truth
from core.results.marked import DrawnOn, Marked
from core.results.matching import (
    ClassScore,
    DetectionMetrics,
    average_precision,
    match,
    mean_average_precision,
    score,
    scores_by_class,
)
from core.results.truth import MarkedFile, Truth, read_truth, truth_for
from pages.components.shell.cached import cached_shown
from pages.components.shell.errors import show_errors
from pages.components.shell.images import show_photo
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import amount, plain
from pages.components.shell.uploads import show_kept
from pages.components.shell.widget_memory import persistent

MOST_KEPT = 12
MOST_NAMED = 8

_KEPT = "truth.kept"
_FRAMES: dict[DrawnOn, str] = {
    "upright": "the photo as it is shown",
    "stored": "the photo before its EXIF turn",
}
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
    """The ground truth that a visitor gave for a picture, and its source."""

    name: str
    marked: MarkedFile


def show_truth(key: str, picture: Picture, result: DetectionResult, *, style: BoxStyle) -> None:
    """Ask for the ground truth of the picture, and compare it with the detections."""
    st.markdown(
        "Upload an annotation file for this picture to see true positives, missed objects and "
        "false positives, with precision and recall at your thresholds."
    )
    with show_errors():
        given = _ask(key, picture, result.run.image_size)
        if given is None:
            _explain(key, picture, result)
        else:
            min_iou = _pick_min_iou(key)
            _compare(given.marked, result, cached_shown(picture), min_iou=min_iou, style=style)
    show_source(match, average_precision)


def _ask(key: str, picture: Picture, size: Size) -> _Given | None:
    """Ask for a file for this picture; it is kept for this session and not part of a link."""
    upload = st.file_uploader(
        "A YOLO .txt, Pascal VOC .xml or COCO .json file",
        type=["txt", "xml", "json"],
        key=f"{key}.file.{picture.digest[:12]}",
    )
    if upload:
        _keep(picture.digest, None)  # what is given now may be wrong
        marked = _read(f"{key}.{upload.file_id}", upload, picture, size)
        given = _Given(upload.name, marked) if marked else None
        _keep(picture.digest, given)
        return given
    given = _kept().get(picture.digest)
    if given:
        forget = partial(_keep, picture.digest, None)
        show_kept(f"Compared with {plain(given.name)}", key=key, forget=forget)
    return given


def _read(key: str, upload: UploadedFile, picture: Picture, size: Size) -> MarkedFile | None:
    """Read a file, and ask what it leaves open: which image, and where it was drawn."""
    known = (picture.digest, upload.file_id, upload, picture, size)
    image_id = frame = None
    found = _marked(*known, image_id, frame)
    if isinstance(found, dict):
        candidates = found
        image_id = st.selectbox(
            "Several images of this file may be this picture. Which one is it?",
            list(candidates),
            index=None,
            format_func=lambda each: plain(candidates[each]),
            key=f"{key}.image",
        )
        if image_id is None:
            return None
        found = _marked(*known, image_id, frame)
    if isinstance(found, MarkedFile) and found.asks_frame:
        frame = st.radio(
            "The boxes were drawn on",
            list(_FRAMES),
            format_func=_FRAMES.__getitem__,
            horizontal=True,
            key=f"{key}.frame",
        )
        found = _marked(*known, image_id, frame)
    return found if isinstance(found, MarkedFile) else None


@st.cache_data(max_entries=16, show_spinner=False)
def _marked(
    digest: str,  # noqa: ARG001 - the key
    file_id: str,  # noqa: ARG001
    _upload: UploadedFile,
    _picture: Picture,
    _size: Size,
    image_id: str | None,
    frame: DrawnOn | None,
) -> MarkedFile | dict[str, str]:
    """Read a file once; where the image is to be chosen, return the choices by their ids."""
    try:
        return read_truth(
            _upload.name,
            _upload.getvalue(),
            picture=_picture.name,
            size=_size,
            orientation=orientation_of(_picture),
            image_id=image_id,
            frame=frame,
        )
    except TruthAmbiguous as error:
        return dict(error.candidates)


def _kept() -> dict[str, _Given]:
    kept_here: dict[str, _Given] = st.session_state.get(_KEPT, {})
    return kept_here


def _keep(digest: str, given: _Given | None) -> None:
    """Keep the ground truth of a picture, or remove it; the oldest is dropped first."""
    others = {each: value for each, value in _kept().items() if each != digest}
    rows = [*others.items(), *([(digest, given)] if given else [])]
    st.session_state[_KEPT] = dict(rows[-MOST_KEPT:])


def _explain(key: str, picture: Picture, result: DetectionResult) -> None:
    with st.expander("Example files"):
        columns = st.columns(len(_EXAMPLES), gap="small")
        for column, (name, text) in zip(columns, _EXAMPLES.items(), strict=True):
            column.caption(name)
            column.code(text, language=None, wrap_lines=True)
        st.caption(
            "YOLO: class number, centre, width and height as fractions. VOC: pixels counted "
            "from 1; xmax and ymax are the last pixel inside. COCO: left, top, width and "
            "height in pixels; the image is found by its file_name."
        )
    if len(result.kept):
        st.button(
            f"No file? Use the {amount(len(result.kept), 'current detection')} as ground truth",
            key=f"{key}.take",
            icon=":material/content_copy:",
            help="Then change a threshold or the model to see the effect.",
            on_click=_keep,
            args=(picture.digest, _taken(result)),
        )


def _taken(result: DetectionResult) -> _Given:
    card = result.run.card
    boxes = zip(result.kept.class_id.tolist(), result.kept.xyxy.tolist(), strict=True)
    marked = tuple(Marked(card.label(class_id), tuple(xyxy)) for class_id, xyxy in boxes)
    name = f"{amount(len(marked), 'box', 'boxes')} of {card.title}, at earlier thresholds"
    return _Given(name, MarkedFile(marked))


def _pick_min_iou(key: str) -> float:
    return st.slider(
        "Match IoU threshold",
        0.1,
        0.95,
        0.5,
        0.05,
        key=persistent(f"{key}.iou"),
        bind="query-params",
        help="A detection matches an object of its class if their IoU is at least this. Each "
        "object is matched once, by the detection with the highest confidence.",
    )


def _compare(
    marked: MarkedFile,
    result: DetectionResult,
    shown: Shown,
    *,
    min_iou: float,
    style: BoxStyle,
) -> None:
    card = result.run.card
    thresholds = result.thresholds
    _show_remarks(marked)
    truth = truth_for(marked, card.labels, label_offset=card.label_offset)
    if thresholds.class_ids is not None:
        truth = truth.of_classes(thresholds.class_ids)
    _show_unknown(truth, card)
    everything = detect(result.run, replace(thresholds, confidence=0.0)).kept
    matching = match(result.kept, truth, min_iou=min_iou)
    rows = scores_by_class(result.kept, truth, everything=everything, min_iou=min_iou)
    _show_score(score(matching), mean_average_precision(rows))
    left, right = st.columns(2, gap="small")
    with left:
        objects = shown.placed(truth)
        show_photo(
            draw_truth(shown.image, objects, matching, label=card.label, style=style),
            caption=f"Ground truth, dashed: {amount(len(truth), 'object')}. FN: missed.",
            alt=f"Ground truth: {amount(len(truth), 'object')}",
        )
    with right:
        boxes = shown.placed(result.kept)
        show_photo(
            draw_matched(shown.image, boxes, objects, matching, label=card.label, style=style),
            caption="Detections. TP, solid: true positive. FP, dotted: false positive. "
            "FN, dashed: missed object.",
            alt=f"Compared: {score(matching)}",
        )
    _show_classes(rows, card)


def _show_remarks(marked: MarkedFile) -> None:
    """Say which objects were left out, and what else the file left open."""
    if marked.count_left_out:
        with st.expander(
            f"{amount(marked.count_left_out, 'object')} of the file cannot be read and "
            "will not be counted",
            icon=":material/warning:",
        ):
            for each in marked.left_out:
                st.markdown(f"- {plain(each)}")
    for each in marked.notes:
        st.info(plain(each), icon=":material/info:")


def _show_unknown(truth: Truth, card: ModelCard) -> None:
    if truth.unknown:
        named = ", ".join(plain(each) for each in truth.unknown[:MOST_NAMED])
        more = len(truth.unknown) - MOST_NAMED
        st.warning(
            f"{plain(card.title)} has no classes with these names, so their objects are "
            f"ignored: {named}{f' and {more} more' if more > 0 else ''}.",
            icon=":material/help:",
        )


def _show_score(total: DetectionMetrics, mean: float | None) -> None:
    show_metrics(
        {
            "true positives (TP)": total.hits,
            "false negatives (FN)": total.misses,
            "false positives (FP)": total.false_alarms,
            "precision": _percent(total.precision),
            "recall": _percent(total.recall),
            "F1": _percent(total.f1),
            "mean AP": _percent(mean),
        }
    )


def _percent(share: float | None) -> str:
    return "n/a" if share is None else f"{share:.1%}"


def _show_classes(rows: tuple[ClassScore, ...], card: ModelCard) -> None:
    if not rows:
        return
    shares = ("precision", "recall", "F1", "AP")
    st.dataframe(
        [_cells(each, card) for each in rows],
        hide_index=True,
        column_config=dict.fromkeys(shares, st.column_config.NumberColumn(format="percent")),
        placeholder="",
    )
    st.caption(
        "Precision: the share of detections that are correct. Recall: the share of objects "
        "that are found. F1: their harmonic mean. All at your thresholds. AP: precision "
        "averaged over 101 recall values, over all confidences, as in COCO; only a rough "
        "value on a single picture."
    )


def _cells(row: ClassScore, card: ModelCard) -> dict[str, object]:
    return {
        "label": card.label(row.class_id),
        "objects": row.score.hits + row.score.misses,
        "TP": row.score.hits,
        "FN": row.score.misses,
        "FP": row.score.false_alarms,
        "precision": row.score.precision,
        "recall": row.score.recall,
        "F1": row.score.f1,
        "AP": row.average_precision,
    }
