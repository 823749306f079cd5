"""Each thing that 8 bits of grey or RGB do not hold is refused by name, or treated as was said."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin, TiffImagePlugin

from ogan_bench.data.prepared.decoding import Recipe, decode
from ogan_bench.data.prepared.treatment import AS_STORED, Treatment, UnusableError

SIDE = 8
ORIENTATION = 0x0112


def saved(image: Image.Image, form: str = "png", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def read(content: bytes, channels: Any = 3, **treatment: Any) -> np.ndarray[Any, Any]:
    return decode(content, Recipe(SIDE, "refuse", None, channels, Treatment(**treatment))).pixels


def colour(content: bytes, **treatment: Any) -> list[int]:
    """The colour of an image that has only one."""
    pixels = read(content, **treatment)
    assert (pixels == pixels[:, :1, :1]).all()
    found: list[int] = pixels[:, 0, 0].tolist()
    return found


def png_of_16_bits(levels: tuple[int, ...]) -> bytes:
    """A PNG file of one colour, with 16 bits for each of its 1 to 4 channels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    kind = {1: 0, 2: 4, 3: 2, 4: 6}[len(levels)]
    row = b"\0" + struct.pack(f">{len(levels)}H", *levels) * SIDE
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 16, kind, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * SIDE)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


class TestDepth:
    @pytest.mark.parametrize("levels", [(513,), (513, 65535), (0, 513, 65535), (9, 9, 9, 65535)])
    def test_sixteen_bits_are_refused(self, levels: tuple[int, ...]) -> None:
        with pytest.raises(UnusableError, match=r"16 bits per channel \(depth: reduce"):
            read(png_of_16_bits(levels))

    def test_or_reduced_to_the_upper_eight(self) -> None:
        assert colour(png_of_16_bits((0, 513, 65535)), depth="reduce") == [0, 2, 255]
        assert colour(png_of_16_bits((5000,)), depth="reduce") == [19, 19, 19]

    def test_likewise_in_tiff_files(self) -> None:
        grey = saved(Image.fromarray(np.full((SIDE, SIDE), 5000, np.uint16)), "tiff")
        with pytest.raises(UnusableError, match="16 bits per channel"):
            read(grey)
        assert colour(grey, depth="reduce") == [19, 19, 19]


class TestAlpha:
    half = saved(Image.new("RGBA", (SIDE, SIDE), (200, 100, 0, 51)))
    """A fifth of the colour."""

    def test_transparent_pixels_are_refused(self) -> None:
        with pytest.raises(UnusableError, match=r"transparent \(alpha: black, grey or white"):
            read(self.half)

    @pytest.mark.parametrize(
        ("alpha", "expected"),
        [
            ("drop", [200, 100, 0]),
            ("black", [40, 20, 0]),
            ("white", [244, 224, 204]),
            ("grey", [142, 122, 102]),
        ],
    )
    def test_or_put_on_a_colour_or_dropped(self, alpha: str, expected: list[int]) -> None:
        found = colour(self.half, alpha=alpha)
        assert np.abs(np.subtract(found, expected)).max() <= 1

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
    def test_opaque_alpha_is_no_problem(self, mode: str) -> None:
        opaque = Image.new("RGBA", (SIDE, SIDE), (90, 90, 90, 255)).convert(mode)
        assert colour(saved(opaque)) == [90, 90, 90]

    def test_a_transparent_colour_of_a_palette_or_of_grey_counts_if_it_is_used(self) -> None:
        image = Image.new("L", (SIDE, SIDE), 7)
        assert colour(saved(image, transparency=8)) == [7, 7, 7]
        for form, picture in (("png", image), ("gif", image.convert("P"))):
            hidden = saved(picture, form, transparency=picture.getpixel((0, 0)))
            with pytest.raises(UnusableError, match="transparent"):
                read(hidden)
            assert colour(hidden, alpha="white") == [255, 255, 255]

    def test_grey_stays_grey(self) -> None:
        image = saved(Image.new("LA", (SIDE, SIDE), (100, 0)))
        assert (read(image, 1, alpha="white") == 255).all()


