"""VEEGAN: BiGAN's critic of pairs, and an encoder that reconstructs the noise."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.nn.functional import softplus

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass
from ogan_bench.objectives.systems.bigan import PairObjective


@dataclass(frozen=True)
class VEEGAN(PairObjective):
    """See :func:`veegan`.

    Args:
        latent_weight: Weight of the noise autoencoder.
        hidden: Width of the critic's joint layers.
    """

    latent_weight: float
    hidden: int

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        return {"latent": self._latent(batch)}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return {"adversarial": self.score_fake(batch), "latent": self._latent(batch)}

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = self.score_real(batch), self.score_fake(batch)
        return {"adversarial": softplus(real) + softplus(-fake)}

    def _latent(self, batch: ForwardPass) -> Tensor:
        code = self.code(batch.e_fake, batch.z.shape[1])
        return self.latent_weight * (batch.z - code).square().sum(dim=1)


def veegan(*, latent_weight: NonNegativeFloat = 1.0, hidden: PositiveInt = 1024) -> Objective:
    """VEEGAN: E reconstructs the noise, and a critic tells (x, E(x)) from (G(z), z).

    Critic: log(1 + e^s(x, E(x))) + log(1 + e^-s(G(z), z)).
    E: latent_weight · ‖z - E(G(z))‖².
    G: s(G(z), z) + latent_weight · ‖z - E(G(z))‖².

    The optimal s is the log-ratio of the densities of generated and real pairs, and its mean over
    generated pairs is their KL divergence; so G's adversarial term is linear. The squared norm is a
    sum over dimensions.

    E is trained as in the paper's algorithm, on the noise autoencoder alone, although the bound
    depends on E through s(x, E(x)) too. The paper's reconstructor may draw its code; here it is
    deterministic. The critic is that of `bigan`, the paper has one net on the concatenated pair.

    Args:
        latent_weight: Weight of the noise autoencoder; 1 in the paper.
        hidden: Width of the critic's joint layers.

    References:
        A. Srivastava et al., VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational
        Learning, 2017, https://arxiv.org/abs/1705.07761
    """
    return VEEGAN(latent_weight, hidden)
