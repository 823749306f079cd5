"""AGE: a generator and an encoder without a discriminator; the codes' divergence is the game."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import NonNegativeFloat
from torch import Tensor
from torch.nn.functional import cosine_similarity

from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture
from ogan_bench.models.normalization import on_sphere
from ogan_bench.objectives.base import LossTerms, Objective, Projection
from ogan_bench.objectives.forward_pass import ForwardPass, Nets
from ogan_bench.objectives.parts.consistency import correlation

VARIANCE_FLOOR = 1e-12
"""Keeps the divergence of codes that are all alike finite."""

LEAST_DIMENSIONS = 2
"""With one, the sphere is two points, and E gets no gradient."""


def divergence(codes: Tensor) -> Tensor:
    """KL(N(m, s²) ‖ N(0, 1)) with the moments of a batch, in nats, mean over dimensions.

    Args:
        codes: Shape ``(n, d)``.

    Returns:
        The same value for every sample, shape ``(n,)``.
    """
    variance = codes.var(dim=0, correction=0).clamp_min(VARIANCE_FLOOR)
    nats = (variance + codes.mean(dim=0).square() - variance.log() - 1) / 2
    return nats.mean().expand(len(codes))


@dataclass(frozen=True)
class AGE(Objective):
    """See :func:`age`.

    Args:
        image_weight: Weight of the reconstruction of images in E's loss.
        latent_weight: Weight of the reconstruction of z in G's loss.
    """

    image_weight: float
    latent_weight: float

    updated_first = ("encoder",)

    @property
    def projection(self) -> Projection:
        return "sphere"

    def build(self, architecture: Architecture) -> Nets:
        if architecture.z_dim < LEAST_DIMENSIONS:
            raise UserError(f"age: z needs {LEAST_DIMENSIONS} dimensions and has one")
        return super().build(architecture)

    def prior(self, z: Tensor) -> Tensor:
        return on_sphere(z)

    def code(self, e: Tensor, d: int) -> Tensor:
        return on_sphere(super().code(e, d))

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        code = self.code(batch.e_real, batch.z.shape[1])
        x_hat = self.decode(batch.nets.generator, code, batch.labels)
        error = (batch.x - x_hat).abs().flatten(1).mean(dim=1)
        return {
            "kl_real": divergence(code),
            "kl_fake": -self.kl_fake(batch),
            "reconstruction": self.image_weight * error,
        }

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        d = batch.z.shape[1]
        cosine = cosine_similarity(batch.z, batch.e_fake, dim=1)
        return {
            "kl_fake": self.kl_fake(batch),
            "latent": self.latent_weight * (1 - cosine) / d,
        }

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return {"kl_fake": self.kl_fake(batch), "rho": correlation(batch.z, batch.e_fake)}

    def kl_fake(self, batch: ForwardPass) -> Tensor:
        """KL(E(G(z))), shape ``(n,)``."""
        d = batch.z.shape[1]
        return batch.once("kl_fake", lambda: divergence(self.code(batch.e_fake, d)))


def age(
    *,
    image_weight: NonNegativeFloat = 10.0,
    latent_weight: NonNegativeFloat = 1000.0,
) -> Objective:
    """AGE: no discriminator; E tells images apart by how far their codes are from the prior.

    E: KL(E(x)) - KL(E(G(z))) + image_weight · mean |x - G(E(x))|.
    G: KL(E(G(z))) + latent_weight · (1 - cos(z, E(G(z)))) / d.

    KL(c) = mean over j of (s_j² + m_j²)/2 - log s_j - ½ is the divergence from N(0, 1) of a normal
    distribution with the mean m_j and the standard deviation s_j (of the population) of dimension j
    over the batch; it is the same for every sample.

    z is uniform on the sphere and E ends with the projection to it. The authors' sphere has radius
    1; here it is √d as in all of autoencoding, so that uniform codes have the moments of N(0, 1).
    On either sphere the mean of s_j² + m_j² is constant, so the radius moves no gradient of KL; it
    scales the input of G.

    The authors update E once and G two or three times, each time with fresh z; here G is updated as
    often as E. Their code takes the mean over dimensions in KL and in the cosine, as here, but has
    the variance where the formula has s, which makes the gradient of KL about twice ours. They
    raise image_weight to 15 for fine-tuning. s_j² is at least 1e-12, our own choice.

    Args:
        image_weight: 10 in the authors' settings.
        latent_weight: 1000 in the authors' settings, 2000 for Tiny ImageNet.

    References:
        D. Ulyanov, A. Vedaldi and V. Lempitsky, It Takes (Only) Two: Adversarial Generator-Encoder
        Networks, 2017, https://arxiv.org/abs/1704.02304
    """
    return AGE(image_weight, latent_weight)
