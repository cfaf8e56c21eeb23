"""In which output layout a whole series is read: it must not change from image to image."""

from dataclasses import dataclass, replace

from core.blob.spec import BlobSpec
from core.doubts import plain_doubts
from core.errors import LayoutUnknown
from core.nets.card import ModelCard
from core.outputs import AUTO
from core.pipeline import Run, raw_detections


@dataclass(frozen=True, slots=True)
class Reading:
    """How the images of a series are read, and what speaks against believing the answers.

    Attributes:
        layout: the output layout, and why it is that one, as a sentence; empty of a
            classifier.
        doubts: sentences on labels or a size that do not fit the net.
    """

    layout: str
    doubts: tuple[str, ...]


class Settled:
    """Reads all images of a series in one layout: that of the first one that tells.

    Recognised one by one, two images could be read in two layouts without a word. A table
    without any confidence above 0 does not tell: empty rows fit many layouts. Another
    model or spec begins anew. ``reading`` is None until an image has told.
    """

    def __init__(self) -> None:
        self.reading: Reading | None = None
        self._of: tuple[ModelCard, BlobSpec] | None = None
        self._card: ModelCard | None = None

    def settle(self, run: Run, *, where: str) -> Run:
        """Return the run, to be read in the layout of the series.

        Args:
            run: what the slow half made of the next image.
            where: which image that is, for sentences: "frame 12".

        Raises:
            LayoutUnknown: the first outputs fit no layout or several, or later ones do not
                fit that of the series.
        """
        if self._of != (run.card, run.spec):
            self.reading, self._of, self._card = None, (run.card, run.spec), None
        if self._card is None:
            return self._first(run, where)
        settled = replace(run, card=self._card)
        if self._card.task == "detection":
            try:
                _ = settled.reading  # raises where it does not fit
            except LayoutUnknown as misfit:
                raise LayoutUnknown(
                    f"Read in the same layout as those before, {where} makes no sense. {misfit}"
                ) from misfit
        return settled

    def _first(self, run: Run, where: str) -> Run:
        """Settle the layout by this image, if it tells."""
        card, layout = run.card, ""
        if card.task == "detection":
            found = run.reading
            if not raw_detections(run).confidence.max(initial=0) > 0:
                return run
            why = "as chosen or as the model card says"
            if card.layout == AUTO:
                why = f"recognised in {where} and kept for all that follow"
                card = replace(card, layout=found.layout)
            layout = f"Output layout: {found.layout}, {why}: {found.grounds}."
        self._card = card
        self.reading = Reading(layout, plain_doubts(run))
        return replace(run, card=card)
