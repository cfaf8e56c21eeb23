"""What a stream does to each frame; the knobs replace the whole value, never a part of it."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from core.blob.spec import BlobSpec
from core.nets.card import ModelCard
from core.pipeline import Thresholds
from core.render.planes import Colouring

LiveMode = Literal["detection", "classification", "planes"]
LIVE_MODES: tuple[LiveMode, ...] = get_args(LiveMode)


@dataclass(frozen=True, eq=False)
class LiveSettings:
    """How a frame is processed.

    Attributes:
        mode: boxes, a ranking, or the planes of the blob.
        spec: how the image becomes a blob.
        card: the model that looks; the planes need none.
        thresholds: of the post-processing; a ranking uses the confidence only.
        k: how many classes a ranking writes down.
        mirror: turn the image left to right before anything else, as in a mirror.
        colouring, shared: how the planes are drawn, see ``render_planes``.

    Raises:
        ValueError: boxes or a ranking without a model.
    """

    mode: LiveMode
    spec: BlobSpec
    card: ModelCard | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    k: int = 3
    mirror: bool = False
    colouring: Colouring = "auto"
    shared: bool = True

    def __post_init__(self) -> None:
        if self.card is None and self.mode != "planes":
            raise ValueError(f"{self.mode} needs a model")
