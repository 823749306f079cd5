"""Penalties on the encoder. Losses per sample, ``(n,)``, for the encoder alone.

A penalty asks by name for attributes of :class:`Scored`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import PositiveFloat
from torch import Tensor, nn

from ogan_bench.objectives.base import ForwardPass, Noise, uniform
from ogan_bench.objectives.parts.call_by_name import Term, argument_names


@dataclass(frozen=True)
class Scored:
    """What a penalty may ask for.

    Args:
        batch: The forward pass, with its images and random numbers.
        score_real: Scores of the real images, shape ``(n,)``.
        score_fake: Scores of the generated images, shape ``(n,)``.
        score: Images ``(n, c, h, w)`` to scores ``(n,)``.
        scorer: The net whose scores these are.
    """

    batch: ForwardPass
    score_real: Tensor
    score_fake: Tensor
    score: Callable[[Tensor], Tensor]
    scorer: nn.Module

    @property
    def x(self) -> Tensor:
        """Real images, a leaf that requires a gradient, shape ``(n, c, h, w)``."""
        return self.batch.x

    @property
    def x_fake(self) -> Tensor:
        """Generated images, shape ``(n, c, h, w)``."""
        return self.batch.x_fake

    @property
    def mixing(self) -> Tensor:
        """Uniform numbers in [0, 1), one per pair of images, shape ``(n, 1, 1, 1)``."""
        return self.batch.noise("mixing")


def quadratic_potential(
    x: Tensor,
    x_fake: Tensor,
    score_real: Tensor,
    score_fake: Tensor,
    *,
    weight: PositiveFloat = 0.25,
    norm: Literal["mean_square", "l1", "l2"] = "mean_square",
) -> Tensor:
    """GAN-QP's quadratic potential: weight·(s_real - s_fake)² / d(x, G(z)), d per pair.

    d is the mean over a pair's pixels of (x - x_fake)², as in O-GAN's code, or of |x - x_fake|
    (``l1``), or the root of the mean square (``l2``); GAN-QP has the latter two, with weight
    1/(2·10) = 0.05. It passes no gradient, so the generator cannot lower the loss by moving its
    images away from the real ones.

    Args:
        x: Real images, shape ``(n, c, h, w)``.
        x_fake: Generated images of the same shape, paired by position.
        score_real: Scores of ``x``, shape ``(n,)``.
        score_fake: Scores of ``x_fake``, shape ``(n,)``.
        weight: 0.25 in the author's code; 1/(2λ) in the notation of GAN-QP.
        norm: The distance d.

    References:
        J. Su, GAN-QP, 2018, https://arxiv.org/abs/1811.07296
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    difference = (x - x_fake).detach().flatten(1)
    if norm == "l1":
        distance = difference.abs().mean(dim=1)
    else:
        distance = difference.square().mean(dim=1)
        if norm == "l2":
            distance = distance.sqrt()
    return weight * (score_real - score_fake).square() / distance


def gradient_penalty(
    x: Tensor,
    x_fake: Tensor,
    score: Callable[[Tensor], Tensor],
    mixing: Tensor,
    *,
    weight: PositiveFloat = 10.0,
) -> Tensor:
    """WGAN-GP: weight·(‖∇s(x̂)‖ - 1)² at random points x̂ between x and G(z).

    x̂ = x + u(x_fake - x) with one uniform u per pair. Where the scoring net has batch norm, the
    score of a point depends on the whole batch and so does its gradient; the paper therefore
    advises against batch norm.

    Args:
        x: Real images, shape ``(n, c, h, w)``.
        x_fake: Generated images of the same shape, paired by position.
        score: Images to scores ``(n,)``.
        mixing: u, shape ``(n, 1, 1, 1)``.
        weight: 10 in the paper.

    References:
        I. Gulrajani et al., Improved Training of Wasserstein GANs, 2017,
        https://arxiv.org/abs/1704.00028
    """
    points = (x + mixing * (x_fake - x)).detach().requires_grad_()
    (slope,) = torch.autograd.grad(score(points).sum(), points, create_graph=True)
    steepness: Tensor = torch.linalg.vector_norm(slope.flatten(1), dim=1)
    return weight * (steepness - 1).square()


def r1(x: Tensor, score_real: Tensor, *, weight: PositiveFloat = 10.0) -> Tensor:
    """R1: weight/2·‖∇s(x)‖² at real images.

    Args:
        x: Real images, shape ``(n, c, h, w)``, of which ``score_real`` was computed.
        score_real: Scores of ``x``, shape ``(n,)``.
        weight: γ; 10 in the paper.

    References:
        L. Mescheder et al., Which Training Methods for GANs do actually Converge?, 2018,
        https://arxiv.org/abs/1801.04406
    """
    (slope,) = torch.autograd.grad(score_real.sum(), x, create_graph=True)
    return weight / 2 * slope.square().flatten(1).sum(dim=1)


def weight_decay(scorer: nn.Module, score_real: Tensor, *, weight: PositiveFloat = 1e-4) -> Tensor:
    """L2: weight/2·‖W‖² of the scoring net's kernels W; the same number for every sample.

    Kernels are all parameters of two or more dimensions; biases and the scale and shift of batch
    norm are exempt. The author reports that a little of it helps O-GAN, but gives no number; the
    default is our own.

    Args:
        scorer: The net whose scores these are.
        score_real: Shape ``(n,)``.
        weight: Of half the sum of squares.

    References:
        J. Su, 2019, https://kexue.fm/archives/6583
    """
    kernels = [parameter for parameter in scorer.parameters() if parameter.ndim > 1]
    squares = torch.stack([kernel.square().sum() for kernel in kernels]).sum()
    return (weight / 2 * squares).expand(len(score_real))


def none(score_real: Tensor) -> Tensor:
    """No penalty: zero."""
    return score_real.new_zeros(len(score_real))


PENALTIES: dict[str, Callable[..., Tensor]] = {
    "quadratic_potential": quadratic_potential,
    "gradient_penalty": gradient_penalty,
    "r1": r1,
    "weight_decay": weight_decay,
    "none": none,
}


def penalty_noise(penalty: Term, n: int) -> Mapping[str, Noise]:
    """Random numbers that a penalty asks for, for n pairs of images."""
    return {"mixing": uniform(n, 1, 1, 1)} if "mixing" in argument_names(penalty) else {}
