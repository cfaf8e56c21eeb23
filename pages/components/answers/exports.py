"""Exports of a result: files, Python, a report, a link."""

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from core.nets.card import ModelCard
from core.picture.image import Picture
from core.pipeline import DetectionResult, Ranking, Thresholds
from core.render.boxes import NUMBERED, BoxStyle
from core.results.detections import Detections
from core.share.coco import Numbering, coco_dataset, coco_results, numberings
from core.share.detections import boxes_csv, boxes_json, class_names, yolo_text
from core.share.file_names import file_name, stem
from core.share.inference_script import (
    LABELS,
    classification_script,
    detection_script,
    script_zip,
)
from core.share.model_files import packable
from core.share.pictures import annotated_jpeg, annotated_png, crops_zip
from core.share.provenance import Provenance
from core.share.ranking import ranking_csv, ranking_json, scores_csv
from core.share.report import classification_report, detection_report
from pages.components.shell.choice import choice
from pages.components.shell.copy_link import copy_link
from pages.components.shell.download import download
from pages.components.shell.source_view import show_source
from pages.components.shell.text import amount, megabytes, plain
from pages.components.shell.widget_memory import persistent

CODE_HEIGHT = 480
BUTTON_WIDTH = 176

_MIMES = {
    "csv": "text/csv",
    "html": "text/html",
    "jpg": "image/jpeg",
    "json": "application/json",
    "png": "image/png",
    "py": "text/x-python",
    "txt": "text/plain",
    "zip": "application/zip",
}
_NUMBERINGS: dict[Numbering, str] = {
    "official": "`category_id` is the number in COCO's own annotations, 1 to 90 with ten gaps "
    "(person 1, dog 18). Use it to evaluate against instances_val2017.json.",
    "counted": "`category_id` counts the labels of this model from 1, unlike COCO's numbers.",
}


def show_boxes(
    key: str, picture: Picture, result: DetectionResult, *, style: BoxStyle = NUMBERED
) -> None:
    """Offer the boxes as files, the script and report for the current settings, and the link.

    ``style`` is how the boxes are drawn on the pictures.
    """
    provenance = Provenance(picture, result.run)
    thresholds = result.thresholds
    code = detection_script(provenance, thresholds)
    report = partial(detection_report, provenance, result, code=code, made=_now())
    left, right = st.columns(2, gap="large")
    with left:
        _show_report(key, report, provenance)
        _show_pictures(key, provenance, result.kept, style)
        _show_tables(key, provenance, thresholds, result.kept)
    with right:
        _show_coco(key, provenance, result.kept)
        _show_yolo(key, provenance, result.kept)
    _show_code(key, code, "detect.py", provenance)
    show_source(boxes_csv, coco_results, yolo_text, crops_zip)


def show_ranking(key: str, picture: Picture, ranked: Ranking) -> None:
    """Offer the ranking as files, the script and report for these settings, and the link."""
    provenance = Provenance(picture, ranked.run)
    code = classification_script(provenance, len(ranked.best))
    report = partial(classification_report, provenance, ranked, code=code, made=_now())
    left, right = st.columns(2, gap="large")
    with left:
        _show_report(key, report, provenance)
    with right:
        _show_scores(key, provenance, ranked)
    _show_code(key, code, "classify.py", provenance)
    show_source(ranking_csv, scores_csv, ranking_json)


def _show_code(key: str, code: str, name: str, provenance: Provenance) -> None:
    st.markdown("**Python script for these settings**")
    card = provenance.card
    words = (
        "Needs numpy, opencv-python-headless, and the files that it names in the same folder; "
        "with --download it downloads third-party models and verifies them."
    )
    _offer(key, name, code, name, words)
    with_files = _wants_files(key, card)
    packed = partial(script_zip, code, name, provenance.picture, card, with_files=with_files)
    _offer(
        key,
        "Runnable ZIP",
        packed,
        f"{_base(provenance)}-{stem(name)}.zip",
        _zip_words(card, with_files=with_files),
    )
    st.code(code, height=CODE_HEIGHT)


def _wants_files(key: str, card: ModelCard) -> bool:
    """Ask whether the ZIP includes the files of a third-party model; show their size."""
    size = 0 if card.shipped else packable(card)
    return bool(size) and st.checkbox(
        f"Include the model files in the ZIP ({megabytes(size)})",
        key=persistent(f"{key}.with_files"),
        help="With their licence and source: observe them when you share the ZIP. Licence: "
        f"{plain(card.licence)}.",
    )


def _zip_words(card: ModelCard, *, with_files: bool) -> str:
    if card.shipped or with_files:
        return "The script and all files it reads. Unpack it, and run the script in its folder."
    return (
        f"The script, the picture and {LABELS}. The model files are not included: the script "
        "names their source, and downloads them with --download."
    )


