"""One step: which batches it sees, and how the nets are updated from the gradients of their losses.

The batches are chosen on the host before the step; an update draws no random numbers and reads no
tensor's value.

Each backward pass names the tensors whose gradients it computes, so ``requires_grad`` is never
toggled and no gradient accumulates where it is not wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from pydantic import PositiveInt
from torch import Tensor

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Net, Nets


@dataclass(frozen=True)
class Trainables:
    """The nets and their optimisers."""

    nets: Nets
    optimizers: Mapping[Net, torch.optim.Optimizer]


@dataclass(frozen=True)
class StepReport:
    """What one step computed, all per sample and detached.

    Args:
        losses: Loss terms of every net; none if it rested.
        diagnostics: Other quantities worth logging.
    """

    losses: Mapping[Net, LossTerms]
    diagnostics: LossTerms


Update = Callable[[Sequence[Batch]], StepReport]
"""The device half of a step: updates the nets, given the batches of the step."""


@dataclass(frozen=True)
class UpdateRule:
    """The two halves of a step.

    Args:
        batches: Maps the index of a step, from 0, to the batches that it sees: for each one the
            index of its images and the index of its z.
        update: Updates the nets, given these batches.
    """

    batches: Callable[[int], Sequence[tuple[int, int]]]
    update: Callable[[Objective, Trainables, Sequence[Batch]], StepReport]


def simultaneous() -> UpdateRule:
    """All nets are updated at once from one batch, as with the single loss of the author's code.

    All gradients are taken at the parameters before the step, and G(z) and E(G(z)) are computed
    once for all losses.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan
    """

    def update(objective: Objective, trained: Trainables, batches: Sequence[Batch]) -> StepReport:
        (drawn,) = batches
        batch = ForwardPass(trained.nets, drawn)
        losses = {net: objective.loss(net, batch) for net in trained.nets.named()}
        _move(trained, losses, batch)
        return _report(losses, objective, batch)

    return UpdateRule(lambda step: [(step, step)], update)


def alternating(*, encoder_steps: PositiveInt = 1) -> UpdateRule:
    """n steps of the generator's opponents, then one of the other nets, each with fresh z.

    The opponent is E, or the critic where there is one.

    References:
        I. Goodfellow et al., Generative Adversarial Networks, 2014, arXiv 1406.2661
    """

    def batches(step: int) -> list[tuple[int, int]]:
        images, z = step * encoder_steps, step * (encoder_steps + 1)
        # The last update has fresh z and the images of the previous one.
        return [(images + min(k, encoder_steps - 1), z + k) for k in range(encoder_steps + 1)]

    def update(objective: Objective, trained: Trainables, batches: Sequence[Batch]) -> StepReport:
        named = trained.nets.named()
        updated_first = [net for net in named if net in objective.updated_first]
        others = [net for net in named if net not in objective.updated_first]
        losses: dict[Net, LossTerms] = {}
        reported: ForwardPass | None = None
        for k, drawn in enumerate(batches):
            last = k == encoder_steps
            moved = others if last else updated_first
            batch = ForwardPass(trained.nets, drawn, moves_generator="generator" in moved)
            moving = {net: objective.loss(net, batch) for net in moved}
            _move(trained, moving, batch)
            losses |= moving
            # Report the last batch of updated_first: all its outputs are from one set of weights.
            reported = reported if last and updated_first else batch
        assert reported is not None
        return _report(losses, objective, reported)

    return UpdateRule(batches, update)


UPDATES: dict[str, Callable[..., UpdateRule]] = {
    "simultaneous": simultaneous,
    "alternating": alternating,
}


def total(terms: LossTerms) -> Tensor:
    """Mean over the batch of the sum of all terms."""
    return torch.stack(list(terms.values())).sum(dim=0).mean()


def gradients(
    net: Net, terms: LossTerms, batch: ForwardPass, *, retain_graph: bool = False
) -> None:
    """Compute the gradient of a net's loss with respect to its parameters, and nothing else.

    For G, the gradient that flows through generated images is first computed at the leaf, without
    touching the nets in between, and is then propagated through G.
    """
    module = batch.nets.named()[net]
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in parameters:
        parameter.grad = None
    if net != "generator":
        total(terms).backward(inputs=parameters, retain_graph=retain_graph)
        return
    leaf = batch.leaf if "leaf" in vars(batch) else None
    through = parameters if leaf is None else [leaf, *parameters]
    total(terms).backward(inputs=through, retain_graph=retain_graph)
    if leaf is not None and leaf.grad is not None:
        at_images, leaf.grad = leaf.grad, None
        # The gradient of this sum at the images is at_images, bit for bit. If it were handed to
        # backward() itself, torch would import its symbolic algebra, which takes seconds.
        (batch.generated * at_images).sum().backward(inputs=parameters, retain_graph=retain_graph)


def _move(trained: Trainables, losses: Mapping[Net, LossTerms], batch: ForwardPass) -> None:
    """Update the nets that have terms, from gradients taken before any of them is updated.

    What the losses have deferred follows.
    """
    moved = [net for net in losses if losses[net]]
    for net in moved:
        gradients(net, losses[net], batch, retain_graph=net != moved[-1])
    for net in moved:
        trained.optimizers[net].step()
    batch.finish()


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
