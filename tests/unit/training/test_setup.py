"""What a trial trains, before its first step."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_nets
from tests.unit.training.test_loop import trial


def test_arms_of_a_seed_share_initialisation_and_seeds_do_not(dataset: Dataset) -> None:
    def weights(chosen: Trial) -> Tensor:
        encoder = build_nets(chosen, dataset).encoder
        return torch.cat([p.flatten() for p in encoder.parameters()])

    assert torch.equal(weights(trial("pearson", 0)), weights(trial("mse", 0)))
    assert not torch.equal(weights(trial("pearson", 0)), weights(trial("pearson", 1)))
