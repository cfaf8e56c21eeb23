"""From uploaded bytes to drawn boxes: Blobscope against a bare cv2 script, same net.

    python -m benchmarks.road            (needs the files of the models, see README)

Both sides decode the same file, make the blob, run the net with a confidence of 0.25 and
an IoU of 0.45, bring the boxes back, draw them and encode the result. The bare script
does what OpenCV's own samples do, with vectorised decoding and one cv2.dnn.Net.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from benchmarks._ratio import HEAD, paired
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.nets.downloads import file_paths, present
from core.nets.net import read_net
from core.picture.image import Picture, decode_picture
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, run_image
from core.render.boxes import draw_detections
from core.render.encode import jpeg
from core.render.shown import Shown

CONFIDENCE, IOU = 0.25, 0.45
MODELS = ("yolo-fastest-1.1-coco", "yolo-fastest-1.1-xl-coco")


def ours(picture: Picture, model: ModelCard) -> bytes:
    """Take the road of the app."""
    image = decode_picture(picture)
    shown = Shown.of(image)
    kept = detect(run_image(image, model), Thresholds(CONFIDENCE, IOU)).kept
    return jpeg(draw_detections(shown.image, shown.placed(kept), label=model.label))


def bare(data: bytes, net: cv2.dnn.Net, model: ModelCard) -> bytes:
    """Do the same with nothing but cv2 and numpy."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    bare_boxes(image, net, model)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def bare_boxes(image: np.ndarray, net: cv2.dnn.Net, model: ModelCard) -> None:
    """Forward, decode, suppress and draw in place, as OpenCV's own samples do."""
    height, width = image.shape[:2]
    size = model.blob.size.cv2
    net.setInput(cv2.dnn.blobFromImage(image, 1 / 255, size, (0, 0, 0), True, False))
    rows = np.vstack(net.forward(net.getUnconnectedOutLayersNames()))
    class_ids = rows[:, 5:].argmax(1)
    confidences = rows[np.arange(len(rows)), 5 + class_ids]
    sure = confidences > CONFIDENCE
    boxes = rows[sure, :4] * (width, height, width, height)
    boxes[:, :2] -= boxes[:, 2:] / 2
    class_ids, confidences = class_ids[sure], confidences[sure]
    kept = cv2.dnn.NMSBoxesBatched(boxes, confidences, class_ids.astype(np.int32), 0.0, IOU)
    for row in np.array(kept, int).ravel():
        left, top, across, down = boxes[row].astype(int).tolist()
        cv2.rectangle(image, (left, top), (left + across, top + down), (0, 255, 0), 2)
        text = f"{model.label(int(class_ids[row]))} {confidences[row]:.2f}"
        cv2.putText(image, text, (left, top), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 255, 0), 2)


def main() -> None:
    """Print one line for each picture and model whose files are here."""
    pictures = [Picture(Path(name).name, Path(name).read_bytes()) for name in sys.argv[1:]]
    pictures = pictures or [sample_picture(name) for name in ("rocket", "coffee", "motorcycle")]
    print(HEAD)
    for model in map(card_named, MODELS):
        if not present(model):
            print(f"{model.name}: its files are not here (BLOBSCOPE_MIRROR names a folder)")
            continue
        net = read_net(model, file_paths(model))
        for picture in pictures:
            line = paired(
                lambda p=picture, m=model: ours(p, m),
                lambda p=picture, m=model, n=net: bare(p.data, n, m),
                rounds=30,
            )
            print(line, model.name, picture.name)


if __name__ == "__main__":
    main()
