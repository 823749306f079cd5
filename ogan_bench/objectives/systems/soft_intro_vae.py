"""Soft-IntroVAE: IntroVAE with an exponential in place of the hinge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Noise, normal
from ogan_bench.objectives.systems.gaussian_encoder import (
    UNIT_RANGE,
    Gaussian,
    Variational,
    squared_error,
)


@dataclass(frozen=True)
class SoftIntroVAE(Variational):
    """See :func:`soft_intro_vae`.

    Args:
        beta_kl: Weight of the KL divergence.
        beta_rec: Weight of the reconstruction error.
        beta_neg: Weight of the KL divergence in the exponentials.
        gamma_r: Weight of reconstructing generated images in G's loss.
        vae_share: Initial share of the training without the adversarial terms.
    """

    beta_kl: float
    beta_rec: float
    beta_neg: float
    gamma_r: float
    vae_share: float

    updated_first = ("encoder",)

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        names = ("posterior real", "posterior reconstructed", "posterior fake")
        return {name: normal(n, d) for name in names}

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        x_hat, s = self.reconstruction(batch), self._scale(batch)
        terms = {
            "reconstruction": s * self._error(batch.x, x_hat),
            "kl_real": s * self.beta_kl * self.real(batch).kl(),
        }
        if batch.before(self.vae_share):
            return terms
        again, fake = self.of(batch, x_hat.detach()), self.fake(batch)
        code_again, code_fake = self._codes(batch, again, fake)
        # As an image to reconstruct, x̂ is not detached, as in the authors' code.
        error_again = self._error(x_hat, self.images(batch, code_again, batch.labels))
        error_fake = self._error(batch.x_fake, self.images(batch, code_fake, batch.z_labels))
        return {
            **terms,
            "elbo_reconstructed": self._exponential(batch, error_again, again.kl()),
            "elbo_fake": self._exponential(batch, error_fake, fake.kl()),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        x_hat, s = self.reconstruction(batch), self._scale(batch)
        terms = {"reconstruction": s * self._error(batch.x, x_hat)}
        if batch.before(self.vae_share):
            return terms
        again, fake = self.of(batch, x_hat), self.fake(batch)
        code_again, code_fake = (code.detach() for code in self._codes(batch, again, fake))
        error_again = self._error(x_hat.detach(), self.images(batch, code_again, batch.labels))
        error_fake = self._error(
            batch.x_fake.detach(), self.images(batch, code_fake, batch.z_labels)
        )
        return {
            **terms,
            "kl_reconstructed": s * 0.5 * self.beta_kl * again.kl(),
            "kl_fake": s * 0.5 * self.beta_kl * fake.kl(),
            "again": s * 0.5 * self.gamma_r * (error_again + error_fake),
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        found = {"kl_real": self.real(batch).kl()}
        if not batch.before(self.vae_share):
            found["kl_fake"] = self.fake(batch).kl()
        return found

    def _scale(self, batch: ForwardPass) -> float:
        """s: the reciprocal of the number of values in an image."""
        return 1 / batch.x[0].numel()

    def _error(self, x: Tensor, y: Tensor) -> Tensor:
        return self.beta_rec * UNIT_RANGE * squared_error(x, y)

    def _exponential(self, batch: ForwardPass, error: Tensor, kl: Tensor) -> Tensor:
        return 0.25 * (-2 * self._scale(batch) * (error + self.beta_neg * kl)).exp()

    def _codes(self, batch: ForwardPass, again: Gaussian, fake: Gaussian) -> tuple[Tensor, Tensor]:
        """Codes of x̂ and of G(z), with the same noise in all losses of a step."""
        return (
            again.sample(batch.noise("posterior reconstructed")),
            fake.sample(batch.noise("posterior fake")),
        )


def soft_intro_vae(
    *,
    beta_kl: PositiveFloat = 1.0,
    beta_rec: PositiveFloat = 1.0,
    beta_neg: PositiveFloat = 256.0,
    gamma_r: NonNegativeFloat = 1e-8,
    vae_share: Annotated[float, Field(ge=0, le=1)] = 0.0,
) -> Objective:
    """Soft-IntroVAE: E lowers the exponential of generated images' evidence bound, G raises it.

    E: s·(β_rec·R(x, x̂) + β_kl·KL(x)) + ¼·(e(x̂) + e(G(z))),
    e(y) = exp(-2s·(β_rec·R(y, G(c(sg y))) + β_neg·KL(sg y))).
    G: s·(β_rec·R(x, x̂) + ½·β_kl·(KL(x̂) + KL(G(z))) + ½·γ_r·β_rec·(r(x̂) + r(G(z)))),
    r(y) = R(sg y, G(sg c(y))).

    c(y) = μ + σ ε is a code drawn from E(y) = (μ, log σ²) and x̂ = G(c(x)); R(x, y) = ‖x - y‖² is a
    sum over pixels; KL(·) is the divergence of E(·) from the prior, a sum over dimensions;
    s = 1/(c·h·w) and sg stops the gradient. R is of images in [0, 1], as in the authors' code, so a
    quarter of what it would be on ours. The exponential is taken for each image.

    Args:
        beta_kl: 1 in the authors' code for all small images.
        beta_rec: 1 likewise. On even smaller images the codes then carry little information: on
            digits of 16 pixels in 32 dimensions the KL of real images is below 4 nats.
        beta_neg: 256 likewise. It acts through s·β_neg, which is 0.08 on their CIFAR-10 and 0.33 on
            their Fashion-MNIST; the smaller it is, the larger the KL up to which E pushes.
        gamma_r: 1e-8 in the authors' code.
        vae_share: Share of the training that goes to a plain VAE first; none in the authors' code.

    References:
        T. Daniel and A. Tamar, Soft-IntroVAE: Analyzing and Improving the Introspective Variational
        Autoencoder, 2021, https://arxiv.org/abs/2012.13253,
        https://github.com/taldatech/soft-intro-vae-pytorch
    """
    return SoftIntroVAE(beta_kl, beta_rec, beta_neg, gamma_r, vae_share)
