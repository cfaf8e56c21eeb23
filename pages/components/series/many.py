"""Batch: many pictures, processed one after another, with one table of results."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from core.jobs import Job
from core.picture.header import MAX_PICTURE_BYTES
from core.picture.image import Picture
from core.picture.reading import KNOWN_FORMATS
from core.picture.samples import sample_picture, samples
from core.series.many import (
    MOST_PICTURES,
    MOST_SERIES_BYTES,
    Entry,
    many,
    pictures_with,
    together,
)
from core.series.question import Question, counts, labels_of
from core.series.settled import Settled
from core.share.series import many_csv
from pages.components.answers.doubts import show_constant_doubt, show_reading
from pages.components.inputs.picture import TYPES
from pages.components.shell.charts import name, quantity, show_chart
from pages.components.shell.choice import choice
from pages.components.shell.download import download
from pages.components.shell.jobs import start_button, start_own, watch
from pages.components.shell.lazy_tabs import show_tabs
from pages.components.shell.metrics import show_metrics
from pages.components.shell.text import amount, megabytes, milliseconds, plain

NEWEST = 4
ROW_HEIGHT, HEAD_HEIGHT = 72, 40
ANSWER_WIDTH = 340  # pixels; long messages wrap
MOST_ROWS = 8  # visible at once
CELL = 140
_SOURCES = ("samples", "files", "folder")


@dataclass(frozen=True, eq=False)
class _Work:
    """A job of this session and its question; it stays when the settings change."""

    job: Job[Entry]
    question: Question
    settled: Settled


def pick_pictures(key: str) -> tuple[Picture, ...]:
    """Offer the samples, several files or a whole folder, and return the pictures."""
    source = choice("Pictures", _SOURCES, key=f"{key}.source")
    if source == "samples":
        chosen = tuple(sample_picture(sample.name) for sample in samples())
        names = ", ".join(each.name for each in samples())
        st.caption(f"{amount(len(chosen), 'sample')}: {names}")
        return chosen
    given = _uploaded(key, source)
    taken = together(given)
    if len(taken) < len(given):
        st.warning(
            f"The first {len(taken)} of your {len(given)} files are used. The limit is "
            f"{MOST_PICTURES} files, or {MOST_SERIES_BYTES // 10**6} MB together."
        )
    return taken


def _uploaded(key: str, source: str) -> tuple[Picture, ...]:
    whole = source == "folder"
    words = "a folder, including subfolders" if whole else "several files"
    files: Any = st.file_uploader(
        f"Drop or browse {words}: {KNOWN_FORMATS}",
        type=TYPES,
        accept_multiple_files="directory" if whole else True,
        key=f"{key}.{source}.upload",
        max_upload_size=MAX_PICTURE_BYTES // 10**6,
    )
    given = tuple(Picture(file.name, file.getvalue()) for file in files)
    size = megabytes(sum(len(each.data) for each in given))
    if given:
        st.caption(
            f"{amount(len(given), 'file')}, {size}. They are removed from the server when you "
            "leave this page; a running job keeps its pictures until it ends."
        )
    else:
        st.caption("Other file types are ignored; a damaged file gets its own row.")
    return given


def offer_start(key: str, pictures: tuple[Picture, ...], question: Question) -> None:
    """Offer to start; an earlier job of this visitor on this page is stopped."""
    label = f"Start: {amount(len(pictures), 'picture')}"
    begin = partial(_begin, key, pictures, question)
    start_button(label, key=key, begin=begin, disabled=not pictures)


def _begin(key: str, pictures: tuple[Picture, ...], question: Question) -> None:
    settled = Settled()
    job = start_own(many(pictures, question, settled), len(pictures), key=key)
    st.session_state[f"{key}.work"] = _Work(job, question, settled)


def _work(key: str) -> _Work | None:
    work: _Work | None = st.session_state.get(f"{key}.work")
    return work


def show_results(key: str) -> None:
    """Show the progress and the results of this session's job."""
    work = _work(key)
    if work is None:
        st.info("Choose pictures and a model, then press Start.", icon=":material/play_arrow:")
        return
    finds_boxes = work.question.finds_boxes
    watch(work.job, key=key, noun="picture", show=partial(_show_newest, finds_boxes))
    entries = work.job.came
    if not entries:
        return
    _show_summary(work)
    show_reading(work.settled)
    show_constant_doubt(work.question.card)
    wanted = _pick_entries(key, entries)
    show_tabs(
        f"{key}.tab",
        {
            "Table": partial(_show_table, wanted, finds_boxes),
            "Contact sheet": partial(_show_sheet, wanted),
            "Classes": partial(_show_classes, wanted, finds_boxes),
        },
    )
    table = partial(many_csv, entries)
    download("results.csv", table, key=f"{key}.csv", name="results.csv", mime="text/csv")
    st.caption(
        "All files, regardless of the filter above: one row per box, with corners in pixels of "
        "the picture."
        if finds_boxes
        else "All files: one row for each of the most likely classes."
    )


