"""Images held out of training."""

from __future__ import annotations

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.held_out import hold_out
from ogan_bench.errors import UserError


def test_held_out_images_are_not_trained_on_and_nothing_is_lost(dataset: Dataset) -> None:
    rest, held_out = hold_out(dataset, 100, seed=0)
    assert (len(rest.train), len(held_out)) == (len(dataset.train) - 100, 100)
    together = torch.cat([rest.train.images, held_out.images]).flatten(1)
    assert torch.equal(
        torch.unique(together, dim=0, return_counts=True)[1],
        torch.unique(dataset.train.images.flatten(1), dim=0, return_counts=True)[1],
    )
    assert rest.hash != dataset.hash
    again, other = hold_out(dataset, 100, seed=0)[1], hold_out(dataset, 100, seed=1)[1]
    assert torch.equal(again.images, held_out.images)
    assert not torch.equal(other.images, held_out.images)
    assert held_out.labels is not None
    assert held_out.labels.unique().numel() == 10
    with pytest.raises(UserError, match=r"evaluation\.held_out"):
        hold_out(dataset, len(dataset.train), seed=0)
