"""Images as users have them, in the format that a pair was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.data.prepared.decoding import Recipe, prepared_image
from ogan_bench.data.prepared.treatment import UnusableError
from ogan_bench.errors import UserError

GivenImage: TypeAlias = Tensor | npt.NDArray[Any] | Image.Image
GivenImages: TypeAlias = GivenImage | Sequence[GivenImage]
"""One image, a batch, or a list of images, whose sizes may differ."""

TAKEN = (
    "give arrays (h, w), (h, w, c), (n, h, w, c) or, for grey encoders, (n, h, w), or tensors "
    "(c, h, w) or (n, c, h, w), each of uint8 or of floats in [0, 1]; or PIL images, or a list of "
    "single images; c is 1 or 3"
)
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey, ITU-R BT.601, as Pillow has them."""


def as_images(given: GivenImages, recipe: Recipe) -> Tensor:
    """Images as a pair takes them, shape ``(n, c, h, w)``: uint8, or floats in [-1, 1] for floats.

    Where the pair was trained on the other, colour becomes grey, and grey all three channels. Other
    sizes are resized with an antialiased bilinear filter.

    Args:
        given: One of:

            * an array, channels last: ``(h, w)``, ``(h, w, c)`` or ``(n, h, w, c)``, with c of 1 or
              3; if the pair was trained on grey images, also ``(n, h, w)``, where colour images
              with their channels first cannot be meant;
            * a tensor, channels first: ``(c, h, w)`` or ``(n, c, h, w)``; arrays and tensors are
              uint8 in [0, 255], or floats in [0, 1];
            * a PIL image;
            * a list or tuple of single images of these kinds.
        recipe: How the images of the training were prepared.

    Raises:
        UserError: The images are of another kind, layout or range, or the recipe refuses them.
    """
    if isinstance(given, list | tuple):
        singles = [as_images(one, recipe) for one in given]
        if any(len(single) != 1 for single in singles):
            raise UserError(f"images: a list that holds batches; {TAKEN}")
        if len({single.dtype for single in singles}) > 1:
            raise UserError(f"images: a list of both bytes and floats; {TAKEN}")
        return torch.cat(singles) if singles else torch.empty(0, *recipe.shape, dtype=torch.uint8)
    if isinstance(given, Tensor):
        if given.ndim not in (3, 4) or given.shape[-3] not in (1, 3):
            raise UserError(f"images: a tensor of shape {tuple(given.shape)}; {TAKEN}")
        batch = given.detach().reshape(-1, *given.shape[-3:])
        if batch.is_floating_point():
            return _of_floats(batch.float(), recipe)
        if batch.dtype == torch.uint8:
            return _of_bytes(batch.movedim(1, -1).cpu().numpy(), recipe)
        raise UserError(f"images: a tensor of {given.dtype}; {TAKEN}")
    if isinstance(given, Image.Image):
        return _of_pictures([given], recipe)
    if not isinstance(given, np.ndarray):
        raise UserError(f"images: of type {type(given).__name__}; {TAKEN}")
    is_float = np.issubdtype(given.dtype, np.floating)
    if given.dtype != np.uint8 and not is_float:
        raise UserError(f"images: an array of {given.dtype}; {TAKEN}")
    array = given[..., None] if _is_without_channels(given.shape, recipe) else given
    if array.ndim not in (3, 4) or array.shape[-1] not in (1, 3):
        raise UserError(f"images: an array of shape {given.shape}; {TAKEN}")
    pixels = array.reshape(-1, *array.shape[-3:])
    if is_float:
        floats = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32)
        return _of_floats(torch.from_numpy(floats), recipe)
    return _of_bytes(pixels, recipe)


def _is_without_channels(shape: tuple[int, ...], recipe: Recipe) -> bool:
    """Whether an array is ``(h, w)``, or ``(n, h, w)`` where only grey images can be meant."""
    grey_batch = len(shape) == 3 and shape[-1] not in (1, 3) and recipe.channels == 1
    return len(shape) == 2 or grey_batch


def as_points(given: GivenImages) -> Tensor:
    """Points in the plane as a pair takes them, float32, shape ``(n, 2, 1, 1)``.

    Args:
        given: Floats in the units of the training data, an array or a tensor, shape ``(n, 2)`` or
            ``(n, 2, 1, 1)``.

    Raises:
        UserError: It is something else.
    """
    points = torch.tensor(given) if isinstance(given, np.ndarray) else given
    if (
        not isinstance(points, Tensor)
        or not points.is_floating_point()
        or tuple(points.shape[1:]) not in ((2,), (2, 1, 1))
        or not bool(points.isfinite().all())
    ):
        raise UserError("points: give finite floats, an array or a tensor of shape (n, 2)")
    return points.detach().float().reshape(-1, 2, 1, 1)


def _of_bytes(arrays: npt.NDArray[np.uint8], recipe: Recipe) -> Tensor:
    """uint8, shape ``(n, h, w, c)``."""
    c, h, w = recipe.shape
    if arrays.shape[1:] != (h, w, c):
        grey = arrays.shape[-1] == 1
        pictures = [Image.fromarray(array[..., 0] if grey else array) for array in arrays]
        return _of_pictures(pictures, recipe)
    return torch.from_numpy(arrays.transpose(0, 3, 1, 2).copy())


def _of_pictures(pictures: Sequence[Image.Image], recipe: Recipe) -> Tensor:
    try:
        # A copy is no longer of a file, whose bytes would say more about it.
        squares = [prepared_image(picture.copy(), b"", recipe) for picture in pictures]
    except UnusableError as error:
        raise UserError(f"images: {error}; prepare it as the images of the training were") from None
    return torch.from_numpy(np.stack(squares)) if squares else as_images([], recipe)


def _of_floats(batch: Tensor, recipe: Recipe) -> Tensor:
    """Floats, shape ``(n, c, h, w)``."""
    c, h, w = recipe.shape
    if len(batch) == 0:
        return batch.new_empty(0, c, h, w)
    if not bool(((batch >= 0) & (batch <= 1)).all()):  # NaN is neither
        raise UserError(
            f"images: floats from {float(batch.min()):.3g} to {float(batch.max()):.3g}; they must "
            "be in [0, 1]: divide bytes by 255, and turn [-1, 1] into it by (x + 1) / 2"
        )
    if batch.shape[-2] != batch.shape[-1]:
        raise UserError(f"images: floats of {batch.shape[-1]} x {batch.shape[-2]}; crop a square")
    if recipe.small == "refuse" and batch.shape[-1] < w:
        raise UserError(
            f"images: floats of {batch.shape[-1]} x {batch.shape[-2]}, smaller than the {w} x {h} "
            "pixels of the training, whose images were not enlarged either"
        )
    if batch.shape[-2:] != (h, w):
        batch = F.interpolate(batch, (h, w), mode="bilinear", antialias=True)
    if batch.shape[1] > c:
        weights = torch.tensor(LUMA, device=batch.device).view(1, 3, 1, 1)
        batch = (batch * weights).sum(dim=1, keepdim=True)
    return batch.expand(-1, c, -1, -1).mul(2.0).sub(1.0)
