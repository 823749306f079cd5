"""The contract of a dataset: splits of uint8 images, or of points, with or without labels."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.errors import NoValueError


class ImageShape(NamedTuple):
    """Shape of one image."""

    channels: int
    height: int
    width: int


POINT = ImageShape(2, 1, 1)
"""Shape of a point in the plane: its coordinates are the channels of one pixel."""
FREE_SHARE = 0.5
"""Share of a GPU's free memory that the images of a dataset may occupy."""


@dataclass(frozen=True)
class Split:
    """Images of one split.

    Args:
        images: uint8, shape ``(n, c, h, w)``; or points in the plane, float32, ``(n, 2, 1, 1)``.
        labels: int64 class indices, shape ``(n,)``; ``None`` if the source has no labels.
        attributes: Binary attributes of each image, bool, shape ``(n, a)``.
        factors: Generative factors of each image, int64 indices of their values, shape ``(n, f)``.
        content: Hashed in place of the pixels if they already have a hash of their own; empty: the
            pixels are hashed.
    """

    images: Tensor
    labels: Tensor | None = None
    attributes: Tensor | None = None
    factors: Tensor | None = None
    content: str = ""

    def __post_init__(self) -> None:
        kind, shape = self.images.dtype, tuple(self.images.shape)
        are_images = kind == torch.uint8 and len(shape) == 4
        are_points = kind == torch.float32 and shape[1:] == POINT
        if not (are_images or are_points):
            raise ValueError(
                f"images must be uint8 (n, c, h, w), or float32 (n, 2, 1, 1), not {kind} {shape}"
            )
        labels = self.labels
        if labels is not None and (
            labels.dtype != torch.int64 or labels.shape != self.images.shape[:1]
        ):
            raise ValueError(f"labels must be int64 ({len(self.images)},), not {labels.shape}")
        for name, dtype in (("attributes", torch.bool), ("factors", torch.int64)):
            table: Tensor | None = getattr(self, name)
            if table is not None and (
                table.dtype != dtype or table.ndim != 2 or len(table) != len(self.images)
            ):
                raise ValueError(
                    f"{name} must be {dtype} ({len(self.images)}, k), not {tuple(table.shape)}"
                )

    def __len__(self) -> int:
        return len(self.images)

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 over images, labels, attributes and factors, 16 hexadecimal digits."""
        return _digest(self)

    def hashed(self) -> Iterator[bytes]:
        """What a hash of the split is over, piece by piece."""
        for tensor in (self.images, self.labels, self.attributes, self.factors):
            if tensor is None:
                continue
            yield repr(tuple(tensor.shape)).encode()
            if tensor is self.images and self.content:
                yield self.content.encode()
            else:
                yield tensor.contiguous().cpu().numpy().tobytes()

    @property
    def known_labels(self) -> Tensor:
        """The labels.

        Raises:
            NoValueError: The split has no labels.
        """
        if self.labels is None:
            raise NoValueError("the dataset has no labels")
        return self.labels

    def part(self, chosen: Tensor) -> Split:
        """The images at some indices, copied, with all that belongs to them.

        Args:
            chosen: Indices, on the CPU, shape ``(m,)``.
        """

        def rows(table: Tensor | None) -> Tensor | None:
            return None if table is None else table[chosen.to(table.device)]

        images = self.images[chosen.to(self.images.device)]
        return Split(images, rows(self.labels), rows(self.attributes), rows(self.factors))

    def to(self, device: torch.device) -> Split:
        """The split on another device; attributes and factors stay, as no net reads them."""
        labels = None if self.labels is None else self.labels.to(device)
        return replace(self, images=self.images.to(device), labels=labels)


@dataclass(frozen=True)
class Modes:
    """Modes of a synthetic distribution, known in closed form.

    Args:
        centres: Shape ``(k, 2)``, in the units of the images.
        std: Standard deviation of each mode, in the same units.
    """

    centres: Tensor
    std: float


@dataclass(frozen=True)
class Dataset:
    """A dataset with a training and a test split.

    Args:
        name: Its name in :data:`~ogan_bench.data.DATASETS`.
        train: The training split, also the reference of fidelity metrics.
        test: Images for reconstruction metrics and probes.
        classes: Names of the classes; empty without labels.
        licence: Licence note of the source.
        attributes: Names of the columns of :attr:`Split.attributes`.
        factors: Names of the columns of :attr:`Split.factors`, with the number of their values.
        modes: Modes of a synthetic distribution.
        channels_of: Of stacked images, the dataset that each channel is an independent image of.
        trained_on: Indices of the images of ``train`` that nets were trained on, ascending;
            ``None``: all. They are no part of the hash.
        treatment: What was done to its images beside resizing them; empty if nothing was.
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]
    licence: str
    attributes: tuple[str, ...] = ()
    factors: tuple[tuple[str, int], ...] = ()
    modes: Modes | None = None
    channels_of: Dataset | None = None
    trained_on: Tensor | None = None
    treatment: str = ""

    @functools.cached_property
    def trained(self) -> Split:
        """The training images that nets were trained on."""
        return self.train if self.trained_on is None else self.train.part(self.trained_on)

    @property
    def is_split(self) -> bool:
        """Whether there are test images beside the training images; a set of files has none."""
        return self.test is not self.train

    @property
    def shape(self) -> ImageShape:
        """Shape of one image."""
        return ImageShape(*self.train.images.shape[1:])

    @property
    def is_points(self) -> bool:
        """Whether the images are points in the plane."""
        return self.train.images.is_floating_point()

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 over both splits, 16 hexadecimal digits."""
        return _digest(self.train, self.test)

    def to(self, device: torch.device) -> Dataset:
        """The dataset on another device; 60,000 images of 32 x 32 take 61 MB a channel.

        A dataset that would fill more than half of a GPU's free memory stays where it is, and
        :class:`~ogan_bench.data.batches.Batches` uploads it batch by batch.
        """
        if not _fits(device, self.train.images.nbytes + self.test.images.nbytes):
            return self
        moved = replace(self, train=self.train.to(device), test=self.test.to(device))
        moved.__dict__["hash"] = self.hash
        return moved


def _digest(*splits: Split) -> str:
    digest = hashlib.sha256()
    for split in splits:
        for piece in split.hashed():
            digest.update(piece)
    return digest.hexdigest()[:16]


def _fits(device: torch.device, needed: int) -> bool:
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return needed <= FREE_SHARE * free


def data_root() -> Path:
    """The folder of dataset files: ``$OGAN_BENCH_DATA``, else ``data``."""
    return Path(os.environ.get("OGAN_BENCH_DATA") or "data")


def to_float(images: Tensor) -> Tensor:
    """uint8 in [0, 255] to float32 in [-1, 1], the range of tanh; points are returned unchanged."""
    if images.is_floating_point():
        return images
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
