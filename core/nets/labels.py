"""Labels files: from the bytes of any usual form to one text a class.

=============================  =====================================================
a line a class                 an empty line in the middle is a class without a name
numbered lines                 ``0: person``, ``0 person``, ``0,person``; with gaps
YAML                           ``names`` as a list or a map (data.yaml of YOLO)
JSON, or Python's dict         a list, ``{"0": "cat"}``, ``{"cat": 0}``, ``id2label``,
                               ``categories``, Keras' ``{"0": ["n01440764", "tench"]}``
pbtxt                          TensorFlow's label map: ``item { id: 1 name: "cat" }``
=============================  =====================================================
"""

import codecs
import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

import yaml

from core.errors import CardInvalid
from core.nets.text_format import parse
from core.wording import whole_characters

MOST_CLASS_LABELS = 100_000
MOST_LABEL_BYTES = 4 * 2**20
MOST_YAML = 300_000
"""In characters; the YAML reader is written in Python and takes seconds for more."""

LONGEST = 200

_NUMBERED = re.compile(r"\s*(\d{1,6})(\s*[:=;|\t]\s*|\s*,\s*|[.)]\s+|\s+)(\S.*?)\s*")
_TABLE_HEAD = re.compile(
    r"\s*(id|index|class(_?id)?)\s*[,;\t]\s*(name|label|class(_?name)?)\s*", re.IGNORECASE
)
_LABEL_MAP = re.compile(r"(\s|#.*)*item\s*:?\s*\{")
_YAML_NAMES = re.compile(r"^['\"]?names['\"]?\s*:", re.MULTILINE)
_HOLDERS = ("names", "id2label", "labels", "classes", "class_names", "categories")
_NAMES = ("display_name", "name", "label", "title")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