def _show_report(key: str, report: partial[bytes], provenance: Provenance) -> None:
    st.markdown("**Report and link**")
    words = (
        "One HTML file with the picture, the table, all settings and the code. It works "
        "offline and prints well."
    )
    _offer(key, "Report", report, f"{_base(provenance)}-report.html", words)
    copy_link(f"{key}.link")


def _show_scores(key: str, provenance: Provenance, ranked: Ranking) -> None:
    base = _base(provenance)
    count = len(ranked.best)
    st.markdown("**Classes**")
    table = partial(ranking_csv, ranked.best)
    _offer(key, "CSV", table, f"{base}.csv", _most_likely(count))
    words = "The raw score and the confidence of every class."
    scores = partial(scores_csv, provenance)
    _offer(key, "CSV of all scores", scores, f"{base}-scores.csv", words)
    words = (
        "The most likely classes, with picture, model and preprocessing to reproduce the "
        "result."
    )
    _offer(key, "JSON", partial(ranking_json, ranked.best, provenance), f"{base}.json", words)
    _show_labels(key, provenance)


def _most_likely(count: int) -> str:
    return f"The {amount(count, 'most likely class', 'most likely classes')}, one row each."


def _show_labels(key: str, provenance: Provenance) -> None:
    words = "The labels, one per line; the first is YOLO's class 0. The script reads this file."
    _offer(key, LABELS, partial(class_names, provenance.card), LABELS, words)


def _show_pictures(key: str, provenance: Provenance, kept: Detections, style: BoxStyle) -> None:
    base = _base(provenance)
    given = (provenance.picture, kept, provenance.card)
    st.markdown("**Pictures**")
    words = f"The picture with its boxes at full size, {provenance.size}; lossless."
    _offer(key, "PNG", partial(annotated_png, *given, style), f"{base}-boxes.png", words)
    words = "The same as a smaller file, for mail or slides."
    _offer(key, "JPEG", partial(annotated_jpeg, *given, style), f"{base}-boxes.jpg", words)
    if len(kept):
        words = "Each box cut out of the picture, as PNG files named by number and label."
        _offer(key, "Crops", partial(crops_zip, *given), f"{base}-crops.zip", words)


def _show_tables(
    key: str, provenance: Provenance, thresholds: Thresholds, kept: Detections
) -> None:
    base = _base(provenance)
    st.markdown("**Boxes, in pixels of the original picture**")
    words = "x_min, y_min, x_max, y_max, class_id, label, confidence: for spreadsheets."
    _offer(key, "CSV", partial(boxes_csv, kept, provenance.card), f"{base}.csv", words)
    words = (
        "The same, with picture, model, preprocessing and thresholds to reproduce the result."
    )
    _offer(
        key, "JSON", partial(boxes_json, kept, provenance, thresholds), f"{base}.json", words
    )


def _show_coco(key: str, provenance: Provenance, kept: Detections) -> None:
    base = _base(provenance)
    offered = numberings(provenance.card)
    st.markdown("**COCO format**")
    numbering: Numbering = offered[0]
    if len(offered) > 1:
        numbering = choice("Category ids", offered, key=f"{key}.categories")
    st.caption(_NUMBERINGS[numbering])
    given = {"picture_name": provenance.picture.name}
    results = partial(coco_results, kept, provenance.card, numbering=numbering, **given)
    words = "image_id, category_id, bbox (left, top, width, height) and score."
    _offer(key, "COCO results", results, f"{base}-coco-results.json", words)
    data_set = partial(
        coco_dataset, kept, provenance.card, size=provenance.size, numbering=numbering, **given
    )
    words = "A dataset of this picture only, with the boxes as annotations."
    _offer(key, "COCO dataset", data_set, f"{base}-coco-dataset.json", words)


def _show_yolo(key: str, provenance: Provenance, kept: Detections) -> None:
    base = _base(provenance)
    lines = partial(yolo_text, kept, provenance.size, label_offset=provenance.card.label_offset)
    st.markdown("**YOLO format**")
    words = "class cx cy w h, as fractions of the picture: labels for training."
    _offer(key, "YOLO txt", lines, f"{base}.txt", words)
    sure = partial(lines, with_confidence=True)
    words = "The same with the confidence as the sixth column."
    _offer(key, "YOLO predictions", sure, f"{base}-confidence.txt", words)
    _show_labels(key, provenance)


def _offer(
    key: str, label: str, data: str | partial[bytes] | partial[str], name: str, words: str
) -> None:
    """Offer a file, and say beside it what it is."""
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        mime = _MIMES[name.rpartition(".")[2]]
        download(label, data, key=f"{key}.{label}", name=name, mime=mime, width=BUTTON_WIDTH)
        st.caption(words, width="stretch")


def _base(provenance: Provenance) -> str:
    """Name the files after the picture."""
    return stem(file_name(provenance.picture.name))


def _now() -> str:
    return f"Created {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
