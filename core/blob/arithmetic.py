"""The way of one pixel from the picture into the blob, with every number on it.

The stages of a trace are whole arrays; here is one point of them, written out so that a
reader can follow each value with pencil and paper. Nothing is rounded on the way: bytes
are bytes, the rest is float32, and the tests hold each number against the trace.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.blob.spec import BlobSpec, Triple
from core.blob.trace import ChannelOrder, Trace
from core.errors import BlobImpossible
from core.picture.placement import Placement

WEIGHT_ONE = 2048
"""cv2.resize weighs the neighbours of uint8 pixels in whole 2048ths."""

Numbers = tuple[float, ...]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Neighbours:
    """The two source pixels that INTER_LINEAR blends along one axis, for N resized pixels.

    Attributes:
        index: (2, N), columns or rows of the picture; both the same where one is enough.
        weight: (2, N), in 2048ths; each pair adds up to 2048.
    """

    index: Indices
    weight: Indices


@dataclass(frozen=True, slots=True)
class SourcePixel:
    """A pixel of the picture and how much of it is blended in.

    Attributes:
        x: its column in the picture.
        y: its row.
        values: its bytes, B, G, R.
        weight_x: its share among its neighbours in the row, in 2048ths.
        weight_y: the share of its row, in 2048ths.
    """

    x: int
    y: int
    values: Numbers
    weight_x: int
    weight_y: int

    @property
    def weight(self) -> float:
        """Its share in the resized pixel, 0..1."""
        return self.weight_x * self.weight_y / WEIGHT_ONE**2


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Every number on the way of one pixel; channels in the picture's order, B, G, R.

    Attributes:
        x: the point's column in the blob.
        y: its row.
        order: what the channels mean before swapRB; ``blob_order`` after it.
        sources: the pixels that were blended; none in a letterbox bar. Above and below the
            picture its first and last row are repeated, so a pixel may be listed twice.
        shares: what each source row adds to the resized pixel. cv2.resize cuts a share to
            quarters, adds them and rounds, so 27.7 can become 27.
        fitted: the bytes after the resize and after crop or letterbox.
        mean: what is subtracted; ``centred`` is what is left.
        scale: what that is multiplied with; ``scaled`` is the product.
        std: what that is divided by; ``divided`` is the quotient.
        swapped: the values in the blob's channel order: the blob's own numbers.
        index: where each of them is in the blob.
    """

    x: int
    y: int
    order: ChannelOrder
    blob_order: ChannelOrder
    sources: tuple[SourcePixel, ...]
    shares: tuple[Numbers, ...]
    fitted: Numbers
    mean: Numbers
    centred: Numbers
    scale: Numbers
    scaled: Numbers
    std: Numbers
    divided: Numbers
    swapped: Numbers
    index: tuple[tuple[int, int, int, int], ...]

    @property
    def in_bar(self) -> bool:
        """Whether the point lies in a letterbox bar, where there is no picture."""
        return not self.sources

    @property
    def weighted_sums(self) -> Numbers:
        """What the blend would be without any rounding; exact."""
        return tuple(
            sum(pixel.weight * pixel.values[channel] for pixel in self.sources)
            for channel in range(len(self.fitted))
        )

    @property
    def resized(self) -> Numbers:
        """What cv2.resize makes of the shares: their sum, rounded."""
        return tuple(float(sum(column) + 0.5) // 1 for column in zip(*self.shares, strict=True))

    @property
    def lines(self) -> tuple[str, ...]:
        """The whole way in readable lines, one step each."""
        swapped = "after the swap" if self.order != self.blob_order else "no swap"
        return (
            *(self._bar_lines() if self.in_bar else self._source_lines()),
            f"fitted: {_named(self.order, map(digits, self.fitted))}",
            self._step("minus mean", self.fitted, "-", self.mean, self.centred),
            self._step("times scalefactor", self.centred, "*", self.scale, self.scaled),
            self._step("divided by std", self.scaled, "/", self.std, self.divided),
            f"{swapped}: {_named(self.blob_order, map(digits, self.swapped))}",
            *(
                f"blob[{', '.join(map(str, index))}] = {digits(value)} ({channel})"
                for channel, index, value in zip(
                    _names(self.blob_order), self.index, self.swapped, strict=True
                )
            ),
        )

    def _bar_lines(self) -> tuple[str, ...]:
        return (
            f"blob x {self.x}, y {self.y} lies in a letterbox bar: no pixel of the picture",
        )

    def _source_lines(self) -> tuple[str, ...]:
        count = len(self.sources)
        first = f"blob x {self.x}, y {self.y} is made of "
        if count == 1:
            return f"{first}1 pixel of the picture, as it is", self._pixel_line(self.sources[0])
        sums = (hundredths(value) for value in self.weighted_sums)
        rounded = (
            f"{' + '.join(map(digits, column))} → {digits(value)}"
            for column, value in zip(zip(*self.shares, strict=True), self.resized, strict=True)
        )
        return (
            f"{first}{count} pixels of the picture",
            *map(self._pixel_line, self.sources),
            f"weighted sum: {_named(self.order, sums)}",
            f"in quarters, rounded: {_named(self.order, rounded)}",
        )

    def _pixel_line(self, pixel: SourcePixel) -> str:
        values = _named(self.order, map(digits, pixel.values))
        return (
            f"pixel ({pixel.x}, {pixel.y}): {values}; weight {pixel.weight_x}/{WEIGHT_ONE} * "
            f"{pixel.weight_y}/{WEIGHT_ONE} = {hundredths(100 * pixel.weight)} %"
        )

    def _step(
        self, name: str, before: Numbers, sign: str, operand: Numbers, after: Numbers
    ) -> str:
        sums = (
            f"{digits(left)} {sign} {digits(right)} = {digits(result)}"
            for left, right, result in zip(before, operand, after, strict=True)
        )
        return f"{name}: {_named(self.order, sums)}"


@dataclass(frozen=True, eq=False, slots=True)
class Operands:
    """What a pixel meets between ``fitted`` and the blob, in the picture's channel order.

    Attributes:
        mean: float32, subtracted.
        scale: multiplied with; float32 in NCHW, but float64 in NHWC, as in OpenCV.
        std: float32, divided by.
        places: for each channel of the blob, the picture's channel that lands there.
    """

    mean: npt.NDArray[np.float32]
    scale: npt.NDArray[np.floating[Any]]
    std: npt.NDArray[np.float32]
    places: tuple[int, ...]

    @classmethod
    def of(cls, traced: Trace, spec: BlobSpec) -> "Operands":
        """Put the spec's numbers, which are in the blob's order, into the picture's."""
        before, after = traced["image"].channel_order, traced["planes"].channel_order
        places = tuple(before.index(channel) for channel in after) if before != "grey" else (0,)

        def stored(values: Triple, alpha: float) -> list[float]:
            return [(*values, alpha)[place] for place in places]  # a swap undoes itself

        return cls(
            mean=np.array(stored(spec.mean, 0.0), np.float32),
            scale=np.array(
                stored(spec.scalefactor, spec.scalefactor[2]),
                np.float32 if spec.layout == "NCHW" else np.float64,
            ),
            std=np.array(stored(spec.std, 1.0), np.float32),
            places=places,
        )


def arithmetic(traced: Trace, spec: BlobSpec, *, x: int, y: int) -> Arithmetic:
    """Follow the blob's pixel (x, y) back to the picture and forth again.

    Raises:
        BlobImpossible: the picture is not uint8; cv2 resizes other types by other rules.
        IndexError: the blob has no such pixel.

    >>> from core.blob.trace import trace
    >>> from core.picture.size import Size
    >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> spec = BlobSpec(Size(2, 3), scalefactor=(0.5,) * 3, mean=(9, 9, 9), swap_rb=True)
    >>> for line in arithmetic(trace(image, spec), spec, x=1, y=0).lines:
    ...     print(line)
    blob x 1, y 0 is made of 4 pixels of the picture
    pixel (2, 0): B 6, G 7, R 8; weight 1024/2048 * 1707/2048 = 41.67 %
    pixel (3, 0): B 9, G 10, R 11; weight 1024/2048 * 1707/2048 = 41.67 %
    pixel (2, 1): B 18, G 19, R 20; weight 1024/2048 * 341/2048 = 8.33 %
    pixel (3, 1): B 21, G 22, R 23; weight 1024/2048 * 341/2048 = 8.33 %
    weighted sum: B 9.50, G 10.50, R 11.50
    in quarters, rounded: B 6.25 + 3 → 9, G 7 + 3.25 → 10, R 7.75 + 3.5 → 11
    fitted: B 9, G 10, R 11
    minus mean: B 9 - 9 = 0, G 10 - 9 = 1, R 11 - 9 = 2
    times scalefactor: B 0 * 0.5 = 0, G 1 * 0.5 = 0.5, R 2 * 0.5 = 1
    divided by std: B 0 / 1 = 0, G 0.5 / 1 = 0.5, R 1 / 1 = 1
    after the swap: R 1, G 0.5, B 0
    blob[0, 0, 0, 1] = 1 (R)
    blob[0, 1, 0, 1] = 0.5 (G)
    blob[0, 2, 0, 1] = 0 (B)
    """
    size = traced.placement.blob
    if not (0 <= x < size.width and 0 <= y < size.height):
        raise IndexError(f"a blob of {size} has no pixel x {x}, y {y}")
    if traced["image"].dtype != "uint8":
        raise BlobImpossible(
            f"The arithmetic of single pixels is known for uint8 pictures; this one holds "
            f"{traced['image'].dtype}."
        )
    sources, shares = _blended(traced, x, y)
    fitted = traced["fitted"].array[y, x]
    operands = Operands.of(traced, spec)
    centred = fitted.astype(np.float32) - operands.mean
    scaled = (centred * operands.scale).astype(np.float32)
    divided = scaled / operands.std
    channels = range(len(fitted))
    nchw = spec.layout == "NCHW"
    return Arithmetic(
        x=x,
        y=y,
        order=traced["fitted"].channel_order,
        blob_order=traced["planes"].channel_order,
        sources=sources,
        shares=shares,
        fitted=_floats(fitted),
        mean=_floats(operands.mean),
        centred=_floats(centred),
        scale=_floats(operands.scale),
        scaled=_floats(scaled),
        std=_floats(operands.std),
        divided=_floats(divided),
        swapped=_floats(divided[list(operands.places)]),
        index=tuple((0, c, y, x) if nchw else (0, y, x, c) for c in channels),
    )


def neighbours_across(placement: Placement, columns: Indices) -> Neighbours:
    """Find the source columns that make columns of the resized picture.

    The rule of cv2.resize for uint8 and INTER_LINEAR (imgproc/resize.cpp, checked bit for
    bit against OpenCV 4.14 on x86-64): positions in float32, weights rounded to 2048ths;
    beyond the left and right edge the outermost column alone counts.
    """
    first, part = _positions(columns, resize_step(placement)[0])
    last = placement.image.width - 1
    part[(first < 0) | (first >= last)] = 0
    return _weighed(first.clip(0, last), part, last)


def neighbours_down(placement: Placement, rows: Indices) -> Neighbours:
    """Find the source rows that make rows of the resized picture.

    As across, but beyond the upper and lower edge the outermost row is blended with itself.
    """
    first, part = _positions(rows, resize_step(placement)[1])
    return _weighed(first, part, placement.image.height - 1)


def resize_step(placement: Placement) -> tuple[float, float]:
    """Give the source pixels that lie between two resized ones, across and down.

    1 where cv2.resize only copies, because the size stays.
    """
    if placement.resized == placement.image:
        return 1.0, 1.0
    return 1 / placement.scale[0], 1 / placement.scale[1]


def digits(value: float) -> str:
    """Write the fewest digits that give the value back, as float32 where it is one.

    >>> digits(np.float32(1 / 255)), digits(1 / 255), digits(-104.0), digits(2e-7)
    ('0.003921569', '0.00392156862745098', '-104', '2e-7')
    """
    narrow = np.float32(value)
    shortest = narrow if float(narrow) == value else np.float64(value)
    if value == 0 or 1e-6 <= abs(value) < 1e21:  # where JavaScript too writes no exponent
        return np.format_float_positional(shortest + 0, trim="-")
    return np.format_float_scientific(shortest, trim="-", exp_digits=1)


def hundredths(value: float) -> str:
    """Write two decimals; halves go up, as the browser's script does it.

    >>> hundredths(27.125), hundredths(41.666)
    ('27.13', '41.67')
    """
    return f"{(value * 100 + 0.5) // 1 / 100:.2f}"


def _blended(
    traced: Trace, x: int, y: int
) -> tuple[tuple[SourcePixel, ...], tuple[Numbers, ...]]:
    """Find the source pixels of a blob pixel, and what each of their rows adds to it."""
    placement = traced.placement
    column, row = x - placement.corner[0], y - placement.corner[1]
    if not (0 <= column < placement.resized.width and 0 <= row < placement.resized.height):
        return (), ()
    across = neighbours_across(placement, np.array([column]))
    down = neighbours_down(placement, np.array([row]))
    image = traced["image"].array
    sources, shares = [], []
    for source_y, weight_y in _pairs(down):
        sums = np.zeros(image.shape[2], np.int64)  # in 2048ths
        for source_x, weight_x in _pairs(across):
            values = image[source_y, source_x]
            sums += values.astype(np.int64) * weight_x
            sources.append(SourcePixel(source_x, source_y, _floats(values), weight_x, weight_y))
        # 32 bits are too few for the whole product: cv2 drops low ones before and after it
        shares.append(_floats(((sums >> 4) * weight_y >> 16) / 4))
    return tuple(sources), tuple(shares)


def _pairs(found: Neighbours) -> Iterable[tuple[int, int]]:
    """List the neighbours of the only pixel that count at all, with their weights."""
    pairs = zip(found.index[:, 0].tolist(), found.weight[:, 0].tolist(), strict=True)
    return [(index, weight) for index, weight in pairs if weight]


def _positions(resized: Indices, step: float) -> tuple[Indices, npt.NDArray[np.float32]]:
    """Say which source pixel lies at or before each resized one, and how far before."""
    at = ((resized + 0.5) * step - 0.5).astype(np.float32)
    first = np.floor(at)
    return first.astype(np.int64), at - first


def _weighed(first: Indices, part: npt.NDArray[np.float32], last: int) -> Neighbours:
    weights = np.stack([np.float32(1) - part, part]) * np.float32(WEIGHT_ONE)
    index = np.stack([first, first + 1]).clip(0, last)
    return Neighbours(index, np.rint(weights).astype(np.int64))


def _floats(values: npt.NDArray[Any]) -> Numbers:
    return tuple(values.tolist())


def _named(channels: ChannelOrder, values: Iterable[str]) -> str:
    """Write a value for each channel, such as "B 1, G 2, R 3"."""
    pairs = zip(_names(channels), values, strict=True)
    return ", ".join(f"{name} {value}" for name, value in pairs)


def _names(channels: ChannelOrder) -> Sequence[str]:
    return ("grey",) if channels == "grey" else channels
