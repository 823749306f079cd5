"""Consistency terms: how the code of G(z) is tied to z. Losses per sample, ``(n,)``.

The loss of a term asks by name for attributes of :class:`ConsistencyInputs`; most ask for ``z`` and
``code``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from pydantic import PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.models.normalization import centre, standardise
from ogan_bench.objectives.base import Objective, Projection
from ogan_bench.objectives.forward_pass import ForwardPass

Decode = Callable[[Tensor], Tensor]
"""Codes ``(n, d)`` to images ``(n, c, h, w)``."""

LOG_VARIANCE = 10.0
"""Bound on the absolute value of learned log-variances."""


@dataclass(frozen=True)
class Consistency:
    """A consistency term, and the projection that autoencoding needs because of it.

    Args:
        loss: Attributes of :class:`ConsistencyInputs`, by name, to a loss per sample, ``(n,)``.
        projection: Fixes what the loss leaves free in the code, so that G gets codes like those it
            was trained on; ``none``: the loss ties all of the code.
    """

    loss: Callable[..., Tensor]
    projection: Projection = "none"


class ConsistencyInputs:
    """What the loss of a consistency term may ask for.

    Args:
        batch: The forward pass.
        objective: Knows which part of E's output is the code.
        free: Leading dimensions of z and of the code that are not tied.
    """

    def __init__(self, batch: ForwardPass, objective: Objective, free: int = 0) -> None:
        self._batch = batch
        self._objective = objective
        self._free = free

    @property
    def z(self) -> Tensor:
        """Prior samples, shape ``(n, d)``."""
        return self._batch.z[:, self._free :]

    @cached_property
    def code(self) -> Tensor:
        """Code of G(z), shape ``(n, d)``."""
        code = self._objective.code(self._batch.e_fake, self._batch.z.shape[1])
        return code[:, self._free :]

    @property
    def log_variance(self) -> Tensor:
        """Log-variance of the code, shape ``(n, d)``; asking for it gives E d more outputs."""
        return self._batch.e_fake[:, -self._batch.z.shape[1] :][:, self._free :]

    @property
    def x(self) -> Tensor:
        """Real images, shape ``(n, c, h, w)``."""
        return self._batch.x

    @cached_property
    def code_real(self) -> Tensor:
        """Code of x without what projections leave out, shape ``(n, d)``."""
        code = self._objective.code(self._batch.e_real, self._batch.z.shape[1])
        return code[:, self._objective.unprojected :]

    def decode(self, code: Tensor) -> Tensor:
        """Images of such codes, with the prior's mean for what is left out; labels are those of x.

        A projection may come in between.
        """
        batch, objective = self._batch, self._objective
        whole = F.pad(code, (objective.unprojected, 0))
        return objective.decode(batch.nets.generator, whole, batch.labels)


def correlation(z: Tensor, code: Tensor) -> Tensor:
    """Pearson correlation over dimensions, ρ(z, e) = cos(z - avg z, e - avg e), shape ``(n,)``.

    Args:
        z: Shape ``(n, d)``.
        code: e, of the same shape.
    """
    return F.cosine_similarity(centre(z), centre(code), dim=1)


def pearson() -> Consistency:
    """Minus the Pearson correlation over dimensions: -ρ(z, E(G(z))).

    ρ(z, e) = cos(z - avg z, e - avg e). It leaves the average and the norm of the code free.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return Consistency(lambda z, code: -correlation(z, code), "standardise")


def scaled_pearson() -> Consistency:
    """The Pearson correlation times the code's scale: -ρ(z, E(G(z))) · std e, std e as a constant.

    The gradient of -ρ is √(1 - ρ²) / (√d · std e), which is large while the code is small: at the
    start of a training std e is near 0.02. This term's gradient has no such factor.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931 (the correlation; the factor is ours)
    """

    def loss(z: Tensor, code: Tensor) -> Tensor:
        return -correlation(z, code) * code.detach().std(dim=1, correction=0)

    return Consistency(loss, "standardise")


def mse() -> Consistency:
    """Squared norm as the O-GAN article writes it: ‖z - E(G(z))‖², a sum over dimensions.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return Consistency(lambda z, code: (z - code).square().sum(dim=1))


def mse_mean() -> Consistency:
    """The squared error as a mean over dimensions: ‖z - E(G(z))‖² / d.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931 (the error; the mean is ours)
    """
    return Consistency(lambda z, code: (z - code).square().mean(dim=1))


def mse_centred() -> Consistency:
    """The squared error without averages: ‖(z - avg z) - (e - avg e)‖² / d.

    Our own, between ``mse_mean`` and ``pearson``: it leaves the code's average to the score, like
    Pearson, but ties its norm.
    """
    return Consistency(lambda z, code: (centre(z) - centre(code)).square().mean(dim=1), "centre")


def cosine() -> Consistency:
    """Minus the cosine without centring: -cos(z, E(G(z))); only the norm of the code is free.

    O-GAN's article pairs it with the readout ‖E(x)‖.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return Consistency(lambda z, code: -F.cosine_similarity(z, code, dim=1), "sphere")


