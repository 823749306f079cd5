"""What is done to real and generated images alike before an encoder sees them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from pydantic import NonNegativeFloat
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.errors import UserError


def none(images: Tensor, random: torch.Generator) -> Tensor:
    """No augmentation: the images as they are."""
    return images


def diff_augment(
    images: Tensor,
    random: torch.Generator,
    *,
    color: bool = True,
    translation: NonNegativeFloat = 0.125,
    cutout: NonNegativeFloat = 0.5,
) -> Tensor:
    """DiffAugment: random colour, translation and cutout, each image its own, differentiable.

    What moves in from outside and what is cut out is 0, mid-grey for images in [-1, 1]; colours may
    leave that range, as in the paper's code.

    Args:
        images: Shape ``(n, c, h, w)``.
        random: On the CPU, so that draws are the same on every device.
        color: Whether brightness, saturation and contrast change.
        translation: Farthest shift in both directions, as a share of height and width.
        cutout: Height and width of the box that is cut out, as shares of those of the image.

    Returns:
        Images of the same shape.

    Raises:
        UserError: The images are points, of which a cut-out leaves nothing.

    References:
        S. Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, 2020,
        https://arxiv.org/abs/2006.10738
    """
    if images.shape[-2:] == (1, 1):
        raise UserError("augmentation diff_augment is for images: leave it out for points")
    if color:
        images = _recolor(images, random)
    if translation:
        images = _translate(images, random, translation)
    if cutout:
        images = _cut_out(images, random, cutout)
    return images


AUGMENTATIONS: dict[str, Callable[..., Tensor]] = {
    "none": none,
    "diff_augment": diff_augment,
}


def _recolor(images: Tensor, random: torch.Generator) -> Tensor:
    """Brightness ± 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5."""
    drawn = torch.rand(3, len(images), 1, 1, 1, generator=random)
    brightness, saturation, contrast = drawn.to(images.device, images.dtype)
    images = images + brightness - 0.5
    grey = images.mean(dim=1, keepdim=True)
    images = grey + 2 * saturation * (images - grey)
    average = images.mean(dim=(1, 2, 3), keepdim=True)
    changed: Tensor = average + (contrast + 0.5) * (images - average)
    return changed


def _translate(images: Tensor, random: torch.Generator, ratio: float) -> Tensor:
    """Shift by up to ``ratio`` of the height, then of the width; zeros come in."""
    for dim in (2, 3):
        size = images.shape[dim]
        reach = _pixels(size, ratio)
        shift = torch.randint(-reach, reach + 1, (len(images), 1), generator=random)
        source = torch.arange(reach, reach + size) - shift
        index = source[:, None, :, None] if dim == 2 else source[:, None, None, :]
        padding = (0, 0, reach, reach) if dim == 2 else (reach, reach)
        images = F.pad(images, padding).gather(dim, index.to(images.device).expand(images.shape))
    return images


def _cut_out(images: Tensor, random: torch.Generator, ratio: float) -> Tensor:
    """Zero a box; its centre is anywhere in the image, so a part of it may lie outside."""
    cut = torch.ones(len(images), 1, 1, 1, dtype=torch.bool)
    for dim in (2, 3):
        size = images.shape[dim]
        side = _pixels(size, ratio)
        centre = torch.randint(size + 1 - side % 2, (len(images), 1), generator=random)
        first, places = centre - side // 2, torch.arange(size)
        within = (places >= first) & (places < first + side)
        cut = cut & (within[:, None, :, None] if dim == 2 else within[:, None, None, :])
    return images.masked_fill(cut.to(images.device), 0)


def _pixels(size: int, ratio: float) -> int:
    """A share of a side in whole pixels, rounded half up."""
    return int(size * ratio + 0.5)
