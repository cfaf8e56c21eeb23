"""From raw numbers to boxes, and the loss that teaches them.

One head gives (N, 3 * (5 + classes), H, W). With t the raw numbers of one anchor in one cell:

    x = (2 * sigmoid(tx) - 0.5 + column) / W        w = (2 * sigmoid(tw)) ** 2 * anchor width
    y = (2 * sigmoid(ty) - 0.5 + row) / H           h = (2 * sigmoid(th)) ** 2 * anchor height
    objectness = sigmoid(to)                        class confidences = sigmoid(tc)

This is what Darknet says with `scale_x_y=2`, `new_coords=1` and a logistic activation.
"""

import math

import torch
from torch.nn import functional

from training.models import ANCHORS, STRIDES

OBJECTNESS_BALANCE = (4.0, 1.0, 0.4)
"""The fine head has many more empty cells; these factors even out what the heads count."""


def split(raw: torch.Tensor) -> torch.Tensor:
    """Return raw numbers as (N, 3, H, W, 5 + classes), float32."""
    batch, _, height, width = raw.shape
    return raw.float().view(batch, 3, -1, height, width).permute(0, 1, 3, 4, 2)


def decoded(heads: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return (N, rows, 5 + classes): cx, cy, w, h in 0..1, objectness, class confidences."""
    rows = []
    for raw, anchors, stride in zip(heads, ANCHORS, STRIDES, strict=True):
        numbers = split(raw).sigmoid()
        batch, _, height, width, columns = numbers.shape
        down, across = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        grid, cells = torch.stack([across, down], dim=-1), torch.tensor([width, height])
        shape = torch.tensor(anchors)[:, None, None] / (stride * cells)
        centre = (numbers[..., :2] * 2 - 0.5 + grid) / cells
        sides = (numbers[..., 2:4] * 2) ** 2 * shape
        found = torch.cat([centre, sides, numbers[..., 4:]], dim=-1)
        rows.append(found.reshape(batch, -1, columns))
    return torch.cat(rows, dim=1)


def overlap(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return IoU and complete IoU (Zheng et al., 2020) of boxes cx, cy, w, h, row by row."""
    low = torch.maximum(first[:, :2] - first[:, 2:] / 2, second[:, :2] - second[:, 2:] / 2)
    high = torch.minimum(first[:, :2] + first[:, 2:] / 2, second[:, :2] + second[:, 2:] / 2)
    common = (high - low).clamp(min=0).prod(dim=1)
    iou = common / (first[:, 2:].prod(dim=1) + second[:, 2:].prod(dim=1) - common + 1e-9)
    out_low = torch.minimum(first[:, :2] - first[:, 2:] / 2, second[:, :2] - second[:, 2:] / 2)
    out_high = torch.maximum(first[:, :2] + first[:, 2:] / 2, second[:, :2] + second[:, 2:] / 2)
    diagonal = ((out_high - out_low) ** 2).sum(dim=1) + 1e-9
    distance = ((first[:, :2] - second[:, :2]) ** 2).sum(dim=1)
    angle = torch.atan(first[:, 2] / (first[:, 3] + 1e-9)) - torch.atan(
        second[:, 2] / second[:, 3]
    )
    shape = 4 / math.pi**2 * angle**2
    weight = (shape / (1 - iou + shape + 1e-9)).detach()
    return iou, iou - distance / diagonal - weight * shape


def assigned(
    targets: torch.Tensor, anchors: torch.Tensor, width: int, height: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return which target, anchor, row and column are to answer for each other.

    A target takes every anchor whose sides are within a factor of 4 of its own, in its own cell
    and in the two nearest neighbours: three times as many examples to learn from.
    """
    sides = targets[:, 4:6] * torch.tensor([width, height])
    ratio = sides[:, None] / anchors[None]
    number, anchor = (torch.maximum(ratio, 1 / ratio).amax(dim=2) < 4).nonzero(as_tuple=True)
    centre = targets[number, 2:4] * torch.tensor([width, height])
    cell = centre.long()
    inside = centre - cell
    step = torch.where(inside < 0.5, -1, 1)
    across = torch.stack([step[:, 0], torch.zeros_like(step[:, 0])], dim=1)
    down = torch.stack([torch.zeros_like(step[:, 1]), step[:, 1]], dim=1)
    cells = torch.cat([cell, cell + across, cell + down])
    number, anchor = number.repeat(3), anchor.repeat(3)
    inner = ((cells >= 0) & (cells < torch.tensor([width, height]))).all(dim=1)
    column, row = cells[inner].unbind(dim=1)
    return number[inner], anchor[inner], row, column


def head_loss(
    raw: torch.Tensor, anchors: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the box, the objectness and the class loss of one head; anchors are in cells.

    A target of probability p asks for an objectness of p times (0.5 + 0.5 IoU), and its box
    and class count p times. One of probability -1 asks for nothing, and its cells are free to
    say what they like.
    """
    numbers = split(raw)
    _, _, height, width, _ = numbers.shape
    wanted, weight = torch.zeros(numbers.shape[:4]), torch.ones(numbers.shape[:4])
    cells = torch.tensor([width, height])
    number, anchor, row, column = assigned(targets, anchors, width, height)
    free = targets[number, 6] < 0
    weight[targets[number, 0].long()[free], anchor[free], row[free], column[free]] = 0
    number, anchor, row, column = (v[~free] for v in (number, anchor, row, column))
    box = classes = numbers.sum() * 0
    if len(number):
        photo, probability = targets[number, 0].long(), targets[number, 6]
        chosen = numbers[photo, anchor, row, column]
        centre = chosen[:, :2].sigmoid() * 2 - 0.5
        sides = (chosen[:, 2:4].sigmoid() * 2) ** 2 * anchors[anchor]
        truth = targets[number, 2:6] * cells.repeat(2)
        truth = torch.cat(
            [truth[:, :2] - torch.stack([column, row], dim=1), truth[:, 2:]], dim=1
        )
        iou, complete = overlap(torch.cat([centre, sides], dim=1), truth)
        box = ((1 - complete) * probability).sum() / probability.sum()
        asked = probability * (0.5 + 0.5 * iou.detach().clamp(min=0))
        order = asked.argsort()  # where several targets want one cell, the largest stays
        at = photo[order], anchor[order], row[order], column[order]
        wanted[at], weight[at] = asked[order], 1.0
        one_hot = functional.one_hot(targets[number, 1].long(), numbers.shape[-1] - 5).float()
        classes = functional.binary_cross_entropy_with_logits(
            chosen[:, 5:], one_hot, reduction="none"
        ).mean(dim=1)
        classes = (classes * probability).sum() / probability.sum()
    objectness = functional.binary_cross_entropy_with_logits(
        numbers[..., 4], wanted, weight=weight
    )
    return box, objectness, classes


def detection_loss(heads: tuple[torch.Tensor, ...], targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of all heads: 1.5 box + 12 objectness + 0.3 class, times the classes."""
    total = torch.zeros(())
    for raw, anchors, stride, balance in zip(
        heads, ANCHORS, STRIDES, OBJECTNESS_BALANCE, strict=True
    ):
        in_cells = torch.tensor(anchors) / stride
        box, objectness, classes = head_loss(raw, in_cells, targets)
        per_class = 0.3 * (raw.shape[1] // 3 - 5)
        total = total + 1.5 * box + 12 * balance * objectness + per_class * classes
    return total
