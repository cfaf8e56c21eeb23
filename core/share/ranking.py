"""A classifier's answer as files: the likeliest classes, and the scores of all."""

from collections.abc import Sequence
from typing import Any

from core.results.classification import Ranked, confidences, scores
from core.share.detections import CONFIDENCE_DIGITS
from core.share.provenance import Provenance, finite, json_text
from core.share.tables import csv_text

RANKING_COLUMNS = ("class_id", "label", "confidence")

_ABOUT = (
    "The likeliest classes, the likeliest first. class_id counts the model's classes from 0, "
    "confidence is 0 to 1. spec says how the picture became a blob, in the words of "
    "Blobscope's model cards."
)


def ranking_rows(best: Sequence[Ranked]) -> list[dict[str, Any]]:
    """Make a row of each class, with the columns of the CSV."""
    return [
        {
            "class_id": each.class_id,
            "label": each.label,
            "confidence": finite(each.confidence, CONFIDENCE_DIGITS),
        }
        for each in best
    ]


def ranking_csv(best: Sequence[Ranked]) -> str:
    """Write the likeliest classes as CSV."""
    return csv_text(ranking_rows(best), columns=RANKING_COLUMNS)


def ranking_json(best: Sequence[Ranked], provenance: Provenance) -> str:
    """Write the likeliest classes and the state they came from as one JSON object.

    Its keys: ``about`` (what the numbers mean), ``picture`` (name, width, height, sha256),
    ``model``, ``spec``, ``warnings``, ``versions`` and ``ranking``.
    """
    return json_text({"about": _ABOUT, **provenance.facts(), "ranking": ranking_rows(best)})


def scores_csv(provenance: Provenance) -> str:
    """Write a row for each class the net knows: its score, every digit, and its confidence.

    The score is the number the net gave, the confidence what softmax made of it where the
    net leaves softmax to us.
    """
    card = provenance.card
    outputs = provenance.run.outputs
    both = zip(
        scores(outputs).tolist(), confidences(outputs, logits=card.logits).tolist(), strict=True
    )
    rows = [
        {
            "class_id": class_id,
            "label": card.label(class_id),
            "score": score,
            "confidence": finite(confidence, CONFIDENCE_DIGITS),
        }
        for class_id, (score, confidence) in enumerate(both)
    ]
    return csv_text(rows)
