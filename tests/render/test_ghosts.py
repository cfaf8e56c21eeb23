import numpy as np
import pytest

from core.render.ghosts import GHOST_DASHES, draw_with_ghosts
from core.results.detections import Detections
from core.results.ledger import OUTCOMES

GROUND = np.full((100, 120, 3), 128, np.uint8)
NONE = Detections([], [], [], [])


def one(*xyxy: float) -> Detections:
    return Detections([xyxy], [0.5], [0], [0])


@pytest.mark.parametrize("outcome", GHOST_DASHES)
def test_a_ghost_is_dashed_on_all_four_sides_and_empty_within(outcome):
    look = GHOST_DASHES[outcome]
    drawn = draw_with_ghosts(GROUND, NONE, [(look, one(10, 20, 110, 90))])
    changed = (drawn != GROUND).any(axis=2)
    for side in (
        changed[20, 10:110],
        changed[89, 10:110],
        changed[20:90, 10],
        changed[20:90, 109],
    ):
        assert side.any()
        assert not side[1:-1].all(), "a whole line would look like a kept box"
    assert not changed[22:88, 12:108].any()
    changed[20:90, 10:110] = False
    assert not changed.any()


def test_the_picture_itself_stays_as_it_was():
    before = GROUND.copy()
    draw_with_ghosts(
        GROUND, one(1, 1, 30, 30), [(GHOST_DASHES["suppressed"], one(5, 5, 50, 50))]
    )
    np.testing.assert_array_equal(GROUND, before)


def test_kept_boxes_lie_over_ghosts():
    ghosts = [(GHOST_DASHES["suppressed"], one(10, 10, 90, 90))]
    alone = draw_with_ghosts(GROUND, one(10, 10, 90, 90), [])
    both = draw_with_ghosts(GROUND, one(10, 10, 90, 90), ghosts)
    np.testing.assert_array_equal(alone, both)


@pytest.mark.parametrize(
    "xyxy", [(-50, -50, -1, -1), (130, 10, 150, 20), (30, 30, 30, 60), (-9e9, -9e9, 9e9, 9e9)]
)
def test_boxes_outside_or_without_area_or_endless_do_no_harm(xyxy):
    drawn = draw_with_ghosts(GROUND, NONE, [(GHOST_DASHES["softened"], one(*xyxy))])
    assert drawn.shape == GROUND.shape


def test_every_fate_that_can_be_drawn_looks_different_without_colours_too():
    assert set(GHOST_DASHES) == set(OUTCOMES) - {"kept", "no box", "outside the picture"}
    assert len({(look.dash, look.gap) for look in GHOST_DASHES.values()}) == len(GHOST_DASHES)
    assert len({look.colour for look in GHOST_DASHES.values()}) == len(GHOST_DASHES)
