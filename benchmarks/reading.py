"""Reading a YOLOv5's answer, 25,200 rows of 85 numbers: Blobscope against the row loop.

    python -m benchmarks.reading

Both decode, threshold, do NMS and draw. "other" is the loop over rows that most tutorials
teach, with cv2.dnn.NMSBoxes, cv2.rectangle and cv2.putText. The answers are made up but
alike: 60 objects with four overlapping boxes each stand out of a floor of doubtful rows, and
every round reads another answer. The issue allows 10 ms and wants ten times the loop's speed.
"""

import statistics
import time
from itertools import count

import cv2
import numpy as np

from benchmarks._ratio import HEAD, paired
from core.outputs import Outputs
from core.picture.image import BgrImage
from core.picture.placement import letterbox
from core.picture.size import Size
from core.render.boxes import draw_detections
from core.results.decoders import decode_above, decode_outputs
from core.results.layout import NetFacts

ROWS, CLASSES, OBJECTS, BOXES_EACH = 25_200, 80, 60, 4
CONFIDENCE, IOU, ROUNDS, ANSWERS = 0.25, 0.45, 30, 5
BLOB, IMAGE = Size(640, 640), Size(1280, 960)
LABELS = [f"class {number}" for number in range(CLASSES)]


def answer(seed: int) -> Outputs:
    """Make up what a net might say about a crowded street."""
    rng = np.random.default_rng(seed)
    rows = np.empty((ROWS, 5 + CLASSES), np.float32)
    rows[:, :2] = rng.uniform(0, 640, (ROWS, 2))
    rows[:, 2:4] = rng.uniform(8, 120, (ROWS, 2))
    rows[:, 4] = rng.beta(0.3, 60, ROWS)
    rows[:, 5:] = rng.beta(0.3, 40, (ROWS, CLASSES))
    for number in range(OBJECTS):
        chosen = rng.integers(0, ROWS, BOXES_EACH)
        centre, sides = rng.uniform((40, 110), (600, 530)), rng.uniform(20, 120, 2)
        rows[chosen, :2] = centre + rng.normal(0, 2, (BOXES_EACH, 2))
        rows[chosen, 2:4] = sides * rng.uniform(0.9, 1.1, (BOXES_EACH, 2))
        rows[chosen, 4] = rng.uniform(0.6, 0.98, BOXES_EACH)
        rows[chosen, 5 + number % 12] = rng.uniform(0.7, 0.98, BOXES_EACH)
    return Outputs({"output": rows[None]})


def ours(outputs: Outputs, image: BgrImage) -> BgrImage:
    """Read as the Detection page does."""
    decoded = decode_above(outputs, NetFacts(BLOB), "yolov5", above=CONFIDENCE)
    kept = decoded.confident.suppressed(iou=IOU)
    found = kept.on_image(letterbox(IMAGE, into=BLOB))
    return draw_detections(image, found, label=LABELS.__getitem__)


def row_loop(outputs: Outputs, image: BgrImage) -> BgrImage:
    """Read as the tutorials do."""
    drawn = image.copy()
    scale, boxes, confidences, class_ids = IMAGE.width / BLOB.width, [], [], []
    top_bar = (BLOB.height - IMAGE.height / scale) / 2
    for row in outputs["output"][0]:
        scores = row[5:]
        class_id = int(np.argmax(scores))
        confidence = float(row[4] * scores[class_id])
        if confidence > CONFIDENCE:
            cx, cy, width, height = (float(each) for each in row[:4])
            left, top = (cx - width / 2) * scale, (cy - height / 2 - top_bar) * scale
            boxes.append([int(left), int(top), int(width * scale), int(height * scale)])
            confidences.append(confidence)
            class_ids.append(class_id)
    kept = cv2.dnn.NMSBoxes(boxes, confidences, CONFIDENCE, IOU)
    for index in np.array(kept).ravel().tolist():
        left, top, width, height = boxes[index]
        text = f"{LABELS[class_ids[index]]} {confidences[index]:.2f}"
        cv2.rectangle(drawn, (left, top), (left + width, top + height), (0, 255, 0), 2)
        cv2.putText(drawn, text, (left, top), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 255, 0), 2)
    return drawn


def steps(answers: list[Outputs], image: BgrImage) -> None:
    """Print each step's median, which a busy machine leaves alone, and that of every row."""
    names = ("decode and threshold", "NMS", "draw", "every row")
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(ROUNDS):
        outputs = answers[number % ANSWERS]
        marks = [time.thread_time()]
        above = decode_above(outputs, NetFacts(BLOB), "yolov5", above=CONFIDENCE).confident
        marks.append(time.thread_time())
        kept = above.suppressed(iou=IOU).on_image(letterbox(IMAGE, into=BLOB))
        marks.append(time.thread_time())
        draw_detections(image, kept, label=LABELS.__getitem__)
        marks.append(time.thread_time())
        decode_outputs(outputs, NetFacts(BLOB), "yolov5")
        marks.append(time.thread_time())
        for name, spent in zip(names, np.diff(marks), strict=True):
            times[name].append(1e3 * spent)
    parts = (f"{name} {statistics.median(each):.2f} ms" for name, each in times.items())
    print(f"medians of the processor's time: {', '.join(parts)}")
    print(f"{len(above)} rows above the confidence, {len(kept)} kept")


def main() -> None:
    """Print both, the ratios, and the steps."""
    image = BgrImage(np.full((IMAGE.height, IMAGE.width, 3), 90, np.uint8))
    answers = [answer(seed) for seed in range(ANSWERS)]
    mine, theirs = count(), count()
    print(HEAD)
    print(
        paired(
            lambda: ours(answers[next(mine) % ANSWERS], image),
            lambda: row_loop(answers[next(theirs) % ANSWERS], image),
            rounds=ROUNDS,
        )
    )
    steps(answers, image)


if __name__ == "__main__":
    main()
