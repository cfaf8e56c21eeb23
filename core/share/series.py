"""What a series found, as tables for a spreadsheet: one line a box or a class."""

from collections.abc import Iterable, Iterator
from typing import Any

from core.answers import Answer
from core.series.many import Entry
from core.share.tables import csv_text
from core.video.annotate import FrameAnswer

_CORNERS = ("x_min", "y_min", "x_max", "y_max")


def many_csv(entries: Iterable[Entry]) -> str:
    """Write a line for each box (of a classifier, each class), with the name of its file.

    A file without detections, or that could not be read, also has one line.
    """
    return csv_text([line for entry in entries for line in _entry_lines(entry)])


def video_csv(frame_answers: Iterable[FrameAnswer]) -> str:
    """Write a line for each box or class, with its frame's number and time.

    Corners are pixels of the video's frame. A frame in which nothing was found has one line.
    """
    return csv_text(
        [
            {"frame": each.number, "time_s": each.seconds, **line}
            for each in frame_answers
            for line in _lines(each.answer)
        ]
    )


def _entry_lines(entry: Entry) -> Iterator[dict[str, Any]]:
    picture = {
        "file": entry.name,
        "bytes": entry.nbytes,
        "width": entry.size.width if entry.size else "",
        "height": entry.size.height if entry.size else "",
        "ms": entry.ms,
    }
    for line in _lines(entry.answer):
        yield {**picture, **line, "problem": entry.reason}


def _lines(answer: Answer | None) -> Iterator[dict[str, Any]]:
    empty = dict.fromkeys(("number", *_CORNERS, "class_id", "label", "confidence"), "")
    if answer is None or not answer.ranked:
        yield empty
        return
    corners = (
        [[""] * 4] * len(answer.ranked) if answer.boxes is None else answer.boxes.xyxy.tolist()
    )
    for number, (ranked, xyxy) in enumerate(zip(answer.ranked, corners, strict=True), start=1):
        yield {
            "number": number,
            **dict(zip(_CORNERS, xyxy, strict=True)),
            "class_id": ranked.class_id,
            "label": ranked.label,
            "confidence": ranked.confidence,
        }
