"""What is kept of real images equals what is computed from them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.frechet import frechet_distance, moments
from ogan_bench.evaluation.fidelity.kernel import cubic, sums_within
from ogan_bench.evaluation.fidelity.manifolds import nearest
from ogan_bench.evaluation.fidelity.reference import Reference
from tests.oracles.evaluation.normal_samples import normal

CPU = torch.device("cpu")


@pytest.mark.usefixtures("own_cache")
class TestReference:
    def test_keeps_what_it_would_compute(self) -> None:
        x, y = normal(50, 6, 0), normal(80, 6, 1)
        for _ in range(2):  # the second time from the cache
            kept = Reference(y, CPU)
            assert frechet_distance(x, kept.moments) == frechet_distance(x, moments(y))
            assert torch.equal(kept.nearest.indices, nearest(y).indices)
            within = kept.sums_within("cubic", cubic, Tensor.double)
            assert torch.equal(within, sums_within(y, cubic))
            assert int(kept.cells(4, 0)[1].sum()) == 80
            assert kept.number("seven", lambda: 7.0, n=3) == 7.0

    def test_tells_features_and_choices_apart(self) -> None:
        y = normal(80, 6, 1)
        one, other = Reference(y, CPU), Reference(y + 1, CPU)
        assert not torch.equal(one.moments.mean, other.moments.mean)
        assert one.number("it", lambda: 1.0, n=1) == 1.0
        assert one.number("it", lambda: 2.0, n=2) == 2.0
        assert one.number("it", lambda: 3.0, n=1) == 1.0
        assert len(one.cells(3, 0)[0]) == 3
        assert len(one.cells(4, 0)[0]) == 4
