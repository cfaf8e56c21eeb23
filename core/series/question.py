"""What a series asks of each of its images, and how the answer is drawn and counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from core.answers import Answer, read_answer
from core.nets.card import ModelCard
from core.picture.image import BgrImage
from core.picture.size import Size
from core.pipeline import Run, Thresholds, on_shown, ranking
from core.render.boxes import BoxStyle, Pen, draw_detections, label_tile
from core.render.palette import class_colour


@dataclass(frozen=True)
class Question:
    """A model, and how its outputs are read; the same for every image of a series.

    Attributes:
        thresholds: what counts as found, where the model is a detector.
        k: how many classes are named, where it is a classifier.
    """

    card: ModelCard = field(repr=False)
    thresholds: Thresholds = Thresholds()  # noqa: RUF009 - frozen
    k: int = 5

    @property
    def finds_boxes(self) -> bool:
        """Whether the answers have boxes."""
        return self.card.task == "detection"

    def answer(self, run: Run) -> Answer:
        """Read the answer out of what the slow half left."""
        if self.finds_boxes:
            return read_answer(run, self.card, self.thresholds)
        return Answer(ranking(run, self.card, self.k).best)

    def drawn(
        self, run: Run, answer: Answer, onto: BgrImage, *, texts: bool = True
    ) -> BgrImage:
        """Draw the answer on a copy of the image at any size: boxes, or the likeliest class."""
        if answer.boxes is not None:
            boxes = on_shown(answer.boxes, replace(run, shown=onto))
            style = BoxStyle(labels=texts, confidence=texts)
            return draw_detections(onto, boxes, label=self.card.label, style=style)
        copy = BgrImage(onto.copy())
        if texts and answer.best:
            colour = class_colour(answer.best.class_id)
            text = f"{answer.best.label} {answer.best.confidence:.0%}"
            size = Size.of(onto)
            tile = label_tile(text, colour, text_size=Pen.of(size).text, room=size)
            copy[: tile.shape[0], : tile.shape[1]] = tile
        return copy


def labels_of(answer: Answer) -> tuple[str, ...]:
    """Name what an answer counts for: each of its boxes, or the likeliest class alone."""
    counted = answer.ranked[:1] if answer.boxes is None else answer.ranked
    return tuple(each.label for each in counted)


def counts(answers: Iterable[Answer]) -> Counter[str]:
    """Count boxes (of a classifier, images) for each label, over all answers."""
    return Counter(label for answer in answers for label in labels_of(answer))
