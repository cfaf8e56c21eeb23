"""NMS by hand: right and wrong calls side by side."""

import re

import pytest

from core.lab.nms_lesson import NMS_MISUSES
from core.pipeline import Thresholds, detect
from tests.pages.detection.test_box_canvas import answered, visit_low


@pytest.mark.parametrize("misuse", NMS_MISUSES)
@pytest.mark.parametrize("whose", ["synthetic example", "this picture"])
def test_the_lesson_shows_both_calls_and_what_gets_lost(misuse, whose, visit):
    app = visit_low(visit, detection__more="NMS mistakes")
    app.segmented_control(key="detection.lesson.slip").set_value(misuse).run()
    app.segmented_control(key="detection.lesson.boxes").set_value(whose).run()
    assert not app.error
    alts = [each.proto.imgs[0].alt for each in app.image]
    (right,) = (alt for alt in alts if alt.startswith("Correct:"))
    (wrong,) = (alt for alt in alts if alt.startswith("Wrong:"))
    kept, (still, lost, doubled) = int(right.split()[1]), map(int, re.findall(r"\d+", wrong))
    assert still == kept - lost + doubled
    if whose == "synthetic example":
        assert lost + doubled > 0
    else:
        run = answered()
        assert kept == len(detect(run, Thresholds(0.1)).kept)
    differences = app.dataframe[1].value if lost + doubled else []
    assert len(differences) == lost + doubled
