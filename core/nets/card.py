"""ModelCard: what we know about a network, read from ``models/<name>/card.toml``."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from core.blob.spec import BlobSpec, Triple
from core.errors import BlobImpossible, CardInvalid
from core.nets.labels import MOST_LABEL_BYTES, LabelList, read_labels
from core.outputs import AUTO, LayoutName, layout_names
from core.picture.size import Size

Task = Literal["classification", "detection"]
Framework = Literal["caffe", "darknet", "tensorflow", "onnx", "tflite"]

TASKS: tuple[Task, ...] = get_args(Task)
FRAMEWORKS: tuple[Framework, ...] = get_args(Framework)
CARD_NAME = "card.toml"
CONFIG_SUFFIXES = (".prototxt", ".cfg", ".pbtxt")
NEEDS_CONFIG: tuple[Framework, ...] = ("caffe", "darknet")
DIGEST_LENGTHS = {"sha256": 64, "sha1": 40}

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model.

    Attributes:
        name: the file's name, without any folder.
        size: in bytes; None where nobody has written it down.
        digest: ``sha256:`` or ``sha1:`` and the hexadecimal digest of the content.
        address: where it can be downloaded; None where it lies beside the card.
    """

    name: str
    size: int | None
    digest: str
    address: str | None = None

    def __post_init__(self) -> None:
        if not self.name or Path(self.name).name != self.name or set(self.name) & {"\\", "\0"}:
            raise CardInvalid(f"files: {self.name!r} must be a file's name without a folder")
        kind, _, digits = self.digest.partition(":")
        if len(digits) != DIGEST_LENGTHS.get(kind) or set(digits) - set("0123456789abcdef"):
            raise CardInvalid(
                f"files: the digest of {self.name} must read sha256:... or sha1:... "
                f"in lower-case hexadecimal, not {self.digest!r}"
            )
        if self.size is not None and self.size < 1:
            raise CardInvalid(f"files: the size of {self.name} must be at least 1 byte")
        if self.address is not None and not self.address.startswith(("https://", "http://")):
            raise CardInvalid(f"files: the address of {self.name} must start with https://")


@dataclass(frozen=True, slots=True)
class ModelPaths:
    """Where the files of a model lie on this machine."""

    model: Path
    config: Path | None = None


