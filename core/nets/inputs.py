"""What a net declares as its inputs, and whether a blob is one.

OpenCV does not tell; the ONNX graph, the .prototxt, the .cfg, the .pbtxt, the .pb and the
.tflite do.
"""

import mmap
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from core.blob.spec import BlobLayout
from core.nets import wire
from core.nets.card import Framework, ModelCard, ModelFile, ModelPaths
from core.nets.darknet_cfg import read_sections
from core.nets.flat import FlatTable
from core.nets.text_format import Message, parse
from core.picture.size import Size

MOST_TEXT = 8 * 2**20
CHANNEL_COUNTS = (1, 3, 4)

Dims = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class DeclaredInput:
    """One input of a net, as its file declares it.

    Attributes:
        name: what the file calls it.
        shape: its dimensions in the order of the file; None is free, () is unsaid.
        layout: the order of the blob's axes that fits it.
        channels: how many planes it wants; None is free.
        size: the width and height that it was made for; None is free.
    """

    name: str
    shape: Dims = ()
    layout: BlobLayout = "NCHW"
    channels: int | None = None
    size: Size | None = None

    def __str__(self) -> str:
        """Write the name and the shape.

        >>> str(DeclaredInput("image", (1, 3, None, None)))
        'image [1, 3, ?, ?]'
        """
        if not self.shape:
            return self.name
        dims = ", ".join("?" if each is None else str(each) for each in self.shape)
        return f"{self.name} [{dims}]"


Declared = tuple[DeclaredInput, ...]


def declared_inputs(card: ModelCard, paths: ModelPaths) -> Declared:
    """Read what a model's files declare, once; nothing where they do not say."""
    return _declared(card.framework, card.files, paths)


@lru_cache(maxsize=64)
def _declared(
    framework: Framework,
    files: tuple[ModelFile, ...],  # noqa: ARG001 - with their digests, the key
    paths: ModelPaths,
) -> Declared:
    with suppress(OSError, ValueError):  # OpenCV says in a sentence what is wrong with them
        return INPUT_READERS[framework](paths)
    return ()


def refusal(inputs: Declared, shape: Sequence[int], layout: BlobLayout) -> str:
    """Say why this net cannot take a blob of this shape; nothing where it may.

    OpenCV itself fails with an assertion, or runs another convolution without a word.
    """
    if len(inputs) > 1:
        return (
            f"wants {len(inputs)} inputs, {' and '.join(map(str, inputs))}, and Blobscope "
            "gives one, the blob. Export the net with the others as constants in it."
        )
    if not inputs or len(shape) != 4:
        return ""
    (wanted,) = inputs
    if wanted.channels and wanted.layout != layout:
        return (
            f"wants its channels {'last' if wanted.layout == 'NHWC' else 'first'}: {wanted}. "
            f'Write layout = "{wanted.layout}" under [blob] in its card.'
        )
    channels = shape[1 if layout == "NCHW" else 3]
    if wanted.channels and wanted.channels != channels:
        cure = "Blobscope's blobs have 1 channel or 3."
        if wanted.channels in (1, 3):
            cure = f"Write channels = {wanted.channels} under [blob] in its card."
        plural = "s" * (wanted.channels != 1)
        return f"wants {wanted.channels} channel{plural}, but the blob has {channels}. {cure}"
    return ""


def size_note(inputs: Declared, size: Size | None) -> str:
    """Say that a net was made for another size than the blob's; nothing where it fits."""
    if len(inputs) != 1 or size is None:
        return ""
    wanted = inputs[0].size
    if wanted is None or wanted == size:
        return ""
    return (
        f"was made for pictures of {wanted}, and the blob is {size}. Nets with a fixed size "
        "often refuse another one, or answer nonsense."
    )


def _from_dims(name: str, dims: Dims, layout: BlobLayout | None = None) -> DeclaredInput:
    """Tell channels and size; where nobody says the order of the axes, the numbers do."""
    if len(dims) != 4:
        return DeclaredInput(name, dims)
    if layout is None:
        last = dims[3] in CHANNEL_COUNTS and dims[1] not in CHANNEL_COUNTS
        layout = "NHWC" if last else "NCHW"
    channels, (height, width) = (
        (dims[1], dims[2:]) if layout == "NCHW" else (dims[3], dims[1:3])
    )
    size = Size(width, height) if width and height else None
    return DeclaredInput(name, dims, layout, channels, size)


def _onnx(paths: ModelPaths) -> Declared:
    """Read onnx.proto3: graph 7; in it initializer 5, input 11; everywhere name 1 or 8."""
    graph = wire.first(_mapped(paths.model), 7)
    if graph is None:
        return ()
    constants = {wire.text(each, 8) for each in wire.messages(graph, 5)}
    return tuple(
        _from_dims(name, _onnx_dims(each))
        for each in wire.messages(graph, 11)
        if (name := wire.text(each, 1)) not in constants
    )


def _onnx_dims(value: memoryview) -> Dims:
    """Read a ValueInfoProto: type 2, tensor_type 1, shape 2, dim 1, dim_value 1."""
    shape = wire.first(value, 2, 1, 2)
    if shape is None:
        return ()
    dims = (dict(wire.fields(each)).get(1) for each in wire.messages(shape, 1))
    return tuple(each if isinstance(each, int) and 0 < each < 2**31 else None for each in dims)


