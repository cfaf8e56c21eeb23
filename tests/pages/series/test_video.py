import gc

import cv2
import numpy as np
import pytest

from core.series.question import labels_of
from core.video import annotate as annotating
from core.video import writing
from core.video.reading import FrameRange, Video, first_frame, frames, video_info
from core.video.sample import sample_video
from core.video.writing import AnnotatedVideo, writable
from pages.components.series import video as component
from tests.pages.screen import metric
from tests.videos import numbered

PAGE = {"video__stride": "12"}


def begin(app):
    return app.button(key="video.start").click().run()


def upload(app, data: bytes, name: str = "mine.mp4"):
    app.file_uploader(key="video.upload").upload(name, data, "video/mp4")
    return app.run()


def test_the_sample_is_told_and_its_first_frame_read_before_any_click(visit, media):
    app = visit("video")
    assert metric(app, "Frames") == "108"
    assert metric(app, "Codec") == "H.264"
    (image,) = (each for each in app.image if each.proto.imgs[0].alt == "First frame")
    name = image.proto.imgs[0].url.rsplit("/", 1)[-1]
    seen = cv2.imdecode(np.frombuffer(media[name], np.uint8), cv2.IMREAD_COLOR)
    assert seen.shape[:2] == (360, 480)


def test_a_start_gives_a_film_a_table_and_two_downloads(visit):
    app = begin(visit("video", **PAGE))
    assert not app.error
    work = app.session_state["video.work"]
    assert [each.number for each in work.job.came] == list(range(0, 108, 12))
    assert {each.proto.label for each in app.get("download_button")} == {
        "annotated.mp4",
        "frames.csv",
    }
    (shown,) = app.get("video")
    assert shown.proto.url
    annotated = Video("film", component._bytes_of(work.annotated))
    assert len(video_info(annotated).times) == 9
    assert metric(app, "Frames processed") == "9"


@pytest.mark.parametrize("kind", writable())
def test_the_film_is_written_as_asked(kind, visit):
    app = begin(visit("video", video__format=kind, **PAGE))
    assert app.session_state["video.work"].annotated.kind == kind


def test_the_preview_reads_what_the_run_reads(visit):
    app = visit("video", **PAGE)
    (told,) = (
        each.captions[0] for each in app.image if each.proto.imgs[0].alt == "First frame"
    )
    begin(app)
    assert str(app.session_state["video.work"].job.came[0].answer) in told


def test_a_classifier_names_every_frame(visit):
    app = begin(visit("video", video__task="classification", video__tab="Frames", **PAGE))
    answers = [each.answer for each in app.session_state["video.work"].job.came]
    assert list(app.dataframe[0].value["labels"]) == [labels_of(each)[0] for each in answers]


def test_an_upload_is_kept_when_the_visitor_comes_back_until_it_is_forgotten(visit):
    app = visit("video", video__source="upload")
    upload(app, numbered(30))
    assert metric(app, "Frames") == "30"
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/video.py").run()
    assert metric(app, "Frames") == "30"
    assert any("From earlier in this session" in each.value for each in app.caption)
    app.button(key="video.kept.forget").click().run()
    assert metric(app, "Frames") == "108"


def test_the_range_chooses_the_frames(visit):
    app = visit("video", video__source="upload")
    upload(app, numbered(60))
    (slider,) = (each for each in app.slider if each.label == "Range in seconds")
    assert slider.value == (0.0, 4.0)
    slider.set_value((1.0, 2.0)).run()
    assert app.button(key="video.start").label == "Start: 16 frames"
    begin(app)
    assert [each.number for each in app.session_state["video.work"].job.came] == list(
        range(15, 31)
    )


@pytest.mark.parametrize("data", [b"", b"a text", numbered(9)[:300]])
def test_what_is_no_video_gets_a_sentence_and_the_page_lives(data, visit):
    app = visit("video", video__source="upload")
    upload(app, data, "![x](http://evil).mp4")
    (error,) = (each.value for each in app.error)
    assert "![x](" not in error
    uploader = app.file_uploader(key="video.upload")
    uploader.clear().upload("good.mp4", numbered(9), "video/mp4").run()
    assert not app.error


