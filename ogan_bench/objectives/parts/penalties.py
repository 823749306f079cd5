"""Penalties on the encoder. Losses per sample, ``(n,)``, for the encoder alone.

A penalty asks by name for attributes of :class:`~ogan_bench.objectives.parts.scored.Scored`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn

from ogan_bench.objectives.parts.score_averages import ScoreAverages


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
    sides: Literal[1, 2] = 2,
) -> Tensor:
    """WGAN-GP: weight·(‖∇s(x̂)‖ - 1)² at random points x̂ between x and G(z).

    With one side it is weight·max(0, ‖∇s(x̂)‖ - 1)²: a score may be as flat as it likes, as the
    Lipschitz constraint allows.

    x̂ = x + u(x_fake - x) with one uniform u per pair. Where the scoring net has batch norm, the
    score of a point depends on the whole batch and so does its gradient; the paper therefore
    advises against batch norm.

    Args:
        x: Real images, shape ``(n, c, h, w)``.
        x_fake: Generated images of the same shape, paired by position.
        score: Images to scores ``(n,)``.
        mixing: u, shape ``(n, 1, 1, 1)``.
        weight: 10 in the paper.
        sides: 2 in the paper; 1 is what the theory asks for (arXiv 1709.08894).

    References:
        I. Gulrajani et al., Improved Training of Wasserstein GANs, 2017,
        https://arxiv.org/abs/1704.00028
    """
    points = (x + mixing * (x_fake - x)).detach().requires_grad_()
    (slope,) = torch.autograd.grad(score(points).sum(), points, create_graph=True)
    steepness: Tensor = torch.linalg.vector_norm(slope.flatten(1), dim=1)
    excess = steepness - 1
    return weight * (excess.relu() if sides == 1 else excess).square()


def always(every: int) -> bool:
    """Every step is a penalty's turn."""
    return True


def r1(
    x: Tensor,
    score_real: Tensor,
    is_turn: Callable[[int], bool] = always,
    *,
    weight: PositiveFloat = 10.0,
    every: PositiveInt = 1,
) -> Tensor:
    """R1: weight/2·‖∇s(x)‖² at real images.

    Args:
        x: Real images, shape ``(n, c, h, w)``, of which ``score_real`` was computed.
        score_real: Scores of ``x``, shape ``(n,)``.
        is_turn: Whether a penalty that is taken every so many steps is taken now.
        weight: γ; 10 in the paper.
        every: Steps between penalties k; each is multiplied by k, and the other steps have none.
            16 in StyleGAN2 (arXiv 1912.04958), which also adapts Adam's constants; here they stay.
            The counted cost of a step is that of a step without the penalty.

    References:
        L. Mescheder et al., Which Training Methods for GANs do actually Converge?, 2018,
        https://arxiv.org/abs/1801.04406
    """
    if not is_turn(every):
        return none(score_real)
    return every * weight / 2 * _squared_slope(score_real, x)


def r1_r2(
    x: Tensor,
    x_fake: Tensor,
    score_real: Tensor,
    score_fake: Tensor,
    is_turn: Callable[[int], bool] = always,
    *,
    weight: PositiveFloat = 1.0,
    every: PositiveInt = 1,
) -> Tensor:
    """R1 + R2: weight/2·(‖∇s(x)‖² + ‖∇s(G(z))‖²), at real and at generated images.

    The relativistic loss converges locally with both, and not with R1 alone. Each pair has the sum
    of its two images.

    Args:
        x: Real images, shape ``(n, c, h, w)``, of which ``score_real`` was computed.
        x_fake: Generated images, of which ``score_fake`` was computed.
        score_real: Scores of ``x``, shape ``(n,)``.
        score_fake: Scores of ``x_fake``, shape ``(n,)``.
        is_turn: Whether a penalty that is taken every so many steps is taken now.
        weight: γ. In R3GAN it falls from 0.05 to 0.005 on CIFAR-10 and is larger on larger images;
            the default is our own.
        every: Steps between penalties k, as in `r1`.

    References:
        N. Huang et al., The GAN is dead; long live the GAN! A Modern GAN Baseline, 2025,
        https://arxiv.org/abs/2501.05441
        L. Mescheder et al., Which Training Methods for GANs do actually Converge?, 2018,
        https://arxiv.org/abs/1801.04406
    """
    if not is_turn(every):
        return none(score_real)
    slopes = _squared_slope(score_real, x) + _squared_slope(score_fake, x_fake)
    return every * weight / 2 * slopes


