"""YOLO's .txt: a line an object, fractions of the picture.

Besides the five numbers of a box, lines of the same family are read for their box: with a
confidence or a track's number behind it, with key points (pose), and outlines (polygons of
segmentation, the four corners of a turned box). How a long line was read is said.
"""

from collections.abc import Iterator, Sequence

from core.results.marked import (
    EDGE_ROUNDING,
    XYXY,
    LeftOut,
    Marked,
    Note,
    ObjectUnreadable,
    Source,
    TruthItem,
)

MOST_TRUTH_CLASSES = 100_000
_RIGHT_ANGLE = 0.05
_VISIBILITY = (0.0, 1.0, 2.0)

TruthLines = list[tuple[str, list[str]]]


def read_yolo(source: Source) -> Iterator[TruthItem]:
    """Read the lines; one that is wrong is left out."""
    # not splitlines, which knows more line ends than text files do
    numbered = enumerate(source.text().replace("\r", "\n").split("\n"), start=1)
    lines = [(f"line {number}", words) for number, line in numbered if (words := line.split())]
    yield from source.frame_notes(None)
    long = [line for line in lines if _is_long(line[1])]
    pose = _is_pose(source, long)
    if long:
        read_as = "boxes with key points" if pose else "outlines"
        yield Note(f"{source.name}: long lines were read as {read_as}, for their boxes.")
    for where, words in lines:
        try:
            yield _object(source, where, words, pose=pose)
        except ObjectUnreadable as error:
            yield LeftOut(str(error))


def _is_long(words: Sequence[str]) -> bool:
    """Tell whether more follows than a box, a confidence and the whole number of a track."""
    return len(words) > 7 or (len(words) == 7 and not words[6].isdecimal())


def _object(source: Source, where: str, words: Sequence[str], *, pose: bool) -> Marked:
    outline = _is_long(words) and not pose
    if len(words) < 5 or (outline and len(words) % 2 == 0):
        source.leave_out(
            where,
            "a line has five numbers, class cx cy width height, or outlines: class and pairs "
            f"of x and y; this one has {len(words)}.",
        )
    label = _class_number(source, where, words[0])
    numbers = [source.number(where, word) for word in words[1:]]
    box = numbers if outline else numbers[:4]
    if not all(-EDGE_ROUNDING <= each <= 1 + EDGE_ROUNDING for each in box):
        source.leave_out(where, "the numbers are fractions of the picture, 0 to 1.")
    return Marked(label, source.box(where, _corners(source, box)))


def _corners(source: Source, numbers: Sequence[float]) -> XYXY:
    """Give left, top, right, bottom in pixels of a box, or around an outline."""
    width, height = source.frame_size.cv2
    if len(numbers) > 4:
        x, y = numbers[::2], numbers[1::2]
        return min(x) * width, min(y) * height, max(x) * width, max(y) * height
    cx, cy, across, down = numbers
    return (
        cx * width - across * width / 2,
        cy * height - down * height / 2,
        cx * width + across * width / 2,
        cy * height + down * height / 2,
    )


def _is_pose(source: Source, long: TruthLines) -> bool:
    """Tell boxes with key points from outlines: they all agree, or it is none."""
    if len({len(words) for _, words in long}) != 1:
        return False
    try:
        rows = [[source.number(where, word) for word in words] for where, words in long]
    except ObjectUnreadable:
        return False
    return all(_has_visibility(row) for row in rows) or all(
        _has_key_points(row) and not _is_turned_box(source, row) for row in rows
    )


def _has_visibility(row: Sequence[float]) -> bool:
    """Tell whether three numbers a key point follow the box, the third of them 0, 1 or 2."""
    return (len(row) - 5) % 3 == 0 and all(each in _VISIBILITY for each in row[7::3])


def _has_key_points(row: Sequence[float]) -> bool:
    """Tell whether all pairs behind the first two lie in the box that these make, or at 0."""
    if len(row) % 2 == 0:
        return False
    cx, cy, across, down = row[1:5]
    return all(
        (x, y) == (0, 0)
        or (
            abs(x - cx) <= across / 2 + EDGE_ROUNDING
            and abs(y - cy) <= down / 2 + EDGE_ROUNDING
        )
        for x, y in zip(row[5::2], row[6::2], strict=True)
    )


def _is_turned_box(source: Source, row: Sequence[float]) -> bool:
    """Tell whether four corners make a rectangle, in pixels."""
    if len(row) != 9:
        return False
    width, height = source.frame_size.cv2
    a, b, c, d = (
        complex(x * width, y * height) for x, y in zip(row[1::2], row[2::2], strict=True)
    )
    longest = max(abs(b - a), abs(c - b), 1e-9)
    square = ((b - a) * (c - b).conjugate()).real
    return abs(a + c - b - d) <= _RIGHT_ANGLE * longest and abs(square) <= _RIGHT_ANGLE * (
        longest**2
    )


def _class_number(source: Source, where: str, word: str) -> int:
    number = source.number(where, word)
    if not 0 <= number < MOST_TRUTH_CLASSES or number != int(number):
        source.leave_out(where, f"{word} is no class: they are numbered 0, 1, 2 ...")
    return int(number)
