"""A video: chosen, cut, asked frame by frame, and watched with the answers drawn on it."""

from dataclasses import dataclass
from functools import cached_property, partial

import streamlit as st

from core.jobs import Job
from core.picture.image import Picture
from core.render.encode import png
from core.series.question import Question, labels_of
from core.share.series import video_csv
from core.video.annotate import FrameAnswer, annotate, frames_per_point, over_time
from core.video.reading import (
    MAX_SECONDS,
    MAX_VIDEO_BYTES,
    FrameRange,
    Video,
    VideoInfo,
    expected,
    first_frame,
    video_info,
)
from core.video.sample import sample_video
from core.video.writing import AnnotatedVideo, VideoFormat, writable
from pages.components.shell.cached import cached_run
from pages.components.shell.charts import ON_TOP, name, quantity, show_chart
from pages.components.shell.choice import choice
from pages.components.shell.download import download
from pages.components.shell.images import show_photo
from pages.components.shell.jobs import start_button, start_own, watch
from pages.components.shell.lazy_tabs import show_tabs
from pages.components.shell.metrics import show_metrics
from pages.components.shell.text import about_seconds, amount, megabytes, milliseconds, plain
from pages.components.shell.uploads import forget_upload, kept_upload, show_kept
from pages.components.shell.widget_memory import persistent

TYPES = ["mp4", "m4v", "mov", "webm", "avi"]
MOST_STRIDE = 60
STEP_SECONDS = 0.1
MOST_LINES = 2_000  # of the table on the screen; the CSV has all
PLAYED_BYTES = 32 * 10**6
"""Of a film that every run of the page may read again; a larger one is asked for."""


@dataclass(frozen=True, eq=False)
class _Work:
    """A job of this visit, the film it writes, and what it was asked.

    What is shown of its frames is worked out once, when it is over: to unpack tens of
    thousands of answers at each run of the page would take most of a second.
    """

    job: Job[FrameAnswer]
    annotated: AnnotatedVideo
    question: Question
    name: str
    frame_range: FrameRange

    @cached_property
    def told(self) -> list[tuple[float, str, float]]:
        """What the chart shows."""
        return over_time(self.job.came)

    @cached_property
    def lines(self) -> dict[str, list[object]]:
        """The columns of the table; the first frames only, if there are many."""
        shown = [(each, each.answer) for each in self.job.came[:MOST_LINES]]
        return {
            "frame": [each.number for each, _ in shown],
            "seconds": [round(each.seconds, 3) for each, _ in shown],
            "answer": [str(answer) for _, answer in shown],
            "found": [", ".join(labels_of(answer)) for _, answer in shown],
            "ms": [round(each.ms, 1) for each, _ in shown],
        }


def pick_video(key: str) -> Video:
    """Offer the sample and an upload, and return the video; an upload is kept for the visit."""
    if choice("Video", ("sample", "upload"), key=f"{key}.source") == "sample":
        st.caption("Filmed over three of the sample photos, by Blobscope.")
        return _sample()
    file = st.file_uploader(
        f"Drop or browse: MP4, MOV, WebM or AVI, up to {MAX_VIDEO_BYTES // 10**6} MB "
        f"and {MAX_SECONDS // 60} minutes",
        type=TYPES,
        key=f"{key}.upload",
        max_upload_size=MAX_VIDEO_BYTES // 10**6,
    )
    own = f"{key}.kept"
    video = kept_upload(own, file, Video)
    if video is None:
        st.caption("Until you give one, this is the sample. It never travels with a link.")
        return _sample()
    if not file:
        words = f"Kept from before: {plain(video.name)}"
        show_kept(words, key=own, forget=partial(forget_upload, own))
    return video


