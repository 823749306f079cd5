"""Decode one image file to a square of pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ogan_bench.data.prepared.treatment import REFUSE, Treatment, UnusableError, treated
from ogan_bench.data.reading.image_files import READ

Crop = Literal["refuse", "none", "centre"]
Small = Literal["refuse", "enlarge"]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF")
"""Pillow's names of what :data:`~ogan_bench.data.reading.image_files.READ` says; a DIB is a BMP
without the header of its file."""
MAX_ASPECT_RATIO = 10
"""Longer over shorter side of a usable image, at most."""

LEAST_CROPPED = 0.1
"""Share of an image that a crop of a size in pixels leaves at least; else it is of another source.
The usual crops of CelebA leave 30 to 82 %."""


@dataclass(frozen=True)
class Recipe:
    """How an image is prepared.

    Args:
        resolution: Height and width of the result in pixels.
        crop: ``centre`` crops the longer side to the shorter one, ``none`` squeezes; ``refuse``
            takes squares only.
        crop_size: Side, in pixels of the source, of a centre crop before all else; ``None``: none.
            Squares are taken as cropped.
        channels: 3: RGB; 1: grey.
        treatment: Of what 8 bits of grey or RGB do not hold as it is.
        small: What is done with an image that has fewer pixels, once cropped, than the result.
    """

    resolution: int
    crop: Crop
    crop_size: int | None
    channels: Literal[1, 3]
    treatment: Treatment = REFUSE
    small: Small = "refuse"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the result."""
        return (self.channels, self.resolution, self.resolution)


class Decoded(NamedTuple):
    """An image as it is trained on.

    Args:
        pixels: uint8, shape ``(channels, resolution, resolution)``.
        side: Shorter side of the image that they were made of, in pixels.
    """

    pixels: npt.NDArray[np.uint8]
    side: int


def decode(content: bytes, recipe: Recipe) -> Decoded:
    """Decode, treat, crop, and resize with Pillow's antialiased bilinear filter.

    Args:
        content: A file of one of the :data:`FORMATS`.
        recipe: How to prepare it.

    Raises:
        UnusableError: It is damaged, animated, too small, too elongated or so large that it may be
            a decompression bomb, or the recipe refuses to change it.
    """
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        return Decoded(prepared_image(image, content, recipe), min(image.size))
    except UnusableError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _bomb() from None
    except UnidentifiedImageError:
        raise UnusableError(f"not a {READ} image") from None
    except Exception as error:  # what Pillow's decoders raise is not documented
        raise UnusableError(str(error) or type(error).__name__) from None


def prepared_image(image: Image.Image, content: bytes, recipe: Recipe) -> npt.NDArray[np.uint8]:
    """An opened image, treated, cropped and resized like that of a file.

    Args:
        image: As Pillow opened it.
        content: The file; empty if the image is of none.
        recipe: How to prepare it.

    Returns:
        uint8, shape ``(channels, resolution, resolution)``.

    Raises:
        UnusableError: As :func:`decode`.
    """
    mode = "RGB" if recipe.channels == 3 else "L"
    _check(image, recipe)
    image = treated(image, content, recipe.treatment)
    if image.mode != mode:
        image = image.convert(mode)
    if recipe.crop_size is not None and image.width != image.height:
        image = _centre(image, recipe.crop_size)
    if recipe.crop == "centre":
        image = _centre(image, min(image.size))
    if recipe.small == "refuse" and min(image.size) < recipe.resolution:
        raise UnusableError(
            f"{image.width} x {image.height} pixels: smaller than the resolution of "
            f"{recipe.resolution} (resolution: {min(image.size)} or less; or, of your own images, "
            "small: enlarge)"
        )
    size = (recipe.resolution, recipe.resolution)
    square = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
    return square.reshape(*size, recipe.channels).transpose(2, 0, 1)


def _check(image: Image.Image, recipe: Recipe) -> None:
    """Reject images whose header alone shows that they are unusable."""
    if image.width * image.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
        raise _bomb()  # where Pillow only warns
    size = f"{image.width} x {image.height} pixels"
    short, long = sorted(image.size)
    if short == 0 or long > MAX_ASPECT_RATIO * short:
        raise UnusableError(f"{size}: one side is more than {MAX_ASPECT_RATIO} times the other")
    if recipe.crop_size is not None and short < long:
        crop = f"the crop of {recipe.crop_size} pixels"
        if short < recipe.crop_size:
            raise UnusableError(f"{size}: smaller than {crop}")
        if recipe.crop_size**2 < LEAST_CROPPED * short * long:
            raise UnusableError(f"{size}: {crop} would leave under {LEAST_CROPPED:.0%} of it")
    if recipe.crop == "refuse" and image.width != image.height:
        raise UnusableError(f"{size}: not a square (crop: centre crops it, none squeezes it)")
    check_one_picture(image)


def check_one_picture(image: Image.Image) -> None:
    """Reject animations and files of several pages.

    A JPEG file of several pictures (MPO) has the photograph first; the others are its previews.

    Raises:
        UnusableError: It is one.
    """
    frames = getattr(image, "n_frames", 1)
    if image.format != "MPO" and frames > 1:
        raise UnusableError(f"{frames} frames: animated, or of several pages")


def _bomb() -> UnusableError:
    limit = f"{Image.MAX_IMAGE_PIXELS:,}"
    return UnusableError(f"more than {limit} pixels: it may be a decompression bomb")


def _centre(image: Image.Image, side: int) -> Image.Image:
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
