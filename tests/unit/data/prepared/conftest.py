"""Shared by tests of prepared images: a folder of images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.data.prepared.prepared_folder import N


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small images of many sizes in three formats; the stores are next to it."""
    monkeypatch.setenv("OGAN_BENCH_PREPARED", str(tmp_path / "stores"))
    place = tmp_path / "images"
    place.mkdir()
    random = np.random.default_rng(0)
    for i in range(N):
        width, height = random.integers(8, 40, 2)
        image = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        image.save(place / f"{i:02d}.{('jpg', 'png', 'webp')[i % 3]}")
    return place
