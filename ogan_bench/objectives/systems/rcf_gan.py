"""RCF-GAN: E as the critic of characteristic functions of codes, and the inverse of G."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, NonNegativeFloat
from torch import Tensor, nn

from ogan_bench.models.base import Architecture, mlp
from ogan_bench.objectives.base import LossTerms, Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise, normal
from ogan_bench.objectives.parts.consistency import correlation

FLOOR = 1e-12
"""Keeps the gradients of square roots finite."""


def characteristic_distance(t: Tensor, a: Tensor, b: Tensor, amplitude: float) -> Tensor:
    """C(a, b) of :func:`rcf_gan`, a distance of the characteristic functions of two batches.

    Args:
        t: Points, shape ``(k, d)``.
        a: Shape ``(n, d)``.
        b: Shape ``(m, d)``.
        amplitude: α, the weight of the amplitudes; that of the phases is 1 - α.

    Returns:
        A scalar.
    """
    (a_real, a_imaginary), (b_real, b_imaginary) = _characteristic(t, a), _characteristic(t, b)
    a_modulus, b_modulus = _modulus(a_real, a_imaginary), _modulus(b_real, b_imaginary)
    amplitudes = (a_modulus - b_modulus).square()
    phases = 2 * (a_modulus * b_modulus - a_real * b_real - a_imaginary * b_imaginary)
    squared = 2 * amplitude * amplitudes + 2 * (1 - amplitude) * phases
    return squared.clamp_min(FLOOR).sqrt().mean()


def _characteristic(t: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """Real and imaginary part at all points, each of shape ``(k,)``."""
    angles = t @ a.T
    return angles.cos().mean(dim=1), angles.sin().mean(dim=1)


def _modulus(real: Tensor, imaginary: Tensor) -> Tensor:
    return (real.square() + imaginary.square()).clamp_min(FLOOR).sqrt()


@dataclass(frozen=True)
class RCFGAN(Objective):
    """See :func:`rcf_gan`.

    Args:
        amplitude: α.
        reciprocal_weight: λ.
        t_net: Whether a net scales the points.
    """

    amplitude: float
    reciprocal_weight: float
    t_net: bool

    updated_first = ("encoder", "critic")

    def build(self, architecture: Architecture) -> Nets:
        d = architecture.z_dim
        t_net = nn.Sequential(mlp(d, d, hidden=d, layers=2), nn.Tanh()) if self.t_net else None
        return Nets(architecture.encoder(d), architecture.generator(), t_net)

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        points = {"points": normal(n, d)}
        return {**points, "scales": normal(n, d)} if self.t_net else points

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        error = (batch.z - self._fake(batch)).square().mean(dim=1)
        return {**self._game(batch), "reciprocity": self.reciprocal_weight * error}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return {"distance": self._distance(batch, self._fake(batch), self._real(batch))}

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        return self._game(batch)

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        return {
            "distance_real": self.distance_real(batch),
            "distance_fake": self.distance_fake(batch),
            "rho": correlation(batch.z, self._fake(batch)),
        }

    def distance_real(self, batch: ForwardPass) -> Tensor:
        """C(z, E(x)), shape ``(n,)``."""
        return batch.once(
            "distance_real", lambda: self._distance(batch, batch.z, self._real(batch))
        )

    def distance_fake(self, batch: ForwardPass) -> Tensor:
        """C(z, E(G(z))), shape ``(n,)``."""
        return batch.once(
            "distance_fake", lambda: self._distance(batch, batch.z, self._fake(batch))
        )

    def points(self, batch: ForwardPass) -> Tensor:
        """t, shape ``(n, d)``."""
        return batch.once("points", lambda: self._points(batch))

    def _points(self, batch: ForwardPass) -> Tensor:
        points = batch.noise("points") / math.sqrt(batch.z.shape[1])
        if not self.t_net:
            return points
        scales: Tensor = batch.critic(batch.noise("scales"))
        return points * scales

    def _game(self, batch: ForwardPass) -> LossTerms:
        return {
            "distance_real": self.distance_real(batch),
            "distance_fake": -self.distance_fake(batch),
        }

    def _distance(self, batch: ForwardPass, a: Tensor, b: Tensor) -> Tensor:
        distance = characteristic_distance(self.points(batch), a, b, self.amplitude)
        return distance.expand(len(batch.z))

    def _real(self, batch: ForwardPass) -> Tensor:
        return self.code(batch.e_real, batch.z.shape[1])

    def _fake(self, batch: ForwardPass) -> Tensor:
        return self.code(batch.e_fake, batch.z.shape[1])


def rcf_gan(
    *,
    amplitude: Annotated[float, Field(ge=0, le=1)] = 0.5,
    reciprocal_weight: NonNegativeFloat = 1.0,
    t_net: bool = True,
) -> Objective:
    """RCF-GAN: E moves the characteristic function of real codes to the prior's, and G follows.

    E and the t-net: C(z, E(x)) - C(z, E(G(z))), for E with + λ · ‖z - E(G(z))‖² / d.
    G: C(E(G(z)), E(x)).

    C(a, b) = mean over t of √(2α·(|Φ_a| - |Φ_b|)² + 2(1-α)·2(|Φ_a||Φ_b| - Re Φ_a Φ_b*)),
    Φ_a(t) = mean of e^(i⟨t, a⟩) over the batch.

    The first term compares amplitudes and the second phases; at α = 1/2 the root is |Φ_a - Φ_b|.
    There are as many t as images in the batch, the same in all losses of a pass. t = n·h(n')/√d
    with n and n' standard normal, where the t-net h, a perceptron that ends with tanh, plays on E's
    side; without it t = n/√d. The last term of E makes it the inverse of G.

    α and 1 - α are the paper's, the factor 2 before both is that of the authors' code. Left out of
    it are the layer norm and tanh at the end of E, so codes are unbounded here; the batch norm in
    the t-net; and the growth of λ from 0.6 to 1. The authors alternate E and G with fresh z and t;
    their z has the variance 0.3 and ours 1. Radicands are at least 1e-12, our own choice: the
    authors have that floor under the phases. No image is compared with its reconstruction.

    Args:
        amplitude: α; 0.5 in the authors' code.
        reciprocal_weight: λ.
        t_net: Whether a net scales the points t, as by default in the authors' code.

    References:
        S. Li et al., Reciprocal Adversarial Learning via Characteristic Functions, 2020,
        https://arxiv.org/abs/2006.08413
    """
    return RCFGAN(amplitude, reciprocal_weight, t_net)
