"""The picture of interpolations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ogan_bench.data import Dataset
from tests.oracles.evaluation.known_pairs import Unflat, measure, subject_of

pytestmark = pytest.mark.usefixtures("_no_weights")


def test_the_picture_runs_from_image_to_image(dataset: Dataset, tmp_path: Path) -> None:
    subject = subject_of(dataset, Unflat(tuple(dataset.shape)), folder=tmp_path)
    measure(subject, "interpolation")
    with Image.open(tmp_path / "interpolations.png") as picture:
        cells = np.array(picture).reshape(8, 48, 10, 48)[:, ::3, :, ::3]
    for original, own in ((0, 1), (9, 8)):
        assert np.abs(cells[:, :, original].astype(int) - cells[:, :, own]).max() <= 1
    assert len(np.unique(cells[:, :, 0].reshape(8, -1), axis=0)) > 1