def pick_frame_range(key: str, video: Video) -> FrameRange:
    """Ask for a range in seconds and a stride."""
    info = cached_header(video)
    end = max(STEP_SECONDS, -(-info.seconds // STEP_SECONDS) * STEP_SECONDS)
    begin, until = st.slider(
        "From, to (seconds)",
        0.0,
        end,
        (0.0, end),
        STEP_SECONDS,
        format="%.1f",
        key=f"{key}.range.{video.digest[:16]}",  # its limits are this video's
    )
    stride = st.slider(
        "Every n-th frame",
        1,
        MOST_STRIDE,
        1,
        key=persistent(f"{key}.stride"),
        bind="query-params",
        help="2 takes every other frame: half the work. The film keeps the video's pace.",
    )
    return FrameRange(round(begin, 1), round(until, 1), stride)  # browsers add tenths up


def pick_format(key: str) -> VideoFormat:
    """Ask how the film is written."""
    chosen: VideoFormat = choice(
        "Write as",
        writable(),
        key=f"{key}.format",
        help="MP4 holds H.264 and plays nearly everywhere; WebM holds VP9, which every "
        "browser plays too, also where H.264 is missing.",
    )
    return chosen


def offer_start(
    key: str, video: Video, frame_range: FrameRange, question: Question, kind: VideoFormat
) -> None:
    """Offer to begin; what this page had at work before for this visitor is stopped."""
    count = expected(cached_header(video), frame_range)
    begin = partial(_begin, key, video, frame_range, question, kind)
    start_button(f"Start: {amount(count, 'frame')}", key=key, begin=begin, disabled=not count)


def _begin(
    key: str, video: Video, frame_range: FrameRange, question: Question, kind: VideoFormat
) -> None:
    info, annotated = cached_header(video), AnnotatedVideo(kind)
    steps = annotate(video, info, frame_range, question, annotated)
    job = start_own(steps, expected(info, frame_range), key=key)
    st.session_state[f"{key}.work"] = _Work(job, annotated, question, video.name, frame_range)


def _work(key: str) -> _Work | None:
    work: _Work | None = st.session_state.get(f"{key}.work")
    return work


def show_video(video: Video, frame_range: FrameRange) -> None:
    """Tell what the video is and which part of it is taken."""
    info = cached_header(video)
    show_metrics(
        {
            "codec": info.codec,
            "frame size": str(info.size),
            "length": f"{info.seconds:.1f} s",
            "frames": f"{len(info.times):,}",
            "frames a second": f"{info.rate:.4g}",
        }
    )
    st.caption(
        f"{plain(video.name)}, {megabytes(len(video.data))}. Taken: "
        f"{amount(expected(info, frame_range), 'frame')} from {frame_range.begin:.1f} to "
        f"{frame_range.end:.1f} s."
    )


def show_preview(video: Video, frame_range: FrameRange, question: Question) -> None:
    """Show the first frame of the cut with the answer on it, before anything is started."""
    picture = _first_picture(video.digest, frame_range.begin, frame_range.end, video)
    run = cached_run(picture, question.card)
    answer = question.answer(run)
    show_photo(
        question.drawn(run, answer, run.shown),
        caption=f"First frame of the cut, as the settings would read it: {plain(str(answer))}",
        alt="First frame",
    )


def show_results(key: str) -> None:
    """Show how far the work is, then the film and what was seen in it."""
    work = _work(key)
    if work is None:
        st.info("Choose a part of the video, then press Start.", icon=":material/play_arrow:")
        return
    watch(work.job, key=key, noun="frames", show=partial(_show_latest, work.annotated))
    if not work.job.count:
        return
    annotated = work.annotated
    if annotated.full:
        st.info(
            f"The film has {megabytes(annotated.nbytes)}, the limit, so the work ended after "
            f"{work.job.count:,} of {work.job.total:,} frames. Start again with a later or "
            "shorter part, or with fewer of its frames."
        )
    _show_annotated(annotated, key)
    st.caption(
        f"{plain(work.name)} with the answers of {plain(work.question.card.title)}, from "
        f"{work.frame_range.begin:.1f} s, without sound."
    )
    with st.container(horizontal=True):
        file, data = f"annotated.{annotated.recipe.container}", partial(_bytes_of, annotated)
        download(file, data, key=f"{key}.film", name=file, mime=annotated.recipe.mime)
        table = partial(video_csv, work.job.came)
        download("frames.csv", table, key=f"{key}.csv", name="frames.csv", mime="text/csv")


def _show_annotated(annotated: AnnotatedVideo, key: str) -> None:
    """Show the player; a large film only when asked, because each run would read it again."""
    size, asked = annotated.path.stat().st_size, f"{key}.asked"
    if size > PLAYED_BYTES:
        st.button(
            f"Load the player ({megabytes(size)})",
            key=f"{key}.play",
            icon=":material/play_circle:",
            help="It goes again when you change a setting.",
            on_click=st.session_state.update,
            args=({asked: True},),
        )
    if st.session_state.pop(asked, False) or size <= PLAYED_BYTES:
        st.video(str(annotated.path), format=annotated.recipe.mime, alt="Annotated video")


def show_findings(key: str) -> None:
    """Show what was seen, over time and frame by frame, once the work is over."""
    work = _work(key)
    if work is None or not work.job.over or not work.job.count:
        return
    frame_answers = work.job.came
    mean = sum(each.ms for each in frame_answers) / len(frame_answers)
    took = work.job.seconds
    st.subheader("What was seen")
    show_metrics(
        {
            "frames looked at": f"{len(frame_answers):,}",
            "blob, net and reading": milliseconds(mean),
            "all together": about_seconds(took),
            "speed": f"{len(frame_answers) / took:.1f} frames/s",
        }
    )
    show_tabs(
        f"{key}.tab",
        {
            "Over time": partial(_show_chart, work),
            "Frames": partial(_show_table, work),
        },
    )


def cached_header(video: Video) -> VideoInfo:
    """Look through a video once."""
    return _header(video.digest, video)


def _show_latest(annotated: AnnotatedVideo, _job: Job[FrameAnswer]) -> None:
    if annotated.latest is not None:
        show_photo(annotated.latest, alt="Latest frame", caption="The latest frame")


def _bytes_of(annotated: AnnotatedVideo) -> bytes:
    """Read the film when it is asked for; holding the film keeps its file."""
    return annotated.path.read_bytes()


def _show_chart(work: _Work) -> None:
    finds_boxes = work.question.finds_boxes
    value = "boxes" if finds_boxes else "confidence"
    rows = [
        {"seconds": round(seconds, 3), "class": label, value: number}
        for seconds, label, number in work.told
    ]
    if not rows:
        st.caption("Nothing was found in any frame. Lower the confidence and start again.")
        return
    step = {"format": "d", "tickMinStep": 1} if finds_boxes else {"format": "%"}
    show_chart(
        rows,
        mark={"type": "line", "interpolate": "step-after"} if finds_boxes else "point",
        height=300,
        alt_text=f"{value.capitalize()} of the most frequent classes over time",
        x=quantity("seconds"),
        y=quantity(value, axis=step),
        color=name("class", legend=ON_TOP),
    )
    st.caption(_chart_caption(finds_boxes, frames_per_point(work.job.count)))


def _chart_caption(finds_boxes: bool, each: int) -> str:
    """Say what a point is; of a long video it stands for several frames."""
    if finds_boxes:
        mean = f" Each point is the mean of {each} frames." if each > 1 else ""
        return (
            f"Boxes in each frame, of the classes seen in the most frames, five at most.{mean}"
        )
    means = (
        f" Each point is the mean of those of {each} frames in which the class was the "
        "likeliest."
    )
    return (
        "The likeliest class of each frame and its confidence, of the classes that were the "
        f"likeliest in the most frames, five at most.{means if each > 1 else ''}"
    )


def _show_table(work: _Work) -> None:
    st.dataframe(work.lines, hide_index=True, alt="What the model said of each frame")
    count = work.job.count
    if count > MOST_LINES:
        st.caption(f"The first {MOST_LINES:,} of {count:,} frames; frames.csv has all of them.")
    st.caption("frames.csv has a line for each answer, boxes with their corners.")


@st.cache_resource(max_entries=1, show_spinner="Filming the sample ...")
def _sample() -> Video:
    return sample_video()


@st.cache_resource(max_entries=8, show_spinner="Looking through the video ...")
def _header(digest: str, _video: Video) -> VideoInfo:  # noqa: ARG001 - the key
    return video_info(_video)


@st.cache_resource(max_entries=8, show_spinner=False)
def _first_picture(digest: str, begin: float, end: float, _video: Video) -> Picture:
    frame = first_frame(_video, _header(digest, _video), FrameRange(begin, end))
    return Picture(f"frame-{frame.number}.png", png(frame.image))
