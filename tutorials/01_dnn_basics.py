"""cv2.dnn from the ground up, in cells: run it as a script, or cell by cell in an editor."""

# %% [markdown]
# # cv2.dnn from the ground up
#
# One picture, one net in four formats, one detector, and every step by hand: loading, the blob,
# the forward pass, the top-5 classes, and YOLO's grid, confidences, NMS and boxes.
#
# It needs only numpy and cv2, and the starter nets of this repository, so nothing is
# downloaded. Run it as a script, `python tutorials/01_dnn_basics.py [picture]`, or cell by cell
# in an editor that supports `# %%`. The default picture is the cat of scikit-image.

# %%
import importlib.util
import sys
import time
from pathlib import Path

import cv2
import numpy as np

HERE = Path(globals().get("__file__", "tutorials/01_dnn_basics.py")).resolve()
MODELS = HERE.parents[1] / "models"


def sample_cat() -> Path:
    """Return the path of the cat inside scikit-image, without importing it."""
    found = importlib.util.find_spec("skimage")
    if found is None or found.origin is None:
        raise SystemExit("Name a picture: python tutorials/01_dnn_basics.py picture.jpg")
    return Path(found.origin).parent / "data" / "chelsea.png"


given = [word for word in sys.argv[1:] if Path(word).is_file() and cv2.haveImageReader(word)]
picture_path = Path(given[0]) if given else sample_cat()
image = cv2.imread(str(picture_path), cv2.IMREAD_COLOR)
print(f"{picture_path.name}: {image.shape} {image.dtype}, channels in the order B, G, R")

# %% [markdown]
# ## 1. One net, four formats
#
# The same classifier is stored in four formats. A format is only a way to store layers and
# weights; after loading, cv2 runs the same net. Caffe and Darknet use one file for the
# description (text) and one for the weights, TensorFlow can, ONNX does not.
#
# `readNetFromX` needs to know the format, `readNet` looks at the file names.


# %%
def files_of(name: str, *suffixes: str) -> list[str]:
    """Return the paths of a starter net's files."""
    stem = "-".join(name.split("-")[:2])
    return [str(MODELS / name / f"{stem}{suffix}") for suffix in suffixes]


onnx = files_of("starter-classifier-onnx", ".onnx")
caffe = files_of("starter-classifier-caffe", ".prototxt", ".caffemodel")
tensorflow = files_of("starter-classifier-tensorflow", ".pb", ".pbtxt")
darknet = files_of("starter-classifier-darknet", ".cfg", ".weights")

began = time.perf_counter()
nets = {
    "ONNX": cv2.dnn.readNetFromONNX(*onnx),
    "Caffe": cv2.dnn.readNetFromCaffe(*caffe),  # text first, then weights
    "TensorFlow": cv2.dnn.readNetFromTensorflow(*tensorflow),  # weights first, then text
    "Darknet": cv2.dnn.readNetFromDarknet(*darknet),  # text first, then weights
}
print(f"four nets in {1000 * (time.perf_counter() - began):.0f} ms")
for name, net in nets.items():
    print(
        f"{name:>10}: {len(net.getLayerNames())} layers, the last one {net.getLayerNames()[-1]}"
    )

# %% [markdown]
# ## 2. From the picture to the blob
#
# The input of a net is a blob: float32, (pictures, channels, height, width). This net was
# trained on R, G, B in 0..1, and on square pictures, so its blob needs `scalefactor=1/255`,
# `swapRB=True` and `crop=True`. Wrong values raise no error; they only make the result worse.

# %%
SIDE = 64
blob = cv2.dnn.blobFromImage(
    image, scalefactor=1 / 255, size=(SIDE, SIDE), mean=(0, 0, 0), swapRB=True, crop=True
)
print(f"the blob: {blob.shape} {blob.dtype}, from {blob.min():.3f} to {blob.max():.3f}")

# %% [markdown]
# The same by hand. `crop=True` scales until the *shorter* side fits, and crops the centre.

# %%
height, width = image.shape[:2]
zoom = SIDE / min(height, width)
scaled = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
top, left = (scaled.shape[0] - SIDE) // 2, (scaled.shape[1] - SIDE) // 2
middle = scaled[top : top + SIDE, left : left + SIDE]
rgb = middle[:, :, ::-1]  # B, G, R -> R, G, B
planes = rgb.transpose(2, 0, 1)  # (H, W, 3) -> (3, H, W)
by_hand = planes[np.newaxis].astype(np.float32) * np.float32(1 / 255)  # (1, 3, H, W)
print(f"largest difference to cv2's blob: {np.abs(by_hand - blob).max():.6f}")

