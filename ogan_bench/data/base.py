"""The contract of a dataset: named splits of uint8 images with labels."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class ImageShape(NamedTuple):
    """Shape of one image."""

    channels: int
    height: int
    width: int


@dataclass(frozen=True)
class Split:
    """Images of one split.

    Args:
        images: uint8, shape ``(n, c, h, w)``.
        labels: int64 class indices, shape ``(n,)``.
    """

    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if self.images.dtype != torch.uint8 or self.images.ndim != 4:
            raise ValueError(f"images must be uint8 (n, c, h, w), not {self.images.shape}")
        if self.labels.dtype != torch.int64 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"labels must be int64 ({len(self.images)},), not {self.labels.shape}")

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device) -> Split:
        """The split on another device."""
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Dataset:
    """A dataset with a training and a test split.

    Args:
        name: Its name in :data:`~ogan_bench.data.DATASETS`.
        train: What G and E are trained on, and the reference of fidelity metrics.
        test: What reconstructions and probes are measured on.
        classes: Names of the classes.
        licence: Licence note of the source.
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]
    licence: str

    @property
    def shape(self) -> ImageShape:
        """Shape of one image."""
        return ImageShape(*self.train.images.shape[1:])

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 over all images and labels, 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            for tensor in (split.images, split.labels):
                digest.update(repr(tuple(tensor.shape)).encode())
                digest.update(tensor.contiguous().cpu().numpy().tobytes())
        return digest.hexdigest()[:16]

    def to(self, device: torch.device) -> Dataset:
        """The dataset on another device; 60,000 images of 32 x 32 take 61 MB a channel."""
        moved = Dataset(
            self.name, self.train.to(device), self.test.to(device), self.classes, self.licence
        )
        moved.__dict__["hash"] = self.hash
        return moved


def to_float(images: Tensor) -> Tensor:
    """uint8 in [0, 255] to float32 in [-1, 1], the range of the generator's tanh."""
    return images.float().div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> Tensor:
    """Float in [-1, 1] to uint8, rounded to the nearest level."""
    return images.add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def resize(images: Tensor, resolution: int) -> Tensor:
    """Bilinear resize of uint8 images ``(n, c, h, w)`` to a square, antialiased when shrinking."""
    if images.shape[-2:] == (resolution, resolution):
        return images
    resized = [
        F.interpolate(chunk.float(), (resolution, resolution), mode="bilinear", antialias=True)
        for chunk in images.split(4096)
    ]
    return torch.cat(resized).round_().clamp_(0, 255).to(torch.uint8)
