"""The two nets, in layers that all four formats can say.

Convolution with a batch normalisation that folds away, ReLU, addition, max pooling, nearest
upsampling, concatenation, global average and one dense layer: nothing else.
"""

import torch
from torch import nn
from torch.nn import functional

WIDTHS = (32, 64, 128, 224)
"""Channels of the detector's four stages."""

CLASSIFIER_WIDTHS = (32, 64, 128, 168)
"""The classifier's: its four formats together may take 12 MB."""

BLOCKS = (1, 2, 2, 1)


class ConvBn(nn.Module):
    """A convolution without bias and its batch normalisation."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the normalised planes, without an activation."""
        return self.bn(self.conv(x))


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the first one halves the plane if stride is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = ConvBn(inputs, outputs, 3, stride)
        self.second = ConvBn(outputs, outputs)
        same = inputs == outputs and stride == 1
        self.shortcut = None if same else ConvBn(inputs, outputs, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sum of both ways, through a ReLU."""
        beside = x if self.shortcut is None else self.shortcut(x)
        return functional.relu(self.second(functional.relu(self.first(x))) + beside)


class Backbone(nn.Module):
    """A stem that halves the plane and four stages of residual blocks, each but one halving it.

    With `pool` a max pooling behind the stem halves it once more: the same weights then see
    photos of 320 pixels about as they see pictures of 64 to 160 pixels without it.
    """

    def __init__(self, widths: tuple[int, ...], *, pool: bool) -> None:
        super().__init__()
        self.pool = pool
        self.stem = ConvBn(3, widths[0], 3, 2)
        stages, inputs = [], widths[0]
        for number, (width, blocks) in enumerate(zip(widths, BLOCKS, strict=True)):
            stage = []
            for block in range(blocks):
                stage.append(Residual(inputs, width, 2 if block == 0 and number else 1))
                inputs = width
            stages.append(nn.Sequential(*stage))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return the planes behind each of the four stages, finest first."""
        x = functional.relu(self.stem(x))
        if self.pool:
            x = functional.max_pool2d(x, 2, 2)
        seen = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        return seen


class Classifier(nn.Module):
    """Backbone, global average, one dense layer: logits (N, 200) from a blob (N, 3, H, W).

    It learns from pictures of half the size of the blobs that the shipped net takes: see
    `training.scribe.halving`.
    """

    def __init__(self, classes: int = 200, widths: tuple[int, ...] = CLASSIFIER_WIDTHS) -> None:
        super().__init__()
        self.backbone = Backbone(widths, pool=False)
        self.dense = nn.Linear(widths[-1], classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.dense(self.backbone(x)[-1].mean(dim=(2, 3)))


ANCHORS = (
    ((13, 17), (33, 46), (47, 122)),
    ((86, 78), (94, 197), (147, 143)),
    ((174, 264), (237, 200), (278, 292)),
)
"""Anchor boxes (w, h) in blob pixels: k-means medians over the training boxes at 320 pixels."""

STRIDES = (8, 16, 32)


class Head(nn.Module):
    """A 3x3 convolution and a plain 1x1 one: three anchors a cell, 5 + classes numbers each."""

    def __init__(self, inputs: int, middle: int, classes: int) -> None:
        super().__init__()
        self.mix = ConvBn(inputs, middle)
        self.out = nn.Conv2d(middle, 3 * (5 + classes), 1)
        with torch.no_grad():
            bias = self.out.bias.view(3, -1)
            bias[:, 4] = -4.5  # objects are rare: begin near 1 percent
            bias[:, 5:] = -2.2

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mixed planes and the raw numbers."""
        mixed = functional.relu(self.mix(x))
        return mixed, self.out(mixed)


class Detector(nn.Module):
    """The backbone and three heads, strides 8, 16 and 32; coarse planes help finer ones."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.backbone = Backbone(WIDTHS, pool=True)
        self.neck = ConvBn(WIDTHS[3], 128, 1)
        self.coarse = Head(128, 128, classes)
        self.up_middle = ConvBn(128, 64, 1)
        self.middle = Head(64 + WIDTHS[2], 96, classes)
        self.up_fine = ConvBn(96, 48, 1)
        self.fine = Head(48 + WIDTHS[1], 64, classes)

    def freeze(self) -> None:
        """Learn nothing more in the stem and the first stage, whose planes are the largest."""
        for part in (self.backbone.stem, self.backbone.stages[0]):
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> "Detector":
        """Set the mode as usual, but keep the statistics of what is frozen."""
        super().train(mode)
        for part in (self.backbone.stem, self.backbone.stages[0]):
            if not next(part.parameters()).requires_grad:
                part.eval()
        return self

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return raw numbers (N, 3 (5 + classes), H, W) of the fine, middle and coarse head."""
        _, s8, s16, s32 = self.backbone(x)
        neck = functional.relu(self.neck(s32))
        _, coarse = self.coarse(neck)
        up = functional.interpolate(functional.relu(self.up_middle(neck)), scale_factor=2.0)
        mixed, middle = self.middle(torch.cat([up, s16], dim=1))
        up = functional.interpolate(functional.relu(self.up_fine(mixed)), scale_factor=2.0)
        _, fine = self.fine(torch.cat([up, s8], dim=1))
        return fine, middle, coarse