# %% [markdown]
# ## 3. Forward pass, and the top-5 classes
#
# `setInput` and `forward`. The output is a confidence for each of 200 classes, because the
# net ends with a softmax. Darknet keeps two axes of size 1, (1, 200, 1, 1); `ravel` drops them.

# %%
labels = (MODELS / "starter-classifier-onnx" / "labels.txt").read_text("utf-8").splitlines()
confidences = {}
for name, net in nets.items():
    net.setInput(blob)
    answer = net.forward()
    confidences[name] = answer.ravel()
    print(f"{name:>10}: {answer.shape}, sum {answer.sum():.6f}, best {labels[answer.argmax()]}")

apart = max(np.abs(c - confidences["ONNX"]).max() for c in confidences.values())
print(f"the formats differ by {apart:.7f} at most")

order = np.argsort(-confidences["ONNX"])[:5]
top_five = [(labels[class_id], float(confidences["ONNX"][class_id])) for class_id in order]
for label, confidence in top_five:
    print(f"{confidence:7.1%}  {label}")

# %% [markdown]
# A net without a softmax returns logits, any real numbers. Softmax converts them to
# probabilities; subtracting the maximum first changes nothing but keeps `exp` from overflowing.


# %%
def softmax(logits: np.ndarray) -> np.ndarray:
    """Return confidences that sum to 1."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


print(softmax(np.array([2.0, 1.0, -3.0])).round(3))

# %% [markdown]
# ## 4. YOLO: a grid, and three predictions in every cell
#
# The input of the detector is 320 x 320 pixels. It uses three grids, with cells of 32, 16 and 8
# pixels: 10 x 10, 20 x 20 and 40 x 40 cells. Each cell makes three predictions, one per
# anchor (a typical box shape): (100 + 400 + 1600) * 3 = 6300 predictions for every picture.

# %%
cfg, weights = files_of("starter-detector-darknet", ".cfg", ".weights")
detector = cv2.dnn.readNetFromDarknet(cfg, weights)
detector_labels = (
    (MODELS / "starter-detector-darknet" / "labels.txt").read_text("utf-8").splitlines()
)
INPUT = 320
seen = cv2.dnn.blobFromImage(image, 1 / 255, (INPUT, INPUT), swapRB=True, crop=False)
detector.setInput(seen)
heads = detector.forward(detector.getUnconnectedOutLayersNames())
for head in heads:
    cells = int((len(head) / 3) ** 0.5)
    print(f"{head.shape}: {cells} x {cells} cells of {INPUT // cells} pixels, 3 anchors each")

# %% [markdown]
# A row is one prediction: centre x, y and width, height in 0..1 of the blob, then objectness
# (is there any object?), then a confidence per class, already multiplied by the objectness.
#
# Where do these values come from? The previous layer returns sigmoids, and the formula is
#
#     x = (2 sx - 0.5 + column) / columns        w = (2 sw)^2 * anchor width / 320
#     y = (2 sy - 0.5 + row) / rows              h = (2 sh)^2 * anchor height / 320
#
# so a cell's box has its centre in or near the cell, and at most four times the anchor's sides.
# To read an inner layer, turn fusion off first: a fused net overwrites its output.

# %%
inner = cv2.dnn.readNetFromDarknet(cfg, weights)
inner.enableFusion(False)
layer_names = inner.getLayerNames()
first_yolo = next(name for name in layer_names if name.startswith("yolo"))
before_it = next(name for name in layer_names if name.startswith("logistic"))
inner.setInput(seen)
sigmoids = inner.forward(before_it)[0]  # (3 * 15, 10, 10)

section = Path(cfg).read_text("utf-8").split("[yolo]")[1]
anchor_text = next(line for line in section.splitlines() if line.startswith("anchors="))
anchors = np.array(anchor_text.removeprefix("anchors=").split(","), float).reshape(3, 2)

columns = 5 + len(detector_labels)
rows, cols = sigmoids.shape[1:]
s = sigmoids.reshape(3, columns, rows, cols).transpose(2, 3, 0, 1)  # (row, column, anchor, 15)
row, column = np.mgrid[:rows, :cols]
grid = np.stack([column, row], axis=-1)[:, :, np.newaxis]  # (row, column, 1, 2)
centre = (2 * s[..., :2] - 0.5 + grid) / (cols, rows)
sides = (2 * s[..., 2:4]) ** 2 * anchors / INPUT
guesses = np.concatenate([centre, sides, s[..., 4:5], s[..., 4:5] * s[..., 5:]], axis=-1)
guesses = guesses.reshape(-1, columns)  # cell by cell, in each cell anchor by anchor

coarse = next(head for head in heads if len(head) == rows * cols * 3)
yolo_apart = float(np.abs(guesses[:, :5] - coarse[:, :5]).max())
print(f"{before_it} {sigmoids.shape} by hand: {yolo_apart:.6f} from cv2's {first_yolo} at most")

# %% [markdown]
# ## 5. Confidence: most predictions contain no object
#
# Each prediction gets its most likely class; predictions below the threshold are dropped.
# (cv2 itself drops class confidences below `thresh` of the [yolo] section, 0.2 by default.
# Our file sets 0.001; otherwise no threshold below 0.2 would have an effect.)

# %%
CONFIDENCE = 0.35
every = np.concatenate(heads)
class_ids = every[:, 5:].argmax(axis=1)
confidence = every[:, 5:].max(axis=1)
sure = confidence > CONFIDENCE
print(f"{len(every)} predictions, {sure.sum()} of them above {CONFIDENCE}")

# %% [markdown]
# Boxes: from centre and sides (cxcywh, 0..1 of the blob) to corners (xyxy) in pixels of the
# picture. The blob was stretched (`crop=False`), so the picture's width and height undo it.

# %%
cxcywh = every[sure, :4] * [width, height, width, height]
xyxy = np.hstack([cxcywh[:, :2] - cxcywh[:, 2:] / 2, cxcywh[:, :2] + cxcywh[:, 2:] / 2])
class_ids, confidence = class_ids[sure], confidence[sure]

# %% [markdown]
# ## 6. NMS: one box per object
#
# Neighbouring cells detect the same cat. Keep the box with the highest confidence, drop those
# that overlap it too much (IoU: intersection over union), and continue with the next one.

# %%
NMS = 0.45


def iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the IoU of a box with each of the others, all xyxy."""
    common = (np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])).clip(0)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    both = common.prod(axis=1)
    return both / ((box[2:] - box[:2]).prod() + areas - both)


