import csv
import io
import os
import signal
from contextlib import closing, contextmanager
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from core import jobs
from core.answers import Answer
from core.errors import VideoRefused
from core.jobs import start_job
from core.nets.catalog import card_named
from core.picture.image import BgrImage, Picture
from core.picture.size import Size
from core.pipeline import Thresholds, detect, ranking, run_model
from core.render.encode import png
from core.render.shown import Shown
from core.results.classification import Ranked
from core.results.detections import Detections
from core.sandbox.worker import lent
from core.series.question import Question
from core.share.series import video_csv
from core.video import reading, writing
from core.video.annotate import FrameAnswer, annotate, over_time
from core.video.reading import Frame, FrameRange, Video, frames, video_info
from core.video.sample import PHOTOS, RATE, SECONDS_A_PHOTO, sample_video
from core.video.writing import AnnotatedVideo
from tests.videos import numbered, without_pulses

DETECTOR = card_named("starter-detector-darknet")
CLASSIFIER = card_named("starter-classifier-onnx")
THRESHOLDS = Thresholds(0.2, 0.45)
LOOKING = Question(DETECTOR, THRESHOLDS)
NAMING = Question(CLASSIFIER, k=3)
CUT = FrameRange(1, 7, stride=12)


@pytest.fixture(scope="module")
def clip():
    video = sample_video()
    return video, video_info(video)


@pytest.fixture(scope="module")
def looked(clip):
    annotated = AnnotatedVideo("MP4")
    return without_pulses(annotate(*clip, CUT, LOOKING, annotated)), annotated


def test_the_sample_shows_its_photos_one_after_the_other(clip):
    info = clip[1]
    assert len(info.times) == len(PHOTOS) * SECONDS_A_PHOTO * RATE
    assert info.rate == pytest.approx(RATE)


def test_a_frame_gives_just_what_a_picture_of_it_gives(clip, looked):
    chosen = frames(*clip, CUT)
    for frame, frame_answer in zip(chosen, looked[0], strict=True):
        run = run_model(Picture("frame.png", png(frame.image)), DETECTOR)
        kept = detect(run, THRESHOLDS).kept
        assert (frame.number, frame.seconds) == (frame_answer.number, frame_answer.seconds)
        np.testing.assert_array_equal(frame_answer.answer.boxes.xyxy, kept.xyxy)
        np.testing.assert_array_equal(frame_answer.answer.boxes.confidence, kept.confidence)
        np.testing.assert_array_equal(frame_answer.answer.boxes.class_id, kept.class_id)
    assert any(len(each.answer.boxes) for each in looked[0])


def test_a_classifier_names_each_frame_as_it_names_a_picture(clip):
    frame_answers = without_pulses(annotate(*clip, CUT, NAMING, AnnotatedVideo("MP4")))
    for frame, frame_answer in zip(frames(*clip, CUT), frame_answers, strict=True):
        run = run_model(Picture("frame.png", png(frame.image)), CLASSIFIER)
        assert frame_answer.answer.ranked == ranking(run, 3).best


def test_the_film_has_a_frame_for_each_sighting_at_the_video_s_pace(clip, looked):
    frame_answers, annotated = looked
    info = video_info(Video("film", annotated.path.read_bytes()))
    assert info.size == clip[1].size
    assert info.times == pytest.approx([each.seconds - 1 for each in frame_answers], abs=1e-3)

    with av.open(annotated.path) as opened:
        assert opened.streams.video[0].start_time == 0, "the cut begins at 1 s, the film at 0"


def test_the_answers_are_drawn_into_the_film(clip, looked):
    frame_answers, annotated = looked
    video = Video("film", annotated.path.read_bytes())
    plain = [frame.image for frame in frames(*clip, CUT)]
    shown = [frame.image for frame in frames(video, video_info(video), FrameRange(0, 99))]
    for before, after, frame_answer in zip(plain, shown, frame_answers, strict=True):
        apart = np.abs(before.astype(int) - after).mean()
        assert (apart > 2) == bool(len(frame_answer.answer.boxes)), (
            "an encoder's own noise is 1"
        )


def test_a_classifier_s_film_has_the_label_in_the_corner(clip):
    video, info = clip
    annotated = AnnotatedVideo("MP4")
    without_pulses(annotate(video, info, FrameRange(0, 0), NAMING, annotated))
    before = next(frames(video, info, FrameRange(0, 0.1))).image
    apart = np.abs(before.astype(int) - annotated.latest).max(axis=2)
    assert apart[:12, :60].mean() > 20
    assert apart[60:].max() == 0


def test_stopping_half_way_leaves_a_film_that_plays(clip):
    annotated = AnnotatedVideo("MP4")
    with closing(annotate(*clip, FrameRange(0, 9), LOOKING, annotated)) as steps:
        given = (each for each in steps if each is not None)
        came = [next(given) for _ in range(5)]
    video = Video("film", annotated.path.read_bytes())
    assert len(list(frames(video, video_info(video), FrameRange(0, 99)))) == len(came)


def test_a_film_that_is_full_ends_the_work_and_plays(clip, monkeypatch):
    monkeypatch.setattr(writing, "MOST_VIDEO_BYTES", 2000)
    annotated = AnnotatedVideo("MP4")
    came = without_pulses(annotate(*clip, FrameRange(0, 9), LOOKING, annotated))
    assert annotated.full
    assert 1 <= len(came) < 108
    video = Video("film", annotated.path.read_bytes())
    assert len(list(frames(video, video_info(video), FrameRange(0, 99)))) == len(came)


