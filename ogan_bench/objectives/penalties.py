"""Penalties on the encoder's scores. Losses per sample, ``(n,)``, for the encoder alone."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import PositiveFloat
from torch import Tensor


def quadratic_potential(
    x: Tensor,
    x_fake: Tensor,
    score_real: Tensor,
    score_fake: Tensor,
    *,
    weight: PositiveFloat = 0.25,
) -> Tensor:
    """GAN-QP's quadratic potential: weight·(s_real - s_fake)² / mean((x - x_fake)²).

    The denominator is each pair's own mean squared pixel difference and passes no gradient, so the
    generator cannot lower the loss by moving its images away from the real ones.

    Args:
        x: Real images, shape ``(n, c, h, w)``.
        x_fake: Generated images of the same shape, paired by position.
        score_real: Scores of ``x``, shape ``(n,)``.
        score_fake: Scores of ``x_fake``, shape ``(n,)``.
        weight: 0.25 in the author's code; 1/(2λ) in the notation of GAN-QP.

    References:
        J. Su, GAN-QP, 2018, https://arxiv.org/abs/1811.07296
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    distance = (x - x_fake).detach().square().flatten(1).mean(dim=1)
    return weight * (score_real - score_fake).square() / distance


def none(x: Tensor, x_fake: Tensor, score_real: Tensor, score_fake: Tensor) -> Tensor:
    """No penalty: zero."""
    return score_real.new_zeros(len(score_real))


PENALTIES: dict[str, Callable[..., Tensor]] = {
    "quadratic_potential": quadratic_potential,
    "none": none,
}
