"""Several files in one: a ZIP whose bytes depend on its contents alone."""

import io
from collections.abc import Iterable
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

_PACKED_ALREADY = (
    *(".png", ".jpg", ".jpeg", ".webp"),
    *(".onnx", ".caffemodel", ".weights", ".pb", ".tflite"),  # weights are noise to ZIP
)


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Pack files, given as names and contents, one after the other."""
    archive = io.BytesIO()
    with ZipFile(archive, "w") as written:
        for name, data in files:
            packed = name.lower().endswith(_PACKED_ALREADY)
            entry = ZipInfo(name)  # of 1980: with the real time, no two archives were equal
            entry.external_attr = 0o644 << 16  # without it, unzip makes the file unreadable
            written.writestr(entry, data, ZIP_STORED if packed else ZIP_DEFLATED)
    return archive.getvalue()
