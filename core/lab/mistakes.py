"""What breaks if: the classic mistakes, made on purpose, and what each does to the answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from core.answers import Answer, ask
from core.blob.spec import BlobSpec, Triple
from core.errors import BlobImpossible, BlobscopeError
from core.lab.compare import changes, summary
from core.nets.card import ModelCard
from core.picture.image import Picture
from core.picture.size import Size
from core.pipeline import Thresholds

STRIDE = 32
"""Detectors shrink their blob by halves, five times over: sides are multiples of this."""

ALL_ZEROS: Triple = (0.0, 0.0, 0.0)
ALL_ONES: Triple = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A spec with a common mistake.

    Attributes:
        name: what it is called, in a few words.
        what: a sentence on how it comes about.
        spec: the broken spec.
    """

    name: str
    what: str
    spec: BlobSpec


@dataclass(frozen=True, eq=False, slots=True)
class MistakeRow:
    """One row of the switchboard: what a spec made of the picture.

    Attributes:
        spec: the spec that was used.
        answer: what the model answered; None where it could not.
        error: the sentence of the error; empty where there is an answer.
        change: against the right spec, in words; empty without one to compare with.
    """

    spec: BlobSpec
    answer: Answer | None
    error: str = ""
    change: str = ""


def swap_flipped(spec: BlobSpec) -> BlobSpec:
    """Exchange red and blue once too often, or forget to."""
    return replace(spec, swap_rb=not spec.swap_rb)


def mean_reversed(spec: BlobSpec) -> BlobSpec:
    """Copy the mean of a library that counts colours from the other end."""
    return replace(spec, mean=spec.mean[::-1])


def mean_left_out(spec: BlobSpec) -> BlobSpec:
    """Forget to subtract the mean."""
    return replace(spec, mean=ALL_ZEROS)


def scale_left_out(spec: BlobSpec) -> BlobSpec:
    """Forget the scalefactor: blobFromImage's own is 1."""
    return replace(spec, scalefactor=ALL_ONES)


def divided_again(spec: BlobSpec) -> BlobSpec:
    """Divide by 255 a picture that was divided already, or should not be at all."""
    first, second, third = spec.scalefactor
    return replace(spec, scalefactor=(first / 255, second / 255, third / 255))


def std_left_out(spec: BlobSpec) -> BlobSpec:
    """Forget the std, for which blobFromImage has no argument."""
    return replace(spec, std=ALL_ONES)


def other_fit(spec: BlobSpec) -> BlobSpec:
    """Stretch what should keep its shape, or letterbox what should fill the blob."""
    return replace(spec, fit="letterbox" if spec.fit == "stretch" else "stretch")


def size_halved(spec: BlobSpec) -> BlobSpec:
    """Halve the blob to save time; multiples of 32 stay multiples of 32.

    >>> size_halved(BlobSpec(size=Size(416, 416))).size
    Size(width=224, height=224)
    >>> size_halved(BlobSpec(size=Size(227, 227))).size
    Size(width=113, height=113)
    """
    if spec.size is None:
        return spec
    width, height = (_halved(side) for side in spec.size.cv2)
    return replace(spec, size=Size(width, height))


def slip_of_the_pen(spec: BlobSpec) -> BlobSpec:
    """Write 177 for 117 in the mean, or 117 for 177: both occur in well-known samples."""
    first, second, third = (_miswritten(value) for value in spec.mean)
    return replace(spec, mean=(first, second, third))


MISTAKES: tuple[tuple[str, str, Callable[[BlobSpec], BlobSpec]], ...] = (
    (
        "swapRB flipped",
        "The picture was already converted to RGB, or the swap was forgotten: red is blue.",
        swap_flipped,
    ),
    (
        "mean in reverse order",
        "The mean was copied as R, G, B but the net expects B, G, R, or the other way round.",
        mean_reversed,
    ),
    ("mean left out", "The default mean of blobFromImage is 0.", mean_left_out),
    ("mean 177 for 117", "Two models, two means, one digit apart.", slip_of_the_pen),
    ("std left out", "blobFromImage has no argument for it.", std_left_out),
    ("scale left out", "The default scalefactor of blobFromImage is 1.", scale_left_out),
    (
        "scaled twice",
        "The picture was already divided by 255, or the net expects 0 to 255.",
        divided_again,
    ),
    (
        "wrong resize mode",
        "Stretch instead of letterbox, or the other way round.",
        other_fit,
    ),
    ("size halved", "To save time: a quarter of the pixels.", size_halved),
)


def mistakes(spec: BlobSpec) -> tuple[Mistake, ...]:
    """Make every mistake that this spec leaves room for.

    A mistake that changes nothing is left out (there is no mean to forget), and so are
    those that make the same spec as one before, or none at all.

    >>> [each.name for each in mistakes(BlobSpec(scalefactor=(1 / 255,) * 3))]
    ['swapRB flipped', 'scale left out', 'scaled twice', 'wrong resize mode']
    """
    made: dict[BlobSpec, Mistake] = {}
    for name, what, break_ in MISTAKES:
        try:
            broken = break_(spec)
        except BlobImpossible:  # a blob of bytes has no scale that one could get wrong
            continue
        if broken != spec:
            made.setdefault(broken, Mistake(name, what, broken))
    return tuple(made.values())


def consequence(
    picture: Picture,
    card: ModelCard,
    spec: BlobSpec,
    thresholds: Thresholds,
    *,
    right: Answer | None = None,
) -> MistakeRow:
    """Run the model with this spec; an error becomes a sentence in the row.

    Args:
        picture: the picture.
        card: the model.
        spec: the spec, broken or not.
        thresholds: what counts as a box.
        right: the answer to the right spec, to compare with.
    """
    try:
        answer = ask(picture, card, spec, thresholds)
    except BlobscopeError as error:
        return MistakeRow(spec, None, str(error))
    return MistakeRow(spec, answer, change=change(right, answer) if right else "")


def mistake_table(
    picture: Picture, card: ModelCard, thresholds: Thresholds, spec: BlobSpec | None = None
) -> Iterator[MistakeRow]:
    """Yield the row of the right spec, then one row each of ``mistakes(spec)``, in order.

    ``spec`` replaces the card's own as the right one.
    """
    right = consequence(picture, card, spec or card.blob, thresholds)
    yield right
    for each in mistakes(right.spec):
        yield consequence(picture, card, each.spec, thresholds, right=right.answer)


def change(right: Answer, broken: Answer) -> str:
    """Say in a few words what a mistake did to the answer.

    A classifier that still names the same class has lost or won confidence; a detector
    has kept, moved, lost or invented boxes.
    """
    if right.boxes is not None:
        if len(right.boxes) == 0 == len(broken.ranked):
            return "no boxes, as before"
        return (
            summary(changes(right, broken)).replace(" in A", " before").replace("in B", "now")
        )
    if right.best is None or broken.best is None:
        return ""
    if right.best.class_id != broken.best.class_id:
        return f"different class: {broken.best.label} instead of {right.best.label}"
    points = round(100 * (broken.best.confidence - right.best.confidence))
    return f"same class, {points:+d} points" if points else "same class, same confidence"


def _halved(side: int) -> int:
    if side % STRIDE:
        return max(1, side // 2)
    # 0.5 up: 13 cells become 7, as round() would not do for every odd number
    return STRIDE * max(1, (side // STRIDE + 1) // 2)


def _miswritten(value: float) -> float:
    return {117: 177.0, 177: 117.0}.get(round(value), value)