def _caffe(paths: ModelPaths) -> Declared:
    net = _parsed(paths.config)
    names = net.texts("input")
    shapes = [_prototxt_dims(each) for each in net.messages("input_shape")]
    flat = [int(each) for each in net.texts("input_dim")]
    shapes += [tuple(flat[at : at + 4]) for at in range(0, len(flat), 4)]
    old = [
        _from_dims(name, dims, "NCHW")
        for name, dims in zip(names, [*shapes, *[()] * len(names)], strict=False)
    ]
    layers = [each for each in net.messages("layer") if each.text("type") == "Input"]
    return (
        *old,
        *(
            _from_dims(top, _prototxt_dims(shape), "NCHW")
            for layer in layers
            for top, shape in zip(layer.texts("top"), _input_shapes(layer), strict=False)
        ),
    )


def _input_shapes(layer: Message) -> list[Message]:
    shapes = [
        shape for param in layer.messages("input_param") for shape in param.messages("shape")
    ]
    tops = len(layer.texts("top"))
    return shapes * tops if len(shapes) == 1 else [*shapes, *[Message(())] * tops]


def _prototxt_dims(shape: Message) -> Dims:
    return tuple(int(each) or None for each in shape.texts("dim"))


def _darknet(paths: ModelPaths) -> Declared:
    """Read [net]; its width and height are where training began, and bind nobody."""
    assert paths.config is not None
    net = next(iter(read_sections(paths.config.read_text(encoding="latin-1"))), None)
    if net is None or net.kind not in ("net", "network"):
        return ()
    channels = int(net.values.get("channels", "3"))
    return (DeclaredInput("data", (1, channels, None, None), channels=channels),)


def _tensorflow(paths: ModelPaths) -> Declared:
    if paths.config is not None:
        return tuple(
            _of_placeholder(node.text("name") or "", _pbtxt_dims(node))
            for node in _parsed(paths.config).messages("node")
            if node.text("op") == "Placeholder"
        )
    return _frozen(paths.model)


def _pbtxt_dims(node: Message) -> Dims:
    for attribute in node.messages("attr"):
        if attribute.text("key") == "shape":
            return tuple(
                _known(int(size))
                for value in attribute.messages("value")
                for shape in value.messages("shape")
                for dim in shape.messages("dim")
                for size in dim.texts("size")
            )
    return ()


def _frozen(model: Path) -> Declared:
    """Read graph.proto: node 1; in it name 1, op 2, attr 5 as pairs of key 1 and value 2."""
    return tuple(
        _of_placeholder(wire.text(node, 1), _graph_dims(node))
        for node in wire.messages(_mapped(model), 1)
        if wire.text(node, 2) == "Placeholder"
    )


def _of_placeholder(name: str, dims: Dims) -> DeclaredInput:
    """Put TensorFlow's channels, which stand last, where OpenCV wants them: first."""
    return replace(_from_dims(name, dims, "NHWC"), layout="NCHW")


def _graph_dims(node: memoryview) -> Dims:
    """Read attr_value.proto: shape 7, and tensor_shape.proto: dim 2, size 1."""
    for attribute in wire.messages(node, 5):
        shape = wire.first(attribute, 2, 7)
        if wire.text(attribute, 1) == "shape" and shape is not None:
            sizes = (dict(wire.fields(dim)).get(1, 0) for dim in wire.messages(shape, 2))
            return tuple(_known(each) if isinstance(each, int) else None for each in sizes)
    return ()


def _known(size: int) -> int | None:
    """Return a dimension; -1, of 64 bits where it stands in a .pb, is free."""
    return size if 0 < size < 2**31 else None


def _mapped(model: Path) -> memoryview:
    """View a file without reading it; it is closed when the last view of it is gone."""
    with model.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _parsed(config: Path | None) -> Message:
    assert config is not None
    if config.stat().st_size > MOST_TEXT:
        raise ValueError("too long")
    return parse(config.read_text(encoding="utf-8", errors="replace"))


def _tflite(paths: ModelPaths) -> Declared:
    """Read schema.fbs: subgraphs 2; in the first one tensors 0, inputs 1; see _tensor."""
    data = _mapped(paths.model)
    if bytes(data[4:8]) != b"TFL3":
        return ()
    graph = next(FlatTable.root(data).tables(2), None)
    if graph is None:
        return ()
    tensors = tuple(graph.tables(0))
    wanted = graph.numbers(1)
    if not all(0 <= each < len(tensors) for each in wanted):
        raise ValueError("an input that is no tensor")
    return tuple(_tensor(tensors[each]) for each in wanted)


def _tensor(tensor: FlatTable) -> DeclaredInput:
    """Read a Tensor: name 3, and its shape, 7 where an axis is free (-1), else 0."""
    dims = tensor.numbers(7) or tensor.numbers(0)
    return _of_placeholder(tensor.text(3), tuple(map(_known, dims)))


INPUT_READERS: dict[Framework, Callable[[ModelPaths], Declared]] = {
    "onnx": _onnx,
    "caffe": _caffe,
    "darknet": _darknet,
    "tensorflow": _tensorflow,
    "tflite": _tflite,
}
