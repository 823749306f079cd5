"""How strongly the adversarial and the consistency term pull, at two places of the same step.

A weight says little of a term's strength: the gradient of -ρ is √(1 - ρ²) / (√d · std e), so it
depends on how large the code is and on how well E does already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from ogan_bench.objectives.forward_pass import ForwardPass


class GradientNorms:
    """Norms of the gradients of both terms over the whole batch; they pass no gradient.

    Each is the root of the sum of squares over all samples and numbers of a tensor that both terms
    share. Each loss goes to its own net, so the terms are those of the net that learns there.

    Args:
        batch: The forward pass.
        of_encoder: Adversarial losses of E, shape ``(n,)``; computed when asked for.
        of_generator: Adversarial losses of G, shape ``(n,)``; computed when asked for.
        consistency: Unweighted consistency losses, shape ``(n,)``.
    """

    def __init__(
        self,
        batch: ForwardPass,
        of_encoder: Callable[[], Tensor],
        of_generator: Callable[[], Tensor],
        consistency: Tensor,
    ) -> None:
        self._batch = batch
        self._of_encoder = of_encoder
        self._of_generator = of_generator
        self._consistency = consistency

    @cached_property
    def at_output(self) -> tuple[Tensor, Tensor]:
        """At E(G(z)): of E's adversarial losses and of the consistency term."""
        place = self._batch.e_fake
        return _norm(self._of_encoder(), place), _norm(self._consistency, place)

    @cached_property
    def at_images(self) -> tuple[Tensor, Tensor]:
        """At G(z): of G's adversarial losses and of the consistency term."""
        place = self._batch.leaf
        return _norm(self._of_generator(), place), _norm(self._consistency, place)


def _norm(losses: Tensor, place: Tensor) -> Tensor:
    """Zero where the losses do not depend on the place."""
    if not losses.requires_grad:
        return place.new_zeros(())
    (slope,) = torch.autograd.grad(
        losses.sum(), place, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    norm: Tensor = torch.linalg.vector_norm(slope)
    return norm
