"""A GAN first, then an encoder that inverts its frozen generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass
from ogan_bench.objectives.parts.weighted_consistency import weighted_consistency
from ogan_bench.objectives.systems.critic_game import game
from ogan_bench.objectives.systems.separate import SeparateObjective
from ogan_bench.study.parts import AdversarialPart, ConsistencyPart, PenaltyPart


@dataclass(frozen=True, kw_only=True)
class PostHocObjective(SeparateObjective):
    """See :func:`post_hoc`: the separate nets, one after the other.

    Args:
        gan_share: Share of the training spent on the GAN.
    """

    gan_share: float

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        return {} if self._plays(batch) else super().encoder_loss(batch)

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return super().generator_loss(batch) if self._plays(batch) else {}

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        return super().critic_loss(batch) if self._plays(batch) else {}

    def _plays(self, batch: ForwardPass) -> bool:
        return batch.before(self.gan_share)


def post_hoc(
    *,
    adversarial: AdversarialPart = "linear",
    penalty: PenaltyPart = "quadratic_potential",
    consistency: ConsistencyPart = "mse_mean",
    gan_share: Annotated[float, Field(gt=0, lt=1)] = 0.5,
) -> Objective:
    """A plain GAN first, then an encoder that learns to invert its frozen generator.

    Up to the share ``gan_share`` of the training:
    critic: f(s(x)) + g(s(G(z))) + penalty; G: h(s(G(z))); E is frozen.
    From there on: E: c(z, E(G(z))); the critic and G are frozen.

    The control for every system that trains an encoder along with a GAN. All weights of G are
    frozen; the running averages of its batch norm continue to converge to the statistics of those
    weights. E sees generated images only.

    The paper finds such an encoder comparable to BiGAN's; how the training is divided is our own
    choice.

    Args:
        adversarial: (f, g, h).
        penalty: On the critic.
        consistency: c; its weight is 1, because E minimises nothing else.
        gan_share: Above 0 and below 1.

    References:
        P. K. Rubenstein, Y. Li and D. Roblek, An Empirical Study of Generative Models with
        Encoders, 2018, https://arxiv.org/abs/1812.07909
    """
    return PostHocObjective(
        game=game(adversarial, penalty),
        consistency=weighted_consistency(consistency, 1.0),
        to_generator=False,
        gan_share=gan_share,
    )
