"""Outputs of every layout, written by hand: three objects each, encoded as its nets write them.

Nothing of ``core/results/layouts`` is used here: this is the other direction.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from core.outputs import Outputs
from core.picture.size import Size
from core.results.layout import NetFacts

SIZE, CLASSES = Size(96, 64), 4
OBJECTS = (  # left, top, right, bottom in blob pixels; class; confidence
    ((10.0, 8.0, 42.0, 40.0), 2, 0.9),
    ((50.0, 20.0, 90.0, 60.0), 0, 0.8),
    ((5.0, 40.0, 35.0, 60.0), 1, 0.6),
)
FACES = tuple((box, 0, confidence) for box, _, confidence in OBJECTS)
ANCHORS = ((1.0, 1.2), (3.4, 4.4), (6.6, 11.4), (9.4, 5.1), (16.6, 10.5))
ROWS = (7, 61, 100)  # where finished boxes stand in a table; any rows would do


@dataclass(frozen=True)
class Sample:
    """Outputs, the objects in them, and what the card says of the net."""

    arrays: dict
    objects: tuple = OBJECTS
    labels: int = CLASSES
    facts: dict = field(default_factory=dict)

    @property
    def outputs(self):
        return Outputs({name: np.asarray(a, np.float32) for name, a in self.arrays.items()})

    @property
    def net_facts(self):
        return NetFacts(SIZE, labels=self.labels, **self.facts)


def cells(*strides):
    return [
        (x, y, s)
        for s in strides
        for y in range(-(-SIZE.height // s))
        for x in range(-(-SIZE.width // s))
    ]


def rng():
    return np.random.default_rng(11)


def cxcywh(box):
    left, top, right, bottom = box
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def logit(share):
    return math.log(share / (1 - share))


def floor(count, width):
    """Rows of a net that sees nothing: small boxes all over the blob, tiny scores."""
    rows = rng().uniform(0.001, 0.02, (count, width))
    rows[:, 0] = rng().uniform(4, 92, count)
    rows[:, 1] = rng().uniform(4, 60, count)
    rows[:, 2:4] = rng().uniform(3, 20, (count, 2))
    return rows


def yolov5():
    rows = floor(3 * len(cells(8, 16, 32)), 5 + CLASSES)
    for at, (box, class_id, confidence) in zip(ROWS, OBJECTS, strict=True):
        rows[at, :4], rows[at, 4], rows[at, 5 + class_id] = (
            cxcywh(box),
            0.95,
            confidence / 0.95,
        )
    return Sample({"output": rows[None]})


def yolox():
    table, places = rng().uniform(0.001, 0.02, (126, 5 + CLASSES)), cells(8, 16, 32)
    table[:, 2:4] = -1
    for at, (box, class_id, confidence) in zip(ROWS, OBJECTS, strict=True):
        (x, y, s), (cx, cy, w, h) = places[at], cxcywh(box)
        table[at, :4] = cx / s - x, cy / s - y, math.log(w / s), math.log(h / s)
        table[at, 4], table[at, 5 + class_id] = 0.95, confidence / 0.95
    return Sample({"output": table[None]})


def yolov8_rows(extra=0, objects=OBJECTS, classes=CLASSES):
    rows = floor(len(cells(8, 16, 32)), 4 + classes + extra)
    for at, (box, class_id, confidence) in zip(ROWS, objects, strict=True):
        rows[at, :4], rows[at, 4 + class_id] = cxcywh(box), confidence
    return rows


def points_of(rows, count, numbers=3):
    """Scatter key points inside each row's box (N, cx cy w h ...)."""
    points = np.zeros((len(rows), count, numbers))
    for axis in (0, 1):
        share = rng().uniform(-0.4, 0.4, (len(rows), count))
        points[..., axis] = rows[:, [axis]] + share * rows[:, [axis + 2]]
    if numbers == 3:
        points[..., 2] = rng().uniform(0, 1, (len(rows), count))
    return points.reshape(len(rows), -1)


def yolov8():
    return Sample({"output0": yolov8_rows().T[None]})


def yolov8_pose():
    rows = yolov8_rows(51, FACES, 1)
    rows[:, 5:] = points_of(rows, 17)
    return Sample({"output0": rows.T[None]}, FACES, labels=1)


def yolov8_obb():
    rows = yolov8_rows(1)
    rows[:, -1] = rng().uniform(-0.7, 2.3, len(rows))
    rows[list(ROWS), -1] = 0
    return Sample({"output0": rows.T[None]})


def end_to_end_rows(extra=0, objects=OBJECTS):
    rows = np.zeros((300, 6 + extra))
    for at, (box, class_id, confidence) in enumerate(objects):
        rows[at, :6] = *box, confidence, class_id
    return rows


def end_to_end():
    return Sample({"output0": end_to_end_rows()[None]})


def end_to_end_pose():
    rows = end_to_end_rows(51, FACES)
    for at, (box, _, _) in enumerate(FACES):
        rows[at, 6:] = points_of(np.array([cxcywh(box)]), 17)
    return Sample({"output0": rows[None]}, FACES, labels=1)


