"""The digits of scikit-learn."""

from __future__ import annotations

import torch

from ogan_bench.data import DATASETS


def test_digits_have_fixed_splits_and_content() -> None:
    dataset = DATASETS["digits"](resolution=16)
    assert dataset.shape == (1, 16, 16)
    assert (len(dataset.train), len(dataset.test)) == (1437, 360)
    assert dataset.hash == "977c0665d0e1e7d3"
    assert dataset.train.images.max() == 255
    counts = torch.bincount(dataset.test.known_labels, minlength=10)
    assert counts.min() >= 25
