"""DC-VAE: a VAE whose reconstructions have to be recognised by a critic, not equal in pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from ogan_bench.models.base import Architecture, Encoder
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise
from ogan_bench.objectives.parts.scored import Scored
from ogan_bench.objectives.systems.critic_game import CriticGame, computed, game
from ogan_bench.objectives.systems.gaussian_encoder import Variational
from ogan_bench.study.parts import AdversarialPart, PenaltyPart


@dataclass(frozen=True)
class DCVAE(Variational):
    """See :func:`dc_vae`.

    Args:
        game: The game between the critic's score, E and G.
        beta: Weight of the KL divergence.
        instance_weight: Weight of the contrastive loss.
        temperature: τ.
        features: Width of φ.
    """

    game: CriticGame
    beta: float
    instance_weight: float
    temperature: float
    features: int

    updated_first = ("critic",)

    def build(self, architecture: Architecture) -> Nets:
        critic = architecture.encoder(self.features)
        self.game.prepare(critic)
        critic.score_head = nn.Linear(self.features, 1)
        return replace(super().build(architecture), critic=critic)

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return {**super().noise(n, d), **self.game.noise(n, d)}

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        return {
            "adversarial": self._forger(batch, self.score_again) / 2,
            "instance": self._instance(batch),
            "kl": self.beta * self.real(batch).kl(),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        generated = self._forger(batch, self.score_fake)
        reconstructed = self._forger(batch, self.score_again)
        return {
            "adversarial": (generated + reconstructed) / 2,
            "instance": self._instance(batch),
        }

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = self.score_real(batch), self.score_fake(batch)
        again = self.score_again(batch)
        scored = Scored(batch, real, fake, lambda x, labels: self.score(batch, x), batch.critic)
        terms = self.game.critic_loss(scored)
        reconstructed = self.game.critic_side_loss(lambda: real, lambda: again)
        return {
            **terms,
            "adversarial": (terms["adversarial"] + reconstructed) / 2,
            "instance": self._instance(batch),
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        found = computed(batch, self, "score_real", "score_fake", "score_again")
        return {**found, "kl_real": self.real(batch).kl()}

    def phi_real(self, batch: ForwardPass) -> Tensor:
        """Features of the real images, shape ``(n, features)``."""
        return batch.once("phi_real", lambda: batch.critic(batch.x))

    def phi_again(self, batch: ForwardPass) -> Tensor:
        """Features of the reconstructions, shape ``(n, features)``."""
        return batch.once("phi_again", lambda: batch.critic(self.reconstruction(batch)))

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Scores of the real images, shape ``(n,)``."""
        return batch.once("score_real", lambda: self._scores(batch, self.phi_real(batch)))

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Scores of the generated images, shape ``(n,)``."""
        return batch.once("score_fake", lambda: self.score(batch, batch.x_fake))

    def score_again(self, batch: ForwardPass) -> Tensor:
        """Scores of the reconstructions, shape ``(n,)``."""
        return batch.once("score_again", lambda: self._scores(batch, self.phi_again(batch)))

    def score(self, batch: ForwardPass, x: Tensor) -> Tensor:
        """Scores of other images, shape ``(n,)``."""
        return self._scores(batch, batch.critic(x))

    def _scores(self, batch: ForwardPass, phi: Tensor) -> Tensor:
        head = cast(Encoder, batch.critic).score_head
        assert head is not None
        scores: Tensor = head(phi)
        return scores[:, 0]

    def _forger(self, batch: ForwardPass, fake: Callable[[ForwardPass], Tensor]) -> Tensor:
        return self.game.generator_side_loss(partial(self.score_real, batch), partial(fake, batch))

    def _instance(self, batch: ForwardPass) -> Tensor:
        """Nats that it takes to name the image of each reconstruction, shape ``(n,)``."""
        keys = F.normalize(self.phi_real(batch), dim=1).detach()
        similarity = F.normalize(self.phi_again(batch), dim=1) @ keys.T
        own = torch.arange(len(keys), device=keys.device)
        nats = F.cross_entropy(similarity / self.temperature, own, reduction="none")
        return self.instance_weight * nats


def dc_vae(
    *,
    adversarial: AdversarialPart = "hinge",
    penalty: PenaltyPart = "none",
    beta: PositiveFloat = 1e-4,
    instance_weight: NonNegativeFloat = 1.0,
    temperature: PositiveFloat = 0.07,
    features: PositiveInt = 16,
) -> Objective:
    """DC-VAE: a critic's features tell which image x̂ is of, and its score whether it is real.

    With the reconstruction x̂ = G(μ + σ ε), where E(x) is μ and log σ², and the score s = T(φ(·)) of
    a critic with features φ and a linear head T:

    Critic: f(s(x)) + ½·(g(s(G(z))) + g(s(x̂))) + penalty + instance_weight·I.
    E: ½·h(s(x̂)) + instance_weight·I + beta·KL(x).
    G: ½·(h(s(G(z))) + h(s(x̂))) + instance_weight·I.

    I_i = -log softmax_j cos(φ(x̂_i), sg φ(x_j)) / τ at j = i: all three nets make each
    reconstruction recognisable among the images of the batch; KL(x) is the divergence of E(x) from
    the prior, a sum over dimensions; sg stops the gradient. No loss compares pixels.

    The authors compare with the features that a moving average of the critic gives to 8192 earlier
    images; here they are those of the batch, by the critic itself, so there are fewer to tell
    apart. They also add I on the features of the critic's first block (half of the weight each),
    update E and G once in five steps of the critic, with the contrastive term in a step of its
    own that also moves the critic, and normalise the critic's kernels spectrally: choose the
    model's ``spectral_norm`` for that.

    Args:
        adversarial: (f, g, h).
        penalty: On the critic, of x and G(z) alone.
        beta: In the authors' code the sum over 64 images has the weight 1e-6 in both of their
            steps, which is about 1e-4 for the mean. On digits of 16 pixels in 32 dimensions the KL
            of real images is then about 100 nats; with 0.01 it is about 25, as in a VAE.
        instance_weight: 1 in the authors' code, all layers together.
        temperature: τ; 0.07 in the authors' code.
        features: Width of φ; 16 in the authors' code.

    References:
        G. Parmar, D. Li, K. Lee and Z. Tu, Dual Contradistinctive Generative Autoencoder, 2020,
        https://arxiv.org/abs/2011.10063, https://github.com/mlpc-ucsd/DC-VAE
    """
    return DCVAE(game(adversarial, penalty), beta, instance_weight, temperature, features)