class TestOrientation:
    def turned(self, form: str, orientation: int = 6) -> bytes:
        """Left half white as stored; orientation 6 turns it to the top."""
        pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
        pixels[:, : SIDE // 2] = 255
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        return saved(Image.fromarray(pixels), form, exif=exif)

    @pytest.mark.parametrize("form", ["png", "tiff", "webp"])
    def test_is_refused_applied_or_ignored(self, form: str) -> None:
        content = self.turned(form)
        with pytest.raises(UnusableError, match=r"EXIF orientation 6 \(orientation: apply"):
            read(content)
        upright, stored = (read(content, orientation=way) for way in ("apply", "ignore"))
        assert upright[:, 0].min() > 200
        assert upright[:, -1].max() < 50
        assert stored[:, :, 0].min() > 200
        assert stored[:, :, -1].max() < 50

    @pytest.mark.parametrize("orientation", [0, 1, 9])
    def test_one_and_what_is_none_are_no_problem(self, orientation: int) -> None:
        assert read(self.turned("png", orientation))[:, :, 0].min() == 255

    def test_damaged_exif_says_nothing(self) -> None:
        image = Image.new("RGB", (SIDE, SIDE), (90, 90, 90))
        assert colour(saved(image, "webp", exif=b"Exif\0\0damaged", lossless=True)) == [90, 90, 90]


def profile(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()  # type: ignore[arg-type]


def swapped_profile() -> bytes:
    """sRGB with the primaries of red and blue exchanged, so that colours must be too."""
    content = profile("sRGB")
    assert content.count(b"rXYZ") == content.count(b"bXYZ") == 1
    return content.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")


class TestProfile:
    def test_srgb_is_no_problem(self) -> None:
        image = Image.new("RGB", (SIDE, SIDE), (10, 100, 200))
        assert colour(saved(image, icc_profile=profile("sRGB"))) == [10, 100, 200]
        grey = Image.new("L", (SIDE, SIDE), 77)
        assert colour(saved(grey, icc_profile=profile("sRGB"))) == [77, 77, 77]

    def test_another_is_refused_converted_or_ignored(self) -> None:
        image = Image.new("RGB", (SIDE, SIDE), (10, 100, 200))
        content = saved(image, icc_profile=swapped_profile())
        with pytest.raises(UnusableError, match="a colour profile that is not sRGB"):
            read(content)
        assert colour(content, profile="ignore") == [10, 100, 200]
        converted = colour(content, profile="srgb")
        assert np.abs(np.subtract(converted, [200, 100, 10])).max() <= 2

    def test_a_damaged_one_is_named(self) -> None:
        image = Image.new("RGB", (SIDE, SIDE), (10, 100, 200))
        content = saved(image, icc_profile=b"damaged")
        for way in ("refuse", "srgb"):
            with pytest.raises(UnusableError, match="a damaged colour profile"):
                read(content, profile=way)
        assert colour(content, profile="ignore") == [10, 100, 200]

    def test_cmyk_needs_one_or_is_told_to_ignore_it(self) -> None:
        content = saved(Image.new("CMYK", (SIDE, SIDE), (0, 0, 0, 0)), "jpeg")
        for way in ("refuse", "srgb"):
            with pytest.raises(UnusableError, match="CMYK without a profile"):
                read(content, profile=way)
        assert colour(content, profile="ignore") == [255, 255, 255]


COLOUR = (10, 100, 200)
CHUNKS: dict[str, dict[bytes, bytes]] = {
    "gamma of sRGB": {b"gAMA": struct.pack(">I", 45455)},
    "primaries of sRGB": {
        b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    },
    "sRGB, whatever gamma": {b"gAMA": struct.pack(">I", 100_000), b"sRGB": b"\0"},
    "codes of sRGB, whatever gamma": {
        b"gAMA": struct.pack(">I", 100_000),
        b"cICP": bytes([1, 13, 0, 1]),
    },
    "gamma 1": {b"gAMA": struct.pack(">I", 100_000)},
    "a cHRM chunk": {
        b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    },
    "a cICP chunk (primaries 9, transfer 16)": {b"cICP": bytes([9, 16, 0, 1])},
}


def png_with(chunks: dict[bytes, bytes], mode: str = "RGB") -> bytes:
    info = PngImagePlugin.PngInfo()
    for kind, content in chunks.items():
        info.add(kind, content)
    return saved(Image.new("RGB", (SIDE, SIDE), COLOUR).convert(mode), pnginfo=info)


def avif_with(primaries: int, transfer: int) -> bytes:
    content = saved(Image.new("RGB", (SIDE, SIDE), COLOUR), "avif")
    at = content.index(b"colrnclx") + 8
    return content[:at] + struct.pack(">HH", primaries, transfer) + content[at + 4 :]


def jpeg_of_adobe_rgb() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = 0xFFFF
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = {ExifTags.Interop.InteropIndex: "R03"}
    return saved(Image.new("RGB", (SIDE, SIDE), COLOUR), "jpeg", exif=exif)


def bmp_of_version_5(space: bytes) -> bytes:
    """A BMP whose header of 124 bytes names a colour space."""
    plain = saved(Image.new("RGB", (SIDE, SIDE), COLOUR), "bmp")
    size, offset = len(plain) + 84, 14 + 124
    head = plain[:2] + struct.pack("<IHHI", size, 0, 0, offset) + struct.pack("<I", 124)
    more = b"\0" * 16 + space + b"\0" * 64  # masks; the space; endpoints, gamma, profile
    return head + plain[18:54] + more + plain[54:]


def tiff_with(primaries: tuple[float, ...]) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[319] = 5
    tags[319] = tuple(TiffImagePlugin.IFDRational(round(x * 1000), 1000) for x in primaries)
    return saved(Image.new("RGB", (SIDE, SIDE), COLOUR), "tiff", tiffinfo=tags)


class TestColoursWithoutProfile:
    @pytest.mark.parametrize("kind", [kind for kind in CHUNKS if "sRGB" in kind])
    def test_declared_srgb_is_no_problem(self, kind: str) -> None:
        assert colour(png_with(CHUNKS[kind])) == list(COLOUR)

    @pytest.mark.parametrize("kind", [kind for kind in CHUNKS if "sRGB" not in kind])
    def test_others_in_png_are_refused_or_ignored(self, kind: str) -> None:
        content = png_with(CHUNKS[kind])
        for way in ("refuse", "srgb"):
            with pytest.raises(UnusableError, match=f"not sRGB by {re.escape(kind)}, without"):
                read(content, profile=way)
        assert colour(content, profile="ignore") == list(COLOUR)

    def test_grey_has_a_gamma_and_no_primaries(self) -> None:
        assert len(set(colour(png_with(CHUNKS["a cHRM chunk"], "L")))) == 1
        with pytest.raises(UnusableError, match="gamma 1,"):
            read(png_with(CHUNKS["gamma 1"], "L"))

    @pytest.mark.parametrize(
        ("content", "named"),
        [
            (avif_with(9, 16), r"an nclx box \(primaries 9, transfer 16\)"),
            (jpeg_of_adobe_rgb(), r"EXIF \(Adobe RGB\)"),
            (bmp_of_version_5(b"DEBM"), "a profile that is not read"),
            (tiff_with((0.64, 0.33, 0.21, 0.71, 0.15, 0.06)), "the tag PrimaryChromaticities"),
        ],
        ids=["avif", "jpeg", "bmp", "tiff"],
    )
    def test_likewise_in_other_formats(self, content: bytes, named: str) -> None:
        with pytest.raises(UnusableError, match=f"colours that are not sRGB by {named}"):
            read(content)
        assert np.abs(np.subtract(read(content, profile="ignore")[:, 0, 0], COLOUR)).max() <= 4

    @pytest.mark.parametrize(
        "content",
        [
            avif_with(1, 13),
            bmp_of_version_5(b"BGRs"),
            tiff_with((0.64, 0.33, 0.3, 0.6, 0.15, 0.06)),
        ],
        ids=["avif", "bmp", "tiff"],
    )
    def test_and_srgb_in_them_is_no_problem(self, content: bytes) -> None:
        assert np.abs(np.subtract(read(content)[:, 0, 0], COLOUR)).max() <= 4

    def test_a_profile_says_it_better(self) -> None:
        info = PngImagePlugin.PngInfo()
        info.add(b"gAMA", struct.pack(">I", 100_000))
        image = Image.new("RGB", (SIDE, SIDE), COLOUR)
        assert colour(saved(image, pnginfo=info, icc_profile=profile("sRGB"))) == list(COLOUR)


def test_as_stored_changes_nothing_that_was_published() -> None:
    image = Image.new("RGBA", (SIDE, SIDE), (10, 100, 200, 0))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    content = saved(image, exif=exif, icc_profile=swapped_profile())
    pixels = decode(content, Recipe(SIDE, "none", None, 3, AS_STORED)).pixels
    assert pixels[:, 0, 0].tolist() == [10, 100, 200]
