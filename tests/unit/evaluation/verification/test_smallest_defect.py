"""The smallest defect that is found."""

from __future__ import annotations

import pytest
import torch

from ogan_bench.evaluation.verification.smallest_defect import FAMILIES, SHARES, smallest

NULLS = [0.0, -1.0, 1.0]


def test_a_defect_counts_only_if_all_larger_ones_are_found_in_all_repeats() -> None:
    found = {0.1: [-2.0, -3.0], 0.2: [-2.0, -0.5], 0.5: [-4.0, -1.5], 1.0: [-9.0, -9.0]}
    assert smallest(NULLS, found, (0.1, 0.2, 0.5, 1.0)) == 0.5
    assert smallest(NULLS, found | {1.0: [-9.0, 0.0]}, (0.1, 0.2, 0.5, 1.0)) is None
    assert smallest(NULLS, found | {0.2: [-2.0, -2.0]}, (0.1, 0.2, 0.5, 1.0)) == 0.1


@pytest.mark.parametrize("dropped", SHARES)
def test_one_mode_is_dropped_and_the_others_keep_their_proportions(dropped: float) -> None:
    samples = FAMILIES["dropped_mode"].samples(dropped)(torch.Generator().manual_seed(0), 20_000)
    counts = (samples[:, 0] / 10).round().long().bincount(minlength=len(SHARES) + 1)
    for share, count in zip(SHARES, counts[1:], strict=True):
        expected = 0.0 if share == dropped else share / (1 - dropped)
        assert count / 20_000 == pytest.approx(expected, abs=0.01)
