"""Images that cannot be decoded say why."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ogan_bench.data.prepared.decoding import Crop, Recipe, decode
from ogan_bench.data.prepared.treatment import UnusableError


def png(width: int, height: int) -> bytes:
    """A PNG file that claims any size, with a single row of pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1 + width))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def animation(suffix: str) -> bytes:
    frames = [Image.new("RGB", (9, 9), (i, 0, 0)) for i in (0, 90, 200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, suffix, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def saved(image: Image.Image, suffix: str = "png") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, suffix)
    return buffer.getvalue()


NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (50, 50, 3), dtype=np.uint8))
UNUSABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF image"),
    "text": (b"not an image", "not a PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF image"),
    "half a JPEG file": (saved(NOISE, "jpeg")[:1500], "truncated"),
    "half a PNG file": (saved(NOISE)[:1500], "truncated"),
    "half a WebP file": (saved(NOISE, "webp")[:700], "."),
    "PNG with a wrong byte": (saved(NOISE)[:900] + b"X" + saved(NOISE)[901:], "."),
    "another format": (saved(NOISE, "ppm"), "not a PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF image"),
    "no pixels": (png(0, 5), "."),
    "a line": (png(200, 1), "200 x 1 pixels: one side is more than 10 times the other"),
    "an animated WebP file": (animation("webp"), "3 frames: animated"),
    "an animated PNG file": (animation("png"), "3 frames: animated"),
    "an animated GIF file": (animation("gif"), "3 frames: animated"),
    "a TIFF file of several pages": (animation("tiff"), "3 frames: .*of several pages"),
    "floats": (saved(Image.new("F", (9, 9)), "tiff"), "32 bits per channel"),
    "Lab": (saved(Image.new("LAB", (9, 9)), "tiff"), "mode LAB: not 8 bits of grey or RGB"),
}


class TestUnusableImages:
    @pytest.mark.parametrize("kind", UNUSABLE)
    def test_say_why(self, kind: str) -> None:
        content, reason = UNUSABLE[kind]
        with pytest.raises(UnusableError, match=reason) as caught:
            decode(content, Recipe(8, "none", None, 3))
        assert "0x" not in str(caught.value)  # no address, so that messages are reproducible

    @pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "gif", "webp", "avif"])
    def test_every_format_is_read(self, suffix: str) -> None:
        flat = Image.new("RGB", (9, 9), (200, 200, 200))
        pixels = decode(saved(flat, suffix), Recipe(8, "refuse", None, 3)).pixels
        assert abs(pixels.astype(int) - 200).max() <= 1

    def test_not_a_square(self) -> None:
        wide = saved(Image.new("RGB", (12, 9)))
        with pytest.raises(UnusableError, match=r"12 x 9 pixels: not a square \(crop: centre"):
            decode(wide, Recipe(8, "refuse", None, 3))
        assert decode(wide, Recipe(8, "none", None, 3)).pixels.shape == (3, 8, 8)

    @pytest.mark.parametrize(
        ("size", "crop", "side"),
        [((15, 15), "refuse", 15), ((40, 15), "centre", 15), ((15, 40), "none", 15)],
    )
    def test_smaller_than_the_resolution(
        self, size: tuple[int, int], crop: Crop, side: int
    ) -> None:
        small = saved(Image.new("RGB", size))
        with pytest.raises(UnusableError, match="smaller than the resolution of 16") as caught:
            decode(small, Recipe(16, crop, None, 3))
        assert f"(resolution: {side} or less; or, of your own images, small: enlarge)" in str(
            caught.value
        )
        assert decode(small, Recipe(side, crop, None, 3)).side == side
        enlarged = decode(small, Recipe(16, crop, None, 3, small="enlarge"))
        assert (enlarged.pixels.shape, enlarged.side) == ((3, 16, 16), side)

    def test_a_crop_that_is_smaller_than_the_resolution(self) -> None:
        wide = saved(Image.new("RGB", (40, 30)))
        with pytest.raises(UnusableError, match="20 x 20 pixels: smaller than the resolution"):
            decode(wide, Recipe(24, "none", 20, 3))

    def test_smaller_than_the_crop(self) -> None:
        wide = Image.fromarray(np.hstack([np.asarray(NOISE)] * 2))
        with pytest.raises(UnusableError, match="100 x 50 pixels: smaller than the crop of 51"):
            decode(saved(wide), Recipe(8, "none", 51, 3))
        assert decode(saved(wide), Recipe(8, "none", 50, 3)).pixels.shape == (3, 8, 8)

    def test_of_which_a_crop_would_leave_little(self) -> None:
        wide = Image.fromarray(np.hstack([np.asarray(NOISE)] * 2))
        with pytest.raises(UnusableError, match="the crop of 22 pixels would leave under 10% of"):
            decode(saved(wide), Recipe(8, "none", 22, 3))
        assert decode(saved(wide), Recipe(8, "none", 23, 3)).pixels.shape == (3, 8, 8)

    def test_a_square_is_taken_as_cropped(self) -> None:
        cropped = decode(saved(NOISE), Recipe(8, "none", 20, 3)).pixels
        assert (cropped == decode(saved(NOISE), Recipe(8, "none", None, 3)).pixels).all()
