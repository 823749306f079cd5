"""What of a code is tied to z, and with which weight."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from ogan_bench.models.normalization import standardise
from ogan_bench.objectives.base import Batch, ForwardPass
from ogan_bench.objectives.parts import consistency
from ogan_bench.objectives.parts.call_by_name import call_with
from ogan_bench.objectives.parts.consistency import ConsistencyInputs
from ogan_bench.seeding import generator
from tests.unit.objectives.small_parts import CLOSE, D, N, architecture, draw, objective


def test_what_the_score_takes_of_the_code_is_not_tied() -> None:
    made = objective(readout={"name": "dim", "dims": 2}, consistency="mse")
    e = draw(N, D).requires_grad_()
    batch = SimpleNamespace(z=draw(N, D, seed=1), e_fake=e)
    tie = ConsistencyInputs(batch, made, free=2)  # type: ignore[arg-type]
    call_with(consistency.mse().loss, tie).sum().backward()
    assert e.grad is not None
    assert not e.grad[:, :2].any()
    torch.testing.assert_close(e.grad[:, 2:], 2 * (e - batch.z)[:, 2:])


def test_what_the_score_takes_of_the_code_is_zero_for_the_generator() -> None:
    """The prior's mean, after N(·) where N(·) belongs there."""
    e = draw(N, D + 3) + 4
    raw = objective(readout={"name": "dim", "dims": 2}, consistency="mse").code(e, D)
    torch.testing.assert_close(raw, torch.cat([torch.zeros(N, 2).double(), e[:, 2:D]], 1))
    code = standardise(objective(readout={"name": "dim", "dims": 2}).code(e, D))
    torch.testing.assert_close(code[:, :2], torch.zeros(N, 2).double(), **CLOSE)
    torch.testing.assert_close(code[:, 2:], standardise(e[:, 2:D]) * (D / (D - 2)) ** 0.5)


def test_the_weight_of_consistency_follows_its_schedule() -> None:
    made = objective(consistency="mse_mean", consistency_weight={"name": "warm_up", "weight": 4})
    nets = made.build(architecture(0))
    x, z = torch.zeros(N, 1, 16, 16), torch.randn(N, D, generator=generator(0, "z"))
    for progress, weight in ((0.0, 0), (0.25, 2), (0.9, 4)):
        seen = ForwardPass(nets, Batch(x, z, None, None, progress))
        wanted = weight * (z - seen.e_fake).square().mean(1)
        torch.testing.assert_close(made.encoder_loss(seen)["consistency"], wanted)
        torch.testing.assert_close(made.generator_loss(seen)["consistency"], wanted)
