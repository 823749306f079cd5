"""The digits of scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from scipy.stats import chi2_contingency
from torch import Tensor

from ogan_bench.data import DATASETS, Dataset
from ogan_bench.data.sources.digits import _rows


def _counts(dataset: Dataset) -> tuple[Tensor, Tensor]:
    """Images per class: of both parts, and of the test part."""
    train, test = (
        torch.bincount(part.known_labels, minlength=10) for part in (dataset.train, dataset.test)
    )
    return train + test, test


def test_digits_have_fixed_splits_and_content() -> None:
    dataset = DATASETS["digits"](resolution=16)
    assert dataset.shape == (1, 16, 16)
    assert (len(dataset.train), len(dataset.test)) == (1437, 360)
    assert dataset.hash == "d9a34ead9f17b6d5"
    assert dataset.train.images.max() == 255


def test_every_class_has_a_fifth_of_its_images_in_the_test_part() -> None:
    both, test = _counts(DATASETS["digits"](resolution=8))
    assert both.sum() == 1797
    assert ((test - both / 5).abs() < 1).all()
    assert chi2_contingency(torch.stack([both - test, test]).numpy()).pvalue > 0.99


def test_a_test_image_is_no_training_image() -> None:
    """Both parts together are the source, whatever the split: as many images as are different."""
    dataset = DATASETS["digits"](resolution=8)
    parts = [dataset.train.images, dataset.test.images]
    assert len({image.numpy().tobytes() for part in parts for image in part}) == 1797


def test_the_first_split_is_still_there() -> None:
    dataset = DATASETS["digits"](resolution=16, split="every_fifth")
    assert dataset.hash == "977c0665d0e1e7d3"
    both, test = _counts(dataset)
    assert test.tolist() == [42, 28, 26, 48, 38, 39, 30, 26, 36, 47]
    assert chi2_contingency(torch.stack([both - test, test]).numpy()).pvalue < 0.05


@pytest.mark.parametrize("moved", [False, True], ids=["the file", "where it is no more"])
def test_they_are_what_scikit_learn_loads(moved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is read without its code; if it is elsewhere, its code reads it."""
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    if moved:
        monkeypatch.setattr(Path, "is_file", lambda _: False)
    rows = _rows()
    assert (rows[:, :-1] == pixels).all()
    assert (rows[:, -1] == classes).all()


def test_scikit_learn_is_not_imported_for_them() -> None:
    code = (
        "import sys; from ogan_bench.data import DATASETS; DATASETS['digits'](); "
        "sys.exit('sklearn' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
