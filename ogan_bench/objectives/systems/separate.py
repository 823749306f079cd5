"""Encoder and discriminator as two separate nets, trained jointly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from ogan_bench.models.base import Architecture
from ogan_bench.objectives.base import LossTerms, Objective, Projection
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise
from ogan_bench.objectives.parts.scored import Scored
from ogan_bench.objectives.parts.weighted_consistency import (
    WeightedConsistency,
    weighted_consistency,
)
from ogan_bench.objectives.systems.critic_game import CriticGame, computed, game
from ogan_bench.study.parts import AdversarialPart, ConsistencyPart, PenaltyPart, Weight


@dataclass(frozen=True, kw_only=True)
class SeparateObjective(Objective):
    """See :func:`separate`.

    Args:
        game: The game between the critic and G.
        consistency: w·c.
        to_generator: Whether G minimises the consistency term too.
    """

    game: CriticGame
    consistency: WeightedConsistency
    to_generator: bool

    updated_first = ("critic",)

    @property
    def projection(self) -> Projection:
        return self.consistency.projection

    def build(self, architecture: Architecture) -> Nets:
        encoder = architecture.encoder(self.consistency.outputs(architecture.z_dim))
        generator, critic = architecture.generator(), architecture.encoder(1)
        self.game.prepare(critic)
        return Nets(encoder, generator, critic)

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return self.game.noise(n, d)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        tied = self.consistency.loss(batch, self)
        # Without a consistency term E has nothing to learn: it stays as initialised.
        return {"consistency": tied} if tied.requires_grad else {}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = partial(self.score_real, batch), partial(self.score_fake, batch)
        terms = {"adversarial": self.game.generator_side_loss(real, fake)}
        return (
            {**terms, "consistency": self.consistency.loss(batch, self)}
            if self.to_generator
            else terms
        )

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = self.score_real(batch), self.score_fake(batch)
        scored = Scored(batch, real, fake, lambda x, labels: self.score(batch, x), batch.critic)
        return self.game.critic_loss(scored)

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return computed(batch, self, "score_real", "score_fake")

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Scores of the real images, shape ``(n,)``."""
        return batch.once("score_real", lambda: self.score(batch, batch.x))

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Scores of the generated images, shape ``(n,)``."""
        return batch.once("score_fake", lambda: self.score(batch, batch.x_fake))

    def score(self, batch: ForwardPass, x: Tensor) -> Tensor:
        """The critic's scores of images, shape ``(n,)``."""
        scores: Tensor = batch.critic(x)
        return scores[:, 0]


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