def end_to_end_obb():
    rows = end_to_end_rows(1)
    for at, (box, _, _) in enumerate(OBJECTS):
        rows[at, :4] = cxcywh(box)
    return Sample({"output0": rows[None]})


def yolov7_end_to_end():
    rows = [[0, *box, class_id, confidence] for box, class_id, confidence in OBJECTS]
    return Sample({"output": rows})


def paddle():
    rows = [[class_id, confidence, *box] for box, class_id, confidence in OBJECTS]
    rows += [[-1, 0, 0, 0, 0, 0]] * 5
    return Sample({"boxes": rows, "count": [3]})


def yolo_nas():
    rows = yolov8_rows()
    half = rows[:, 2:4] / 2
    corners = np.hstack([rows[:, :2] - half, rows[:, :2] + half])
    return Sample({"boxes": corners[None], "scores": rows[None, :, 4:]})


def queries(classes, low=-9.0, high=-5.0):
    boxes = np.hstack([rng().uniform(0.1, 0.9, (300, 2)), rng().uniform(0.05, 0.3, (300, 2))])
    return boxes, rng().uniform(low, high, (300, classes))


def rt_detr():
    boxes, logits = queries(CLASSES)
    for at, (box, class_id, confidence) in enumerate(OBJECTS):
        boxes[at] = np.array(cxcywh(box)) / (96, 64, 96, 64)
        logits[at, class_id] = logit(confidence)
    return Sample({"logits": logits[None], "pred_boxes": boxes[None]})


def detr():
    boxes, logits = queries(CLASSES + 1)
    logits[:, -1] = 5
    for at, (box, class_id, confidence) in enumerate(OBJECTS):
        boxes[at] = np.array(cxcywh(box)) / (96, 64, 96, 64)
        logits[at] = -30
        logits[at, class_id], logits[at, -1] = math.log(confidence), math.log(1 - confidence)
    return Sample({"logits": logits[None], "pred_boxes": boxes[None]})


def ultraface():
    rows = yolov8_rows(0, FACES, 1)
    half = rows[:, 2:4] / 2
    corners = np.hstack([rows[:, :2] - half, rows[:, :2] + half]) / (96, 64, 96, 64)
    scores = np.stack([1 - rows[:, 4], rows[:, 4]], axis=1)
    return Sample({"scores": scores[None], "boxes": corners[None]}, FACES, labels=1)


def distance_logits(box, point, stride):
    """Write four distances as logits of eight bins, of which two neighbours share."""
    (left, top, right, bottom), (x, y) = box, point
    logits = np.full((4, 8), -30.0)
    for side, far in enumerate((x - left, y - top, right - x, bottom - y)):
        whole, part = divmod(far / stride, 1)
        logits[side, int(whole)] = math.log(max(1 - part, 1e-9))
        logits[side, int(whole) + 1] = math.log(max(part, 1e-9))
    return logits.ravel()


