"""How much likelier training images are than test images, in a density made of samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.feature_sets import check, part

MOST = 2_000
"""Points of each set: all distances between them are in memory."""
BLOCK = 500
STEPS = 100
ENOUGH = 1e-4
"""Gain of the mean log-likelihood per dimension at which the fit ends, in nats."""
LEAST_VARIANCE = 1e-4
"""The likelihood has no maximum if a sample equals an image: its variance would be 0."""
BACKGROUND = 0.1
"""Weight of the standard normal, without which an image far from all samples counts without bound.
"""


@dataclass(frozen=True)
class Mixture:
    """A standard normal, and equally likely isotropic normals about the samples.

    Args:
        means: Shape ``(n, k)``, float64.
        log_variances: Shape ``(n,)``, float64.
    """

    means: Tensor
    log_variances: Tensor

    def log_density(self, points: Tensor) -> Tensor:
        """In nats, shape ``(m,)``.

        Args:
            points: Shape ``(m, k)``, float64.
        """
        blocks = (
            self._of_block(block, torch.cdist(block, self.means).square())
            for block in points.split(BLOCK)
        )
        return torch.cat([logs for logs, _, _ in blocks])

    def fitted(self, points: Tensor) -> Mixture:
        """With the variances of the greatest likelihood of these points, by the EM algorithm.

        Args:
            points: Shape ``(m, k)``, float64.
        """
        k, current, before = points.shape[1], self, -math.inf
        blocks = [(block, torch.cdist(block, self.means).square()) for block in points.split(BLOCK)]
        for _ in range(STEPS):
            found = [current._of_block(*block) for block in blocks]
            likelihood = float(torch.cat([logs for logs, _, _ in found]).mean()) / k
            if likelihood - before < ENOUGH:
                break
            before = likelihood
            shares = torch.stack([share for _, share, _ in found]).sum(0)
            spreads = torch.stack([spread for _, _, spread in found]).sum(0)
            tiny = torch.finfo(shares.dtype).tiny
            variances = (spreads / (k * shares).clamp_min(tiny)).clamp_min(LEAST_VARIANCE)
            # A component to which no point belongs stays as it is.
            updated = torch.where(shares > tiny, variances.log(), current.log_variances)
            current = Mixture(self.means, updated)
        return current

    def _of_block(self, points: Tensor, squares: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-densities, and sums of each component's shares and of its shares of the squares."""
        n, k = self.means.shape
        constant = k / 2 * math.log(2 * math.pi)
        background = math.log(BACKGROUND) - constant - points.square().sum(1) / 2
        weights = math.log((1 - BACKGROUND) / n) - constant - k / 2 * self.log_variances
        logs = weights - squares / (2 * self.log_variances.exp())
        top = torch.maximum(logs.amax(1), background)
        shares = (logs - top[:, None]).exp()
        total = shares.sum(1) + (background - top).exp()
        shares /= total[:, None]
        return top + total.log(), shares.sum(0), (shares * squares).sum(0)


def generalisation_gap(samples: Tensor, training: Tensor, test: Tensor, seed: int) -> float:
    """Mean log-likelihood of the training images less that of the test images, per dimension.

    The density is a :class:`Mixture` about the samples, with variances fitted to the training
    images, in features of mean 0 and standard deviation 1 over the training images. Of each set at
    most 2,000 are used, and equally many training and test images. EM in place of the authors'
    gradient steps, the least variance and the weight of the standard normal are our own choices.

    Args:
        samples: Generated features, shape ``(n, k)``.
        training: Features of the images trained on, shape ``(m, k)``.
        test: Features of other images of their distribution, shape ``(t, k)``.
        seed: Seed of the subsampling.

    Returns:
        Nats per dimension: large if samples are copies; a little above 0 for new samples, since
        the variances are fitted to the training images.

    Raises:
        NoValueError: Too few rows, values that are not finite, or constant training images.

    References:
        M. Jiralerspong et al., Feature Likelihood Divergence: Evaluating the Generalization of
        Generative Models Using Samples, 2023, https://arxiv.org/abs/2302.04440
    """
    check(samples, training)
    check(test)
    deviation, mean = torch.std_mean(training.double(), dim=0)
    varying = deviation > 0
    images = min(len(training), len(test), MOST)

    def chosen(points: Tensor, size: int, name: str) -> Tensor:
        of = part(points, size, seed, f"evaluation/likelihood/{name}").double()
        return ((of - mean) / deviation)[:, varying]

    means = chosen(samples, min(len(samples), MOST), "samples")
    seen, unseen = chosen(training, images, "training"), chosen(test, images, "test")
    mixture = Mixture(means, means.new_zeros(len(means))).fitted(seen)
    gap = mixture.log_density(seen).mean() - mixture.log_density(unseen).mean()
    return float(gap) / means.shape[1]
