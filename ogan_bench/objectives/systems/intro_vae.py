"""IntroVAE: a VAE whose encoder is the adversary of its generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, PositiveFloat
from torch import Tensor

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass
from ogan_bench.objectives.systems.gaussian_encoder import UNIT_RANGE, Variational, squared_error


@dataclass(frozen=True)
class IntroVAE(Variational):
    """See :func:`intro_vae`.

    Args:
        margin: m.
        w_rec: Weight of the reconstruction error.
        w_kl: Weight of all KL divergences.
        w_neg: Further weight of the hinges.
        vae_share: Initial share of the training without the adversarial terms.
    """

    margin: float
    w_rec: float
    w_kl: float
    w_neg: float
    vae_share: float

    updated_first = ("encoder",)

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        x_hat = self.reconstruction(batch)
        terms = {
            "reconstruction": self._error(batch, x_hat),
            "kl_real": self.w_kl * self.real(batch).kl(),
        }
        if batch.before(self.vae_share):
            return terms
        kl_reconstructed = self.of(batch, x_hat.detach()).kl()
        w = 0.5 * self.w_kl * self.w_neg
        return {
            **terms,
            "hinge_reconstructed": w * self._hinge(kl_reconstructed),
            "hinge_fake": w * self._hinge(self.fake(batch).kl()),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        x_hat = self.reconstruction(batch)
        terms = {"reconstruction": self._error(batch, x_hat)}
        if batch.before(self.vae_share):
            return terms
        w = 0.5 * self.w_kl
        return {
            **terms,
            "kl_reconstructed": w * self.of(batch, x_hat).kl(),
            "kl_fake": w * self.fake(batch).kl(),
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        found = {"kl_real": self.real(batch).kl()}
        if not batch.before(self.vae_share):
            found["kl_fake"] = self.fake(batch).kl()
        return found

    def _error(self, batch: ForwardPass, x_hat: Tensor) -> Tensor:
        return self.w_rec * UNIT_RANGE * squared_error(batch.x, x_hat)

    def _hinge(self, kl: Tensor) -> Tensor:
        """max(0, m - KL) of the mean KL of the batch, shape ``(n,)``."""
        return (self.margin - kl.mean()).relu().expand_as(kl)


def intro_vae(
    *,
    margin: PositiveFloat = 40.0,
    w_rec: PositiveFloat = 20.0,
    w_kl: PositiveFloat = 1.0,
    w_neg: PositiveFloat = 0.5,
    vae_share: Annotated[float, Field(ge=0, le=1)] = 0.0,
) -> Objective:
    """IntroVAE: E raises the KL divergence of generated images to a margin, G lowers it.

    E: w_rec·R + w_kl·(KL(x) + ½·w_neg·(max(0, m - KL(sg x̂)) + max(0, m - KL(sg G(z))))).
    G: w_rec·R + ½·w_kl·(KL(x̂) + KL(G(z))).

    x̂ = G(μ + σ ε) is the reconstruction of x, where E(x) is μ and log σ²; R = ‖x - x̂‖² is a sum
    over pixels; KL(·) is the divergence of E(·) from the prior, a sum over dimensions; sg stops the
    gradient. As in the authors' code the hinge sees the mean of the KL over the batch, not the KL
    of each image, so both hinge terms have the same value for every sample. And as there, R is of
    images in [0, 1], so a quarter of what it would be on ours.

    Args:
        margin: m. It has to exceed the KL that a VAE of the same ``w_rec`` gives real images; that
            is about 23 on digits of 16 pixels in 32 dimensions. The authors take 120 at 256 pixels
            and 500 at 1024.
        w_rec: 0.05 in the authors' code at 256 pixels, where R has 196,608 summands; with so small
            a weight the codes of small images would carry no information. The default is our own
            choice: R then weighs as in a VAE whose pixels have a standard deviation of 0.32 in [-1,
            1].
        w_kl: 1 in the authors' code.
        w_neg: 0.5 in the authors' code at 256 pixels, 1 at 1024.
        vae_share: Share of the training that goes to a plain VAE first; the authors use none or
            some epochs. That it has the same weights is our own choice.

    References:
        H. Huang et al., IntroVAE: Introspective Variational Autoencoders for Photographic Image
        Synthesis, 2018, https://arxiv.org/abs/1807.06358, https://github.com/hhb072/IntroVAE
    """
    return IntroVAE(margin, w_rec, w_kl, w_neg, vae_share)