def nanodet_table(strides, middle):
    places = cells(*strides)
    table = np.hstack(
        [rng().uniform(0, 0.02, (len(places), CLASSES)), rng().normal(0, 1, (len(places), 32))]
    )
    for box, class_id, confidence in OBJECTS:
        cx, cy, _, _ = cxcywh(box)
        at = places.index((int(cx // 8), int(cy // 8), 8))
        x, y, s = places[at]
        table[at, class_id] = confidence
        table[at, CLASSES:] = distance_logits(box, ((x + middle) * s, (y + middle) * s), s)
    return table


def nanodet_plus():
    return Sample({"output": nanodet_table((8, 16, 32, 64), 0)[None]})


def nanodet():
    return Sample({"output": nanodet_table((8, 16, 32), 0.5)[None]})


def fastestdet():
    grid = np.zeros((5 + CLASSES, 4, 6))
    grid[0] = grid[5:] = 0.01
    grid[1:5] = rng().normal(0, 1, (4, 4, 6))
    for box, class_id, confidence in OBJECTS:
        cx, cy, w, h = cxcywh(box)
        x, y = int(cx // 16), int(cy // 16)
        grid[0, y, x] = grid[5 + class_id, y, x] = confidence
        grid[1:3, y, x] = math.atanh(cx / 16 - x), math.atanh(cy / 16 - y)
        grid[3:5, y, x] = logit(w / 96), logit(h / 64)
    return Sample({"output": grid[None]})


def yolo_fastestv2():
    fine, coarse = (
        rng().uniform(0.001, 0.02, (1, 64 // s, 96 // s, 15 + CLASSES)) for s in (16, 32)
    )
    for grid in (fine, coarse):
        grid[..., :12] = rng().uniform(0.3, 0.7, grid[..., :12].shape)
    for box, class_id, confidence in OBJECTS:
        cx, cy, w, h = cxcywh(box)
        x, y = int(cx // 16), int(cy // 16)
        cell = fine[0, y, x]
        cell[4:8] = (
            *((c / 16 - place + 0.5) / 2 for c, place in ((cx, x), (cy, y))),
            math.sqrt(w / 37.88) / 2,
            math.sqrt(h / 51.48) / 2,
        )
        cell[13], cell[15 + class_id] = 0.95, confidence / 0.95
    return Sample({"794": fine, "796": coarse})


def yunet():
    arrays = {}
    for s in (8, 16, 32):
        count = len(cells(s))
        for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            arrays[f"{name}_{s}"] = rng().uniform(0.001, 0.02, (1, count, width))
    for box, _, confidence in FACES:
        cx, cy, w, h = cxcywh(box)
        x, y = int(cx // 8), int(cy // 8)
        at = y * 12 + x
        arrays["cls_8"][0, at], arrays["obj_8"][0, at] = 0.96, confidence**2 / 0.96
        arrays["bbox_8"][0, at] = cx / 8 - x, cy / 8 - y, math.log(w / 8), math.log(h / 8)
    return Sample(arrays, FACES, labels=1)


def scrfd():
    arrays = {}
    for s in (8, 16, 32):
        count = 2 * len(cells(s))
        for name, width in (("score", 1), ("bbox", 4), ("kps", 10)):
            arrays[f"{name}_{s}"] = rng().uniform(0.01, 0.02, (count, width))
    for box, _, confidence in FACES:
        (left, top, right, bottom), (cx, cy, _, _) = box, cxcywh(box)
        x, y = int(cx // 16), int(cy // 16)
        at = 2 * (y * 6 + x) + 1
        arrays["score_16"][at] = confidence
        far = (x * 16 - left, y * 16 - top, right - x * 16, bottom - y * 16)
        arrays["bbox_16"][at] = np.array(far) / 16
    return Sample(arrays, FACES, labels=1)


def tf_ssd():
    boxes, classes, scores = np.zeros((1, 10, 4)), np.zeros((1, 10)), np.zeros((1, 10))
    for at, ((left, top, right, bottom), class_id, confidence) in enumerate(OBJECTS):
        boxes[0, at] = top / 64, left / 96, bottom / 64, right / 96
        classes[0, at], scores[0, at] = class_id, confidence
    boxes[0, 3:], scores[0, 3:] = 0.5, 0.7  # behind the count: left over, no boxes
    return Sample(
        {
            "detection_boxes": boxes,
            "detection_classes": classes,
            "detection_scores": scores,
            "num_detections": [3],
        }
    )


def ssd():
    rows = np.zeros((8, 7))
    rows[:, 0] = -1
    for at, (box, class_id, confidence) in enumerate(OBJECTS):
        rows[at] = 0, class_id, confidence, *(np.array(box) / (96, 64, 96, 64))
    return Sample({"detection_out": rows[None, None]})


def darknet():
    heads = [
        floor(2 * len(cells(s)), 5 + CLASSES) / ([96, 64, 96, 64] + [1] * 5) for s in (32, 16)
    ]
    for at, (box, class_id, confidence) in zip((3, 20, 40), OBJECTS, strict=True):
        heads[1][at, :4] = np.array(cxcywh(box)) / (96, 64, 96, 64)
        heads[1][at, 4], heads[1][at, 5 + class_id] = confidence + 0.02, confidence
    return Sample({"yolo_1": heads[0], "yolo_2": heads[1]}, facts={"darknet": True})


def yolov2():
    grid = rng().normal(-4, 1, (5, 5 + CLASSES, 2, 3))
    for box, class_id, confidence in OBJECTS:
        cx, cy, w, h = cxcywh(box)
        x, y = int(cx // 32), int(cy // 32)
        cell = grid[1, :, y, x]
        cell[:2] = logit(cx / 32 - x), logit(cy / 32 - y)
        cell[2:4] = math.log(w / 32 / 3.4), math.log(h / 32 / 4.4)
        cell[4], cell[5:], cell[5 + class_id] = logit(confidence), -30, 0
    return Sample({"grid": grid.reshape(1, -1, 2, 3)}, facts={"anchors": ANCHORS})


def yolov5_face():
    rows = floor(3 * 126, 16)
    rows[:, 5:15] = points_of(rows, 5, 2)
    for at, (box, _, confidence) in zip(ROWS, FACES, strict=True):
        rows[at, :4], rows[at, 4], rows[at, 15] = cxcywh(box), 0.95, confidence / 0.95
        rows[at, 5:15] = points_of(rows[[at]], 5, 2)
    return Sample({"output": rows[None]}, FACES, labels=1)


def yolov7_pose():
    rows = floor(3 * 126, 21)
    for at, (box, _, confidence) in zip(ROWS, FACES, strict=True):
        rows[at, :4], rows[at, 4], rows[at, 5] = cxcywh(box), 0.95, confidence / 0.95
    rows[:, 6:] = points_of(rows, 5)
    return Sample({"output": rows[None]}, FACES, labels=1)


SAMPLES = {
    make.__name__.replace("_", "-"): make()
    for make in (
        *(darknet, detr, end_to_end, end_to_end_obb, end_to_end_pose, fastestdet, nanodet),
        *(nanodet_plus, paddle, rt_detr, scrfd, ssd, tf_ssd, ultraface, yolo_fastestv2),
        *(yolo_nas, yolov2, yolov5, yolov5_face, yolov7_end_to_end, yolov7_pose, yolov8),
        *(yolov8_obb, yolov8_pose, yolox, yunet),
    )
}
