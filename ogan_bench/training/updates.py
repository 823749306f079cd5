"""One step: how E and G are updated from the gradients of their two losses.

Gradients are addressed: each backward pass names the tensors it is for, so nothing is ever switched
off and on again, and no gradient lands where it is not wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from ogan_bench.objectives.base import LossTerms, Objective, Pass

Draw = Callable[[int], Tensor]
"""Number of a batch to its tensor."""


@dataclass(frozen=True)
class Players:
    """The two nets and their optimisers."""

    encoder: nn.Module
    generator: nn.Module
    encoder_optimizer: torch.optim.Optimizer
    generator_optimizer: torch.optim.Optimizer


@dataclass(frozen=True)
class Report:
    """What one step computed, all per sample and detached."""

    encoder_loss: LossTerms
    generator_loss: LossTerms
    diagnostics: LossTerms


def simultaneous(
    objective: Objective, players: Players, images: Draw, prior: Draw, step: int
) -> Report:
    """E and G move at once from one batch, as with the single loss of the author's code.

    Both gradients are taken at the parameters before the step, and G(z) and E(G(z)) are computed
    once for both losses.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan
    """
    batch = Pass(players.encoder, players.generator, images(step), prior(step))
    encoder_loss = objective.encoder_loss(batch)
    generator_loss = objective.generator_loss(batch)
    encoder_gradients(encoder_loss, batch, retain_graph=True)
    generator_gradients(generator_loss, batch)
    players.encoder_optimizer.step()
    players.generator_optimizer.step()
    return _report(encoder_loss, generator_loss, objective, batch)


def alternating(
    objective: Objective,
    players: Players,
    images: Draw,
    prior: Draw,
    step: int,
    *,
    encoder_steps: PositiveInt = 1,
) -> Report:
    """n encoder steps, then one generator step against the updated encoder, each with fresh z.

    References:
        I. Goodfellow et al., Generative Adversarial Networks, 2014, arXiv 1406.2661
    """
    first_images, first_prior = step * encoder_steps, step * (encoder_steps + 1)
    for k in range(encoder_steps):
        x = images(first_images + k)
        batch = Pass(players.encoder, players.generator, x, prior(first_prior + k))
        encoder_loss = objective.encoder_loss(batch)
        encoder_gradients(encoder_loss, batch)
        players.encoder_optimizer.step()
    report_batch = batch
    batch = Pass(players.encoder, players.generator, x, prior(first_prior + encoder_steps))
    generator_loss = objective.generator_loss(batch)
    generator_gradients(generator_loss, batch)
    players.generator_optimizer.step()
    return _report(encoder_loss, generator_loss, objective, report_batch)


UPDATES: dict[str, Callable[..., Report]] = {
    "simultaneous": simultaneous,
    "alternating": alternating,
}


def total(terms: LossTerms) -> Tensor:
    """Mean over the batch of the sum of all terms."""
    return torch.stack(list(terms.values())).sum(dim=0).mean()


def encoder_gradients(terms: LossTerms, batch: Pass, *, retain_graph: bool = False) -> None:
    """Put the gradient of the encoder's loss into the encoder's parameters, and nowhere else."""
    batch.encoder.zero_grad(set_to_none=True)
    total(terms).backward(inputs=list(batch.encoder.parameters()), retain_graph=retain_graph)


def generator_gradients(terms: LossTerms, batch: Pass) -> None:
    """Put the gradient of the generator's loss into the generator's parameters, and nowhere else.

    It arrives at the images first, without touching the encoder's parameters, and goes on from
    there through G.
    """
    batch.generator.zero_grad(set_to_none=True)
    (at_images,) = torch.autograd.grad(total(terms), [batch.x_fake])
    batch.generated.backward(at_images, inputs=list(batch.generator.parameters()))


def _report(
    encoder_loss: LossTerms, generator_loss: LossTerms, objective: Objective, batch: Pass
) -> Report:
    return Report(
        {name: term.detach() for name, term in encoder_loss.items()},
        {name: term.detach() for name, term in generator_loss.items()},
        objective.diagnostics(batch),
    )
