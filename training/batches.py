"""The classifier's examples: random crops, other colours, and batches of them."""

from collections.abc import Iterator

import cv2
import numpy as np
import torch

from training.data import Pictures


def random_crop(
    picture: np.ndarray, size: int, rng: np.random.Generator, least: float
) -> np.ndarray:
    """Cut out a random part, `least` to 1 of the area, 3:4 to 4:3, and scale it to a square."""
    height, width = picture.shape[:2]
    area = rng.uniform(least, 1.0) * height * width
    ratio = np.exp(rng.uniform(-1, 1) * np.log(4 / 3))
    wide = min(width, max(1, round((area * ratio) ** 0.5)))
    high = min(height, max(1, round((area / ratio) ** 0.5)))
    left, top = rng.integers(width - wide + 1), rng.integers(height - high + 1)
    part = picture[top : top + high, left : left + wide]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    shrinks = wide > 1.3 * size
    return cv2.resize(
        part, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def speckled(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a picture as if a big photo had been shrunk without smoothing.

    blobFromImage shrinks that way: fur and grass become speckles, stronger where there is more
    detail. The training pictures were shrunk smoothly, so this is what they lack.
    """
    values = picture.astype(np.float32)
    detail = values - cv2.GaussianBlur(values, (0, 0), 1.0)
    noise = rng.standard_normal((*picture.shape[:2], 1), np.float32)
    sharper = values + rng.uniform(0, 1) * detail
    strength = np.abs(detail).mean(axis=2, keepdims=True)
    return (sharper + rng.uniform(0, 1.5) * noise * strength).clip(0, 255).astype(np.uint8)


def as_blob(pictures: np.ndarray) -> torch.Tensor:
    """Return uint8 (N, H, W, 3) as a float blob (N, 3, H, W) in 0..1, channels last."""
    return (
        torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div_(255)
    )


def recoloured(
    blob: torch.Tensor, generator: torch.Generator, strength: float = 0.3
) -> torch.Tensor:
    """Change brightness, contrast and saturation of each picture by its own random factors."""
    factor = 1 + strength * (2 * torch.rand(3, len(blob), 1, 1, 1, generator=generator) - 1)
    brightness, contrast, saturation = factor
    grey = blob.mean(dim=1, keepdim=True)
    blob = grey + (blob - grey) * saturation
    middle = grey.mean(dim=(2, 3), keepdim=True)
    return ((blob - middle) * contrast + middle * brightness).clamp_(0, 1)


def picture_batches(
    pictures: Pictures, *, batch: int, size: int, seed: int, least: float
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield one epoch of augmented blobs (B, 3, size, size) with their class ids (B,)."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    order = rng.permutation(len(pictures))
    for start in range(0, len(order) - batch + 1, batch):
        rows = order[start : start + batch]
        crops = [random_crop(pictures.pixels[row], size, rng, least) for row in rows]
        crops = [speckled(crop, rng) if rng.random() < 0.25 else crop for crop in crops]
        blob = recoloured(as_blob(np.stack(crops)), generator)
        yield blob, torch.from_numpy(pictures.class_id[rows])
