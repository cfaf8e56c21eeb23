import csv
import io
from contextlib import closing

import av
import cv2
import numpy as np
import pytest

from core.nets.catalog import card
from core.picture.image import Picture
from core.picture.size import Size
from core.pipeline import Thresholds, found, ranking, run
from core.render.encode import png
from core.series.question import Question
from core.share.series import video_csv
from core.video import writing
from core.video.annotate import annotate, over_time
from core.video.reading import Cut, Video, frames, header
from core.video.sample import PHOTOS, RATE, SECONDS_A_PHOTO, sample_video
from core.video.writing import Film
from tests.videos import numbered

DETECTOR = card("starter-detector-darknet")
CLASSIFIER = card("starter-classifier-onnx")
THRESHOLDS = Thresholds(0.2, 0.45)
LOOKING = Question(DETECTOR, THRESHOLDS)
NAMING = Question(CLASSIFIER, k=3)
CUT = Cut(1, 7, stride=12)


@pytest.fixture(scope="module")
def clip():
    video = sample_video()
    return video, header(video)


@pytest.fixture(scope="module")
def looked(clip):
    film = Film("MP4")
    return list(annotate(*clip, CUT, LOOKING, film)), film


def test_the_sample_shows_its_photos_one_after_the_other(clip):
    head = clip[1]
    assert len(head.times) == len(PHOTOS) * SECONDS_A_PHOTO * RATE
    assert head.rate == pytest.approx(RATE)


def test_a_frame_gives_just_what_a_picture_of_it_gives(clip, looked):
    chosen = frames(*clip, CUT)
    for frame, sighting in zip(chosen, looked[0], strict=True):
        done = run(Picture("frame.png", png(frame.image)), DETECTOR)
        kept = found(done, DETECTOR, THRESHOLDS).kept
        assert (frame.number, frame.seconds) == (sighting.number, sighting.seconds)
        np.testing.assert_array_equal(sighting.answer.boxes.xyxy, kept.xyxy)
        np.testing.assert_array_equal(sighting.answer.boxes.confidence, kept.confidence)
        np.testing.assert_array_equal(sighting.answer.boxes.class_id, kept.class_id)
    assert any(len(each.answer.boxes) for each in looked[0])


def test_a_classifier_names_each_frame_as_it_names_a_picture(clip):
    sightings = list(annotate(*clip, CUT, NAMING, Film("MP4")))
    for frame, sighting in zip(frames(*clip, CUT), sightings, strict=True):
        done = run(Picture("frame.png", png(frame.image)), CLASSIFIER)
        assert sighting.answer.ranked == ranking(done, CLASSIFIER, 3).best


def test_the_film_has_a_frame_for_each_sighting_at_the_video_s_pace(clip, looked):
    sightings, film = looked
    head = header(Video("film", film.path.read_bytes()))
    assert head.size == clip[1].size
    assert head.times == pytest.approx([each.seconds - 1 for each in sightings], abs=1e-3)

    with av.open(film.path) as opened:
        assert opened.streams.video[0].start_time == 0, "the cut begins at 1 s, the film at 0"


def test_the_answers_are_drawn_into_the_film(clip, looked):
    sightings, film = looked
    video = Video("film", film.path.read_bytes())
    plain = [frame.image for frame in frames(*clip, CUT)]
    shown = [frame.image for frame in frames(video, header(video), Cut(0, 99))]
    for before, after, sighting in zip(plain, shown, sightings, strict=True):
        apart = np.abs(before.astype(int) - after).mean()
        assert (apart > 2) == bool(len(sighting.answer.boxes)), "an encoder's own noise is 1"


def test_a_classifier_s_film_has_the_label_in_the_corner(clip):
    video, head = clip
    film = Film("MP4")
    list(annotate(video, head, Cut(0, 0), NAMING, film))
    before = next(frames(video, head, Cut(0, 0.1))).image
    apart = np.abs(before.astype(int) - film.latest).max(axis=2)
    assert apart[:12, :60].mean() > 20
    assert apart[60:].max() == 0


def test_stopping_half_way_leaves_a_film_that_plays(clip):
    film = Film("MP4")
    with closing(annotate(*clip, Cut(0, 9), LOOKING, film)) as steps:
        came = [next(steps) for _ in range(5)]
    video = Video("film", film.path.read_bytes())
    assert len(list(frames(video, header(video), Cut(0, 99)))) == len(came)


def test_a_film_that_is_full_ends_the_work_and_plays(clip, monkeypatch):
    monkeypatch.setattr(writing, "MOST_FILM_BYTES", 2000)
    film = Film("MP4")
    came = list(annotate(*clip, Cut(0, 9), LOOKING, film))
    assert film.full
    assert 1 <= len(came) < 108
    video = Video("film", film.path.read_bytes())
    assert len(list(frames(video, header(video), Cut(0, 99)))) == len(came)


def test_large_frames_are_asked_whole_and_written_smaller():
    video = Video("hd.mp4", numbered(2, size=(1920, 1080)))
    film = Film("MP4")
    head = header(video)
    question = Question(card("tiny-blob-detector"), Thresholds(0.01))
    sightings = list(annotate(video, head, Cut(0, 9), question, film))
    assert Size.of(film.latest) == Size(1280, 720)
    whole = found(
        run(Picture("f.png", png(next(frames(video, head, Cut(0, 0))).image)), question.card),
        question.card,
        question.thresholds,
    )
    np.testing.assert_array_equal(sightings[0].answer.boxes.xyxy, whole.kept.xyxy)


def test_the_csv_holds_every_box_of_every_frame(looked):
    sightings, _ = looked
    lines = list(csv.DictReader(io.StringIO(video_csv(sightings))))
    for each in sightings:
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
    sightings, _ = looked
    told = over_time(sightings, labels=100)
    assert sum(value for *_, value in told) == sum(len(each.answer.boxes) for each in sightings)
    few = over_time(sightings, labels=1, points=2)
    assert len({seconds for seconds, *_ in few}) == 2
    assert len({label for _, label, _ in few}) == 1


def test_a_classifier_s_confidence_is_followed_where_it_was_the_likeliest(clip):
    sightings = list(annotate(*clip, CUT, NAMING, Film("MP4")))
    told = over_time(sightings, labels=100)
    best = [
        (each.seconds, each.answer.best.label, each.answer.best.confidence)
        for each in sightings
    ]
    assert told == best
    assert over_time([]) == []


def test_the_writer_does_not_draw_on_the_frame_that_was_asked(clip):
    video, head = clip
    frame = next(frames(video, head, Cut(0, 0)))
    before = frame.image.copy()
    film = Film("MP4")
    list(annotate(video, head, Cut(0, 0), LOOKING, film))
    assert cv2.norm(before, frame.image) == 0
