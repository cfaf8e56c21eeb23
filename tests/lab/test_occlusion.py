"""The occlusion map, held against nets whose weights were written down, not learned."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from core.blob.make import make_blob
from core.errors import ForwardFailed
from core.lab.occlusion import (
    COVERS,
    OcclusionMap,
    Sweep,
    WatchedBox,
    WatchedClass,
    covered,
    occlude,
    painted,
)
from core.nets import engine
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.outputs import Outputs
from core.picture.image import decode_picture as decoded
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.render.boxes import Patch
from core.results.decoders import decode_outputs
from core.results.layout import NetFacts
from tests.forwards import noted_forwards

COLOURS = card_named("tiny-dominant-colour")
BLOBS = card_named("tiny-blob-detector")
RED, BLUE = COLOURS.labels.index("red"), COLOURS.labels.index("blue")
INK = {"red": (30, 20, 220), "blue": (220, 40, 20)}  # B, G, R


def quartered() -> np.ndarray:
    """Red, with blue in the upper left quarter: no pixel is shared by two cells."""
    image = np.full((128, 128, 3), INK["red"], np.uint8)
    image[:64, :64] = INK["blue"]
    return image


def boxed(xyxy=(40, 48, 88, 80), size=(256, 256)) -> np.ndarray:
    image = np.full((*size, 3), 128, np.uint8)
    left, top, right, bottom = xyxy
    image[top:bottom, left:right] = INK["red"]
    return image


def mapped(model: ModelCard, image, watched, **how) -> OcclusionMap:
    *_, last = occlude(model, image, watched, **how)
    return last.map


def asked(model: ModelCard, image, spec=None):
    blob, placement = make_blob(image, spec or model.blob)
    return engine.infer(model, blob).outputs, placement


@pytest.fixture
def forwards(monkeypatch) -> list[str]:
    """The nets that were asked, in order."""
    return noted_forwards(monkeypatch)


def test_hiding_a_cell_of_the_colour_costs_its_share_of_the_picture_and_others_nothing():
    """The net counts the picture's patches by colour: an eighth of a side is 1/64 of it."""
    found = mapped(COLOURS, quartered(), WatchedClass(BLUE), sweep=Sweep(8, 1))
    assert found.baseline == pytest.approx(0.25, abs=1e-3)
    wanted = np.zeros((8, 8))
    wanted[:4, :4] = 1 / 64
    np.testing.assert_allclose(found.drop, wanted, atol=1e-4)
    assert "upper left" in str(mapped(COLOURS, quartered(), WatchedClass(BLUE), sweep=Sweep(4)))


def naive_drop(model, image, sweep, confidence):
    """Paint each patch by hand, whole-picture arithmetic only, and ask the net."""
    height, width = image.shape[:2]
    drop = np.zeros((sweep.cells, sweep.cells))
    before = confidence(*asked(model, image))
    for row in range(sweep.cells):
        for column in range(sweep.cells):
            y, x = np.mgrid[:height, :width]
            cell_y, cell_x = height / sweep.cells, width / sweep.cells
            top = round((row + 0.5 - sweep.width / 2) * cell_y)
            left = round((column + 0.5 - sweep.width / 2) * cell_x)
            bottom = round((row + 0.5 + sweep.width / 2) * cell_y)
            right = round((column + 0.5 + sweep.width / 2) * cell_x)
            inside = (top <= y) & (y < bottom) & (left <= x) & (x < right)
            hidden = np.where(inside[..., None], 128, image).astype(np.uint8)
            drop[row, column] = before - confidence(*asked(model, hidden))
    return drop


@pytest.mark.parametrize("sweep", [Sweep(5, 1), Sweep(4, 2), Sweep(6, 3)], ids=str)
def test_the_map_of_a_class_is_what_painting_by_hand_gives(sweep):
    image = decoded(sample_picture("coffee"))[::3, ::3]  # sides that no sweep divides evenly
    found = mapped(COLOURS, image, WatchedClass(RED), sweep=sweep)
    share = lambda outputs, _: float(outputs["share"].ravel()[RED])  # noqa: E731
    np.testing.assert_allclose(found.drop, naive_drop(COLOURS, image, sweep, share), atol=1e-9)
    assert np.abs(found.drop).max() > 0


