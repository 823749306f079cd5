"""What is said of a source whose test images are training images too."""

from __future__ import annotations

import pytest
import torch

from ogan_bench.data.prepared.leakage import leaked, treatment_and_leakage
from ogan_bench.data.prepared.store import Prepared


def source(*repeated: list[int], treatment: str = "") -> Prepared:
    images = torch.zeros(10, 3, 8, 8, dtype=torch.uint8)
    return Prepared(images, torch.arange(10), "hash", list(repeated), treatment)


@pytest.mark.parametrize(
    ("repeated", "pairs"),
    [([], []), ([[0, 3], [7, 9]], []), ([[0, 7, 8], [1, 2, 9]], [(0, 7), (0, 8), (1, 9)])],
)
def test_only_pairs_across_the_splits_leak(
    repeated: list[list[int]], pairs: list[tuple[int, int]]
) -> None:
    assert leaked(source(*repeated), n_train=7) == pairs


def test_it_is_told_beside_the_treatment() -> None:
    assert treatment_and_leakage(source(), 7) == ""
    assert treatment_and_leakage(source(treatment="crop centre"), 7) == "crop centre"
    assert treatment_and_leakage(source([0, 9]), 7) == (
        "1 test image is also among the training images"
    )
    assert treatment_and_leakage(source([0, 8, 9], treatment="crop centre"), 7) == (
        "crop centre, 2 test images are also among the training images"
    )
