"""ALAE: an autoencoder of a learned latent space, in which the discriminator works too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.nn.functional import softplus

from ogan_bench.models.base import Architecture, mlp
from ogan_bench.models.initialisation import GlorotUniform
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets
from ogan_bench.objectives.parts.consistency import correlation
from ogan_bench.objectives.parts.penalties import r1 as gradient_penalty
from ogan_bench.objectives.systems.mapped_generator import MappedCodes, MappedGenerator

HEAD_LAYERS = 3
"""Number of layers of the perceptron that computes the score, as in the authors' code."""


@dataclass(frozen=True)
class ALAE(MappedCodes):
    """See :func:`alae`.

    Args:
        mapping_layers: Layers of F.
        latent_weight: Weight of the reciprocity loss in w.
        r1: γ of the gradient penalty.
    """

    mapping_layers: int
    latent_weight: float
    r1: float

    updated_first = ("encoder",)

    def build(self, architecture: Architecture) -> Nets:
        d = architecture.z_dim
        encoder = architecture.encoder(d)
        encoder.score_head = mlp(d, 1, hidden=d, layers=HEAD_LAYERS - 1)
        mapping = mlp(d, d, hidden=d, layers=self.mapping_layers - 1)
        # Half of the power is lost at each LeakyReLU, and the batch norm that follows has an eps.
        mapping.initial = GlorotUniform(gain=math.sqrt(2))
        return Nets(encoder, MappedGenerator(mapping, architecture.generator()))

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        real, fake = self.score_real(batch), self.score_fake(batch)
        return {
            "adversarial": softplus(real) + softplus(-fake),
            "penalty": gradient_penalty(batch.x, real, weight=self.r1),
            "reciprocity": self._reciprocity(self.w(batch), batch.e_fake),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        # The formula stops the gradient at w, in the target as well as on the way through S and E:
        # within G, only S learns to make images from which E can recover w.
        w = self.w(batch).detach()
        generator = cast(MappedGenerator, batch.nets.generator)
        images = generator.synthesis(w, batch.z_labels)
        seen = batch.batch.augment_fake(images)
        return {
            "adversarial": softplus(self.score_fake(batch)),
            "reciprocity": self._reciprocity(w, batch.nets.encoder(seen)),
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return {
            "score_real": self.score_real(batch),
            "score_fake": self.score_fake(batch),
            "rho": correlation(self.w(batch), batch.e_fake),
        }

    def w(self, batch: ForwardPass) -> Tensor:
        """F(z), shape ``(n, d)``."""
        return batch.once("w", lambda: self.latent(batch.nets.generator, batch.z))

    def score_real(self, batch: ForwardPass) -> Tensor:
        """Scores of the real images, shape ``(n,)``."""
        return batch.once("score_real", lambda: self._score(batch, batch.e_real))

    def score_fake(self, batch: ForwardPass) -> Tensor:
        """Scores of the generated images, shape ``(n,)``."""
        return batch.once("score_fake", lambda: self._score(batch, batch.e_fake))

    def _score(self, batch: ForwardPass, w: Tensor) -> Tensor:
        head = batch.nets.encoder.score_head
        assert head is not None
        scores: Tensor = head(w)
        return scores[:, 0]

    def _reciprocity(self, w: Tensor, code: Tensor) -> Tensor:
        return self.latent_weight * (w - code).square().mean(dim=1)


def alae(
    *,
    mapping_layers: PositiveInt = 5,
    latent_weight: NonNegativeFloat = 1.0,
    r1: NonNegativeFloat = 10.0,
) -> Objective:
    """ALAE, adversarial latent autoencoder: E gives w = F(z), and a head on w tells real from fake.

    With G = S∘F, w = F(z) and the score s = T(E(·)) of a perceptron T:

    E and T: log(1 + e^s(x)) + log(1 + e^-s(G(z))) + r1/2 · ‖∇s(x)‖² + latent_weight·R.
    S and F: log(1 + e^s(G(z))) + latent_weight·R.

    R = mean((w - E(S(w)))²) with w as a constant: it trains E and S, not F. So the code is tied to
    a learned latent space instead of to the prior, and the discriminator is a function of the code,
    as in O-GAN, but has a net of its own for it. G is evaluated from w on: the code of G(z) is
    compared with F(z), and reconstructions are S(E(x)).

    The authors alternate three steps, for the discriminator, the generator and the reciprocity;
    here each net is updated once on the sum of its terms. Their D is -s. They write R as a squared
    norm and take the mean over dimensions in their code; by that code F may get a gradient through
    S's input, while the paper's third step updates only E and G. w is as wide as z, and z enters F
    as it is. E and S are the study's nets instead of StyleGAN's.

    Args:
        mapping_layers: Layers of F; 5 by default in the authors' code.
        latent_weight: Weight of R; 1 in the authors' code.
        r1: γ; 10 in the authors' code.

    References:
        S. Pidhorskyi, D. Adjeroh and G. Doretto, Adversarial Latent Autoencoders, 2020,
        https://arxiv.org/abs/2004.04467
    """
    return ALAE(mapping_layers, latent_weight, r1)
