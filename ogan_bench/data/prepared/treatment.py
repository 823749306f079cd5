"""What becomes of an image that eight bits of grey or RGB do not hold as it is."""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, TiffImagePlugin

from ogan_bench.data.prepared.declared_colours import other_than_srgb

Alpha: TypeAlias = Literal["refuse", "drop", "black", "grey", "white"]
Orientation: TypeAlias = Literal["refuse", "apply", "ignore"]
Profile: TypeAlias = Literal["refuse", "srgb", "ignore"]
Depth: TypeAlias = Literal["refuse", "reduce"]

GREY = ("1", "L", "LA", "La")
COLOUR = ("P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "YCbCr")
CHANGED_LEVELS = 2
"""A profile that moves no level of sRGB further than this is sRGB: profiles are rounded."""


class UnusableError(ValueError):
    """An image is damaged or not fit for training; the message says why."""


@dataclass(frozen=True)
class Treatment:
    """How an image is treated that would otherwise change, or lose something, without a word.

    What changes nothing is no problem: opaque alpha, orientation 1, a profile that is sRGB.

    Args:
        alpha: Transparent pixels: composited on black, grey or white, or alpha is dropped, so that
            hidden colours count.
        orientation: EXIF's: applied, or ignored, so that pixels stay as they are stored.
        profile: Colours that are not sRGB, or CMYK: converted by an embedded profile, or left as
            they are stored.
        depth: 16 bits a channel: reduced to the upper eight.
    """

    alpha: Alpha = "refuse"
    orientation: Orientation = "refuse"
    profile: Profile = "refuse"
    depth: Depth = "refuse"


REFUSE = Treatment()
"""Nothing is changed."""
AS_STORED = Treatment(alpha="drop", orientation="ignore", profile="ignore")
"""Pixels as they are stored, as a published dataset is commonly read."""


def described(
    parameters: Mapping[str, object], resize: int | None = None, left_out: int = 0
) -> str:
    """What was done to the images of a source, for rows; empty if nothing was.

    Args:
        parameters: Of its dataset or files, by name, other than the defaults.
        resize: Height and width that images were resized to on request.
        left_out: Number of unusable images.
    """
    done = [f"{key} {value}" for key, value in parameters.items()]
    if left_out:
        done.append(f"{left_out} unusable left out")
    if resize is not None:
        done.append(f"resized to {resize} x {resize} (bilinear, antialiased)")
    return ", ".join(done)


def treated(image: Image.Image, content: bytes, treatment: Treatment) -> Image.Image:
    """An opened image as 8-bit grey (mode L) or RGB, upright and opaque.

    Args:
        image: As Pillow opened it, its pixels not yet read.
        content: The file.
        treatment: What is done, and what is refused.

    Raises:
        UnusableError: It would change in a way that is to be refused.
    """
    bits = _bits(image, content)
    if bits > 8 and treatment.depth == "refuse":
        raise UnusableError(f"{bits} bits per channel (depth: reduce takes the upper 8)")
    if image.format != "TIFF":  # whose orientation Pillow applies as it reads the pixels
        image.load()
    icc = image.info.get("icc_profile")
    if not icc and treatment.profile != "ignore" and (declared := other_than_srgb(image, content)):
        raise UnusableError(
            f"colours that are not sRGB by {declared}, without a profile to convert them by "
            "(profile: ignore leaves them as stored)"
        )
    image = _upright(image, treatment.orientation)
    if image.mode.startswith("I;16") and bits == 16:
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode not in (*GREY, *COLOUR, "CMYK"):
        raise UnusableError(f"mode {image.mode}: not 8 bits of grey or RGB per channel")
    mask = _mask(image, treatment.alpha)
    colours = _coloured(image, icc, treatment.profile)
    if mask is None:
        return colours
    opaque = Image.new(colours.mode, colours.size, treatment.alpha)
    opaque.paste(colours, mask=mask)
    return opaque


def _bits(image: Image.Image, content: bytes) -> int:
    """Bits per channel as the file has them: Pillow opens RGB of 16 bits as RGB of 8."""
    if image.format == "PNG":
        return content[24]  # in the header, which is always the first chunk
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return int(max(image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (1,))))
    if image.format == "AVIF":
        box = content.find(b"pixi")  # its version, flags and number of channels precede the bits
        return content[box + 9] if 0 <= box < len(content) - 9 else 8
    return 8


def _upright(image: Image.Image, wanted: Orientation) -> Image.Image:
    try:
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF, of which Pillow's errors are not documented, says nothing
        return image
    if orientation not in range(2, 9):
        return image
    if wanted == "refuse":
        raise UnusableError(
            f"EXIF orientation {orientation} (orientation: apply turns it, ignore does not)"
        )
    if wanted == "apply":
        return ImageOps.exif_transpose(image)
    del exif[ExifTags.Base.Orientation]
    return image


def _mask(image: Image.Image, wanted: Alpha) -> Image.Image | None:
    """Alpha, if it is to be composited: mode L."""
    if not image.has_transparency_data:
        return None
    alpha = image.convert("RGBA").getchannel("A")
    if wanted == "drop" or alpha.getextrema()[0] == 255:
        return None
    if wanted == "refuse":
        raise UnusableError("transparent (alpha: black, grey or white is put behind it, or drop)")
    return alpha


def _coloured(image: Image.Image, icc: bytes | None, wanted: Profile) -> Image.Image:
    """The image without alpha, mode L or RGB, its profile applied or ignored."""
    if image.mode == "CMYK":
        if wanted == "ignore":
            return image.convert("RGB")
        if wanted == "refuse" or not icc:
            missing = "" if icc else " without a profile"
            raise UnusableError(f"CMYK{missing} (profile: srgb converts by its profile, or ignore)")
        return _in_srgb(image, icc)
    grey = image.mode in GREY
    if image.has_transparency_data:  # of a palette or premultiplied, it has to become a channel
        image = image.convert("RGBA")
    colours = image.convert("L" if grey else "RGB")
    if not icc or wanted == "ignore":
        return colours
    if _space(icc) == "RGB":  # grey images often keep the profile of the RGB they are made of
        is_srgb, seen = _is_srgb(icc, "RGB"), colours.convert("RGB")
    else:
        is_srgb, seen = _is_srgb(icc, colours.mode), colours
    if is_srgb:
        return colours
    if wanted == "refuse":
        raise UnusableError("a colour profile that is not sRGB (profile: srgb converts, or ignore)")
    return _in_srgb(seen, icc)


def _space(icc: bytes) -> str:
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.xcolor_space.strip()
    except (OSError, ImageCms.PyCMSError):
        raise UnusableError("a damaged colour profile (profile: ignore)") from None


@functools.lru_cache(maxsize=16)
def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    """From a profile to sRGB, made once for all images that carry the same one."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (OSError, ImageCms.PyCMSError):
        raise UnusableError(f"a colour profile that is not of {mode} (profile: ignore)") from None


def _in_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    converted = ImageCms.applyTransform(image, _transform(icc, image.mode))
    assert converted is not None  # it is None only in place
    return converted


@functools.lru_cache(maxsize=16)
def _is_srgb(icc: bytes, mode: str) -> bool:
    """Whether the profile leaves a lattice of colours, or every grey, where they are."""
    if mode == "RGB":
        levels = np.linspace(0, 255, 9).astype(np.uint8)
        lattice = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    else:
        lattice = np.arange(256, dtype=np.uint8)[None]
    image = Image.fromarray(lattice)
    moved = np.asarray(_in_srgb(image, icc)).astype(int) - np.asarray(image.convert("RGB"))
    return bool(abs(moved).max() <= CHANGED_LEVELS)
