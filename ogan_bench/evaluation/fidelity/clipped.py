"""Clipped Density and Clipped Coverage: shares of good samples, from counts of points in balls.

No sample, however central, and no real image, however often covered, counts more than once, and
both are calibrated: if a share s of the samples is perfect and the others are far from all real
images, both are about s.

References:
    N. Salvy et al., Enhanced Generative Model Evaluation with Clipped Density and Coverage, 2025,
    https://arxiv.org/abs/2507.01761
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.standard_error import Estimate, of_blocks, of_mean


def clipped_density(samples: Tensor, real: Tensor, neighbours: int) -> Estimate:
    """Mean over samples of min(1, c / k), relative to the same mean of the real points; at most 1.

    Args:
        samples: In how many of the real points' balls, with radii clipped at their median, each
            sample lies: c, shape ``(n,)``.
        real: In how many of the others' balls each real point lies, shape ``(m,)``.
        neighbours: A ball reaches to the k-th neighbour.

    Returns:
        The value, and its standard error with the real points fixed: that of the ratio, normal and
        cut off at 1.

    Raises:
        NoValueError: No real point lies in another's ball.
    """
    scores, of_real = ((counts.double() / neighbours).clamp_max(1) for counts in (samples, real))
    if (usual := float(of_real.mean())) == 0:
        raise NoValueError("no reference image lies in another's ball")
    value, error = float(scores.mean()) / usual, of_mean(scores / usual)
    return Estimate(min(1.0, value), None if error is None else _spread_below(1.0, value, error))


def _spread_below(most: float, mean: float, deviation: float) -> float:
    """Standard deviation of min(a, X) of a normal X: near the limit most of its spread is lost.

    With t = (a - μ)/σ, min(t, Z) of a standard normal Z has the mean t Φ(-t) - φ(t) and the mean
    square Φ(t) - t φ(t) + t² Φ(-t).

    Args:
        most: a.
        mean: μ.
        deviation: σ.
    """
    if deviation == 0:
        return 0.0
    t = (most - mean) / deviation
    density = math.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)
    above = math.erfc(t / math.sqrt(2)) / 2
    first, second = t * above - density, 1 - above - t * density + t**2 * above
    return deviation * math.sqrt(max(0.0, second - first**2))


def clipped_coverage(blocks: Tensor, sizes: list[int], neighbours: int) -> Estimate:
    """The share of good samples that explains the mean over balls of min(1, c / k).

    The mean is compared with its expectation for every number 0 to n of good samples; the result
    is the share of these numbers whose expectation is below it.

    Args:
        blocks: How many samples of each block lie in each real point's ball, shape ``(b, m)``; c
            is the sum over blocks. The standard error is the jackknife's over these blocks.
        sizes: Number of samples in each block.
        neighbours: A ball reaches to the k-th neighbour.
    """
    k, m, n = neighbours, blocks.shape[1], sum(sizes)
    expected = expected_clipped_coverage(n, m, k)

    def share(counts: Tensor, n: int) -> float:
        mean = (counts.double() / k).clamp_max(1).mean()
        return float((expected[: n + 1] < mean - 1e-12).double().mean())

    whole = blocks.sum(0)
    without = [share(whole - block, n - size) for block, size in zip(blocks, sizes, strict=True)]
    return Estimate(share(whole, n), of_blocks(without))


def expected_clipped_coverage(n_samples: int, n_reference: int, k: int) -> Tensor:
    """E min(1, c / k) of a ball for 0 to n good samples, float64, shape ``(n + 1,)``.

    The ball to the k-th of m - 1 other real points has probability Beta(k, m - k), so the number c
    of s good samples in it is beta-binomial:

        E min(1, c / k) = 1 - Σ_{j<k} (1 - j/k) C(s, j) B(j + k, s - j + m - k) / B(k, m - k).

    Args:
        n_samples: Number n of samples.
        n_reference: Number m of real points.
        k: A ball reaches to the k-th neighbour.
    """
    s = torch.arange(n_samples + 1, dtype=torch.float64)
    m, expected = n_reference, torch.ones_like(s)
    for j in range(min(k, n_samples + 1)):
        t = s[j:]
        ways = torch.lgamma(t + 1) - torch.lgamma(t - j + 1)
        log_p = _log_beta(t.new_tensor(j + k), t - j + m - k) - _log_beta(
            t.new_tensor(k), t.new_tensor(m - k)
        )
        factorial = torch.lgamma(t.new_tensor(j + 1))
        expected[j:] -= (1 - j / k) * (ways - factorial + log_p).exp()
    return expected


def _log_beta(a: Tensor, b: Tensor) -> Tensor:
    return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)
