"""Tables as CSV that a spreadsheet opens without running anything, and planes as PNG."""

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.blob.make import Blob, planes
from core.blob.spec import BlobLayout
from core.render.planes import PlaneScale, render_plane
from core.render.statistics import plane_statistics
from core.results.ledger import NOBODY, OUTCOMES, Ledger

_RUN_BY_SPREADSHEETS = frozenset("=+-\u2212@|%")
_UNSEEN = ("Z", "Cf")  # Unicode's spaces, and marks without a shape: spreadsheets skip them


def csv_text(rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] = ()) -> str:
    """Write rows with the same columns as CSV (RFC 4180), the names of the columns first.

    ``columns`` names them for a table that may have no rows.

    Numbers stay numbers, every digit of them. Text that a spreadsheet would take for a
    formula gets an apostrophe in front (OWASP, "CSV Injection"): labels and file names
    are untrusted.

    >>> csv_text([{"label": "=1+1", "confidence": -0.5}]).splitlines()
    ['label,confidence', "'=1+1,-0.5"]
    """
    file = io.StringIO()
    writer = csv.writer(file)
    if names := (list(rows[0]) if rows else columns):
        writer.writerow([csv_cell(name) for name in names])
    writer.writerows([csv_cell(value) for value in row.values()] for row in rows)
    return file.getvalue()


def csv_cell(value: Any) -> Any:
    """Make one cell harmless.

    >>> csv_cell("=1+1"), csv_cell(" @SUM(A1)"), csv_cell("dog"), csv_cell(-3.5)
    ("'=1+1", "' @SUM(A1)", 'dog', -3.5)
    """
    if isinstance(value, Real):
        return value
    text = str(value)
    return f"'{text}" if _would_run(text) else text


def ledger_csv(book: Ledger, *, label: Callable[[int], str] = str) -> str:
    """Write what became of every raw row as CSV; what a row has not stays empty."""
    rows = ledger_rows(book, book.lines(), label=label)
    return csv_text(
        [{name: "" if cell is None else cell for name, cell in row.items()} for row in rows]
    )


def ledger_rows(
    book: Ledger, lines: Iterable[int], *, label: Callable[[int], str] = str
) -> list[dict[str, Any]]:
    """List the status of some raw rows: one row each, in this order.

    ``#`` is the number among the kept boxes; ``removed by #`` that of the box that removed
    this one, ``removed by row`` its raw row, and ``IoU`` how much the two overlap.
    """
    numbers = dict(zip(book.boxes.row.tolist(), book.number.tolist(), strict=True))
    return [_ledger_row(book, line, numbers, label) for line in lines]


def _ledger_row(
    book: Ledger, line: int, numbers: Mapping[int, int], label: Callable[[int], str]
) -> dict[str, Any]:
    suppressed_by = int(book.suppressed_by[line])
    removed = suppressed_by != NOBODY
    corners = zip(("x_min", "y_min", "x_max", "y_max"), book.boxes.xyxy[line], strict=True)
    return {
        "raw row": int(book.boxes.row[line]),
        "#": int(book.number[line]) or None,
        "label": label(int(book.boxes.class_id[line])),
        "confidence": float(book.boxes.confidence[line]),
        "after NMS": float(book.left[line]),
        "fate": OUTCOMES[book.outcome[line]],
        "removed by #": (numbers[suppressed_by] or None) if removed else None,
        "removed by row": suppressed_by if removed else None,
        "IoU": float(book.iou[line]) if removed else None,
        **{name: float(corner) for name, corner in corners},
    }


def statistics_csv(
    blob: Blob, *, layout: BlobLayout = "NCHW", channels: Sequence[str] = ("B", "G", "R")
) -> str:
    """Write min, max, mean and std of each plane of a blob's first picture as CSV."""
    return csv_text(statistics_rows(blob, layout=layout, channels=channels))


def statistics_rows(
    blob: Blob, *, layout: BlobLayout = "NCHW", channels: Sequence[str] = ("B", "G", "R")
) -> list[dict[str, Any]]:
    """Measure each plane of a blob's first picture: one row a plane."""
    parts = zip(channels, planes(blob, layout), strict=True)
    return [{"plane": name, **asdict(plane_statistics(plane))} for name, plane in parts]


def plane_png(plane: npt.NDArray[Any]) -> bytes:
    """Write a plane (H, W) as a grey PNG of its own size, with its scale in a comment.

    A plane of bytes is written as it is. Of other values, 1 is the lowest and 255 the
    highest, so a grey is exact to 1/508 of the range; ``.npy`` has full precision.
    """
    if plane.dtype == np.uint8:
        return _png(plane, "Each grey is a value of the blob.")
    scale = PlaneScale.of(plane)
    index = render_plane(plane, scale).index
    meaning = "value = low + (grey - 1) * (high - low) / 254"
    return _png(index, f"low {scale.low!r}, high {scale.high!r}; {meaning}")


def plane_name(plane: npt.NDArray[Any], channel: str, number: int) -> str:
    """Name the file of a plane after its place, its channel and its range.

    >>> plane_name(np.float32([[-2.117904, 2.64]]), "R", 0)
    'plane-0-R-from-2.1179-to2.64.png'
    """
    scale = PlaneScale.of(plane)
    return f"plane-{number}-{channel}-from{scale.low:.5g}-to{scale.high:.5g}.png"


def _would_run(text: str) -> bool:
    """Return whether the first visible character can start a formula."""
    kinds = ((unicodedata.category(each), each) for each in text)
    for kind, first in kinds:
        if not kind.startswith(_UNSEEN):
            # NFKC: a full-width = is an = to a spreadsheet; Cc: tab, line ends and the like
            return kind == "Cc" or unicodedata.normalize("NFKC", first) in _RUN_BY_SPREADSHEETS
    return False


def _png(grey: npt.NDArray[np.uint8], comment: str) -> bytes:
    words = PngInfo()
    words.add_text("Comment", comment)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG", pnginfo=words)
    return file.getvalue()
