"""Encoders whose output is a normal distribution of codes.

E(x) has 2d outputs, the mean μ and the log-variance log σ² of a code whose dimensions are
independent: q(z | x) = N(μ, σ²). The mean is the code that is evaluated.

References:
    D. P. Kingma and M. Welling, Auto-Encoding Variational Bayes, 2014, arXiv 1312.6114
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from ogan_bench.models.base import Architecture
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.forward_pass import ForwardPass, Nets, Noise, normal

UNIT_RANGE = 0.25
"""Converts squared errors of images in [-1, 1], the range used here, to the range [0, 1]."""


@dataclass(frozen=True)
class Gaussian:
    """Normal distributions of independent dimensions, one per sample.

    Args:
        mean: μ, shape ``(n, d)``.
        log_variance: log σ², shape ``(n, d)``.
    """

    mean: Tensor
    log_variance: Tensor

    @property
    def std(self) -> Tensor:
        """σ, shape ``(n, d)``."""
        return (0.5 * self.log_variance).exp()

    def sample(self, noise: Tensor) -> Tensor:
        """μ + σ ε for standard normal noise ε; gradients reach μ and σ."""
        return self.mean + self.std * noise

    def kl(self) -> Tensor:
        """KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² - log σ² - 1), in nats, shape ``(n,)``."""
        variance = self.log_variance.exp()
        return 0.5 * (self.mean.square() + variance - self.log_variance - 1).sum(dim=1)


def gaussian(e: Tensor, d: int) -> Gaussian:
    """The distribution that the raw output of E describes: d means, then d log-variances."""
    return Gaussian(e[:, :d], e[:, d : 2 * d])


def squared_error(x: Tensor, y: Tensor) -> Tensor:
    """‖x - y‖², a sum over channels and pixels, shape ``(n,)``."""
    return (x - y).square().flatten(1).sum(dim=1)


class Variational(Objective):
    """An objective whose E outputs distributions of codes."""

    def build(self, architecture: Architecture) -> Nets:
        return Nets(architecture.encoder(2 * architecture.z_dim), architecture.generator())

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        return {"posterior real": normal(n, d)}

    def real(self, batch: ForwardPass) -> Gaussian:
        """q(z | x)."""
        return gaussian(batch.e_real, batch.z.shape[1])

    def fake(self, batch: ForwardPass) -> Gaussian:
        """q(z | G(z))."""
        return gaussian(batch.e_fake, batch.z.shape[1])

    def of(self, batch: ForwardPass, images: Tensor) -> Gaussian:
        """q(z | images), where the images go through E as a separate batch."""
        return gaussian(batch.nets.encoder(images), batch.z.shape[1])

    def images(self, batch: ForwardPass, code: Tensor, labels: Tensor | None) -> Tensor:
        """G(code)."""
        return self.decode(batch.nets.generator, code, labels)

    def reconstruction(self, batch: ForwardPass) -> Tensor:
        """G(μ + σ ε) with μ and σ of the real images; all losses of a pass share it."""
        return batch.once("reconstruction", lambda: self._reconstruction(batch))

    def _reconstruction(self, batch: ForwardPass) -> Tensor:
        real = self.real(batch)
        code = real.sample(batch.noise("posterior real"))
        return self.images(batch, code, batch.labels)
