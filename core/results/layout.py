"""The contract of an output layout: what each module in ``core/results/layouts`` holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import LayoutUnknown
from core.outputs import LayoutName, Outputs
from core.picture.size import Size
from core.results.box_rows import BoxRows
from core.results.grids import Anchors, Grids, HeadRule


@dataclass(frozen=True, slots=True)
class NetFacts:
    """What is known of a net beside its outputs.

    Attributes:
        size: the blob's width and height.
        anchors: widths and heights of the anchors that the card states: YOLOv2's in cells,
            others' in blob pixels.
        heads: what a Darknet .cfg says, a rule a head, in the file's order.
        labels: how many labels the card has; None where there is no card.
        label_offset: how many class ids come before the first label.
        darknet: whether OpenCV read the net from Darknet's files; None where nobody knows.
    """

    size: Size
    anchors: Anchors = ()
    heads: Sequence[HeadRule] = ()
    labels: int | None = None
    label_offset: int = 0
    darknet: bool | None = None

    def fit_classes(self, classes: int) -> bool | None:
        """Tell whether so many classes are as many as the labels; None without labels."""
        if self.labels is None:
            return None
        return classes in (self.labels, self.labels + self.label_offset)

    def fit_class_ids(self, largest: int) -> bool | None:
        """Tell whether the labels name classes up to this one; None without labels."""
        return None if self.labels is None else largest < self.labels + self.label_offset


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """All that is known of one way in which detectors write boxes into their outputs.

    Attributes:
        name: as a card names it.
        families: the nets that write so.
        shape: of the outputs, for sentences: "[1, 4+C, N]".
        row: the numbers of a row, for sentences and the comment of a script.
        read: takes outputs apart: boxes, scores, and the lines of a script that do the same.
            None where the shapes are not this layout's. Raises LayoutUnknown where they are,
            but something else is missing.
        grids: lays the rows back into the cells they came from; None where that is lost.
        no_grid: why there are no grids.
        fits: tells whether the shapes fit without reading; only for layouts that ``read``
            cannot do without help from the card.
        remark: what a visitor should know of such nets and OpenCV, for sentences.
    """

    name: LayoutName
    families: str
    shape: str
    row: str
    read: Callable[[Outputs, NetFacts], BoxRows | None]
    grids: Callable[[Outputs, NetFacts], Grids] | None = None
    no_grid: str = ""
    fits: Callable[[Outputs, NetFacts], bool] | None = None
    remark: str = ""

    def rows(self, outputs: Outputs, facts: NetFacts) -> BoxRows:
        """Take outputs apart that somebody says are written so.

        Raises:
            LayoutUnknown: the outputs do not have this layout's shape.
        """
        rows = self.read(outputs, facts)
        if rows is None:
            raise LayoutUnknown(
                f"The layout {self.name} is {self.shape}, but the net answered "
                f"{outputs.listed}. Choose another one, or auto."
            )
        return rows