def found_again(watched: WatchedBox, outputs, placement) -> float:
    """Look at every raw row, one by one: the surest of the class that overlaps by half."""
    rows = decode_outputs(outputs, NetFacts(BLOBS.blob.size), BLOBS.layout)
    best = 0.0
    for xyxy, confidence, class_id in zip(
        placement.to_image(rows.xyxy), rows.confidence, rows.class_id, strict=True
    ):
        if class_id == watched.class_id and overlap(xyxy, watched.xyxy) >= 0.5:
            best = max(best, float(confidence))
    return best


def test_the_map_of_a_box_is_what_painting_by_hand_gives():
    image, sweep = boxed((60, 70, 150, 170), (240, 320)), Sweep(6, 2)
    watched = watched_box(image)
    found = mapped(BLOBS, image, watched, sweep=sweep)
    wanted = naive_drop(BLOBS, image, sweep, partial(found_again, watched))
    np.testing.assert_allclose(found.drop, wanted, atol=1e-9)
    middle = found.drop[1:5, 1:3]
    assert middle.max() == found.drop.max() > 0.2


@pytest.mark.parametrize("share", [0, 0.2, 0.3, 0.36, 0.45, 0.6, 2])
def test_a_box_beside_the_watched_one_counts_only_if_they_overlap_by_half(share):
    image = boxed()
    left, top, right, bottom = watched_box(image).xyxy
    step = share * (right - left)
    moved = WatchedBox(0, (left + step, top, right + step, bottom))
    answer = asked(BLOBS, image)
    assert moved.confidence(*answer, BLOBS) == found_again(moved, *answer)


def overlap(one, other) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0, width) * max(0, height)
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (one, other)]
    return shared / (sum(areas) - shared) if shared else 0.0


def watched_box(image) -> WatchedBox:
    outputs, placement = asked(BLOBS, image)
    raw = decode_outputs(outputs, NetFacts(BLOBS.blob.size), BLOBS.layout).above(
        BLOBS.confidence
    )
    best = raw.suppressed(iou=BLOBS.iou).on_image(placement).first(1)
    return WatchedBox(int(best.class_id[0]), tuple(best.xyxy[0].tolist()))


def test_a_box_that_vanishes_costs_its_whole_confidence():
    image = boxed((40, 48, 88, 80))  # wholly under the patch over row 1, column 1 of four
    found = mapped(BLOBS, image, watched_box(image), sweep=Sweep(4, 2))
    assert found.confidence[1, 1] == 0.0
    assert found.drop[1, 1] == found.baseline > 0.45
    assert "to 0.00" in str(found)


def test_a_box_of_another_class_in_the_same_place_is_not_the_same_box():
    image = boxed()
    red = watched_box(image)
    blue = replace(red, class_id=BLOBS.labels.index("blue"))
    assert (
        blue.confidence(*asked(BLOBS, image), BLOBS)
        < 0.1
        < red.confidence(*asked(BLOBS, image), BLOBS)
    )


@pytest.mark.parametrize("fit", ["crop", "letterbox"])
def test_the_patch_lies_in_the_picture_so_the_fit_does_to_it_what_it_does_there(fit):
    """A wide picture, cropped to its middle: what is cut off cannot matter."""
    image = np.full((128, 256, 3), INK["blue"], np.uint8)
    spec = replace(COLOURS.blob, fit=fit)
    found = mapped(COLOURS, image, WatchedClass(BLUE), spec=spec, sweep=Sweep(8, 1))
    cut_off = found.drop[:, [0, 1, 6, 7]]
    seen = found.drop[:, 2:6]
    assert seen.min() > 0.005
    assert cut_off.max() == 0 if fit == "crop" else cut_off.min() > 0.003


@pytest.mark.parametrize("cover", COVERS)
def test_nothing_of_the_callers_picture_is_changed(cover):
    image = quartered()
    image.setflags(write=False)
    before = image.copy()
    mapped(COLOURS, image, WatchedClass(BLUE), sweep=Sweep(2, 1, cover))
    np.testing.assert_array_equal(image, before)


def test_progress_counts_every_forward_and_the_map_fills_cell_by_cell(forwards):
    steps = list(occlude(COLOURS, quartered(), WatchedClass(BLUE), sweep=Sweep(3, 1)))
    assert [each.done for each in steps] == list(range(1, 11))
    assert {each.total for each in steps} == {10}
    assert len(forwards) == 10
    for each in steps:
        assert np.isfinite(each.map.confidence).sum() == each.done - 1
    assert not steps[-1].map.confidence.flags.writeable


