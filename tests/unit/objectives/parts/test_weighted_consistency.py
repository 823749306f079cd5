"""What of a code is tied to z, and with which weight."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from ogan_bench.errors import UserError
from ogan_bench.models.normalization import standardise
from ogan_bench.objectives.base import PROJECTIONS, Objective, Projection
from ogan_bench.objectives.forward_pass import Batch, ForwardPass
from ogan_bench.objectives.parts import consistency
from ogan_bench.objectives.parts.call_by_name import call_with
from ogan_bench.objectives.parts.consistency import ConsistencyInputs, correlation
from ogan_bench.objectives.parts.weighted_consistency import weighted_consistency
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


@pytest.mark.parametrize("term", ["pearson", "mse_centred", "cosine", "mse", "none"])
@pytest.mark.parametrize("projection", PROJECTIONS)
def test_what_the_score_takes_of_the_code_is_zero_for_the_generator(
    term: str, projection: Projection
) -> None:
    """The prior's mean, and the projection acts on the rest alone."""
    e = draw(N, D + 3) + 4
    made = objective(readout={"name": "dim", "dims": 2}, consistency=term)
    code = made.project(made.code(e, D), projection)
    torch.testing.assert_close(code[:, :2], torch.zeros(N, 2).double(), **CLOSE)
    torch.testing.assert_close(code[:, 2:], PROJECTIONS[projection](e[:, 2:D]), **CLOSE)
    if projection in ("standardise", "sphere"):
        size = code[:, 2:].square().mean(1)
        torch.testing.assert_close(size, torch.ones(N).double(), **CLOSE)


def test_before_zeros_counted_in_the_projection() -> None:
    e = draw(N, D + 3) + 4
    made = objective(readout={"name": "dim", "dims": 2, "projected": "all"})
    code = made.project(made.code(e, D), "standardise")
    torch.testing.assert_close(code[:, :2], torch.zeros(N, 2).double(), **CLOSE)
    torch.testing.assert_close(code[:, 2:], standardise(e[:, 2:D]) * (D / (D - 2)) ** 0.5)


def test_z_keeps_what_the_score_takes_of_codes() -> None:
    """So codes that are compared with z are charged for what they do not tell."""
    z = draw(N, D)
    readout = {"name": "dim", "dims": 2}
    tied = objective(readout=readout, consistency="mse").project(z, "none")
    torch.testing.assert_close(tied, z, **CLOSE)
    centred = objective(readout=readout).project(z, "standardise")
    torch.testing.assert_close(centred[:, :2], z[:, :2] - z[:, 2:].mean(1, keepdim=True), **CLOSE)


@pytest.mark.parametrize("name", ["pixel_normalized", "pixel_raw"])
def test_pixel_terms_decode_what_autoencoding_decodes(name: str) -> None:
    made = objective(readout={"name": "dim", "dims": 2}, consistency=name)
    batch = one_pass(made)
    code = made.project(made.code(batch.e_real, D), made.projection)
    x_rec = batch.nets.generator(code, None)
    wanted = 0.5 * (batch.x - x_rec).square().flatten(1).mean(1)
    torch.testing.assert_close(made.encoder_loss(batch)["consistency"], wanted, **CLOSE)


def test_the_weight_of_consistency_follows_its_schedule() -> None:
    made = objective(consistency="mse_mean", consistency_weight={"name": "warm_up", "weight": 4})
    nets = made.build(architecture(0))
    x, z = torch.zeros(N, 1, 16, 16), torch.randn(N, D, generator=generator(0, "z"))
    for progress, weight in ((0.0, 0), (0.25, 2), (0.9, 4)):
        seen = ForwardPass(nets, Batch(x, z, None, None, progress))
        wanted = weight * (z - seen.e_fake).square().mean(1)
        torch.testing.assert_close(made.encoder_loss(seen)["consistency"], wanted)
        torch.testing.assert_close(made.generator_loss(seen)["consistency"], wanted)


def both_gradients(
    made: Objective, batch: ForwardPass, place: Tensor, net: str
) -> tuple[Tensor, Tensor]:
    losses = made.encoder_loss(batch) if net == "encoder" else made.generator_loss(batch)
    of = (losses["adversarial"].sum(), losses["consistency"].sum())
    first, second = (torch.autograd.grad(loss, place, retain_graph=True)[0].norm() for loss in of)
    return first, second


@pytest.mark.parametrize("term", ["pearson", "mse", "scaled_pearson", "mse_centred", "contrastive"])
@pytest.mark.parametrize("adversarial", ["linear", "hinge", "relativistic"])
@pytest.mark.parametrize(("at", "net"), [("output", "encoder"), ("images", "generator")])
def test_the_gradient_is_held_at_its_share(term: str, adversarial: str, at: str, net: str) -> None:
    weight = {"name": "gradient_share", "share": 0.3, "at": at}
    made = objective(consistency=term, adversarial=adversarial, consistency_weight=weight)
    batch = one_pass(made)
    place = batch.e_fake if at == "output" else batch.leaf
    of_adversarial, of_consistency = both_gradients(made, batch, place, net)
    torch.testing.assert_close(of_consistency, 0.3 * of_adversarial, **CLOSE)


def test_pearsons_weight_at_its_output_has_a_closed_form() -> None:
    """|d avg e / de| = 1/√d and |dρ/de| = √(1 - ρ²) / (√d · std e)."""
    weight = {"name": "gradient_share", "share": 2, "at": "output"}
    made = objective(consistency_weight=weight)
    batch = one_pass(made)
    made.encoder_loss(batch)
    e = batch.e_fake
    rho = correlation(batch.z, e)
    slopes = (1 - rho.square()) / (D * e.var(1, correction=0))
    wanted = 2 * (N / D / slopes.sum()).sqrt()
    logged = made.diagnostics(batch)["consistency_weight"]
    torch.testing.assert_close(logged, wanted.detach().expand(N), **CLOSE)


def test_a_measured_weight_has_no_gradient_and_is_measured_once_a_pass() -> None:
    made = objective(consistency_weight={"name": "gradient_share"})
    batch = one_pass(made)
    of_encoder = made.encoder_loss(batch)["consistency"]
    weight = made.diagnostics(batch)["consistency_weight"]
    assert not weight.requires_grad
    assert made.generator_loss(batch)["consistency"] is of_encoder
    torch.testing.assert_close(of_encoder, -weight * correlation(batch.z, batch.e_fake), **CLOSE)


def test_a_term_without_a_gradient_stays_without_one() -> None:
    made = objective(consistency="none", consistency_weight={"name": "gradient_share"})
    loss = made.encoder_loss(one_pass(made))["consistency"]
    torch.testing.assert_close(loss, torch.zeros_like(loss))


def test_weights_that_nothing_measures_are_refused() -> None:
    with pytest.raises(UserError, match="only the consistency_weight of the objective"):
        weighted_consistency("pearson", "gradient_share")


def one_pass(made: Objective) -> ForwardPass:
    nets = made.build(architecture(0))
    for net in nets.named().values():
        net.double()
    x = draw(N, 1, 16, 16, seed=5)
    return ForwardPass(nets, Batch(x, draw(N, D, seed=6), None, None, 0.0))
