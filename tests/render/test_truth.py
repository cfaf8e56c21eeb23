import numpy as np
import pytest

from core.picture.size import Size
from core.render import boxes
from core.render.boxes import BoxStyle, Outline, Pen, draw_outlines, label_tile
from core.render.truth import OUTCOME_COLOURS, draw_matched, draw_truth
from core.results.detections import Detections
from core.results.matching import match
from core.results.truth import Marked, truth_for
from tests.render.test_palette import EYES, seen_lab

GROUND = 119
SIDES = (400, 300)
HIT, MISSED, ALARM = (20, 60, 120, 140), (220, 60, 320, 140), (20, 200, 120, 280)
TRUTH = truth_for([Marked(0, HIT), Marked(1, MISSED)], ["cat", "dog"])
FOUND = Detections([HIT, ALARM], [0.9, 0.6], [0, 1], [0, 1])
MATCHING = match(FOUND, TRUTH)
NAMES = ["cat", "dog"].__getitem__


def ground():
    return np.full((*SIDES[::-1], 3), GROUND, np.uint8)


@pytest.fixture
def written(monkeypatch):
    texts = []

    def noted(text, *args, **options):
        texts.append(text)
        return label_tile(text, *args, **options)

    monkeypatch.setattr(boxes, "label_tile", noted)
    return texts


def top_edge(image, xyxy, colour):
    """Return which pixels of a box's lower edge have the colour; labels stand above it."""
    left, _, right, bottom = xyxy
    return (image[bottom - 1, left:right] == colour).all(axis=-1)


def shares(image):
    outcomes = {"TP": HIT, "FN": MISSED, "FP": ALARM}
    return {
        outcome: top_edge(image, xyxy, OUTCOME_COLOURS[outcome]).mean()
        for outcome, xyxy in outcomes.items()
    }


def test_hits_are_solid_misses_dashed_and_false_alarms_dotted(written):
    drawn = draw_matched(ground(), FOUND, TRUTH, MATCHING, label=NAMES)
    share = shares(drawn)
    assert share["TP"] == 1
    assert 0.5 < share["FN"] < 0.75
    assert 0.4 < share["FP"] < 0.6
    assert sorted(written) == ["FN dog", "FP dog 0.60", "TP cat 0.90"]


def test_the_truth_is_dashed_and_says_what_was_missed(written):
    share = shares(draw_truth(ground(), TRUTH, MATCHING, label=NAMES))
    assert 0.5 < share["TP"] < 0.75
    assert 0.5 < share["FN"] < 0.75
    assert share["FP"] == 0
    assert written == ["cat", "FN dog"]


def test_the_letters_of_each_fate_stay_when_all_words_are_hidden(written):
    quiet = BoxStyle(labels=False, confidence=False)
    draw_matched(ground(), FOUND, TRUTH, MATCHING, label=NAMES, style=quiet)
    assert sorted(each.strip() for each in written) == ["FN", "FP", "TP"]


def test_ignored_objects_and_what_found_them_are_white_and_say_so(written):
    hard = truth_for([Marked(0, HIT, ignored=True)], ["cat", "dog"])
    matching = match(FOUND, hard)
    drawn = draw_matched(ground(), FOUND, hard, matching, label=NAMES)
    assert top_edge(drawn, HIT, OUTCOME_COLOURS["ignored"]).all()
    draw_truth(ground(), hard, matching, label=NAMES)
    assert written == ["ignored cat 0.90", "FP dog 0.60", "ignored cat"]


def test_the_callers_picture_is_not_drawn_upon():
    image = ground()
    image.setflags(write=False)
    draw_matched(image, FOUND, TRUTH, MATCHING)
    draw_truth(image, TRUTH, MATCHING)
    assert (image == GROUND).all()


@pytest.mark.parametrize("eyes", EYES)
def test_fates_look_different_to_every_eye(eyes):
    seen = seen_lab(list(OUTCOME_COLOURS.values()), eyes)
    for a in range(4):
        for b in range(a):
            assert np.linalg.norm(seen[a] - seen[b]) > 20


@pytest.mark.parametrize("pattern", ["dashed", "dotted"])
@pytest.mark.parametrize("line", [1.0, 3.0])
def test_patterns_grow_with_the_line_and_leave_no_pixel_outside_the_frame(pattern, line):
    outline = Outline((20, 60, 220, 160), "", (0, 0, 255), pattern)
    drawn = draw_outlines(ground(), [outline], style=BoxStyle(line=line))
    thick = Pen.of(Size(*SIDES)).styled(BoxStyle(line=line)).line
    edge = (drawn[60, 20:220] == (0, 0, 255)).all(axis=-1)
    first = edge.argmin()  # where the first gap begins
    assert first == boxes.DASHES[pattern][0] * thick
    drawn[60:160, 20:220] = GROUND
    assert (drawn == GROUND).all()
