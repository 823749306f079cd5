"""A GAN that is not a min-max game: E sets the moments of scores, G moves their mean."""

from __future__ import annotations

from torch import Tensor

from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.composed import ComposedObjective
from ogan_bench.objectives.parts.adversarial import Adversarial
from ogan_bench.objectives.parts.call_by_name import term
from ogan_bench.objectives.parts.scored import Scored
from ogan_bench.objectives.parts.weighted_consistency import weighted_consistency
from ogan_bench.study.parts import ConsistencyPart, PenaltyPart, ReadoutPart, Weight, build


def squared_moments(scores: Tensor, mean: float) -> Tensor:
    """Distance of scores from N(mean, 1): (avg s - mean)² + (var s - 1)².

    Average and variance are over the batch, so the value is the same for every sample.
    """
    offset = scores.mean() - mean
    return (offset.square() + (scores.var(correction=0) - 1).square()).expand_as(scores)


def moment_matching(
    *,
    real_mean: float = 0.0,
    fake_mean: float = 1.0,
    readout: ReadoutPart = "avg",
    consistency: ConsistencyPart = "pearson",
    consistency_weight: Weight = 0.5,
    penalty: PenaltyPart = "none",
) -> Objective:
    """A GAN by matching moments of scores, in the manner of Deep InfoMax: no min-max.

    E: M(s(x), real_mean) + M(s(G(z)), fake_mean) + w·c(z, E(G(z))) + penalty
    with M(s, m) = (avg s - m)² + (var s - 1)².
    G: (avg s(G(z)) - real_mean)² + w·c(z, E(G(z))).

    Average and variance (of the population) are over the batch, and their terms are the same for
    every sample. E gives the scores of real images the moments of N(real_mean, 1) and those of
    generated images the moments of N(fake_mean, 1); G moves the mean score of its images to the
    target of real ones. So each minimises squares of its own, bounded below by 0.

    An appendix of the Deep InfoMax paper pulls E to the two normal distributions with small
    critics; matching two moments instead is our own reading, close to variance regularizing
    adversarial learning, whose code has the means 1 and 0 and a gradient penalty. With "avg" the
    score is the mean of the code, which the Pearson term leaves free, so the code is tied as in
    O-GAN.

    Args:
        real_mean: Target mean of the scores of real images.
        fake_mean: Target mean of the scores that E gives to generated images.
        readout: s.
        consistency: c.
        consistency_weight: w.
        penalty: On E.

    References:
        R. D. Hjelm et al., Learning deep representations by mutual information estimation and
        maximization, 2019, https://arxiv.org/abs/1808.06670
        K. Grewal, R. D. Hjelm and Y. Bengio, Variance Regularizing Adversarial Learning, 2017,
        https://arxiv.org/abs/1707.00309
    """

    def encoder(real: Tensor, fake: Tensor) -> Tensor:
        return squared_moments(real, real_mean) + squared_moments(fake, fake_mean)

    def generator(fake: Tensor) -> Tensor:
        return (fake.mean() - real_mean).square().expand_as(fake)

    return ComposedObjective(
        adversarial=Adversarial(encoder, generator),
        readout=build("readouts", readout),
        consistency=weighted_consistency(consistency, consistency_weight),
        penalty=term("penalties", penalty, Scored),
    )
