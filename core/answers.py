"""What a model says about a picture, short enough for one row of a table."""

from dataclasses import dataclass

from core.blob.spec import BlobSpec
from core.nets.card import ModelCard
from core.picture.image import Picture
from core.pipeline import Run, Thresholds, detect, ranking, run_model
from core.results.classification import Ranked
from core.results.detections import Detections
from core.wording import counted

MOST_RANKED = 5


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """A model's answer to one picture.

    Attributes:
        ranked: the most likely classes, or the class of each box; by descending confidence.
        boxes: the boxes in pixels of the picture, in the same order; None of a classifier.
    """

    ranked: tuple[Ranked, ...]
    boxes: Detections | None = None

    @property
    def best(self) -> Ranked | None:
        """The class or box with the highest confidence; None if nothing was found."""
        return self.ranked[0] if self.ranked else None

    def __str__(self) -> str:
        if self.best is None:
            return "no boxes"
        most_confident = f"{self.best.label} {self.best.confidence:.0%}"
        if self.boxes is None:
            return most_confident
        return f"{counted(len(self.boxes), 'box')}, best {most_confident}"


def ask(picture: Picture, card: ModelCard, spec: BlobSpec, thresholds: Thresholds) -> Answer:
    """Run a model on a picture with this spec and decode the answer.

    Raises:
        BlobscopeError: what ``pipeline.run_model``, ``detect`` and ``ranking`` raise.
    """
    return read_answer(run_model(picture, card, spec), thresholds)


def read_answer(run: Run, thresholds: Thresholds) -> Answer:
    """Decode the classes or boxes of a run; ``thresholds`` matter to a detector only."""
    if run.card.task == "classification":
        return Answer(ranking(run, MOST_RANKED).best)
    kept = detect(run, thresholds).kept
    rows = zip(kept.class_id.tolist(), kept.confidence.tolist(), strict=True)
    return Answer(tuple(Ranked(each, run.card.label(each), sure) for each, sure in rows), kept)
