"""A model's files beyond Blobscope: a script's lines that look for them, and a ZIP's part."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from core.nets.card import ModelCard
from core.nets.downloads import file_paths, present

OPENCV = "opencv-python-headless"
PIN = f"{OPENCV}=={version(OPENCV)}"
"""What this process computes with: a pin that reads all five formats."""

MOST_PACKED = 150 * 2**20
"""In bytes: a ZIP is made in memory."""

DROPPED_BY_5 = ("caffe", "darknet")
_ABOUT = ("LICEN[CS]E*", "NOTICE*", "MODEL.md")


def file_lines(card: ModelCard) -> tuple[str, ...]:
    """Write the lines that end a script with a sentence where the model's files are not right.

    They know each file's size, digest and address, and fetch what is missing on request.
    They find ``asked``, the words after the script's name.
    """
    entries = (
        line
        for file in card.files
        for line in (
            f"    {file.name!r}: (",
            f"        {file.size!r}, {file.digest!r},",
            f"        {file.address!r},",
            "    ),",
        )
    )
    return (
        "FILES = {  # bytes, digest, address",
        *entries,
        "}",
        "for name, (size, digest, address) in FILES.items():",
        '    about = f"{name} ({size or 0:,} bytes, {digest})"',
        '    if not Path(name).exists() and "--download" in asked and address:',
        '        print(f"Fetching {about} from {address}")',
        "        data = urllib.request.urlopen(address, timeout=60).read()",
        '        kind, _, wanted = digest.partition(":")',
        "        if hashlib.new(kind, data).hexdigest() != wanted:",
        '            sys.exit(f"{address} sent something else than {about}. Nothing is kept.")',
        "        Path(name).write_bytes(data)",
        "    if not Path(name).exists():",
        '        cure = f"Run again with --download, or fetch {address}."',
        '        sys.exit(f"{about} is not in this folder. {cure if address else str()}")',
        *_version_lines(card),
    )


def _version_lines(card: ModelCard) -> tuple[str, ...]:
    """Write the lines that tell OpenCV 5, which lost two readers, from OpenCV 4."""
    if card.framework not in DROPPED_BY_5:
        return ()
    return (
        'if int(cv2.__version__.split(".")[0]) >= 5:',
        f'    sys.exit(f"OpenCV {{cv2.__version__}} does not read {card.framework.title()} "',
        '             "nets any more. "',
        f'             "This one does: pip install {PIN}")',
    )


def packable(card: ModelCard) -> int:
    """Count the bytes of the files that a ZIP can take along; 0 where it can take none."""
    if not present(card):
        return 0
    size = sum(path.stat().st_size for path in _paths(card).values())
    return size if size <= MOST_PACKED else 0


def packed_files(card: ModelCard) -> Iterator[tuple[str, bytes]]:
    """Yield the model's files by name, and what must go with them: licence and source.

    Raises:
        ModelMissing: at least one of them is not on this machine.
    """
    for name, path in _paths(card).items():
        yield name, path.read_bytes()
    yield "LICENCE-AND-SOURCE.txt", _about(card).encode()
    for pattern in _ABOUT:
        for path in sorted(card.folder.glob(pattern)):
            yield path.name, path.read_bytes()


def _paths(card: ModelCard) -> dict[str, Path]:
    found = file_paths(card)
    return {path.name: path for path in (found.model, found.config) if path}


def _about(card: ModelCard) -> str:
    files = (
        f"{file.name}: {file.digest}{f' from {file.address}' if file.address else ''}"
        for file in card.files
    )
    return "\n".join(
        [card.title, f"Licence: {card.licence}", f"Source: {card.source}", "", *files, ""]
    )