LabelPairs = Iterable[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class LabelList:
    """What a labels file says.

    Attributes:
        texts: by class, from class 0 on; a class without a name has an empty text.
        first: the lowest number that has a name.
        notes: sentences on what a reader should know: a guess, or names that are missing.
    """

    texts: tuple[str, ...]
    first: int = 0
    notes: tuple[str, ...] = ()


def read_labels(data: bytes, *, name: str) -> LabelList:
    r"""Read a labels file of any of the usual forms.

    Args:
        data: the file's bytes.
        name: the file's name, for sentences and for its ending.

    Raises:
        CardInvalid: the file is no text, or contradicts itself; names the file.

    >>> read_labels(b"\xef\xbb\xbfcat\n\ndog\n\n", name="labels.txt").texts
    ('cat', '', 'dog')
    >>> read_labels(b"0: cat\n2: dog", name="labels.txt").texts
    ('cat', '', 'dog')
    """
    if len(data) > MOST_LABEL_BYTES:
        raise CardInvalid(
            f"{name} has more than {MOST_LABEL_BYTES // 2**20} MB: is it a labels file?"
        )
    text, notes = _decoded(data, name)
    named, more = _named(text, name)
    if not named:
        raise CardInvalid(f"{name} names no class. Write one label a line.")
    if max(named) >= MOST_CLASS_LABELS:
        raise CardInvalid(
            f"{name} numbers a class {max(named)}; the limit is {MOST_CLASS_LABELS}."
        )
    texts = tuple(
        " ".join(normalize("NFC", named.get(row, "")).split())[:LONGEST]
        for row in range(max(named) + 1)
    )
    first = next((row for row, each in enumerate(texts) if each), 0)
    gaps = sum(not each for each in texts[first:])
    if gaps:
        more.append(f"{name} has no name for {gaps} of {len(texts)} classes.")
    return LabelList(texts, first, (*notes, *more))


def _decoded(data: bytes, name: str) -> tuple[str, list[str]]:
    """Decode by the byte order mark, else as UTF-8, UTF-16 without a mark, or Latin-1."""
    encoding = next((each for mark, each in _MARKS if data.startswith(mark)), "")
    if not encoding and b"\0" in data:
        encoding = "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding:
            raise CardInvalid(
                f"{name} is no text that we can read. Save it in UTF-8."
            ) from None
        return _western(data), [f"{name} is not UTF-8; it was read as Latin-1 (Windows-1252)."]
    if "\0" in text:
        raise CardInvalid(f"{name} is no text that we can read. Save it in UTF-8.")
    return text, []


def _western(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _named(text: str, name: str) -> tuple[dict[int, str], list[str]]:
    """Tell the form, and return each class's text by number, and notes."""
    if _LABEL_MAP.match(text):
        return _unique(_label_map(text, name), name), []
    bare = text.strip()
    ending = name.lower().rpartition(".")[2]
    structured = ending in ("json", "yaml", "yml")
    if structured or bare[:1] in ("{", "[") or _YAML_NAMES.search(text):
        value = _structure(bare)
        if value is not None:
            return _unique(_pairs(value, name), name), []
        if structured:
            raise CardInvalid(f"{name} is no valid {ending.upper()}. Write one label a line.")
    return _lines(text, name)


def _label_map(text: str, name: str) -> LabelPairs:
    try:
        items = parse(text).messages("item")
        for item in items:
            label = next((found for key in _NAMES if (found := item.text(key))), "")
            yield int(item.text("id") or "-"), label
    except ValueError as error:
        raise CardInvalid(
            f"{name} is no label map that we can read ({error}). Each class is "
            'item { id: 1 name: "cat" }.'
        ) from error


def _structure(text: str) -> Any:
    """Read JSON, or else YAML with every scalar as text: there ``no`` is a label, not False."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > MOST_YAML:
        return None
    try:
        value = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError):
        return None
    return value if isinstance(value, list | dict) else None


def _pairs(value: Any, name: str) -> LabelPairs:
    """Find the numbers and names in a list or a map, however deep they usually lie."""
    if isinstance(value, dict):
        inner = next((value[key] for key in _HOLDERS if key in value), None)
        if isinstance(inner, list | dict):
            return _pairs(inner, name)
        return _of_map(value, name)
    if isinstance(value, list):
        return _of_list(value, name)
    raise CardInvalid(
        f"{name} holds neither a list of labels nor a map from numbers to labels."
    )


def _of_map(value: Mapping[Any, Any], name: str) -> LabelPairs:
    if value and all(_is_number(key) for key in value):
        return ((int(key), _text(each, name)) for key, each in value.items())
    if value and all(_is_number(each) for each in value.values()):
        return ((int(each), whole_characters(str(key))) for key, each in value.items())
    raise CardInvalid(
        f"{name} holds a map that is neither from numbers to labels nor from labels to numbers."
    )


def _of_list(value: Sequence[Any], name: str) -> LabelPairs:
    ids = [each.get("id") if isinstance(each, dict) else None for each in value]
    if value and all(map(_is_number, ids)):
        return ((int(each["id"]), _text(each, name)) for each in value)
    return ((row, _text(each, name)) for row, each in enumerate(value))


def _text(value: Any, name: str) -> str:
    if isinstance(value, dict):
        value = next((value[key] for key in _NAMES if key in value), None)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        value = value[-1]  # Keras: a WordNet number, then the label
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        # not the value itself: YAML's aliases can make it endless
        raise CardInvalid(f"{name} holds a {type(value).__name__} where a label is expected.")
    return whole_characters(str(value))


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().isascii() and value.strip().isdecimal() and len(value) < 8
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _unique(pairs: LabelPairs, name: str) -> dict[int, str]:
    named: dict[int, str] = {}
    for number, text in pairs:
        if named.get(number, text) != text:
            raise CardInvalid(
                f"{name} gives class {number} two names: {named[number]!r} and {text!r}."
            )
        named[number] = text
    return named


def _lines(text: str, name: str) -> tuple[dict[int, str], list[str]]:
    # not splitlines: Latin-1 and Unicode know more line ends than text files do
    lines = re.split(r"\r*\n|\r", text)
    while lines and not lines[-1].strip():
        lines.pop()
    numbered = _numbered(lines)
    if numbered is None:
        return dict(enumerate(each.strip() for each in lines)), []
    note = f"{name}: the number in front of each name was taken as its class."
    return _unique(numbered, name), [note]


def _numbered(lines: Sequence[str]) -> list[tuple[int, str]] | None:
    """Read ``0: person`` lines; None where a number may belong to the name: 1 cent, 5 cent."""
    filled = [each for each in lines if each.strip()]
    if filled and _TABLE_HEAD.fullmatch(filled[0]):
        filled = filled[1:]
    matches = [match for each in filled if (match := _NUMBERED.fullmatch(each))]
    if not matches or len(matches) < len(filled):
        return None
    pairs = [(int(match[1]), match[3].rstrip(",").strip("'\"")) for match in matches]
    if not all(match[2].strip() for match in matches) and not _counts_up(pairs):
        return None
    return pairs


def _counts_up(pairs: Sequence[tuple[int, str]]) -> bool:
    """Tell whether mere spaces set numbers apart from names that would do without them."""
    numbers, names = [number for number, _ in pairs], [text for _, text in pairs]
    rising = all(one < next_one for one, next_one in itertools.pairwise(numbers))
    return (
        rising and len(set(names)) == len(names) and (numbers[0] == 0 or numbers[:2] == [1, 2])
    )
