"""Encoder and discriminator as two separate nets, trained jointly."""

from __future__ import annotations

from dataclasses import dataclass

from ogan_bench.models.base import Architecture
from ogan_bench.objectives.base import LossTerms, Objective, Projection
from ogan_bench.objectives.forward_pass import ForwardPass, Nets
from ogan_bench.objectives.parts.weighted_consistency import (
    WeightedConsistency,
    weighted_consistency,
)
from ogan_bench.objectives.systems.critic_game import game
from ogan_bench.objectives.systems.image_critic import ImageCritic
from ogan_bench.study.parts import AdversarialPart, ConsistencyPart, PenaltyPart, Weight


@dataclass(frozen=True, kw_only=True)
class SeparateObjective(ImageCritic):
    """See :func:`separate`.

    Args:
        consistency: w·c.
        to_generator: Whether G minimises the consistency term too.
    """

    consistency: WeightedConsistency
    to_generator: bool

    @property
    def projection(self) -> Projection:
        return self.consistency.projection

    def build(self, architecture: Architecture) -> Nets:
        encoder = architecture.encoder(self.consistency.outputs(architecture.z_dim))
        generator, critic = architecture.generator(), architecture.encoder(1)
        self.game.prepare(critic)
        return Nets(encoder, generator, critic)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        tied = self.consistency.loss(batch, self)
        # Without a consistency term E has nothing to learn: it stays as initialised.
        return {"consistency": tied} if tied.requires_grad else {}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        terms = {"adversarial": self.forger_loss(batch)}
        return (
            {**terms, "consistency": self.consistency.loss(batch, self)}
            if self.to_generator
            else terms
        )


def separate(
    *,
    adversarial: AdversarialPart = "linear",
    penalty: PenaltyPart = "quadratic_potential",
    consistency: ConsistencyPart = "pearson",
    consistency_weight: Weight = 0.5,
    to_generator: bool = True,
) -> Objective:
    """Encoder and discriminator as separate nets, trained jointly: O-GAN without the sharing.

    Critic: f(s(x)) + g(s(G(z))) + penalty.
    E: w·c(z, E(G(z))).
    G: h(s(G(z))) + w·c(z, E(G(z))), without its second term where ``to_generator`` is off.

    The critic has the layers of E and one output, the score s. All else is as in `composed`, so the
    difference is what sharing one net costs or gains. With the squared error this is the joint
    latent regressor of Donahue et al., and without its term in G's loss their latent regressor: E
    never influences G then. They give the term in G's loss the weight 0.25 and report a degenerate
    solution with 1; here E and G share one weight.

    Args:
        adversarial: (f, g, h).
        penalty: On the critic.
        consistency: c; with "none" E is never trained.
        consistency_weight: w.
        to_generator: Whether the term is in G's loss too.

    References:
        J. Donahue, P. Krähenbühl and T. Darrell, Adversarial Feature Learning, 2017,
        https://arxiv.org/abs/1605.09782 (the latent regressors)
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return SeparateObjective(
        game=game(adversarial, penalty),
        consistency=weighted_consistency(consistency, consistency_weight),
        to_generator=to_generator,
    )
