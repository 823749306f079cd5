"""Random images, in memory and as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def pixels(n: int = 6, channels: int = 3, side: int = 16, seed: int = 0) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (n, channels, side, side), dtype=np.uint8)


def save_folder(folder: Path, images: np.ndarray[Any, Any]) -> Path:
    folder.mkdir(parents=True)
    for i, image in enumerate(images):
        picture = image.transpose(1, 2, 0)
        Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(
            folder / f"{i:03d}.png"
        )
    return folder
