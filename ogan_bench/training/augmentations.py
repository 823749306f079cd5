"""Augmentation of real and generated images before an encoder sees them.

Random numbers are drawn on the host, given only the shape of the images; applying them is
arithmetic on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from pydantic import NonNegativeFloat
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.errors import UserError


@dataclass(frozen=True)
class Augmentation:
    """A random transformation of images.

    Args:
        draw: Maps the shape ``(n, c, h, w)`` of the images and a CPU generator to the tensors, on
            the CPU, that determine what is done to each image.
        apply: Maps images ``(n, c, h, w)`` and these tensors, on the device of the images, to
            images of the same shape; differentiable.
    """

    draw: Callable[[Sequence[int], torch.Generator], Sequence[Tensor]]
    apply: Callable[..., Tensor]


@dataclass(frozen=True)
class DrawnAugmentation:
    """An augmentation whose random numbers are drawn.

    Args:
        apply: See :class:`Augmentation`.
        drawn: The tensors that determine what is done, on the device of the images.
    """

    apply: Callable[..., Tensor]
    drawn: Sequence[Tensor]

    def __call__(self, images: Tensor) -> Tensor:
        """The images ``(n, c, h, w)`` after it."""
        return self.apply(images, *self.drawn)


def none() -> Augmentation:
    """No augmentation: the images as they are."""
    return Augmentation(lambda shape, random: (), lambda images: images)


def diff_augment(
    *,
    color: bool = True,
    translation: NonNegativeFloat = 0.125,
    cutout: NonNegativeFloat = 0.5,
) -> Augmentation:
    """DiffAugment: random colour, translation and cutout, each image its own, differentiable.

    With u uniform in [0, 1), drawn anew for each: brightness x + u - 1/2; saturation
    g + 2u(x - g), where g is the mean over channels; contrast a + (u + 1/2)(x - a), where a is the
    mean of the image. Then a shift of whole pixels, and a box that is cut out, which may lie partly
    outside.

    Pixels that are shifted in or cut out are 0, mid-grey for images in [-1, 1]; colours may leave
    that range, as in the paper's code.

    Args:
        color: Whether brightness, saturation and contrast change.
        translation: Largest shift in both directions, as a share of height and width.
        cutout: Height and width of the box that is cut out, as shares of those of the image.

    Raises:
        UserError: In ``draw``, if the images are points, of which a cut-out leaves nothing.

    References:
        S. Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, 2020,
        https://arxiv.org/abs/2006.10738
    """

    def draw(shape: Sequence[int], random: torch.Generator) -> list[Tensor]:
        if tuple(shape[-2:]) == (1, 1):
            raise UserError("augmentation diff_augment is for images: leave it out for points")
        drawn: list[Tensor] = []
        if color:
            drawn.append(torch.rand(3, shape[0], 1, 1, 1, generator=random))
        if translation:
            drawn += _sources(shape, random, translation)
        if cutout:
            drawn.append(_boxes(shape, random, cutout))
        return drawn

    def apply(images: Tensor, *drawn: Tensor) -> Tensor:
        left = iter(drawn)
        if color:
            images = _recolor(images, next(left))
        if translation:
            images = _translate(images, next(left), next(left), translation)
        if cutout:
            images = images.masked_fill(next(left), 0)
        return images

    return Augmentation(draw, apply)


AUGMENTATIONS: dict[str, Callable[..., Augmentation]] = {
    "none": none,
    "diff_augment": diff_augment,
}


def _recolor(images: Tensor, drawn: Tensor) -> Tensor:
    """Brightness ± 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5.

    Args:
        images: Shape ``(n, c, h, w)``.
        drawn: Uniform in [0, 1), shape ``(3, n, 1, 1, 1)``.
    """
    brightness, saturation, contrast = drawn.to(images.dtype)
    images = images + brightness - 0.5
    grey = images.mean(dim=1, keepdim=True)
    images = grey + 2 * saturation * (images - grey)
    average = images.mean(dim=(1, 2, 3), keepdim=True)
    changed: Tensor = average + (contrast + 0.5) * (images - average)
    return changed


def _sources(shape: Sequence[int], random: torch.Generator, ratio: float) -> list[Tensor]:
    """Source index in the padded image of each row and each column, shapes ``(n, size)``."""
    found = []
    for size in shape[2:]:
        reach = _pixels(size, ratio)
        shift = torch.randint(-reach, reach + 1, (shape[0], 1), generator=random)
        found.append(torch.arange(reach, reach + size) - shift)
    return found


def _translate(images: Tensor, rows: Tensor, columns: Tensor, ratio: float) -> Tensor:
    """Shift by up to ``ratio`` of the height, then of the width; filled with zeros."""
    for dim, index in ((2, rows[:, None, :, None]), (3, columns[:, None, None, :])):
        reach = _pixels(images.shape[dim], ratio)
        padding = (0, 0, reach, reach) if dim == 2 else (reach, reach)
        shape = images.shape
        images = F.pad(images, padding).gather(dim, index.expand(shape))
    return images


def _boxes(shape: Sequence[int], random: torch.Generator, ratio: float) -> Tensor:
    """Mask of what is cut out, bool, shape ``(n, 1, h, w)``.

    The centre of a box can be anywhere in the image, so part of the box may lie outside.
    """
    cut = torch.ones(shape[0], 1, 1, 1, dtype=torch.bool)
    for dim in (2, 3):
        size = shape[dim]
        side = _pixels(size, ratio)
        centre = torch.randint(size + 1 - side % 2, (shape[0], 1), generator=random)
        first, places = centre - side // 2, torch.arange(size)
        within = (places >= first) & (places < first + side)
        cut = cut & (within[:, None, :, None] if dim == 2 else within[:, None, None, :])
    return cut


def _pixels(size: int, ratio: float) -> int:
    """A fraction of a side length in whole pixels, rounded half up."""
    return int(size * ratio + 0.5)
