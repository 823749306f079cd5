"""Colours that a file declares to be other than sRGB by other means than a profile."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import ExifTags, Image, TiffImagePlugin

SRGB_GAMMA = 1 / 2.2
SRGB_PRIMARIES = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
"""The chromaticities x and y of red, green and blue."""
TOLERANCE = 0.005
"""How far a declared gamma or chromaticity of sRGB may be rounded."""

CODED_SRGB = ({1, 2}, {2, 13})
"""Code points (ITU-T H.273) of the primaries and the transfer function of sRGB; 2: unspecified."""
TIFF_PRIMARIES = 319
BMP_PROFILES = (b"DEBM", b"KNIL")
"""``MBED`` and ``LINK``, as they lie in the file."""


def other_than_srgb(image: Image.Image, content: bytes) -> str | None:
    """What declares that stored colours are not of sRGB; None: nothing does.

    A profile, which says it better, is not looked at.

    Args:
        image: As Pillow opened it; its pixels are read, unless it is TIFF.
        content: The file.

    References:
        W3C, Portable Network Graphics, third edition, 2025, section 4.3: which chunk takes
        precedence. ISO/IEC 23008-12 for AVIF's boxes. JEITA CP-3461, DCF 2.0, for Adobe RGB.
    """
    declared: str | None = None
    if image.format == "PNG":
        declared = _of_png(image, content)
    elif image.format == "AVIF":
        box = content.find(b"colrnclx")
        if 0 <= box < len(content) - 12:
            declared = _of_codes("an nclx box", *struct.unpack(">HH", content[box + 8 : box + 12]))
    elif image.format == "BMP":
        declared = _of_bmp(content)
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        primaries = image.tag_v2.get(TIFF_PRIMARIES)
        if primaries and _has_hues(image) and not _near(primaries, SRGB_PRIMARIES):
            declared = "the tag PrimaryChromaticities"
    return declared or _of_exif(image)


def _of_png(image: Image.Image, content: bytes) -> str | None:
    for kind, data in _chunks(content):
        if kind == b"cICP" and len(data) == 4:
            return _of_codes("a cICP chunk", data[0], data[1])
    if "srgb" in image.info:
        return None
    gamma, chromaticity = image.info.get("gamma"), image.info.get("chromaticity")
    if gamma and not _near((gamma,), (SRGB_GAMMA,)):
        return f"gamma {gamma:g}"
    if chromaticity and _has_hues(image) and not _near(chromaticity[2:], SRGB_PRIMARIES):
        return "a cHRM chunk"
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of a PNG's chunks before its pixels."""
    at = 8
    while at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        if kind == b"IDAT":
            return
        yield kind, content[at + 8 : at + 8 + length]
        at += 12 + length


def _of_codes(where: str, primaries: int, transfer: int) -> str | None:
    if primaries in CODED_SRGB[0] and transfer in CODED_SRGB[1]:
        return None
    return f"{where} (primaries {primaries}, transfer {transfer})"


def _of_bmp(content: bytes) -> str | None:
    """A profile that a BMP links or embeds, which Pillow does not read."""
    has_space = len(content) >= 74 and struct.unpack("<I", content[14:18])[0] >= 108
    return "a profile that is not read" if has_space and content[70:74] in BMP_PROFILES else None


def _of_exif(image: Image.Image) -> str | None:
    """The mark of cameras that save Adobe RGB."""
    try:
        index = image.getexif().get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex)
    except Exception:  # damaged EXIF, of which Pillow's errors are not documented, says nothing
        return None
    return "EXIF (Adobe RGB)" if index == "R03" else None


def _has_hues(image: Image.Image) -> bool:
    return image.mode[0] not in "1LI"


def _near(values: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return len(values) == len(wanted) and all(
        abs(float(value) - right) <= TOLERANCE for value, right in zip(values, wanted, strict=True)
    )
