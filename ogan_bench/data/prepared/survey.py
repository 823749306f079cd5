"""What the images of a folder are like, and how they have to be treated to be trained on."""

from __future__ import annotations

import io
import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ogan_bench.data.prepared.decoding import FORMATS, check_one_picture
from ogan_bench.data.prepared.treatment import (
    CHANGED_LEVELS,
    Treatment,
    UnusableError,
    treated,
)
from ogan_bench.data.reading.image_files import ImageFiles

CHOICES: dict[str, tuple[str, ...]] = {
    "alpha": ("refuse", "white"),
    "orientation": ("refuse", "apply"),
    "profile": ("refuse", "srgb"),
    "depth": ("refuse", "reduce"),
}
"""Parameter of a dataset of image files to its values: the plain one, and what suits most data."""


@dataclass(frozen=True)
class Survey:
    """What the images that were looked at are like.

    Args:
        looked_at: How many they are.
        side: Median of their shorter sides, in pixels; 0 without a usable image.
        smallest: The smallest of them.
        square: Whether all are squares.
        grey: Whether all are grey, as they are treated.
        treatment: Parameters of the dataset that they need, with a value each.
        unusable: Name to reason, of those that cannot be used whatever the treatment.
    """

    looked_at: int
    side: float
    smallest: int
    square: bool
    grey: bool
    treatment: dict[str, str]
    unusable: dict[str, str]


def survey(files: ImageFiles, most: int = 200) -> Survey:
    """Look at images spread evenly over a folder.

    Args:
        files: The images.
        most: How many are looked at, at most.
    """
    step = max(1, -(-len(files.names) // most))
    chosen = range(0, len(files.names), step)
    sizes, greys, unusable, needed = [], [], {}, dict[str, str]()
    for i in chosen:
        try:
            image, needs = _needs(files.read(i), needed)
        except (OSError, ValueError) as error:
            unusable[files.names[i]] = str(error)
        else:
            sizes.append(image.size)
            greys.append(_is_grey(image))
            needed |= needs
    return Survey(
        looked_at=len(chosen),
        side=statistics.median(map(min, sizes)) if sizes else 0,
        smallest=min(map(min, sizes), default=0),
        square=all(width == height for width, height in sizes),
        grey=all(greys),
        treatment=needed,
        unusable=unusable,
    )


def _needs(content: bytes, known: dict[str, str]) -> tuple[Image.Image, dict[str, str]]:
    """An image as treated, with the fewest parameters beside those known with which it can be used.

    Raises:
        OSError: It cannot be decoded.
        ValueError: It cannot be used.
    """
    last = UnusableError("cannot be used")
    for values in _fewest_first():
        asked = {name: value for name, value in values.items() if value != "refuse"}
        parameters: dict[str, Any] = {**known, **asked}
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                check_one_picture(image)
                return treated(image, content, Treatment(**parameters)), asked
        except UnusableError as error:
            last = error
    raise last


def _is_grey(image: Image.Image) -> bool:
    """Whether an image of mode L or RGB has no colours; conversions leave some of few levels."""
    red, *others = (np.asarray(band).astype(int) for band in image.split())
    return all(abs(red - other).max() <= CHANGED_LEVELS for other in others)


def _fewest_first() -> Sequence[dict[str, str]]:
    combined = [
        dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())
    ]
    return sorted(combined, key=lambda values: sum(one != "refuse" for one in values.values()))
