"""Encoded images of one level of grey."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from ogan_bench.data.base import Split


def flat(level: int, form: str = "PNG", size: tuple[int, int] = (12, 12)) -> bytes:
    """An image of one level of grey, which JPEG keeps too."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (level, level, level)).save(buffer, form, lossless=True)
    return buffer.getvalue()


def write(folder: Path, images: dict[str, bytes]) -> Path:
    for name, content in images.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def levels(split: Split) -> list[int]:
    """The level of every image, which identifies it."""
    assert (split.images == split.images[:, :1, :1, :1]).all()
    return split.images[:, 0, 0, 0].tolist()