def test_results_stay_while_the_knobs_are_turned_and_pages_change(visit):
    app = begin(visit("video", **PAGE))
    annotated = app.session_state["video.work"].annotated
    app.slider(key="video.stride").set_value(5).run()
    app.switch_page("pages/blob.py").run()
    app.switch_page("pages/video.py").run()
    assert app.session_state["video.work"].annotated is annotated
    assert len(app.get("video")) == 1


def test_what_came_before_a_stop_is_a_film(visit):
    app = begin(visit("video", **PAGE))
    work = app.session_state["video.work"]
    work.job.ending, work.job.total = "stopped", 108
    app.run()
    assert any("Stopped after 9 of 108 frames" in each.value for each in app.info)
    assert len(app.get("video")) == 1


def test_the_preview_is_the_first_frame_of_the_cut():
    video = Video("clip.mp4", numbered(30))
    picture = component._first_picture(video.digest, 1.0, 2.0, video)
    shown = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(
        shown, first_frame(video, video_info(video), FrameRange(1.0, 2.0)).image
    )


def test_a_film_outlives_its_page_s_run_only_as_long_as_somebody_holds_it():
    annotated = AnnotatedVideo("MP4")
    path = annotated.path
    with annotated.writing(video_info(sample_video()).size, 5) as write:
        for frame in frames(sample_video(), video_info(sample_video()), FrameRange(0, 0.2)):
            write(frame.image, frame.seconds)
    held = component.partial(component._bytes_of, annotated)
    del annotated, write
    assert held()[4:8] == b"ftyp"
    del held
    gc.collect()
    assert not path.exists()


def test_a_large_film_is_read_only_when_somebody_asks_for_it(visit, monkeypatch):
    monkeypatch.setattr(component, "PLAYED_BYTES", 1000)
    app = begin(visit("video", **PAGE))
    assert not app.get("video")
    app.button(key="video.play").click().run()
    assert len(app.get("video")) == 1
    assert not app.run().get("video"), "another run does not read it again"


def test_a_film_that_is_full_says_why_it_ends(visit, monkeypatch):
    monkeypatch.setattr(writing, "MOST_VIDEO_BYTES", 1)
    app = begin(visit("video", video__stride="2"))
    (told,) = (each.value for each in app.info if "its size limit" in each.value)
    assert "of 54 frames" in told
    assert len(app.get("video")) == 1


@pytest.mark.parametrize("tab", ["Over time", "Frames"])
def test_answers_are_unpacked_once_and_not_at_every_run(tab, visit, monkeypatch):
    app = begin(visit("video", video__tab=tab, **PAGE))
    unpacked = []
    monkeypatch.setattr(component.FrameAnswer, "answer", property(unpacked.append))
    app.run()
    assert not app.exception
    assert unpacked == []


def test_the_table_shows_the_first_frames_and_says_so(visit, monkeypatch):
    monkeypatch.setattr(component, "MOST_LINES", 4)
    app = begin(visit("video", video__tab="Frames", **PAGE))
    assert list(app.dataframe[0].value["frame"]) == [0, 12, 24, 36]
    assert any("first 4 of 9 frames" in each.value for each in app.caption)


@pytest.mark.parametrize("task", ["detection", "classification"])
@pytest.mark.parametrize(("points", "words"), [(300, ""), (3, "the mean")])
def test_the_chart_s_caption_says_when_points_are_means(
    points, words, task, visit, monkeypatch
):
    monkeypatch.setattr(
        component, "frames_per_point", lambda count: annotating.frames_per_point(count, points)
    )
    app = begin(visit("video", video__task=task, **PAGE))
    (told,) = (each.value for each in app.caption if "in the most frames" in each.value)
    assert ("Each point is" in told) == bool(words)
    assert words in told


def test_a_job_without_a_frame_is_one_warning(visit, monkeypatch):
    monkeypatch.setattr(component, "annotate", lambda *_: (each for each in ()))
    app = begin(visit("video", **PAGE))
    (told,) = (each.value for each in app.warning)
    assert "without any frames" in told
    assert "press Start again" in told
    assert not app.get("video")