def test_who_leaves_early_asks_the_net_no_further(forwards):
    search = occlude(COLOURS, quartered(), WatchedClass(BLUE))
    for _ in range(4):
        next(search)
    search.close()
    assert len(forwards) == 4


def test_the_patches_of_a_sweep_of_single_cells_tile_the_picture():
    size = Size(37, 23)
    times = np.zeros((23, 37), int)
    sweep = Sweep(7, 1)
    for row in range(7):
        for column in range(7):
            times[sweep.patch(row, column, size).slices] += 1
    assert (times == 1).all()


def test_a_wider_patch_covers_its_own_cell_and_its_neighbours():
    patch = Sweep(8, 3).patch(4, 4, Size(80, 80))
    assert patch == Patch(30, 30, 60, 60)
    assert Sweep(8, 3).patch(0, 7, Size(80, 80)) == Patch(60, 0, 80, 20)  # ends at the edge


def test_what_covers_is_grey_or_the_mean_or_a_smear():
    image = quartered()
    assert set(painted(image, "grey").ravel().tolist()) == {128}
    mean = [round(value) for value in image.mean(axis=(0, 1))]
    assert painted(image, "mean colour")[5, 5].tolist() == mean
    smear = painted(image, "blurred")
    assert smear.shape == image.shape
    assert smear[10, 10].tolist() == list(INK["blue"])
    step = np.abs(np.diff(smear.astype(int), axis=1)).max()
    assert step < 20  # no edge is left


def test_covering_leaves_everything_beside_the_patch_alone():
    image = decoded(sample_picture("cat"))
    patch = Patch(10, 20, 50, 90)
    hidden = covered(image, patch, painted(image, "grey"))
    assert (hidden[patch.slices] == 128).all()
    hidden[patch.slices] = image[patch.slices]
    np.testing.assert_array_equal(hidden, image)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (1, 90)])
def test_a_picture_smaller_than_the_sweep_has_a_map_all_the_same(size):
    image = np.full((*size, 3), INK["blue"], np.uint8)
    found = mapped(COLOURS, image, WatchedClass(BLUE), sweep=Sweep(4, 2, "blurred"))
    assert np.isfinite(found.confidence).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cells": 1}, "2 to 32 cells"),
        ({"cells": 33}, "2 to 32 cells"),
        ({"width": 0}, "1 to 8 cells wide"),
        ({"width": 9}, "1 to 8 cells wide"),
        ({"cover": "pink"}, "one of grey"),
    ],
)
def test_a_sweep_that_goes_nowhere_cannot_be_made(wrong, said):
    with pytest.raises(ValueError, match=said):
        Sweep(**wrong)


def test_a_net_that_answers_no_numbers_gets_a_sentence(monkeypatch):
    class Broken:
        def infer(self, _model, _blob):
            nothing = Outputs({"share": np.full((1, 12), np.nan, np.float32)})
            return engine.Inference(nothing, engine.Timings(None, 1.0, False))

    monkeypatch.setattr(engine, "engine", Broken)
    with pytest.raises(ForwardFailed, match="not numbers"):
        mapped(COLOURS, quartered(), WatchedClass(BLUE))


def said(baseline: float, confidence) -> str:
    return str(OcclusionMap(baseline, np.array(confidence), Sweep(2, 1)))


def test_the_sentence_names_the_fall_the_rise_or_that_there_is_neither():
    assert said(0.92, [[0.31, 0.9], [0.9, 0.92]]) == (
        "The confidence falls most, from 0.92 to 0.31, when the patch covers the upper left."
    )
    assert said(0.5, [[0.5, 0.5], [0.5, 0.8]]) == (
        "It rises most, to 0.80, when the patch covers the lower right."
    )
    assert said(0.5, [[0.5, 0.1], [0.7, 0.5]]) == (
        "The confidence falls most, from 0.50 to 0.10, when the patch covers the upper right. "
        "It rises most, to 0.70, when the patch covers the lower left."
    )
    assert said(0.5, [[0.5, 0.51], [0.49, 0.5]]).startswith("No single position matters")
