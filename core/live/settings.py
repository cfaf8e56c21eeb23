"""What a stream does to each frame; the knobs replace the whole value, never a part of it."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from core.blob.spec import BlobSpec
from core.nets.card import ModelCard
from core.pipeline import Thresholds
from core.render.planes import Colouring

Sight = Literal["detection", "classification", "planes"]
SIGHTS: tuple[Sight, ...] = get_args(Sight)


@dataclass(frozen=True, eq=False)
class LiveSettings:
    """How a frame is looked at.

    Attributes:
        sight: boxes, a ranking, or the planes of the blob.
        spec: how the image becomes a blob.
        card: the model that looks; the planes need none.
        thresholds: what counts as found; a ranking heeds the confidence only.
        k: how many classes a ranking writes down.
        mirror: turn the image left to right before anything else, as in a mirror.
        colouring, shared: how the planes are drawn, see ``render_planes``.

    Raises:
        ValueError: boxes or a ranking without a model.
    """

    sight: Sight
    spec: BlobSpec
    card: ModelCard | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    k: int = 3
    mirror: bool = False
    colouring: Colouring = "auto"
    shared: bool = True

    def __post_init__(self) -> None:
        if self.card is None and self.sight != "planes":
            raise ValueError(f"{self.sight} needs a model")