def suppressed(boxes: np.ndarray, confidence: np.ndarray) -> list[int]:
    """Return the rows that are kept, by descending confidence."""
    waiting, kept = list(np.argsort(-confidence)), []
    while waiting:
        best = waiting.pop(0)
        kept.append(int(best))
        waiting = [n for n in waiting if iou(boxes[best], boxes[[n]])[0] <= NMS]
    return kept


kept = suppressed(xyxy, confidence)

# %% [markdown]
# cv2 has this too, but `NMSBoxes` expects x, y, width, height. Corners raise no error: the
# boxes only become larger, overlap each other, and neighbours disappear.

# %%
xywh = np.hstack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]])
from_cv2 = np.array(cv2.dnn.NMSBoxes(xywh, confidence, CONFIDENCE, NMS), int).ravel().tolist()
print(f"{len(xyxy)} boxes, {len(kept)} after NMS; cv2 keeps the same: {from_cv2 == kept}")

found = [
    (detector_labels[class_ids[n]], float(confidence[n]), xyxy[n].round().astype(int).tolist())
    for n in kept
]
for label, sureness, box in found:
    print(f"{sureness:7.1%}  {label:<10} {box}")

# %% [markdown]
# ## 7. Drawing
#
# On a copy. In an editor, show `drawn`; cv2 uses B, G, R, and many viewers expect R, G, B.

# %%
drawn = image.copy()
for label, sureness, (x0, y0, x1, y1) in found:
    cv2.rectangle(drawn, (x0, y0), (x1, y1), (80, 200, 80), 2)
    text = f"{label} {sureness:.0%}"
    cv2.putText(
        drawn, text, (x0, max(14, y0 - 5)), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (80, 200, 80), 1
    )
print(f"{(drawn != image).any(axis=2).sum()} pixels were drawn on")
