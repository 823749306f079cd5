"""A folder of images to prepare, and the store that results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ogan_bench.data.prepared.prepare import Prepared, prepared
from ogan_bench.data.prepared.store import Store
from ogan_bench.data.reading.image_files import ImageFiles, find_images

N = 70
"""Images in the folder: more than two chunks."""


def files(place: Path) -> ImageFiles:
    return ImageFiles(place, find_images(place))


def load(place: Path, **parameters: Any) -> Prepared:
    return prepared("faces", files(place), **{"resolution": 8, "crop": "none", **parameters})


def only_store(place: Path) -> Store:
    (found,) = (place.parent / "stores").glob("faces-*")
    return Store(found)


def left_overs(place: Path) -> list[str]:
    """Everything in the folder of stores, except for locks."""
    return [path.name for path in (place.parent / "stores").iterdir() if path.suffix != ".lock"]
