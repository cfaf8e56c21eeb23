"""The ledger against the textbook, on random sets and on what real nets answered."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.nets.downloads import download
from core.outputs import Outputs
from core.picture.image import Picture
from core.picture.placement import letterbox
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.pipeline import (
    MOST_CANDIDATES,
    RoadTimes,
    Run,
    Thresholds,
    detect,
    nms_candidates,
    run_model,
    suppression_ledger,
)
from core.results.boxes import iou_matrix
from core.results.detections import Detections
from core.results.ledger import MEANINGS, NOBODY, OUTCOMES, Ledger, overlap_in_nms
from tests.shared import IMAGES, needs_shared, where_present

IMAGE, BLOB = Size(200, 100), Size(100, 100)  # a letterbox: bars of 25 pixels
CHOICES = [
    Thresholds(confidence, iou, per_class, soft, class_ids)
    for per_class, soft, class_ids in product(
        (True, False), (True, False), (None, frozenset({0, 2}))
    )
    for confidence, iou in ((0.25, 0.45), (0.0, 0.3), (0.5, 0.0), (0.1, 1.0))
]


def detector() -> ModelCard:
    labels = ("cat", "dog", "owl")
    return replace(card_named("tiny-blob-detector"), labels=labels, groups=(), layout="ssd")


def answered(rows: np.ndarray) -> Run:
    """The run of a net that answered rows of class, confidence, left, top, right, bottom."""
    table = np.hstack([np.zeros((len(rows), 1)), rows[:, :2], rows[:, 2:] / 100])
    card = detector()
    return Run(
        card=card,
        spec=card.blob,
        image_size=IMAGE,
        blob=np.zeros((1, 3, 100, 100), np.float32),
        placement=letterbox(IMAGE, into=BLOB),
        outputs=Outputs({"rows": table[None, None].astype(np.float32)}),
        times=RoadTimes(0, 0, None, None, 0),
    )


def random_run(rng: np.random.Generator, most: int = 40) -> Run:
    """Crowded boxes, some equal, some empty, endless, in the bars, or no numbers at all."""
    count = int(rng.integers(0, most + 1))
    corner = rng.integers(-2, 20, (count, 2)) * 5
    xyxy = np.hstack([corner, corner + rng.integers(0, 8, (count, 2)) * 5]).astype(np.float64)
    strange = rng.random((count, 4)) < 0.01
    xyxy[strange] = rng.choice([np.nan, np.inf, -np.inf], strange.sum())
    confidence = rng.integers(0, 25, count) / 24  # equal ones are common
    confidence[rng.random(count) < 0.02] = np.nan
    return answered(np.column_stack([rng.integers(0, 3, count), confidence, xyxy]))


def kept_by(run: Run, thresholds: Thresholds) -> Detections:
    return detect(run, thresholds).kept


def outcomes(book: Ledger) -> list[str]:
    return [OUTCOMES[place] for place in book.outcome.tolist()]


def assert_books_are_right(run: Run, thresholds: Thresholds) -> None:
    """What the ledger says is what ``detect`` did, and each removal can be checked."""
    book, kept = suppression_ledger(run, thresholds), kept_by(run, thresholds)
    assert sum(book.counts().values()) == len(book)
    lines = book.lines(["kept"])
    assert book.boxes.row[lines].tolist() == kept.row.tolist()
    assert book.number[lines].tolist() == list(range(1, len(kept) + 1))
    np.testing.assert_array_equal(book.left[lines], kept.confidence)
    through_nms = {"kept", "outside the picture"}
    its_outcome, raw = (
        outcomes(book),
        replace(book.boxes, xyxy=run.placement.to_blob(book.boxes.xyxy)),
    )
    limit = np.float32(thresholds.confidence)
    for line in np.flatnonzero(book.suppressed_by != NOBODY).tolist():
        assert its_outcome[line] == ("softened" if thresholds.soft else "suppressed")
        by = int(book.suppressed_by[line])
        assert its_outcome[by] in through_nms
        assert (raw.confidence[by], -by) > (raw.confidence[line], -line) or thresholds.soft
        assert book.iou[line] > thresholds.iou - 1e-6
        assert not thresholds.per_class or raw.class_id[by] == raw.class_id[line]
        measured = iou_matrix(raw.xyxy[[by]], raw.xyxy[[line]])[0, 0]
        assert book.iou[line] == pytest.approx(measured, abs=1e-5)
        if thresholds.soft:
            assert book.left[line] <= limit < raw.confidence[line]
            assert book.left[by] >= book.left[line]
    removed = {"suppressed", "softened"}
    assert {
        its_outcome[line] for line in np.flatnonzero(book.suppressed_by == NOBODY)
    } & removed == set()


def textbook(run: Run, thresholds: Thresholds) -> list[tuple[str, int]]:
    """Hard NMS and its fates as one would explain them, a box at a time."""
    rows = run.outputs["rows"][0, 0]
    outcome: list[tuple[str, int]] = [("", NOBODY)] * len(rows)
    waiting = []
    for line, (_, class_id, confidence, *xyxy) in enumerate(rows.tolist()):
        if confidence <= thresholds.confidence:
            outcome[line] = ("below confidence", NOBODY)
        elif not all(map(math.isfinite, (confidence, *xyxy))):
            outcome[line] = ("no box", NOBODY)
        elif thresholds.class_ids is not None and class_id not in thresholds.class_ids:
            outcome[line] = ("class filtered", NOBODY)
        else:
            waiting.append(line)
    xyxy = (rows[:, 3:].astype(np.float64) * 100).clip(-1e9, 1e9)
    stays: list[int] = []
    for line in sorted(waiting, key=lambda each: (-rows[each, 2], each)):
        left, top, right, bottom = xyxy[line]
        for other in stays:
            same = rows[line, 1] == rows[other, 1] or not thresholds.per_class
            shared = iou_matrix(xyxy[[line]], xyxy[[other]])[0, 0]
            if same and shared > thresholds.iou + 1e-7:
                outcome[line] = ("suppressed", other)
                break
        else:
            stays.append(line)
            inside = max(left, 0) < min(right, 100) and max(top, 25) < min(bottom, 75)
            outcome[line] = ("kept" if inside else "outside the picture", NOBODY)
    return outcome


@pytest.mark.parametrize("thresholds", CHOICES)
def test_on_random_sets_the_ledger_says_what_found_did(thresholds):
    rng = np.random.default_rng(7)
    for _ in range(60):
        assert_books_are_right(random_run(rng), thresholds)


@pytest.mark.parametrize("thresholds", [each for each in CHOICES if not each.soft])
def test_every_fate_and_remover_of_hard_nms_is_the_textbooks(thresholds):
    rng = np.random.default_rng(8)
    for _ in range(60):
        run = random_run(rng)
        book = suppression_ledger(run, thresholds)
        told = list(zip(outcomes(book), book.suppressed_by.tolist(), strict=True))
        assert told == textbook(run, thresholds)


def test_every_fate_has_a_row_and_a_meaning():
    crowd = [[2, 0.9 - i / 1e4, *_cell(i)] for i in range(MOST_CANDIDATES)]
    rows = [
        [1, 0.95, 10, 30, 50, 50],  # 0: kept
        [1, 0.94, 10, 30, 50, 49],  # 1: suppressed by 0
        [1, 0.93, 0, 0, 100, 20],  # 2: in the bar above the picture
        [1, 0.92, 0, 0, np.inf, 20],  # 3: endless
        [0, 0.91, 0, 30, 9, 50],  # 4: of no wanted class
        [1, 0.1, 0, 30, 9, 50],  # 5: too unsure
        [1, 0.3, 60, 60, 70, 70],  # 6: the crowd is surer
        [1, np.nan, 60, 60, 70, 70],  # 7: of no confidence at all
    ]
    run, wanted = answered(np.array(rows + crowd)), frozenset({1, 2})
    book = suppression_ledger(run, Thresholds(class_ids=wanted))
    assert outcomes(book)[:8] == [
        "kept",
        "suppressed",
        "outside the picture",
        "no box",
        "class filtered",
        "below confidence",
        "beyond the surest",
        "no box",
    ]
    assert (book.suppressed_by[1], book.iou[1]) == (0, pytest.approx(0.95, abs=1e-6))
    soft = suppression_ledger(run, Thresholds(class_ids=wanted, soft=True))
    assert outcomes(soft)[1] == "softened"
    assert soft.left[1] == pytest.approx(0.94 * 0.05, abs=1e-6)
    assert set(outcomes(book)) | set(outcomes(soft)) == set(OUTCOMES) == set(MEANINGS)


def _cell(number: int) -> list[float]:
    left, top = number % 40 * 2.5, number // 40
    return [left, 26 + top, left + 2, 26.9 + top]


@pytest.mark.parametrize("soft", [True, False])
def test_the_candidates_hold_what_any_threshold_may_keep(soft):
    rng = np.random.default_rng(9)
    for _ in range(20):
        run, wanted = random_run(rng), frozenset({0, 1})
        sent = nms_candidates(run, wanted)
        assert (np.diff(sent.confidence) <= 0).all()
        for confidence in (0.0, 0.2, 0.7):
            chosen = Thresholds(confidence, 0.4, soft=soft, class_ids=wanted)
            kept = kept_by(run, chosen)
            assert set(kept.row.tolist()) <= set(sent.above(confidence).row.tolist())


def test_nms_measures_overlap_as_cv2_does_where_it_meets_the_threshold():
    half = Detections([[0, 0, 10, 10], [0, 0, 10, 5]], [0.9, 0.8], [0, 0], [0, 1])
    assert overlap_in_nms(half, half)[0, 1] == np.float32(0.5)
    assert len(half.suppressed(iou=0.5)) == 2
    assert len(half.suppressed(iou=0.4999)) == 1


def test_lines_come_by_number_and_then_by_confidence():
    book = suppression_ledger(random_run(np.random.default_rng(10)), Thresholds())
    lines = book.lines()
    assert sorted(lines.tolist()) == list(range(len(book)))
    kept = int((book.number > 0).sum())
    assert book.number[lines][:kept].tolist() == list(range(1, kept + 1))
    behind = book.boxes.confidence[lines][kept:]
    surest_first = -np.sort(-behind)  # what is not a number comes last
    np.testing.assert_array_equal(behind, surest_first)


def test_of_nothing_the_ledger_is_empty():
    book = suppression_ledger(answered(np.zeros((0, 6))), Thresholds())
    assert len(book) == 0
    assert set(book.counts().values()) == {0}


@pytest.mark.parametrize(
    ("name", "sample"),
    [("starter-detector-darknet", "motorcycle"), ("tiny-blob-detector", "coffee")],
)
def test_on_what_our_own_nets_answered_the_ledger_says_what_found_did(name, sample):
    model = card_named(name)
    run = run_model(sample_picture(sample), model)
    for thresholds in CHOICES:
        assert_books_are_right(run, replace(thresholds, confidence=0.02))


@needs_shared
@pytest.mark.parametrize("name", where_present("yolo-fastest-1.1-coco", "yolox-nano-onnx"))
@pytest.mark.usefixtures("mirrored")
def test_on_what_real_nets_answered_the_ledger_says_what_found_did(name):
    model = card_named(name)
    download(model)
    run = run_model(Picture("dog.jpg", (IMAGES / "dog.jpg").read_bytes()), model)
    for thresholds in CHOICES:
        assert_books_are_right(run, replace(thresholds, class_ids=None))
        assert_books_are_right(run, replace(thresholds, confidence=0.01))
