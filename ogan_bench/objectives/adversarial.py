"""Adversarial triples (f, g, h) of scores; a lower score means more real, as in the author's code.

E minimises f(s_real) + g(s_fake) and G minimises h(s_fake), where s is the score of an image. For
the losses usually written with a discriminator's logit D, s = -D.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

ScoreLoss = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Adversarial:
    """Three functions of scores, each ``(n,) -> (n,)``.

    Args:
        f: Encoder's loss on real images.
        g: Encoder's loss on generated images.
        h: Generator's loss on generated images.
    """

    f: ScoreLoss
    g: ScoreLoss
    h: ScoreLoss


def linear() -> Adversarial:
    """Linear scores: f(s) = s, g(s) = -s, h(s) = s.

    The form of WGAN and GAN-QP; it needs a penalty.

    References:
        J. Su, GAN-QP: A Novel GAN Framework without Gradient Vanishing and Lipschitz Constraint,
        2018, https://arxiv.org/abs/1811.07296
    """
    return Adversarial(f=lambda score: score, g=torch.neg, h=lambda score: score)


def non_saturating() -> Adversarial:
    """Non-saturating logistic loss: f(s) = log(1 + e^s), g(s) = log(1 + e^-s), h(s) = f(s).

    References:
        I. Goodfellow et al., Generative Adversarial Networks, 2014, arXiv 1406.2661
    """
    return Adversarial(f=softplus, g=lambda score: softplus(-score), h=softplus)


ADVERSARIAL: dict[str, Callable[..., Adversarial]] = {
    "linear": linear,
    "non_saturating": non_saturating,
}
