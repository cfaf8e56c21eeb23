"""The contract of an output layout: what each module in ``core/results/layouts`` holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import LayoutUnknown
from core.outputs import LayoutName, Outputs
from core.picture.size import Size
from core.results.detections import Detections
from core.results.grids import Anchors, Grids, HeadRule

Lines = tuple[str, ...]

CORNER_LINE = "xyxy = np.hstack([centres - sides / 2, centres + sides / 2])"
"""The line of a script that turns ``centres`` and ``sides`` into ``xyxy``."""


@dataclass(frozen=True, slots=True)
class NetFacts:
    """What is known of a net beside its outputs.

    Attributes:
        size: the blob's width and height.
        anchors: widths and heights of a YOLOv2's anchors in cells, from the card.
        heads: what a Darknet .cfg says, a rule a head, in the file's order.
    """

    size: Size
    anchors: Anchors = ()
    heads: Sequence[HeadRule] = ()


@dataclass(frozen=True, eq=False, slots=True)
class DecodedRows:
    """The rows of a net's outputs whose confidence is above a threshold.

    Attributes:
        rows: how many rows the net gave.
        top_confidence: the highest confidence among them, 0..1.
        confident: those above the threshold, the most confident first.
    """

    rows: int
    top_confidence: float
    confident: Detections


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """All that is known of one way in which detectors write boxes into their outputs.

    Attributes:
        name: as a card names it.
        shape: of the outputs, for sentences: "[1, 4+C, N]".
        row: the numbers of a row, for sentences and the comment of a script.
        recognises: tells whether outputs are written so.
        decode: turns outputs into boxes in blob pixels: all rows, each with its best class,
            no threshold, no NMS. Raises LayoutUnknown where the shapes do not fit.
        lines: the same as lines of a script. They find ``outputs``, arrays by name, and
            ``into``, the blob's width and height; they leave ``xyxy``, ``class_ids`` and
            ``confidences`` behind.
        grids: lays the rows back into the cells they came from; None where that is lost.
        no_grid: why there are no grids.
        decode_above: a quicker way to what is above a confidence; None where nothing is.
    """

    name: LayoutName
    shape: str
    row: str
    recognises: Callable[[Outputs, NetFacts], bool]
    decode: Callable[[Outputs, NetFacts], Detections]
    lines: Callable[[Outputs, NetFacts], Lines]
    grids: Callable[[Outputs, NetFacts], Grids] | None = None
    no_grid: str = ""
    decode_above: Callable[[Outputs, NetFacts, float], DecodedRows | None] | None = None

    def misfit(self, outputs: Outputs, hint: str = "") -> LayoutUnknown:
        """Say that the outputs do not have this layout's shape."""
        return LayoutUnknown(
            f"The layout {self.name} is {self.shape}, but the net answered "
            f"{outputs.listed}.{hint} Name another one in the card (layout = ...), or auto."
        )
