"""The report: one HTML file that shows an answer, and needs nothing beside it.

No script, no address: pictures are data: URIs, the style stands inside, and a policy in
the file itself forbids all else. Every text is escaped.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import cv2
import numpy as np

from core.blob.make import Blob, make_blob
from core.blob.numbers import triple_to_text
from core.blob.spec import BlobSpec
from core.picture.image import BgrImage, decode_picture
from core.pipeline import DetectionResult, Ranking, Thresholds
from core.render.encode import for_display, jpeg, png
from core.render.stages import render_planes_together
from core.share.detections import box_rows
from core.share.pictures import annotated
from core.share.provenance import Provenance
from core.share.ranking import ranking_rows

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --paper: #fbfbf8; --ink: #0f171a; --quiet: #4d5a5e;
  --line: #c9cfcb; --shade: #eef0ec; --signal: #0b6e76; }
@media (prefers-color-scheme: dark) { :root { --paper: #12181b; --ink: #e6ebea;
  --quiet: #a3b0b2; --line: #3a454a; --shade: #1d2529; --signal: #1fa2a8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
.quiet, figcaption { color: var(--quiet); font-size: .875rem; }
figure { margin: 1rem 0; }
figure img { display: block; max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { overflow-wrap: break-word; min-width: 6rem; }
.wide th, .wide td { white-space: nowrap; min-width: 0; }
td.number, th.number { text-align: right; }
meter { width: min(8rem, 20vw); }
pre { background: var(--shade); padding: .75rem; font-size: .8125rem; white-space: pre-wrap; }
a { color: var(--signal); }
@media print { body { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Figure:
    """A picture of the report, encoded, and the words below it."""

    data: bytes
    kind: str
    caption: str
    alt: str


def detection_report(
    provenance: Provenance,
    result: DetectionResult,
    *,
    code: str,
    made: str,
) -> bytes:
    """Write the report of a detector's answer.

    Args:
        provenance: picture, model and spec.
        result: what was found; the boxes that were kept are drawn and listed.
        code: the script for exactly this state.
        made: when, in words.
    """
    kept = result.kept
    drawn = for_display(annotated(provenance.picture, kept, provenance.card))
    labels = ", ".join(provenance.card.label(class_id) for class_id in kept.class_id.tolist())
    counts = f"{result.raw:,} raw predictions, {result.confident:,} above the threshold"
    rows = [
        {"#": number, **row}
        for number, row in enumerate(box_rows(kept, provenance.card), start=1)
    ]
    noun = "box" if len(kept) == 1 else "boxes"
    caption = f"{counts}, {len(kept)} after NMS."
    photo = _photo(drawn, caption, f"Result: {labels or 'nothing'}")
    return _report(
        f"{len(kept)} {noun} in {provenance.picture.name}",
        *_opening(provenance, photo, made),
        _table(rows) if rows else "<p>No detections.</p>",
        *_closing(provenance, code, thresholds=result.thresholds),
    )


def classification_report(
    provenance: Provenance, ranked: Ranking, *, code: str, made: str
) -> bytes:
    """Write the report of a classifier's answer; see ``detection_report``."""
    best = ranked.best[0]
    image = for_display(decode_picture(provenance.picture))
    photo = _photo(image, provenance.picture.name, "The picture")
    return _report(
        f"{best.label} {best.confidence:.1%}",
        *_opening(provenance, photo, made),
        _table(ranking_rows(ranked.best), bar="confidence"),
        *_closing(provenance, code),
    )


def _opening(provenance: Provenance, figure: Figure, made: str) -> Iterable[str]:
    """Write what stands above the result."""
    model = f"{escape(provenance.card.title)}, run by Blobscope."
    yield f'<p class="quiet">{model} {escape(made)}</p>'
    for doubt in provenance.doubts:
        yield f"<p><strong>Warning:</strong> {escape(doubt)}</p>"
    yield _figure(figure)
    yield "<h2>Result</h2>"


def _closing(
    provenance: Provenance, code: str, *, thresholds: Thresholds | None = None
) -> Iterable[str]:
    """Write what stands below the result."""
    yield "<h2>Network input</h2>"
    yield _figure(_planes(provenance))
    yield "<h2>Settings</h2>"
    yield from _settings(provenance, thresholds)
    yield "<h2>Python script for these settings</h2>"
    yield f"<pre><code>{escape(code)}</code></pre>"