def r1_r2_differences(
    x: Tensor,
    x_fake: Tensor,
    score_real: Tensor,
    score_fake: Tensor,
    score: Callable[[Tensor], Tensor],
    score_generated: Callable[[Tensor], Tensor],
    offset_real: Tensor,
    offset_fake: Tensor,
    *,
    weight: PositiveFloat = 1.0,
    std: PositiveFloat = 0.01,
) -> Tensor:
    """R1 + R2 by finite differences: two more forward passes, and no second derivatives.

    weight/2·((s(x + σn) - s(x))² + (s(G(z) + σn') - s(G(z)))²)/σ² with standard normal n and n'.
    As σ falls to 0, s(x + σn) - s(x) tends to σn·∇s, and the mean of (n·∇s)² over n is ‖∇s‖²: in
    expectation this is `r1_r2`, if no score depends on the other images of its batch, as it does
    with batch norm. A difference of scores is small beside the scores, so this wants the precision
    of float32.

    Args:
        x: Real images, shape ``(n, c, h, w)``.
        x_fake: Generated images of the same shape.
        score_real: Scores of ``x``, shape ``(n,)``.
        score_fake: Scores of ``x_fake``, shape ``(n,)``.
        score: Images to scores ``(n,)``, with the classes of ``x``.
        score_generated: Images to scores ``(n,)``, with the classes of ``x_fake``.
        offset_real: n, of the shape of ``x``.
        offset_fake: n', of the shape of ``x_fake``.
        weight: γ, as in `r1_r2`.
        std: σ, for images in [-1, 1].

    References:
        N. Huang et al., The GAN is dead; long live the GAN! A Modern GAN Baseline, 2025,
        https://arxiv.org/abs/2501.05441
    """
    real = score((x + std * offset_real).detach()) - score_real
    fake = score_generated((x_fake + std * offset_fake).detach()) - score_fake
    return weight / 2 * (real.square() + fake.square()) / std**2


def lecam(
    score_real: Tensor,
    score_fake: Tensor,
    averages: ScoreAverages,
    after_update: Callable[[Callable[[], None]], None],
    *,
    weight: PositiveFloat = 0.3,
    decay: Annotated[float, Field(ge=0, lt=1)] = 0.99,
) -> Tensor:
    """LeCam: weight·(max(0, a_fake - s(x))² + max(0, s(G(z)) - a_real)²).

    a_real and a_fake are moving averages of the scores of real and generated images. The authors
    write max(0, D(x) - α_fake)² + max(0, α_real - D(G(z)))², with D = -s and α = -a here. So the
    scores of each kind are drawn to the average of the other as long as they tell the two apart.

    The averages are of the steps before, taken after each update of the scoring net; the first
    step has no penalty. In the authors' code both begin after 1000 steps.

    Args:
        score_real: Scores of real images, shape ``(n,)``.
        score_fake: Scores of generated images, shape ``(n,)``.
        averages: a_real and a_fake.
        after_update: Defers the update of the averages.
        weight: 0.3 in the authors' code for BigGAN on CIFAR.
        decay: Of the averages; 0.99 in the paper.

    References:
        H.-Y. Tseng et al., Regularizing Generative Adversarial Networks under Limited Data, 2021,
        https://arxiv.org/abs/2104.03310
    """
    after_update(lambda: averages.update(score_real, score_fake, decay))
    real = (averages.fake - score_real).relu().square()
    fake = (score_fake - averages.real).relu().square()
    return weight * averages.begun * (real + fake)


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
    "r1_r2": r1_r2,
    "r1_r2_differences": r1_r2_differences,
    "lecam": lecam,
    "weight_decay": weight_decay,
    "none": none,
}


def _squared_slope(scores: Tensor, images: Tensor) -> Tensor:
    """‖∇s‖² at the images of which the scores were computed, shape ``(n,)``."""
    (slope,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return slope.square().flatten(1).sum(dim=1)