@dataclass(frozen=True)
class ModelCard:
    """A network's card: files, blob spec, labels, licence, output layout.

    Attributes:
        name: the folder's name; it identifies the model everywhere.
        labels: one text a class; shared lists lie in ``models/labels``. A class without a
            name in its file is called by its number.
        label_notes: what a reader of the labels should know; see ``LabelList``.
        label_offset: how many class ids come before the first label (1 where the net
            was trained with class 0 as background).
        layout: how a detector writes its outputs, or "auto".
        logits: True where the outputs are scores before softmax, False where they are
            confidences already, None where the numbers decide.
        confidence: the threshold that suits the net, 0..1.
        iou: the IoU above which two boxes of one class count as the same, 0..1.
        offer: the files may be downloaded from their addresses on a visitor's request.
        recommended: once downloaded, the default model of its task; the pages offer it
            until then.
        groups: a coarse group for each label, or nothing.
        anchors: width and height of a YOLOv2 head's anchors in cells, or nothing.

    Raises:
        CardInvalid: a sentence that names the folder, the key and what is wanted.
    """

    name: str
    title: str
    task: Task
    framework: Framework
    files: tuple[ModelFile, ...]
    blob: BlobSpec
    labels: tuple[str, ...] = field(repr=False)
    label_offset: int
    layout: LayoutName
    logits: bool | None
    confidence: float
    iou: float
    licence: str
    source: str
    summary: str
    measured: str
    notes: tuple[str, ...]
    offer: bool
    folder: Path
    recommended: bool = False
    groups: tuple[str, ...] = field(default=(), repr=False)
    anchors: tuple[tuple[float, float], ...] = ()
    label_notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        models = [file for file in self.files if not _is_config(file)]
        self._require(len(models) == 1, "files", f"exactly one model file, not {len(models)}")
        self._require(
            len(self.files) - len(models) <= 1, "files", "at most one configuration file"
        )
        if self.framework in NEEDS_CONFIG:
            self._require(len(self.files) == 2, "files", f"{_config_word(self.framework)} too")
        self._require(bool(self.labels), "labels", "at least one label")
        self._require(self.label_offset >= 0, "label_offset", "0 or more")
        self._require(
            not self.groups or len(self.groups) == len(self.labels),
            "groups",
            f"as many groups as labels ({len(self.labels)}), not {len(self.groups)}",
        )
        for key in ("confidence", "iou"):
            self._require(0 <= getattr(self, key) <= 1, key, "a number from 0 to 1")
        self._require(
            not self.offer or all(file.address for file in self.files),
            "offer",
            "an address for every file of a model that is offered for download",
        )
        self._require(
            self.offer or not self.recommended, "recommended", "offer = true beside it"
        )

    def _require(self, holds: bool, key: str, wanted: str) -> None:
        if not holds:
            raise CardInvalid(f"models/{self.name}/{CARD_NAME}: {key} must have {wanted}.")

    @property
    def model_file(self) -> ModelFile:
        """The file that holds the weights (or, for ONNX and TensorFlow, the whole net)."""
        return next(file for file in self.files if not _is_config(file))

    @property
    def config_file(self) -> ModelFile | None:
        """The text that describes the layers, where the framework keeps one apart."""
        return next((file for file in self.files if _is_config(file)), None)

    @property
    def size_bytes(self) -> int | None:
        """The size of all files together; None where one of them is unknown."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size)

    @property
    def shipped(self) -> bool:
        """True where all files lie beside the card, so that nothing is downloaded."""
        return all((self.folder / file.name).is_file() for file in self.files)

    def label(self, class_id: int) -> str:
        """Return the text of a class; ids outside the labels keep their number.

        >>> from core.nets.catalog import card_named
        >>> ssd, colours = map(card_named, ("mobilenet-ssd-voc-caffe", "tiny-dominant-colour"))
        >>> ssd.label(15), colours.label(0)
        ('person', 'red')
        """
        row = class_id - self.label_offset
        if row < 0:
            return "background"
        return self.labels[row] if row < len(self.labels) else unnamed(class_id)

    def misfit(self, classes: int) -> str | None:
        """Compare the labels with the classes that the net tells apart.

        Returns:
            A sentence that names both numbers and what to try; None where they agree.
        """
        listed = self.label_offset + len(self.labels)
        if classes == listed:
            return None
        counted = f"{len(self.labels):,} label{'s' * (len(self.labels) != 1)}"
        if self.label_offset:
            counted += f" behind {self.label_offset} without one"
        return (
            f"{self.title} answers {classes:,} class{'es' * (classes != 1)}, but its card "
            f"lists {counted}: the names here may be wrong. {_cure(self, classes)}"
        )

    def group(self, class_id: int) -> str:
        """Return the coarse group of a class; nothing where the card knows none.

        >>> from core.nets.catalog import card_named
        >>> names = ("starter-classifier-onnx", "tiny-dominant-colour")
        >>> starter, colours = map(card_named, names)
        >>> starter.group(0), colours.group(0)
        ('fish', '')
        """
        row = class_id - self.label_offset
        return self.groups[row] if 0 <= row < len(self.groups) else ""


def _cure(card: ModelCard, classes: int) -> str:
    surplus = classes - len(card.labels)
    if surplus == 1 and not card.label_offset:
        return (
            "If the net counts the background as class 0, write label_offset = 1 into its "
            "card; else give the labels that it was trained with."
        )
    if surplus == 0:
        return "If the net has no background class, write label_offset = 0 into its card."
    if surplus == -1 and card.labels[0] == unnamed(0):
        return "Its labels are numbered from 1, the net counts from 0: number them from 0."
    if classes == 1 and len(card.labels) == 2:
        return "One number tells two classes apart: list the one that it is the confidence of."
    return "Give the labels that it was trained with."


def unnamed(class_id: int) -> str:
    """Name a class that has no label.

    >>> unnamed(7)
    'class 7'
    """
    return f"class {class_id}"


def _is_config(file: ModelFile) -> bool:
    return file.name.endswith(CONFIG_SUFFIXES)


def _config_word(framework: Framework) -> str:
    return {"caffe": "the .prototxt", "darknet": "the .cfg"}[framework]


def read_card(folder: Path) -> ModelCard:
    """Read ``card.toml`` and the labels of a model's folder.

    Raises:
        CardInvalid: the card is absent, is no TOML, or lacks or misspells something.
    """
    where = f"models/{folder.name}/{CARD_NAME}"
    try:
        values = tomllib.loads((folder / CARD_NAME).read_text(encoding="utf-8"))
    except OSError as error:
        raise CardInvalid(f"{where} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # also 5,000 digits, lists in lists in ...
        raise CardInvalid(f"{where} is not valid TOML: {error}.") from error
    return _card_of(_Table(where, values), folder)


_KEYS = {each.name for each in fields(ModelCard)} - {"name", "folder", "label_notes"}


def _card_of(table: "_Table", folder: Path) -> ModelCard:
    table.refuse_other_keys(_KEYS)
    label_offset = table.whole("label_offset", 0)
    labels = table.labels("labels", folder)
    if label_offset and labels.first:
        raise CardInvalid(
            table.sentence(
                f"labels are numbered in their file, from {labels.first} on, so label_offset "
                "would move them a second time. Leave it out"
            )
        )
    return ModelCard(
        name=folder.name,
        folder=folder,
        title=table.text("title"),
        task=table.choice("task", TASKS),
        framework=table.choice("framework", FRAMEWORKS),
        files=tuple(_file_of(each) for each in table.tables("files")),
        blob=_spec_of(table.table("blob", _NO_BLOB)),
        labels=tuple(
            text or unnamed(label_offset + row) for row, text in enumerate(labels.texts)
        ),
        label_offset=label_offset,
        layout=table.choice("layout", (AUTO, *layout_names()), AUTO),
        logits=table.flag("logits", None),
        confidence=table.number("confidence", 0.25),
        iou=table.number("iou", 0.45),
        licence=table.text("licence"),
        source=table.text("source"),
        summary=table.text("summary"),
        measured=table.text("measured", "not measured by us"),
        notes=table.texts("notes", ()),
        offer=bool(table.flag("offer", False)),
        recommended=bool(table.flag("recommended", False)),
        groups=table.labels("groups", folder, ()).texts,
        anchors=table.pairs("anchors", ()),
        label_notes=labels.notes,
    )


def _file_of(table: "_Table") -> ModelFile:
    table.refuse_other_keys({each.name for each in fields(ModelFile)})
    try:
        return ModelFile(
            name=table.text("name"),
            size=table.whole("size", None),
            digest=table.text("digest"),
            address=table.text("address", None),
        )
    except CardInvalid as error:
        raise CardInvalid(table.sentence(str(error))) from error


def _spec_of(table: "_Table") -> BlobSpec:
    readers: dict[str, Callable[[str], Any]] = {
        "size": table.size,
        "scalefactor": table.triple,
        "mean": table.triple,
        "std": table.triple,
        "pad_value": table.triple,
        "swap_rb": table.flag,
        "fit": table.text,
        "anchor": table.text,
        "ddepth": table.text,
        "layout": table.text,
        "channels": table.whole,
    }
    table.refuse_other_keys(set(readers))
    try:
        return BlobSpec(**{key: readers[key](key) for key in table.values})
    except BlobImpossible as error:
        raise CardInvalid(table.sentence(str(error))) from error


_NO_BLOB = (
    "a table [blob], which says how a picture becomes the net's input: at least its size, for "
    "example size = [224, 224], and scalefactor, mean and swap_rb as in its training"
)


class _Required:
    """The default of a key that a card must have."""


_REQUIRED: Any = _Required()


@dataclass(frozen=True)
class _Table:
    """A TOML table, read key by key; each mistake becomes a sentence that names the key."""

    where: str
    values: dict[str, Any]

    def sentence(self, text: str) -> str:
        return text if text.startswith("models/") else f"{self.where}: {text.rstrip('.')}."

    def refuse_other_keys(self, allowed: set[str]) -> None:
        for key in sorted(set(self.values) - allowed):
            wanted = ", ".join(sorted(allowed))
            if key in _KEYS:
                wanted += f". If {key} is the model's, it stands above the first table"
            raise CardInvalid(self.sentence(f"{key} is no key of a card; known are {wanted}"))

    def _take(
        self, key: str, wanted: str, convert: Callable[[Any], ValueT], default: Any = _REQUIRED
    ) -> ValueT:
        if key not in self.values:
            if isinstance(default, _Required):
                raise CardInvalid(self.sentence(f"{key} is missing; wanted: {wanted}"))
            return default  # type: ignore[no-any-return]
        try:
            return convert(self.values[key])
        except (TypeError, ValueError, OverflowError) as error:
            found = _shown(self.values[key])
            raise CardInvalid(self.sentence(f"{key} must be {wanted}, not {found}")) from error

    def text(self, key: str, default: Any = _REQUIRED) -> Any:
        return self._take(key, "a text that is not empty", _text, default)

    def flag(self, key: str, default: Any = _REQUIRED) -> Any:
        return self._take(key, "true or false", _of_type(bool), default)

    def whole(self, key: str, default: Any = _REQUIRED) -> Any:
        return self._take(key, "a whole number", _whole, default)

    def number(self, key: str, default: Any = _REQUIRED) -> float:
        return self._take(key, "a number", _number, default)

    def choice(self, key: str, choices: tuple[ValueT, ...], default: Any = _REQUIRED) -> ValueT:
        wanted = "one of " + ", ".join(map(str, choices))
        return self._take(key, wanted, lambda value: choices[choices.index(value)], default)

    def texts(self, key: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        return self._take(key, "a list of texts", _texts, default)

    def size(self, key: str) -> Size:
        return self._take(key, "[width, height], both at least 1", _size)

    def triple(self, key: str) -> Triple:
        return self._take(key, "a number or a list of three numbers", _triple)

    def pairs(self, key: str, default: Any) -> tuple[tuple[float, float], ...]:
        return self._take(key, "a list of [width, height]", _pairs, default)

    def table(self, key: str, wanted: str) -> "_Table":
        values = self._take(key, wanted, _of_type(dict))
        return _Table(f"{self.where} [{key}]", values)

    def tables(self, key: str) -> tuple["_Table", ...]:
        rows = self._take(key, f"tables [[{key}]]", _tables)
        return tuple(_Table(f"{self.where} [[{key}]]", row) for row in rows)

    def labels(self, key: str, folder: Path, default: Any = _REQUIRED) -> LabelList:
        """Read a list of texts that stands here or in a labels file of models/."""
        if isinstance(self.values.get(key), list):
            return LabelList(self.texts(key))
        wanted = "a list of texts, or the name of a labels file"
        name = self._take(key, wanted, _text, default)
        if not isinstance(name, str):
            return LabelList(default)
        try:
            path = (folder / name).resolve()
            if not path.is_relative_to(folder.parent.resolve()):
                raise CardInvalid(self.sentence(f"{key} must name a file inside models/"))
            with path.open("rb") as file:
                return read_labels(file.read(MOST_LABEL_BYTES + 1), name=path.name)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            raise CardInvalid(
                self.sentence(f"{key} must name a text file, and {name!r} cannot be read")
            ) from error
        except CardInvalid as error:
            raise CardInvalid(self.sentence(f"{key}: {error}")) from error


def _of_type(kind: type[ValueT]) -> Callable[[Any], ValueT]:
    def convert(value: Any) -> ValueT:
        # bool is an int to Python, but "size = true" is a mistake
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError
        return value

    return convert


def _shown(value: Any) -> str:
    """Write a value for a sentence; Python writes no whole number of 5,000 digits."""
    try:
        return repr(value)[:60]
    except ValueError:
        return "one with a number of so many digits"


def _whole(value: Any) -> int:
    whole = _of_type(int)(value)
    if not -(2**63) <= whole < 2**63:
        raise ValueError
    return whole


def _tables(value: Any) -> list[dict[str, Any]]:
    return [_of_type(dict)(each) for each in _of_type(list)(value)]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value.strip()


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(each) for each in _of_type(list)(value))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _size(value: Any) -> Size:
    width, height = (_whole(each) for each in _of_type(list)(value))
    return Size(width, height)


def _triple(value: Any) -> Triple:
    if isinstance(value, list):
        first, second, third = (_number(each) for each in value)
        return first, second, third
    return (_number(value),) * 3


def _pairs(value: Any) -> tuple[tuple[float, float], ...]:
    return tuple((_number(width), _number(height)) for width, height in value)
