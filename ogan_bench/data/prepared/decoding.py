"""One encoded image to one square of pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

Crop = Literal["none", "centre"]

FORMATS = ("PNG", "JPEG", "WEBP")
LONGEST = 10
"""The longer side of a usable image is at most so many times the shorter one."""


class UnusableError(ValueError):
    """An image is damaged, or not what a net can learn from; the message says why."""


class BombError(Exception):
    """An image of so many pixels that it may be meant to fill the memory."""

    def __str__(self) -> str:
        return f"more than {Image.MAX_IMAGE_PIXELS:,} pixels: it may be a decompression bomb"


@dataclass(frozen=True)
class Recipe:
    """What is done to an image.

    Args:
        resolution: Height and width of the result in pixels.
        crop: ``centre`` cuts the longer side to the shorter one; ``none`` squeezes.
        crop_size: Height and width, in pixels of the source, of what is cut from its centre before
            all else; ``None``: nothing is.
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
    """Decode, cut, and resize by Pillow's antialiased bilinear filter.

    Args:
        content: A PNG, JPEG or WebP file.
        recipe: What is done to it.

    Returns:
        uint8, shape ``(channels, resolution, resolution)``.

    Raises:
        BombError: It has more pixels than Pillow deems safe.
        UnusableError: It is damaged, animated, of 16 bits, too small or too long.
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
        raise UnusableError("no PNG, JPEG or WebP image") from None
    except Exception as error:  # what the parser of a foreign file raises is not documented
        raise UnusableError(str(error) or type(error).__name__) from None
    if recipe.crop_size is not None:
        image = _centre(image, recipe.crop_size)
    if recipe.crop == "centre":
        image = _centre(image, min(image.size))
    size = (recipe.resolution, recipe.resolution)
    square = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
    return square.reshape(*size, recipe.channels).transpose(2, 0, 1)


def _check(image: Image.Image, recipe: Recipe) -> None:
    """Refuse what can be told from the header alone."""
    if image.width * image.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
        raise BombError  # where Pillow only warns
    size = f"{image.width} x {image.height} pixels"
    short, long = sorted(image.size)
    if short == 0 or long > LONGEST * short:
        raise UnusableError(f"{size}: one side is more than {LONGEST} times the other")
    if recipe.crop_size is not None and short < recipe.crop_size:
        raise UnusableError(f"{size}: smaller than the {recipe.crop_size} that are cut out")
    # A JPEG file of several pictures (MPO) has the photograph first; the others are its previews.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise UnusableError("animated")
    if image.mode.startswith(("I", "F")):
        raise UnusableError(f"mode {image.mode}: not of 8 bits a channel")


def _centre(image: Image.Image, side: int) -> Image.Image:
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
