"""One step: how the nets are updated from the gradients of their losses.

Gradients are addressed: each backward pass names the tensors it is for, so nothing is ever switched
off and on again, and no gradient lands where it is not wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from pydantic import PositiveInt
from torch import Tensor

from ogan_bench.objectives.base import Batch, ForwardPass, LossTerms, Net, Nets, Objective

Draw = Callable[[int, int], Batch]
"""Number of a batch of images and number of a batch of z to what they hold."""


@dataclass(frozen=True)
class Trainables:
    """The nets and their optimisers."""

    nets: Nets
    optimizers: Mapping[Net, torch.optim.Optimizer]


@dataclass(frozen=True)
class StepReport:
    """What one step computed, all per sample and detached.

    Args:
        losses: Of every net; no terms where it rested.
        diagnostics: What else is worth logging.
    """

    losses: Mapping[Net, LossTerms]
    diagnostics: LossTerms


def simultaneous(objective: Objective, players: Trainables, draw: Draw, step: int) -> StepReport:
    """All nets move at once from one batch, as with the single loss of the author's code.

    All gradients are taken at the parameters before the step, and G(z) and E(G(z)) are computed
    once for all losses.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan
    """
    batch = ForwardPass(players.nets, draw(step, step))
    losses = {net: objective.loss(net, batch) for net in players.nets.named()}
    moved = [net for net in losses if losses[net]]
    for net in moved:
        gradients(net, losses[net], batch, retain_graph=net != moved[-1])
    for net in moved:
        players.optimizers[net].step()
    return _report(losses, objective, batch)


def alternating(
    objective: Objective,
    players: Trainables,
    draw: Draw,
    step: int,
    *,
    encoder_steps: PositiveInt = 1,
) -> StepReport:
    """n steps of the generator's opponents, then one of the other nets, each with fresh z.

    The opponent is E, or the critic where there is one.

    References:
        I. Goodfellow et al., Generative Adversarial Networks, 2014, arXiv 1406.2661
    """
    named = players.nets.named()
    updated_first = [net for net in named if net in objective.updated_first]
    others = [net for net in named if net not in objective.updated_first]
    losses: dict[Net, LossTerms] = {}
    first_images, first_z = step * encoder_steps, step * (encoder_steps + 1)
    reported: ForwardPass | None = None
    for k in range(encoder_steps + 1):
        last = k == encoder_steps
        batch = ForwardPass(
            players.nets, draw(first_images + min(k, encoder_steps - 1), first_z + k)
        )
        moving = {net: objective.loss(net, batch) for net in (others if last else updated_first)}
        moved = [net for net in moving if moving[net]]
        for net in moved:
            gradients(net, moving[net], batch, retain_graph=net != moved[-1])
        for net in moved:
            players.optimizers[net].step()
        losses |= moving
        # What the updated_first saw last is reported: there all outputs are of one set of weights.
        reported = reported if last and updated_first else batch
    assert reported is not None
    return _report(losses, objective, reported)


UPDATES: dict[str, Callable[..., StepReport]] = {
    "simultaneous": simultaneous,
    "alternating": alternating,
}


def total(terms: LossTerms) -> Tensor:
    """Mean over the batch of the sum of all terms."""
    return torch.stack(list(terms.values())).sum(dim=0).mean()


def gradients(
    net: Net, terms: LossTerms, batch: ForwardPass, *, retain_graph: bool = False
) -> None:
    """Put the gradient of a net's loss into its parameters, and nowhere else.

    What reaches G through generated images arrives at the leaf first, without touching what lies
    between, and goes on from there through G.
    """
    module = batch.nets.named()[net]
    module.zero_grad(set_to_none=True)
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if net != "generator":
        total(terms).backward(inputs=parameters, retain_graph=retain_graph)
        return
    leaf = batch.leaf if "leaf" in vars(batch) else None
    through = parameters if leaf is None else [leaf, *parameters]
    total(terms).backward(inputs=through, retain_graph=retain_graph)
    if leaf is not None and leaf.grad is not None:
        at_images, leaf.grad = leaf.grad, None
        batch.generated.backward(at_images, inputs=parameters, retain_graph=retain_graph)


def _report(
    losses: Mapping[Net, LossTerms], objective: Objective, batch: ForwardPass
) -> StepReport:
    return StepReport(
        {
            net: {name: term.detach() for name, term in terms.items()}
            for net, terms in losses.items()
        },
        {name: term.detach() for name, term in objective.diagnostics(batch).items()},
    )
