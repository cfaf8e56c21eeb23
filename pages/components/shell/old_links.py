"""Option texts that were renamed: links saved before keep opening the same state."""

_RENAMED: dict[str, dict[str, str]] = {
    "boxes": {"a made-up crowd": "synthetic example", "this picture's": "this picture"},
    "experiment": {
        "What breaks if": "Common preprocessing mistakes",
        "Find the numbers": "Infer preprocessing",
    },
    "fit": {"as the model wants": "model default", "its own": "default", "same": "default"},
    "more": {
        "Still pictures": "Pictures",
        "Side by side": "Compare models",
        "Ledger": "NMS log",
        "NMS by hand": "NMS mistakes",
        "Cell by cell": "Decode a box",
        "Why": "Occlusion sensitivity",
        "Take home": "Export",
        "Second opinion": "OpenCV vs ONNX Runtime",
    },
    "nms": {"agnostic": "class-agnostic"},
    "numbers": {
        "as the card says": "model default",
        "set by hand": "manual",
        "mistake: 177 for 117": "mistake: mean 177 for 117",
        "mistake: 255 once too often": "mistake: scaled twice",
        "mistake: stretch against letterbox": "mistake: wrong resize mode",
    },
}
"""New texts by the last part of the widget's key and the old text."""


def renamed(key: str, text: str) -> str | None:
    """Return the new text of a widget's option; None if ``text`` is not an old one.

    >>> renamed("detection.nms", "agnostic"), renamed("detection.nms", "per class")
    ('class-agnostic', None)
    """
    return _RENAMED.get(key.rpartition(".")[2], {}).get(text)