def normalized_mse() -> Consistency:
    """The squared error of standardised codes: ‖N(z) - N(E(G(z)))‖² / d = 2(1 - ρ).

    N(e) = (e - avg e) / std e. The Pearson term in another form: a weight w here is a weight 2w of
    ``pearson``.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931 (the correlation; this form is ours)
    """
    return Consistency(
        lambda z, code: (standardise(z) - standardise(code)).square().mean(dim=1), "standardise"
    )


def pixel_raw() -> Consistency:
    """The squared error of reconstructions, a mean over pixels: mean (x - G(E(x)))².

    With augmentation x is the augmented image, for G and E alike.

    References:
        J. Su, O-GAN, 2019, https://kexue.fm/archives/6409
    """
    return Consistency(
        lambda x, code_real, decode: (x - decode(code_real)).square().flatten(1).mean(dim=1)
    )


def pixel_normalized() -> Consistency:
    """The squared error of reconstructions of standardised codes: mean (x - G(N(E(x))))².

    With augmentation x is the augmented image, for G and E alike.

    References:
        J. Su, O-GAN, 2019, https://kexue.fm/archives/6409
    """

    def loss(x: Tensor, code_real: Tensor, decode: Decode) -> Tensor:
        return (x - decode(standardise(code_real))).square().flatten(1).mean(dim=1)

    return Consistency(loss, "standardise")


def gaussian_nll() -> Consistency:
    """InfoGAN's bound on all of z: mean over dimensions of ((z - μ)²/σ² + log σ²) / 2.

    q(z|x) is a Gaussian with mean μ, the code, and log σ² = 10·tanh(r / 10) of d further outputs r
    of E. Near zero this is r, and it keeps σ between e^-5 and e^5: without a bound on σ, the loss
    of an exact encoder is unbounded below, and unlike clamping it passes a gradient everywhere. The
    bound and the mean over dimensions (the paper's sum is d times it) are our own. The constant
    log(2π)/2 is left out.

    References:
        X. Chen et al., InfoGAN: Interpretable Representation Learning by Information Maximizing
        Generative Adversarial Nets, 2016, https://arxiv.org/abs/1606.03657
    """

    def loss(z: Tensor, code: Tensor, log_variance: Tensor) -> Tensor:
        log_variance = LOG_VARIANCE * (log_variance / LOG_VARIANCE).tanh()
        return ((z - code).square() * (-log_variance).exp() + log_variance).mean(dim=1) / 2

    return Consistency(loss)


def contrastive(*, temperature: PositiveFloat = 0.1, scaled: bool = True) -> Consistency:
    """InfoNCE: the code of G(z) has to identify its z among those of the batch, by cosine.

    -τ log softmax_j cos(e_i, z_j) / τ at j = i, in this direction only: the z_j are drawn from the
    prior, which makes log n minus the loss / τ a lower bound on the mutual information. Without the
    factor τ in front the gradient with respect to the cosines grows as 1 / τ, so that one weight is
    another strength at every temperature.

    Args:
        temperature: τ; 0.1 is our own choice.
        scaled: Whether the factor τ stands in front; the paper has none.

    References:
        A. van den Oord et al., Representation Learning with Contrastive Predictive Coding, 2018,
        https://arxiv.org/abs/1807.03748
    """

    factor = temperature if scaled else 1.0

    def loss(z: Tensor, code: Tensor) -> Tensor:
        similarity = F.normalize(code, dim=1) @ F.normalize(z, dim=1).T
        own = torch.arange(len(z), device=z.device)
        return factor * F.cross_entropy(similarity / temperature, own, reduction="none")

    return Consistency(loss, "sphere")


def none() -> Consistency:
    """No consistency term: zero.

    The code is then the raw output of a discriminator, standardised by N(·).
    """
    return Consistency(lambda z: z.new_zeros(len(z)), "standardise")


CONSISTENCY: dict[str, Callable[..., Consistency]] = {
    "pearson": pearson,
    "scaled_pearson": scaled_pearson,
    "mse": mse,
    "mse_mean": mse_mean,
    "mse_centred": mse_centred,
    "cosine": cosine,
    "normalized_mse": normalized_mse,
    "pixel_raw": pixel_raw,
    "pixel_normalized": pixel_normalized,
    "gaussian_nll": gaussian_nll,
    "contrastive": contrastive,
    "none": none,
}