def _show_newest(finds_boxes: bool, job: Job[Entry]) -> None:
    newest = job.came[: -NEWEST - 1 : -1]
    if newest:
        _show_table(newest, finds_boxes)
        st.caption("Newest first; the full table appears at the end.")


def _show_summary(work: _Work) -> None:
    entries = work.job.came
    answered = [entry for entry in entries if entry.answer]
    found = counts(entry.answer for entry in answered if entry.answer)
    noun = "boxes" if work.question.finds_boxes else "different classes"
    number = found.total() if work.question.finds_boxes else len(found)
    values = {
        "pictures": f"{len(answered):,}",
        "problems": f"{len(entries) - len(answered):,}",
        noun: f"{number:,}",
    }
    if answered:
        mean = sum(entry.ms for entry in answered) / len(answered)
        values["mean time per picture"] = milliseconds(mean)
    show_metrics(values)
    st.caption(f"Model: {plain(work.question.card.title)}.")


def _pick_entries(key: str, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Let the visitor filter the pictures by class, or those with a problem."""
    problem = "a problem"
    problems = sum(1 for entry in entries if entry.reason)
    found = dict(pictures_with(entries).most_common())
    numbers = {**({problem: problems} if problems else {}), **found}
    chosen = st.multiselect(
        "Filter",
        list(numbers),
        format_func=lambda word: f"{word} ({numbers[word]})",
        key=f"{key}.only",
        placeholder=f"all {amount(len(entries), 'picture')}",
    )
    return tuple(entry for entry in entries if not chosen or set(_words(entry)) & set(chosen))


def _words(entry: Entry) -> tuple[str, ...]:
    return labels_of(entry.answer) if entry.answer else ("a problem",)


def _show_table(entries: Sequence[Entry], finds_boxes: bool) -> None:
    st.dataframe(
        [_line(entry, finds_boxes) for entry in entries],
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=HEAD_HEIGHT + ROW_HEIGHT * min(len(entries), MOST_ROWS),
        column_config={
            "picture": st.column_config.ImageColumn(width="small"),
            "file": st.column_config.TextColumn(width="medium"),
            "prediction": st.column_config.TextColumn(width=ANSWER_WIDTH),
            "confidence": st.column_config.ProgressColumn(
                format="percent", min_value=0.0, max_value=1.0, width="small"
            ),
            "ms": st.column_config.NumberColumn(format="%.1f", width="small"),
        },
        alt="The prediction for each picture",
        placeholder="",
    )


def _line(entry: Entry, finds_boxes: bool) -> dict[str, object]:
    answer = entry.answer
    best = answer.best if answer else None
    found = counts([answer]) if answer else {}
    several = ", ".join(f"{number} {label}" for label, number in found.items())
    return {
        "picture": _data_uri(entry.thumbnail) if entry.thumbnail else "",
        "file": entry.name,
        "prediction": entry.reason
        or (several or "no boxes" if finds_boxes else best and best.label),
        "confidence": best and best.confidence,
        **({"boxes": answer and len(answer.ranked)} if finds_boxes else {}),
        "size": str(entry.size or ""),
        "ms": entry.ms,
    }


def _data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(jpeg).decode()


def _show_sheet(entries: Sequence[Entry]) -> None:
    with st.container(horizontal=True, gap="small"):
        for entry in entries:
            with st.container(width=CELL, gap=None):
                if entry.thumbnail:
                    st.image(entry.thumbnail, output_format="JPEG", alt=entry.name, width=CELL)
                best = entry.answer.best if entry.answer else None
                words = f"{best.label} {best.confidence:.0%}" if best else "no boxes"
                problem = "a problem, see the table"
                st.caption(f"{plain(entry.name)}: {plain(problem if entry.reason else words)}")


def _show_classes(entries: Sequence[Entry], finds_boxes: bool) -> None:
    found = counts(entry.answer for entry in entries if entry.answer)
    noun = "boxes" if finds_boxes else "pictures"
    if not found:
        st.caption(f"There are no {noun} to count.")
        return
    rows = [{"class": label, noun: number} for label, number in found.most_common(30)]
    show_chart(
        rows,
        mark="bar",
        alt_text=f"The number of {noun} of each class",
        x=quantity(noun, axis={"tickMinStep": 1}),
        y=name("class", sort="-x", title=None),
    )
    st.caption(f"The number of {noun} of each class, for the 30 most frequent classes.")
