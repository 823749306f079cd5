"""Adversarial losses of scores; a lower score means more real, as in the author's code.

Most are a triple (f, g, h): E minimises f(s_real) + g(s_fake) and G minimises h(s_fake), where s is
the score of an image. For the losses usually written with a discriminator's logit D, s = -D.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

ScoreLoss = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Adversarial:
    """Two functions from the scores ``real`` and ``fake``, by name, each ``(n,)``, to ``(n,)``.

    Args:
        encoder: What E minimises.
        generator: What G minimises; if it does not ask for ``real``, E(x) is not computed.
        lower_bound: Infimum of E's loss, which it approaches as E separates real from generated
            images; ``None``: there is none.
    """

    encoder: Callable[..., Tensor]
    generator: Callable[..., Tensor]
    lower_bound: float | None = None


class Scores:
    """What an adversarial loss may ask for; each is computed on demand.

    Args:
        real: Gives the scores of the real images, shape ``(n,)``.
        fake: Gives the scores of the generated images, shape ``(n,)``.
    """

    def __init__(self, real: Callable[[], Tensor], fake: Callable[[], Tensor]) -> None:
        self._real = real
        self._fake = fake

    @property
    def real(self) -> Tensor:
        """Scores of the real images."""
        return self._real()

    @property
    def fake(self) -> Tensor:
        """Scores of the generated images."""
        return self._fake()


def triple(
    f: ScoreLoss, g: ScoreLoss, h: ScoreLoss, *, lower_bound: float | None = None
) -> Adversarial:
    """f on real scores and g on generated ones for E, h on generated ones for G.

    Args:
        f: Scores ``(n,)`` to losses ``(n,)``, like g and h.
        g: See above.
        h: See above.
        lower_bound: Infimum of f + g, see :class:`Adversarial`.
    """
    return Adversarial(lambda real, fake: f(real) + g(fake), lambda fake: h(fake), lower_bound)


def linear() -> Adversarial:
    """Linear scores: f(s) = s, g(s) = -s, h(s) = s.

    The form of WGAN and GAN-QP; it needs a penalty.

    References:
        J. Su, GAN-QP: A Novel GAN Framework without Gradient Vanishing and Lipschitz Constraint,
        2018, https://arxiv.org/abs/1811.07296
    """
    return triple(f=lambda score: score, g=torch.neg, h=lambda score: score)


def non_saturating() -> Adversarial:
    """Non-saturating logistic loss: f(s) = log(1 + e^s), g(s) = log(1 + e^-s), h(s) = f(s).

    References:
        I. Goodfellow et al., Generative Adversarial Networks, 2014, https://arxiv.org/abs/1406.2661
    """
    return triple(f=softplus, g=lambda score: softplus(-score), h=softplus, lower_bound=0.0)


def saturating() -> Adversarial:
    """The minimax loss: f(s) = log(1 + e^s), g(s) = log(1 + e^-s), h(s) = -g(s).

    G's gradient vanishes where E is sure that an image is generated.

    References:
        I. Goodfellow et al., Generative Adversarial Networks, 2014, https://arxiv.org/abs/1406.2661
    """
    return triple(
        f=softplus,
        g=lambda score: softplus(-score),
        h=lambda score: -softplus(-score),
        lower_bound=0.0,
    )


def least_squares() -> Adversarial:
    """Least squares to the labels 1 and 0: f(s) = (s + 1)²/2, g(s) = s²/2, h(s) = f(s).

    The target of the logit -s is 1 for a real and 0 for a generated image; G's target is 1. In the
    paper's notation a = 0 and b = c = 1, its equation 9.

    References:
        X. Mao et al., Least Squares Generative Adversarial Networks, 2017,
        https://arxiv.org/abs/1611.04076
    """

    def to_one(score: Tensor) -> Tensor:
        return (score + 1).square() / 2

    return triple(f=to_one, g=lambda score: score.square() / 2, h=to_one, lower_bound=0.0)


def hinge() -> Adversarial:
    """Hinge loss: f(s) = max(0, 1 + s), g(s) = max(0, 1 - s), h(s) = s.

    References:
        J. H. Lim and J. C. Ye, Geometric GAN, 2017, https://arxiv.org/abs/1705.02894
        T. Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018,
        https://arxiv.org/abs/1802.05957
    """
    return triple(
        f=lambda score: relu(1 + score),
        g=lambda score: relu(1 - score),
        h=lambda score: score,
        lower_bound=0.0,
    )


def relativistic() -> Adversarial:
    """RSGAN, a logistic loss on pairs: E: log(1 + e^(s_real - s_fake)), G: with the two swapped.

    Images are paired by their position in the batch.

    References:
        A. Jolicoeur-Martineau, The relativistic discriminator: a key element missing from standard
        GAN, 2018, https://arxiv.org/abs/1807.00734
    """
    return Adversarial(
        encoder=lambda real, fake: softplus(real - fake),
        generator=lambda real, fake: softplus(fake - real),
        lower_bound=0.0,
    )


def relativistic_average() -> Adversarial:
    """RaSGAN, a logistic loss of each score against the average of the other kind.

    E: log(1 + e^(s_real - avg s_fake)) + log(1 + e^(avg s_real - s_fake)).
    G: log(1 + e^(s_fake - avg s_real)) + log(1 + e^(avg s_fake - s_real)).

    The averages run over the batch and pass gradients, and the two logarithms are added as in the
    paper's equations; implementations that halve the sum have half our gradient.

    References:
        A. Jolicoeur-Martineau, The relativistic discriminator: a key element missing from standard
        GAN, 2018, https://arxiv.org/abs/1807.00734
    """

    def part(low: Tensor, high: Tensor) -> Tensor:
        return softplus(low - high.mean()) + softplus(low.mean() - high)

    return Adversarial(
        encoder=lambda real, fake: part(low=real, high=fake),
        generator=lambda real, fake: part(low=fake, high=real),
        lower_bound=0.0,
    )


ADVERSARIAL: dict[str, Callable[..., Adversarial]] = {
    "linear": linear,
    "non_saturating": non_saturating,
    "saturating": saturating,
    "least_squares": least_squares,
    "hinge": hinge,
    "relativistic": relativistic,
    "relativistic_average": relativistic_average,
}
