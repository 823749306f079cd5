"""Words on pictures: one that is taken out of its page still says what it shows."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont, ImageOps

FONTS = Path(get_data_path()) / "fonts" / "ttf"
"""Matplotlib's, so that pictures are lettered like the figures."""
PLAIN, BOLD = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"
SIZES = 28
"""Width of a picture in sizes of its text, which so is legible wherever the picture is shown."""
SMALLEST = 11
"""Size of the text in pixels, at least."""
LEADING = 1.4
"""Height of a line, in sizes of the text."""
INK, PAPER = "black", "white"


def labelled(picture: bytes, words: str, title: str) -> bytes | None:
    """A picture below a few words and a title, in a white frame.

    Args:
        picture: An image file.
        words: What it shows.
        title: Which one it is; in bold.

    Returns:
        A PNG file, grey if the picture is; ``None`` if the picture is damaged.
    """
    try:
        opened = Image.open(io.BytesIO(picture))
        image = opened.convert("L" if opened.mode == "L" else "RGB")
    except Exception:  # what Pillow's decoders raise is not documented
        return None
    size = max(SMALLEST, image.width // SIZES)
    parts = [_text(words, PLAIN, size, image.width), _text(title, BOLD, size, image.width), image]
    sheet = Image.new(image.mode, (image.width, sum(part.height for part in parts)), PAPER)
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height
    file = io.BytesIO()
    ImageOps.expand(sheet, size // 2, PAPER).save(file, format="PNG")
    return file.getvalue()


def _text(text: str, name: str, size: int, width: int) -> Image.Image:
    """A text in as many lines as it takes."""
    font = _font(name, size)
    lines = list(_lines(text, font, width))
    height = round(LEADING * size)
    image = Image.new("L", (width, height * len(lines)), PAPER)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((0, height * number), line, INK, font)
    return image


def _lines(text: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    """The lines of a text; a word that is wider than a line goes on in the next one."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        line = word
        while font.getlength(line) > width and len(line) > 1:
            fits = next(n for n in range(len(line) - 1, 0, -1)
                        if n == 1 or font.getlength(line[:n]) <= width)  # fmt: skip
            yield line[:fits]
            line = line[fits:]
    if line:
        yield line


@functools.cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout is in every build of Pillow, so that the same text has the same pixels.
    return ImageFont.truetype(str(FONTS / name), size, layout_engine=ImageFont.Layout.BASIC)
