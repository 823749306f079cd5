"""A trained pair put back into training mode, to inspect E's losses and their gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from ogan_bench.errors import NoValueError
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Nets

ITERATIONS = 50
TOLERANCE = 1e-3
"""Relative change of the eigenvalue at which power iteration stops."""


class _WithoutCritic(ForwardPass):
    """A pass through a trained pair, which has no critic."""

    @property
    def critic(self) -> nn.Module:
        raise NoValueError("the losses need a critic, and a trained pair has no critic")


@dataclass(frozen=True)
class Gradients:
    """Gradients of the two terms over all batches, on the CPU.

    Args:
        output: Of each term w.r.t. E(G(z)), shape ``(n, outputs)``; ``None`` if it does not use it.
        parameters: Of each term w.r.t. E's parameters, shape ``(batches, parameters)``.
    """

    output: tuple[Tensor | None, Tensor | None]
    parameters: tuple[Tensor, Tensor]


class LossProbe:
    """Copies of the nets in training mode, and batches on which to inspect their losses.

    Args:
        objective: The training objective.
        nets: E and G; not modified.
        draw: Maps the number of a batch to the batch.
        batches: How many batches to use.
    """

    def __init__(
        self, objective: Objective, nets: Nets, draw: Callable[[int], Batch], batches: int
    ) -> None:
        self.objective = objective
        self.nets = Nets(copy.deepcopy(nets.encoder), copy.deepcopy(nets.generator))
        for net in self.nets.named().values():
            net.train().requires_grad_()
        self.parameters = list(self.nets.encoder.parameters())
        self._draw = draw
        self._count = batches

    def look(self, number: int) -> ForwardPass:
        """A batch as the losses see it."""
        return _WithoutCritic(self.nets, self._draw(number))

    @cached_property
    def gradients(self) -> Gradients:
        """Gradients of the adversarial and of the consistency term.

        Raises:
            NoValueError: E's loss has no such terms, or one of them has no effect.
        """
        found: list[list[tuple[Tensor | None, Tensor]]] = [
            self._of_batch(self.look(i)) for i in range(self._count)
        ]
        outputs, parameters = [], []
        for term in range(2):
            at_output = [batch[term][0] for batch in found]
            whole = [g for g in at_output if g is not None]
            outputs.append(torch.cat(whole) if len(whole) == self._count else None)
            parameters.append(torch.stack([batch[term][1] for batch in found]))
        return Gradients((outputs[0], outputs[1]), (parameters[0], parameters[1]))

    def _of_batch(self, batch: ForwardPass) -> list[tuple[Tensor | None, Tensor]]:
        losses = self.objective.encoder_loss(batch)
        missing = [name for name in ("adversarial", "consistency") if name not in losses]
        if missing:
            raise NoValueError(f"the encoder's loss has no {' and no '.join(missing)} term")
        wanted = [batch.e_fake, *self.parameters]
        pairs: list[tuple[Tensor | None, Tensor]] = []
        for name in ("adversarial", "consistency"):
            loss = losses[name].sum()
            if not loss.requires_grad:
                raise NoValueError(f"the {name} term has no gradient")
            found: Sequence[Tensor | None] = torch.autograd.grad(
                loss, wanted, retain_graph=True, allow_unused=True
            )
            at_output, flat = found[0], _flat(found[1:], self.parameters) / len(batch.z)
            pairs.append((None if at_output is None else at_output.cpu(), flat.cpu()))
        return pairs

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of real and generated images, and the outputs of E on both.

        Raises:
            NoValueError: The objective has no score.
        """
        real, fake, outputs = [], [], []
        for i in range(self._count):
            batch = self.look(i)
            logged = self.objective.diagnostics(batch)
            if "score_real" not in logged:
                raise NoValueError("the objective computes no score from E")
            real.append(logged["score_real"].detach().cpu())
            fake.append(logged["score_fake"].detach().cpu())
            outputs += [batch.e_real.detach().cpu(), batch.e_fake.detach().cpu()]
        return torch.cat(real), torch.cat(fake), torch.cat(outputs)

    def sharpness(self, random: torch.Generator) -> tuple[float, bool]:
        """Largest curvature of E's loss on the first batch, and whether it converged.

        Raises:
            NoValueError: E is not trained in every step, or its loss does not depend on its
                weights.
        """
        terms = self.objective.encoder_loss(self.look(0))
        if not terms:
            raise NoValueError("E is not trained in every step")
        loss = torch.stack(list(terms.values())).sum(dim=0).mean()
        return largest_curvature(loss, self.parameters, random)


def largest_curvature(
    loss: Tensor, parameters: Sequence[Tensor], random: torch.Generator
) -> tuple[float, bool]:
    """Largest-magnitude eigenvalue of the Hessian of a loss, by power iteration.

        v ← H v / ‖H v‖,    λ = vᵀ H v

    Args:
        loss: Scalar, with its graph.
        parameters: What the Hessian is taken with respect to.
        random: Draws the initial v.

    Returns:
        λ, and whether it changed by less than a thousandth in the last of at most 50 iterations.

    References:
        J. Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of
        Stability, 2021, https://arxiv.org/abs/2103.00065 (sharpness)
    """
    slope = _flat(
        torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True), parameters
    )
    if not slope.requires_grad:
        return 0.0, True  # the loss is linear
    v = torch.randn(len(slope), generator=random, dtype=slope.dtype).to(slope.device)
    v /= v.norm()
    value, converged = 0.0, False
    for _ in range(ITERATIONS):
        product = torch.autograd.grad(slope @ v, parameters, retain_graph=True, allow_unused=True)
        hv = _flat(product, parameters)
        before, value = value, float(v @ hv)
        length = hv.norm()
        if float(length) == 0:
            return 0.0, True
        converged = abs(value - before) <= TOLERANCE * abs(value)
        if converged:
            break
        v = hv / length
    return value, converged


def _flat(gradients: Sequence[Tensor | None], parameters: Sequence[Tensor]) -> Tensor:
    return torch.cat(
        [
            (torch.zeros_like(p) if g is None else g).flatten()
            for g, p in zip(gradients, parameters, strict=True)
        ]
    )
