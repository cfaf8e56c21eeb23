"""What a net says about a scene, and how far that can be believed."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.blob.spec import BlobSpec
from core.lab.augmentation import AugmentedExample, AugmentedView
from core.nets.card import ModelCard
from core.pipeline import Thresholds, detect, run_image
from core.results.boxes import iou_matrix
from core.results.classification import confidences
from core.results.detections import Detections

FAINT = 0.1  # a box may be this unsure in a changed picture and still be the same box


@dataclass(frozen=True, eq=False, slots=True)
class ProbeResult:
    """What a net said about one scene.

    Attributes:
        label: its answer.
        confidence: of the answer, over all views.
        stability: the share of views that say so.
        agreement: the confidence of the given label.
        shares: a classifier's confidences (C,), over all views.
    """

    label: str
    confidence: float
    stability: float
    agreement: float
    shares: npt.NDArray[np.float64] | None = None


def evaluate(
    card: ModelCard, spec: BlobSpec, example: AugmentedExample, limits: Thresholds
) -> ProbeResult:
    """Show a net all views of a scene with this spec.

    Raises:
        BlobImpossible, ForwardFailed, LayoutUnknown: the net has no answer to such a blob.
    """
    if card.task == "classification":
        return _evaluate_classifier(card, spec, example)
    return _evaluate_detector(card, spec, example, limits)


def _evaluate_classifier(
    card: ModelCard, spec: BlobSpec, example: AugmentedExample
) -> ProbeResult:
    each = np.stack(
        [
            confidences(run_image(view.image, card, spec).outputs, logits=card.logits)
            for view in example.views
        ]
    )
    shares = each.mean(axis=0)  # high only where all views are sure of the same class
    best = int(shares.argmax())
    meant = [is_meant(example.label, card.label(class_id)) for class_id in range(len(shares))]
    return ProbeResult(
        card.label(best),
        float(shares[best]),
        float((each.argmax(axis=1) == best).mean()),
        float(shares[meant].max(initial=0)),
        shares,
    )


def _evaluate_detector(
    card: ModelCard, spec: BlobSpec, example: AugmentedExample, limits: Thresholds
) -> ProbeResult:
    faint = replace(limits, confidence=min(FAINT, limits.confidence))
    views = [boxes_in(card, spec, view, faint) for view in example.views]
    boxes = views[0].above(limits.confidence)
    if len(boxes) == 0:
        return ProbeResult("nothing", 0.0, 1.0, 0.0)
    again = np.stack([_found_again(boxes, view) for view in views])  # (views, boxes)
    sure = again.mean(axis=0)
    best = int(sure.argmax())
    labels = [card.label(class_id) for class_id in boxes.class_id.tolist()]
    meant = [is_meant(example.label, label) for label in labels]
    return ProbeResult(
        labels[best],
        float(sure[best]),
        float((again[:, best] > 0).mean()),
        float(sure[meant].max(initial=0)),
    )


def boxes_in(
    card: ModelCard, spec: BlobSpec, view: AugmentedView, limits: Thresholds
) -> Detections:
    """Find the boxes in a view, in pixels of the unchanged picture."""
    kept = detect(run_image(view.image, card, spec), limits).kept
    return replace(kept, xyxy=view.back(kept.xyxy))


def _found_again(boxes: Detections, view: Detections) -> npt.NDArray[np.float64]:
    """Look each box up in another view, (N,): its confidence there, or 0."""
    same = (iou_matrix(boxes.xyxy, view.xyxy) >= 0.5) & (
        boxes.class_id[:, None] == view.class_id[None, :]
    )
    sure = np.where(same, view.confidence[None, :], 0.0)
    return np.asarray(sure.max(axis=1, initial=0.0))


def is_meant(wanted: str | None, label: str) -> bool:
    """Compare by whole words: "cat" means "tabby, tabby cat" and not "catamaran"."""
    if not wanted:
        return False
    words = "".join(each if each.isalnum() else " " for each in label.lower()).split()
    asked = "".join(each if each.isalnum() else " " for each in wanted.lower()).split()
    return f" {' '.join(asked)} " in f" {' '.join(words)} "
