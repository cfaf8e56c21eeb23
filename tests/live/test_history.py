"""The strip and the timeline: short memories of a stream."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.live.history import (
    APPEARANCE_SIDE,
    AWAY_SECONDS,
    MOST_APPEARANCES,
    TIMELINE_SECONDS,
    History,
)
from core.live.processing import FrameResult, SeenObject

IMAGE = np.zeros((60, 80, 3), np.uint8)


def seen(*labels: str) -> FrameResult:
    return FrameResult(
        IMAGE, IMAGE, tuple(SeenObject(each, 0.9, (10, 10, 40, 30)) for each in labels)
    )


def test_what_stays_in_sight_appears_once_and_what_comes_back_again():
    history = History()
    for tenth in range(30):
        history.note(seen("cat"), tenth / 10)
    assert [each.label for each in history.strip] == ["cat"]
    history.note(seen("dog"), 3.0)
    history.note(seen("cat", "dog"), 3.0 + AWAY_SECONDS + 1)
    assert [each.label for each in history.strip] == ["dog", "cat", "dog", "cat"]


def test_the_timeline_holds_the_most_of_each_class_in_a_second():
    history = History()
    history.note(seen("cat", "cat"), 1.1)
    history.note(seen("cat", "dog"), 1.9)
    history.note(seen(), 2.5)
    assert [(each.second, dict(each.most)) for each in history.timeline] == [
        (1, {"cat": 2, "dog": 1}),
        (2, {}),
    ]


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from("abcdefghijklmnop"), max_size=6), max_size=200))
def test_both_stay_short_whatever_is_seen(frames):
    history = History()
    for number, labels in enumerate(frames):
        history.note(seen(*labels), float(number))
    assert len(history.strip) <= MOST_APPEARANCES
    assert len(history.timeline) <= TIMELINE_SECONDS


def test_a_thumbnail_shows_what_is_in_the_box():
    image = IMAGE.copy()
    image[10:30, 10:40] = (0, 0, 255)
    history = History()
    history.note(FrameResult(image, image, (SeenObject("red", 0.5, (10, 10, 40, 30)),)), 0.0)
    (appearance,) = history.strip
    shown = cv2.imdecode(np.frombuffer(appearance.thumbnail, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (APPEARANCE_SIDE, APPEARANCE_SIDE, 3)
    assert shown[APPEARANCE_SIDE // 2, APPEARANCE_SIDE // 2, 2] > 200
    assert abs(int(shown[2, 2, 2]) - 128) < 20, "grey bars around what is no square"


def test_a_box_outside_the_picture_makes_a_thumbnail_all_the_same():
    history = History()
    history.note(FrameResult(IMAGE, IMAGE, (SeenObject("far", 0.5, (90, 90, 95, 95)),)), 0.0)
    assert history.strip[0].thumbnail.startswith(b"\xff\xd8")