def test_large_frames_are_asked_whole_and_written_smaller():
    video = Video("hd.mp4", numbered(2, size=(1920, 1080)))
    annotated = AnnotatedVideo("MP4")
    info = video_info(video)
    question = Question(card_named("tiny-blob-detector"), Thresholds(0.01))
    frame_answers = without_pulses(annotate(video, info, FrameRange(0, 9), question, annotated))
    assert Size.of(annotated.latest) == Size(1280, 720)
    whole = detect(
        run_model(
            Picture("f.png", png(next(frames(video, info, FrameRange(0, 0))).image)),
            question.card,
        ),
        question.thresholds,
    )
    np.testing.assert_array_equal(frame_answers[0].answer.boxes.xyxy, whole.kept.xyxy)


def test_the_csv_holds_every_box_of_every_frame(looked):
    frame_answers, _ = looked
    lines = list(csv.DictReader(io.StringIO(video_csv(frame_answers))))
    for each in frame_answers:
        mine = [line for line in lines if int(line["frame"]) == each.number]
        boxes = each.answer.boxes
        assert {float(line["time_s"]) for line in mine} == {each.seconds}
        if not len(boxes):
            assert [line["label"] for line in mine] == [""]
            continue
        corners = [
            [float(line[c]) for c in ("x_min", "y_min", "x_max", "y_max")] for line in mine
        ]
        np.testing.assert_array_equal(corners, boxes.xyxy)
        assert [int(line["class_id"]) for line in mine] == boxes.class_id.tolist()
        assert [line["label"] for line in mine] == [each.label for each in each.answer.ranked]
        np.testing.assert_allclose(
            [float(line["confidence"]) for line in mine], boxes.confidence
        )


def test_counts_over_time_add_up_to_the_boxes(looked):
    frame_answers, _ = looked
    told = over_time(frame_answers, labels=100)
    assert sum(value for *_, value in told) == sum(
        len(each.answer.boxes) for each in frame_answers
    )
    few = over_time(frame_answers, labels=1, points=2)
    assert len({seconds for seconds, *_ in few}) == 2
    assert len({label for _, label, _ in few}) == 1


def test_a_classifier_s_confidence_is_followed_where_it_was_the_likeliest(clip):
    frame_answers = without_pulses(annotate(*clip, CUT, NAMING, AnnotatedVideo("MP4")))
    told = over_time(frame_answers, labels=100)
    best = [
        (each.seconds, each.answer.best.label, each.answer.best.confidence)
        for each in frame_answers
    ]
    assert told == best
    assert over_time([]) == []


def test_the_writer_does_not_draw_on_the_frame_that_was_asked(clip):
    video, info = clip
    frame = next(frames(video, info, FrameRange(0, 0)))
    before = frame.image.copy()
    annotated = AnnotatedVideo("MP4")
    without_pulses(annotate(video, info, FrameRange(0, 0), LOOKING, annotated))
    assert cv2.norm(before, frame.image) == 0


# Jobs end, whatever a video makes of them

SECONDS = 30  # a test that waits longer has failed


@pytest.fixture
def hanging(monkeypatch):
    """Stop every worker before it is asked for frames, so that nothing ever comes."""

    @contextmanager
    def stopped(*args, **kwargs):
        with lent(*args, **kwargs) as (worker, new):
            os.kill(worker.pid, signal.SIGSTOP)
            yield worker, new

    monkeypatch.setattr(reading, "lent", stopped)


@pytest.mark.usefixtures("hanging")
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows cannot stop a process")
@pytest.mark.parametrize(
    ("ending", "how"),
    [("stopped", {}), ("forgotten", {"patience": 0.3}), ("overdue", {"limit": 0.3})],
)
def test_stop_patience_and_the_limit_work_while_nothing_comes(ending, how, clip):
    annotated = AnnotatedVideo("MP4")
    job = start_job(annotate(*clip, FrameRange(0, 9), LOOKING, annotated), 108, **how)
    if ending == "stopped":
        job.stop()
    assert job._over.wait(SECONDS)
    assert (job.ending, job.came) == (ending, ())


@pytest.mark.usefixtures("hanging")
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows cannot stop a process")
def test_jobs_that_hang_give_their_places_back_by_themselves(clip, monkeypatch):
    monkeypatch.setattr(reading, "_SILENCE_SECONDS", 0.5)
    running = [
        start_job(annotate(*clip, FrameRange(0, 9), LOOKING, AnnotatedVideo("MP4")), 108)
        for _ in range(jobs.MOST_JOBS)
    ]
    for job in running:
        with pytest.raises(VideoRefused, match="no sign of life"):
            job.wait(SECONDS)
    assert start_job((each for each in "ab"), 2).wait(SECONDS), "the places are free again"


def test_turned_boxes_keep_their_corners_when_a_frame_s_answer_is_packed():
    corners = np.random.default_rng(0).uniform(0, 90, (2, 8))
    boxes = Detections([[9, 9, 60, 60]] * 2, [0.9, 0.8], [0, 1], [5, 7], corners)
    ranked = (Ranked(0, DETECTOR.label(0), 0.9), Ranked(1, DETECTOR.label(1), 0.8))
    image = BgrImage(np.zeros((96, 96, 3), np.uint8))
    shown, question = Shown(image, Size(96, 96)), Question(DETECTOR)
    packed = FrameAnswer.of(Frame(0, 0.0, image), Answer(ranked, boxes), DETECTOR, 1.0).answer
    np.testing.assert_array_equal(packed.boxes.corners, corners)
    np.testing.assert_array_equal(packed.boxes.row, boxes.row)
    drawn = question.drawn(packed, shown)
    np.testing.assert_array_equal(drawn, question.drawn(Answer(ranked, boxes), shown))
    upright = replace(boxes, corners=np.zeros((2, 0)))
    assert cv2.norm(drawn, question.drawn(Answer(ranked, upright), shown)) > 0
