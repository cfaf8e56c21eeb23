"""Run exported scripts without Blobscope, under several versions of OpenCV.

    python -m tools.check_exports [--models NAME ...] [--versions 4.8 ...]

Each version has an environment of its own in ``.exports``, with numpy and OpenCV alone. A
script is right where its table is the app's to the last digit that files hold, or where it
ends in the sentence that this OpenCV cannot read or run such nets.
"""

import argparse
import csv
import io
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from core.nets.card import ModelCard
from core.nets.catalog import card_named, catalog
from core.nets.downloads import present
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, ranking, run_model
from core.share.detections import boxes_csv
from core.share.inference_script import classification_script, detection_script, script_zip
from core.share.model_files import DROPPED_BY_5, OPENCV
from core.share.provenance import Provenance
from core.share.ranking import ranking_csv

ENVIRONMENTS = Path(__file__).resolve().parents[1] / ".exports"
VERSIONS = {
    "4.8": (f"{OPENCV}==4.8.1.78", "numpy<2"),
    "4.10": (f"{OPENCV}==4.10.0.84", "numpy<2.3"),
    "4.12": (f"{OPENCV}==4.12.0.88", "numpy<2.3"),
    "5.0": (f"{OPENCV}==5.0.0.93", "numpy<3"),
}
PHOTOS = {"classification": "cat", "detection": "motorcycle"}
TOP = 5
CLOSE = 2e-3
"""Pixels are written to a thousandth and confidences to a millionth; both may round up."""

NOT_THERE = "says that it cannot run this net"
"""What a script may answer under an OpenCV older or newer than ours."""

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Export:
    """A script with all it reads, and the table that it should write."""

    card: ModelCard
    archive: bytes
    script: str
    table: str
    expected: str


def export(card: ModelCard) -> Export:
    """Ask a model in this process, and pack the script that asks it elsewhere."""
    picture = sample_picture(PHOTOS[card.task])
    run = run_model(picture, card)
    provenance = Provenance(picture, run)
    if card.task == "classification":
        name, table = "classify.py", "ranking.csv"
        code = classification_script(provenance, TOP)
        expected = ranking_csv(ranking(run, TOP).best)
    else:
        name, table = "detect.py", "detections.csv"
        thresholds = Thresholds(card.confidence, card.iou)
        code = detection_script(provenance, thresholds)
        expected = boxes_csv(detect(run, thresholds).kept, card)
    archive = script_zip(code, name, picture, card, with_files=True)
    return Export(card, archive, name, table, expected)


def environment(version: str) -> Path:
    """Make the environment of a version where there is none; return its Python."""
    folder = ENVIRONMENTS / version
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = folder / ".ready"
    if not ready.exists():
        print(f"Making {folder} ...")
        venv.create(folder, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
        subprocess.run(
            [*install, "--disable-pip-version-check", *VERSIONS[version]], check=True
        )
        ready.touch()
    return python


def verdict(made: Export, version: str) -> str:
    """Run a script with a version's Python; an empty verdict means the same table."""
    with tempfile.TemporaryDirectory() as place:
        ZipFile(io.BytesIO(made.archive)).extractall(place)
        ran = subprocess.run(
            [str(environment(version)), "-I", made.script],
            cwd=place,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        table = Path(place, made.table)
        written = table.read_text(encoding="utf-8") if table.exists() else ""
    dropped = version.startswith("5") and made.card.framework in DROPPED_BY_5
    if ran.returncode and dropped and f"pip install {OPENCV}==4" in ran.stderr:
        return ""
    if ran.returncode and "cannot run this net" in ran.stderr and not dropped:
        return NOT_THERE
    if ran.returncode or dropped:
        return f"ended with {ran.returncode}: {ran.stderr.strip()[-200:]}"
    return difference(rows_of(made.expected), rows_of(written))


def rows_of(table: str) -> Rows:
    """Read a CSV.

    >>> rows_of("a,b")
    [['a', 'b']]
    """
    return list(csv.reader(io.StringIO(table)))


def difference(expected: Rows, written: Rows) -> str:
    """Say how two tables differ; nothing where they are the same but for the last digit.

    >>> difference([["dog", "0.5"]], [["dog", "0.501"]])
    ''
    >>> difference([["dog", "0.5"]], [["cat", "0.5"]])
    "row 0: 'cat' instead of 'dog'"
    """
    if len(expected) != len(written):
        return f"{len(written)} rows instead of {len(expected)}"
    for number, (ours, theirs) in enumerate(zip(expected, written, strict=True)):
        for one, other in zip(ours, theirs, strict=True):
            if one != other and not _close(one, other):
                return f"row {number}: {other!r} instead of {one!r}"
    return ""


def _close(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) <= CLOSE
    except ValueError:
        return False


def main(arguments: Iterable[str] | None = None) -> int:
    """Print a line for each model and version; count those that went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--models", nargs="*", metavar="NAME")
    parser.add_argument("--versions", nargs="*", choices=VERSIONS, default=list(VERSIONS))
    asked = parser.parse_args(None if arguments is None else list(arguments))
    cards = map(card_named, asked.models) if asked.models else filter(present, catalog())
    wrong = 0
    for made in map(export, cards):
        for version in asked.versions:
            found = verdict(made, version)
            wrong += found not in ("", NOT_THERE)
            print(f"{made.card.name:40} OpenCV {version:5} {found or 'the same'}", flush=True)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
