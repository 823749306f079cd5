"""Decode one image file to a square of pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

Crop = Literal["none", "centre"]

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_ASPECT_RATIO = 10
"""Longer over shorter side of a usable image, at most."""


class UnusableError(ValueError):
    """An image is damaged or not fit for training; the message says why."""


class BombError(Exception):
    """An image with so many pixels that it may be a decompression bomb."""

    def __str__(self) -> str:
        return f"more than {Image.MAX_IMAGE_PIXELS:,} pixels: it may be a decompression bomb"


@dataclass(frozen=True)
class Recipe:
    """How an image is prepared.

    Args:
        resolution: Height and width of the result in pixels.
        crop: ``centre`` crops the longer side to the shorter one; ``none`` squeezes.
        crop_size: Side, in pixels of the source, of a centre crop before all else; ``None``: none.
        channels: 3: RGB; 1: grey.
    """

    resolution: int
    crop: Crop
    crop_size: int | None
    channels: Literal[1, 3]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the result."""
        return (self.channels, self.resolution, self.resolution)


def decode(content: bytes, recipe: Recipe) -> npt.NDArray[np.uint8]:
    """Decode, crop, and resize with Pillow's antialiased bilinear filter.

    Args:
        content: A PNG, JPEG or WebP file.
        recipe: How to prepare it.

    Returns:
        uint8, shape ``(channels, resolution, resolution)``.

    Raises:
        BombError: It has more pixels than Pillow considers safe.
        UnusableError: It is damaged, animated, not 8 bits per channel, too small or too elongated.
    """
    mode = "RGB" if recipe.channels == 3 else "L"
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
        _check(image, recipe)
        image.load()
        if image.mode != mode:
            image = image.convert(mode)
    except (UnusableError, BombError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BombError from None
    except UnidentifiedImageError:
        raise UnusableError("not a PNG, JPEG or WebP image") from None
    except Exception as error:  # what Pillow's decoders raise is not documented
        raise UnusableError(str(error) or type(error).__name__) from None
    if recipe.crop_size is not None:
        image = _centre(image, recipe.crop_size)
    if recipe.crop == "centre":
        image = _centre(image, min(image.size))
    size = (recipe.resolution, recipe.resolution)
    square = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
    return square.reshape(*size, recipe.channels).transpose(2, 0, 1)


def _check(image: Image.Image, recipe: Recipe) -> None:
    """Reject images whose header alone shows that they are unusable."""
    if image.width * image.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
        raise BombError  # where Pillow only warns
    size = f"{image.width} x {image.height} pixels"
    short, long = sorted(image.size)
    if short == 0 or long > MAX_ASPECT_RATIO * short:
        raise UnusableError(f"{size}: one side is more than {MAX_ASPECT_RATIO} times the other")
    if recipe.crop_size is not None and short < recipe.crop_size:
        raise UnusableError(f"{size}: smaller than the crop of {recipe.crop_size} pixels")
    # A JPEG file of several pictures (MPO) has the photograph first; the others are its previews.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise UnusableError("animated")
    if image.mode.startswith(("I", "F")):
        raise UnusableError(f"mode {image.mode}: not 8 bits per channel")


def _centre(image: Image.Image, side: int) -> Image.Image:
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
