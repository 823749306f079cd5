"""Autoencoders without an adversary: the variational one and the plain one.

E and G minimise one loss together, so neither is an adversary.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import PositiveFloat
from torch import Tensor

from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass
from ogan_bench.objectives.systems.gaussian_encoder import Variational, squared_error


@dataclass(frozen=True)
class VAE(Variational):
    """See :func:`vae`.

    Args:
        beta: Weight of the KL divergence.
        std: Standard deviation of a pixel given the code.
    """

    beta: float
    std: float

    updated_first = ()

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        error = squared_error(batch.x, self.reconstruction(batch))
        return {
            "reconstruction": error / (2 * self.std**2),
            "kl": self.beta * self.real(batch).kl(),
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return self.encoder_loss(batch)

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return {"posterior_std": self.real(batch).std.mean(dim=1)}


def vae(*, beta: PositiveFloat = 1.0, std: PositiveFloat = 0.3) -> Objective:
    """Variational autoencoder: the negative evidence lower bound, in nats per image.

    E and G: ‖x - G(μ + σ ε)‖² / (2 std²) + beta · KL(N(μ, σ²) ‖ N(0, 1)).

    E(x) is μ and log σ², ε is standard normal. The norm is a sum over channels and pixels in
    [-1, 1]: pixels are normal with standard deviation ``std``, and the constant of that density is
    left out. The KL divergence is a sum over the d dimensions. A code is evaluated by its mean μ.

    Args:
        beta: Above 1, codes are pushed towards the prior, as in the β-VAE.
        std: Standard deviation of a pixel given the code. The smaller, the sharper the
            reconstructions and the further the codes from the prior. The paper has binary pixels or
            a learned one; keeping it fixed is our own choice, and so is the default: digits of 16
            pixels in 32 dimensions then have a KL of about 23 nats and reconstructions off by 0.12
            (root mean square).

    References:
        D. P. Kingma and M. Welling, Auto-Encoding Variational Bayes, 2014, arXiv 1312.6114
        I. Higgins et al., β-VAE, 2017, https://openreview.net/forum?id=Sy2fzU9gl
    """
    return VAE(beta, std)


@dataclass(frozen=True)
class PlainAutoencoder(Objective):
    """See :func:`autoencoder`."""

    updated_first = ()

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        x_hat = batch.once("reconstruction", lambda: self._reconstruction(batch))
        return {"reconstruction": squared_error(batch.x, x_hat) / batch.x[0].numel()}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return self.encoder_loss(batch)

    def _reconstruction(self, batch: ForwardPass) -> Tensor:
        code = self.code(batch.e_real, batch.z.shape[1])
        return self.decode(batch.nets.generator, code, batch.labels)


def autoencoder() -> Objective:
    """Plain autoencoder: the mean squared error of pixels and nothing else.

    E and G: ‖x - G(E(x))‖² / (c·h·w).

    The reference for reconstructions. Nothing ties the codes to the prior: its samples G(z) come
    from standard normal codes that G was never trained on, and are measured as such. For the same
    reason it needs ``evaluation.generator_statistics: running``: with batch-norm statistics of such
    samples, the default, its reconstructions are measured as worse than they are.

    References:
        G. E. Hinton and R. R. Salakhutdinov, Reducing the Dimensionality of Data with Neural
        Networks, 2006, https://doi.org/10.1126/science.1127647
    """
    return PlainAutoencoder()
