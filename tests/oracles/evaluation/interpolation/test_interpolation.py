"""The picture of interpolations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ogan_bench.data import Dataset
from ogan_bench.evaluation.image_grids import LINE
from tests.oracles.evaluation.known_pairs import Unflat, measure, subject_of

pytestmark = pytest.mark.usefixtures("_no_weights")


def test_the_picture_runs_from_image_to_image(dataset: Dataset, tmp_path: Path) -> None:
    subject = subject_of(dataset, Unflat(tuple(dataset.shape)), folder=tmp_path)
    measure(subject, "interpolation")
    with Image.open(tmp_path / "interpolations.png") as picture:
        pixels = np.array(picture)
    cell = 48 + LINE
    assert pixels.shape == (8 * cell - LINE, 10 * cell - LINE)
    columns = [pixels[:, cell * column : cell * column + 48] for column in range(10)]
    for original, own in ((0, 1), (9, 8)):
        assert np.abs(columns[original].astype(int) - columns[own]).max() <= 1
    assert len({columns[0][cell * row : cell * row + 48].tobytes() for row in range(8)}) > 1
