"""Seeds of the stages of a trial."""

from __future__ import annotations

import torch

from ogan_bench.seeding import derive, generator


def test_seeds_of_stages_differ() -> None:
    seeds = {derive(s, stage, i) for s in range(5) for stage in ("z", "order") for i in range(5)}
    assert len(seeds) == 50
    a, b = (torch.randn(4, generator=generator(1, "z", 2)) for _ in range(2))
    assert torch.equal(a, b)