def _report(headline: str, *parts: str) -> bytes:
    """Write the page: its head, the headline, and the parts below it, already escaped."""
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(headline)}</title><style>{_STYLE}</style></head><body>"
    )
    # a name that is no Unicode must not cost the report
    title = f"<h1>{escape(headline)}</h1>"
    return "\n".join([head, title, *parts, "</body></html>\n"]).encode("utf-8", "replace")


def _photo(image: BgrImage, caption: str, alt: str) -> Figure:
    return Figure(jpeg(image), "image/jpeg", caption, alt)


def _planes(provenance: Provenance) -> Figure:
    """Make the blob again: to keep it for a report that may never be asked for is a waste."""
    blob: Blob = make_blob(decode_picture(provenance.picture), provenance.spec)[0]
    order = ", ".join(provenance.spec.planes)
    return Figure(
        png(for_display(render_planes_together(blob, provenance.spec))),
        "image/png",
        f"The planes of the blob, {order}: shape {list(blob.shape)}, {blob.dtype}, from "
        f"{blob.min():.4g} to {blob.max():.4g}.",
        "The planes of the blob",
    )


def _figure(figure: Figure) -> str:
    data = b64encode(figure.data).decode()
    return (
        f'<figure><img src="data:{figure.kind};base64,{data}" alt="{escape(figure.alt)}">'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )


def _table(rows: Sequence[Mapping[str, Any]], *, bar: str = "") -> str:
    """Write a table with the rows' own columns; the column ``bar`` gets bars from 0 to 1."""
    names = "".join(_cell("th", name, rows[0][name]) for name in rows[0])
    if bar:
        names += "<th></th>"
    lines = [
        "".join(_cell("td", value, value) for value in row.values())
        + (
            f'<td><meter min="0" max="1" value="{float(row[bar] or 0)}"></meter></td>'
            if bar
            else ""
        )
        for row in rows
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><tr>{names}</tr>{body}</table></div>'


def _cell(tag: str, text: Any, value: Any) -> str:
    """Write a cell; numbers and their names stand to the right."""
    kind = ' class="number"' if isinstance(value, int | float) else ""
    return f"<{tag}{kind}>{escape(str(text))}</{tag}>"


def _settings(provenance: Provenance, thresholds: Thresholds | None) -> Iterable[str]:
    facts = {
        "Picture": _picture_facts(provenance),
        "Model": _model_facts(provenance),
        "Blob": _spec_facts(provenance.spec),
        **({"Thresholds": _threshold_facts(thresholds, provenance)} if thresholds else {}),
        "Versions": {"OpenCV": cv2.__version__, "numpy": np.__version__},
    }
    for title, pairs in facts.items():
        lines = (
            f"<tr><th>{escape(key)}</th><td>{escape(text)}</td></tr>"
            for key, text in pairs.items()
        )
        yield f"<h3>{title}</h3><table>{''.join(lines)}</table>"


def _picture_facts(provenance: Provenance) -> dict[str, str]:
    return {
        "name": provenance.picture.name,
        "size": str(provenance.size),
        "sha256": provenance.picture.digest,
    }


def _model_facts(provenance: Provenance) -> dict[str, str]:
    card = provenance.card
    return {
        "title": card.title,
        "framework": card.framework,
        **{file.name: file.digest for file in card.files},
        "licence": card.licence,
    }


def _spec_facts(spec: BlobSpec) -> dict[str, str]:
    """Give the spec in OpenCV's words."""
    return {
        "scalefactor": triple_to_text(spec.scalefactor),
        "size": str(spec.size or "the picture's own"),
        "mean": triple_to_text(spec.mean),
        "std": triple_to_text(spec.std),
        "swapRB": str(spec.swap_rb),
        "fit": spec.fit,
        **({"bars": _bars(spec)} if spec.letterboxed else {}),
        "ddepth": spec.ddepth,
        "layout": spec.layout,
        "channels": str(spec.channels),
    }


def _bars(spec: BlobSpec) -> str:
    return f"B, G, R {triple_to_text(spec.pad_value)}; the picture {spec.anchor}"


def _threshold_facts(thresholds: Thresholds, provenance: Provenance) -> dict[str, str]:
    ids = thresholds.class_ids
    return {
        "confidence threshold": str(thresholds.confidence),
        "NMS IoU threshold": str(thresholds.iou),
        "NMS scope": "per class" if thresholds.per_class else "class-agnostic",
        "NMS method": "soft" if thresholds.soft else "hard",
        "classes": "all" if ids is None else ", ".join(map(provenance.card.label, sorted(ids))),
    }
