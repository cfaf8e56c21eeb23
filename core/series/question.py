"""What a series asks of each of its images, and how the answer is drawn and counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.answers import Answer, read_answer
from core.nets.card import ModelCard
from core.picture.image import BgrImage
from core.pipeline import Run, Thresholds, ranking
from core.render.boxes import BoxStyle, draw_detections
from core.render.labels import draw_class
from core.render.shown import Shown


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
            return read_answer(run, self.thresholds)
        return Answer(ranking(run, self.k).best)

    def drawn(self, answer: Answer, shown: Shown, *, texts: bool = True) -> BgrImage:
        """Draw the answer on a copy of what is shown: boxes, or the likeliest class."""
        if answer.boxes is not None:
            boxes = shown.placed(answer.boxes)
            style = BoxStyle(labels=texts, confidence=texts)
            return draw_detections(shown.image, boxes, label=self.card.label, style=style)
        if texts and answer.best:
            return draw_class(shown.image, answer.best)
        return BgrImage(shown.image.copy())


def labels_of(answer: Answer) -> tuple[str, ...]:
    """Name what an answer counts for: each of its boxes, or the likeliest class alone."""
    counted = answer.ranked[:1] if answer.boxes is None else answer.ranked
    return tuple(each.label for each in counted)


def counts(answers: Iterable[Answer]) -> Counter[str]:
    """Count boxes (of a classifier, images) for each label, over all answers."""
    return Counter(label for answer in answers for label in labels_of(answer))
