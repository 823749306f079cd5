"""Training on a part of the images: which ones, and that their order is that of the training."""

from __future__ import annotations

import torch

from ogan_bench.data.base import Split
from ogan_bench.data.batches import Batches
from ogan_bench.data.subset import drawn_images


def test_the_images_are_those_that_batches_are_made_of() -> None:
    split = Split(torch.arange(50, dtype=torch.uint8).view(50, 1, 1, 1))
    drawn = drawn_images(50, 10, seed=3)
    assert len(drawn.unique()) == 10
    batches = Batches(split, 5, seed=3, count=10)
    seen = torch.cat([batches.indices(batch) for batch in range(2)])
    assert seen.sort().values.tolist() == drawn.sort().values.tolist()
    assert drawn.tolist() != drawn_images(50, 10, seed=4).tolist()


def test_all_images_stay_in_their_order() -> None:
    for count in (None, 50, 60):
        assert drawn_images(50, count, seed=3).tolist() == list(range(50))
