"""How much of z is left in the code of G(z), and of a code after repeated decode/encode."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import of_blocks, of_mean
from ogan_bench.models.normalization import standardise
from ogan_bench.sampling.context import ModelContext, autoencode, encode, project
from ogan_bench.seeding import generator

POOL = 1000
"""Maximum number of z among which each has to be retrieved."""
ROUNDS = 5
CYCLING = 2000
"""Maximum number of test images whose codes are followed."""
TIE = 1e-9
"""Squared distances that differ by less, relative to the largest, count as equal."""
BLOCKS = 25
"""Parts of the z, each of which is left out in turn for a standard error."""


def latent_r2(z: Tensor, codes: Tensor) -> Tensor:
    """Squared correlation between z and code over samples, for each dimension.

        R²_j = cov(z_j, e_j)² / (var z_j · var e_j)

    the share of the variance of z_j that a linear function of e_j explains. A constant dimension
    explains nothing and is explained by nothing: 0. For unrelated Gaussian ones the mean is
    1 / (n - 1).

    Args:
        z: Shape ``(n, d)``.
        codes: Codes of G(z), shape ``(n, d)``.

    Returns:
        Between 0 and 1, float64, shape ``(d,)``.

    Raises:
        NoValueError: There are fewer than three samples.
    """
    if len(z) < 3:
        raise NoValueError(f"{len(z)} samples always lie on a line")
    z, e = (t.double() - t.double().mean(0) for t in (z, codes))
    covariance, variances = (z * e).sum(0), z.square().sum(0) * e.square().sum(0)
    return torch.where(variances > 0, covariance.square() / variances, 0.0).clamp(0, 1)


def latent_r2_influence(z: Tensor, codes: Tensor) -> Tensor:
    """How much each sample moves the mean of :func:`latent_r2`, times n, to first order.

        1/d Σ_j 2 r_j (u_j v_j - r_j (u_j² + v_j²) / 2)

    with z and code standardised over samples, u and v, and their correlations r. For unrelated
    codes the first order vanishes, and the standard error that follows is √2 too large.

    Args:
        z: Shape ``(n, d)``.
        codes: Codes of G(z), shape ``(n, d)``.

    Returns:
        float64, shape ``(n,)``.
    """
    u, v = (_standardised_over_samples(t.double()) for t in (z, codes))
    r = (u * v).mean(0)
    return (2 * r * (u * v - r * (u.square() + v.square()) / 2)).mean(1)


def _standardised_over_samples(x: Tensor) -> Tensor:
    """Columns of mean 0 and variance 1; a constant one becomes 0."""
    centred, deviation = x - x.mean(0), x.std(0, correction=0)
    return torch.where(deviation > 0, centred / deviation, 0.0)


def latent_retrieval(z: Tensor, codes: Tensor) -> float:
    """Share of codes whose nearest z is the one that they were computed from.

    Distances are Euclidean; if several z are equally near, the hit is divided among them.

    Args:
        z: Shape ``(n, d)``.
        codes: Codes of G(z), shape ``(n, d)``.

    Returns:
        Between 0 and 1; codes unrelated to z score 1 / n.
    """
    return _share_retrieved(_squared_distances(z, codes))


def latent_retrieval_error(z: Tensor, codes: Tensor) -> float | None:
    """Standard error of :func:`latent_retrieval`; ``None`` for less than three samples.

    The jackknife, since a z is not only retrieved or not but also stands in the way of others.

    Args:
        z: Shape ``(n, d)``.
        codes: Codes of G(z), shape ``(n, d)``.
    """
    n, distances = len(z), _squared_distances(z, codes)
    if n < 3:
        return None
    without = []
    for block in torch.arange(n).chunk(BLOCKS):
        kept = torch.cat([torch.arange(int(block[0])), torch.arange(int(block[-1]) + 1, n)])
        without.append(_share_retrieved(distances[kept][:, kept]))
    return of_blocks(without)


def _squared_distances(z: Tensor, codes: Tensor) -> Tensor:
    """Of every code from every z, shape ``(n, n)``."""
    mode = "donot_use_mm_for_euclid_dist"
    return torch.cdist(codes.double(), z.double(), compute_mode=mode).square()


def _share_retrieved(distances: Tensor) -> float:
    nearest = distances - distances.amin(1, keepdim=True) <= TIE * distances.max()
    return float((nearest.diagonal() / nearest.sum(1)).mean())


def cycle_codes(context: ModelContext, rounds: int = ROUNDS, most: int = CYCLING) -> list[Tensor]:
    """Raw codes E(x) of test images, then E(G(t · P(E(x)))), and so on.

    If there are more test images, a seeded random choice is followed. Images stay as output by G,
    unrounded. A conditional G decodes with the images' own classes.

    Args:
        context: The trained pair.
        rounds: Number of times a code is decoded and encoded.
        most: Maximum number of test images to follow.

    Returns:
        ``rounds + 1`` tensors of shape ``(n, d)``.
    """
    first, labels = context.samples.trained.test, context.dataset.test.labels
    decoded = context.samples.own_reconstructions
    if len(first) > most:
        random = generator(context.settings.seed, "evaluation/cycle")
        chosen = torch.randperm(len(first), generator=random)[:most]
        first, decoded = first[chosen], decoded[chosen]
        labels = None if labels is None else labels.cpu()[chosen]
    codes = [first, encode(context, decoded)]
    for _ in range(rounds - 1):
        codes.append(encode(context, autoencode(context, codes[-1], labels)))
    return codes


def round_trip_rows(context: ModelContext) -> list[Row]:
    """The round trip of z by dimension and as retrieval, and the drift of real codes."""
    samples = context.samples
    n, pool = len(samples.z), min(POOL, len(samples.z))
    z, codes = (project(context, t) for t in (samples.z, samples.codes))

    def by_dimension() -> Value:
        r2 = latent_r2(z, codes)
        note = f"from {float(r2.min()):.3f} to {float(r2.max()):.3f} by dimension"
        error = of_mean(latent_r2_influence(z, codes))
        return Value(float(r2.mean()), 1 / (n - 1), note, error=error)

    def found() -> Value:
        ours, theirs = z[:pool], codes[:pool]
        error = latent_retrieval_error(ours, theirs)
        return Value(latent_retrieval(ours, theirs), 1 / pool, f"among {pool}", error=error)

    rows = measured_rows({"latent_r2": by_dimension}, n_samples=n, split="generated")
    rows += measured_rows({"latent_retrieval": found}, n_samples=pool, split="generated")
    return rows + cycle_rows(context)


def cycle_rows(context: ModelContext, most: int = CYCLING) -> list[Row]:
    """How a code changes as it is decoded and encoded, once and several times.

    The floor of a correlation is that between the codes of different images.

    Args:
        context: The trained pair.
        most: Maximum number of test images to follow.
    """
    cycle = functools.cache(lambda: cycle_codes(context, most=most))

    def correlation(rounds: int) -> Value:
        first, last = cycle()[0], cycle()[rounds]
        each = correlations(first, last)
        floor = product_of_others(standardise(first), standardise(last))
        return Value(float(each.mean()), floor, error=of_mean(each))

    def drift() -> Value:
        first, *later = (project(context, code).double() for code in cycle())
        after = [float((code - first).square().mean()) for code in later]
        curve = ", ".join(f"{value:.3g}" for value in after)
        lengths = float(first.square().mean() + later[-1].square().mean())
        others = lengths - 2 * product_of_others(first, later[-1])
        note = f"after 1 to {ROUNDS} rounds {curve}; {others:.3g} between different images"
        each = (later[-1] - first).square().mean(1)
        return Value(after[-1], note=note, error=of_mean(each))

    return measured_rows(
        {
            "cycle_rho": lambda: correlation(1),
            f"cycle_rho_{ROUNDS}": lambda: correlation(ROUNDS),
            f"cycle_drift_{ROUNDS}": drift,
        },
        n_samples=min(most, len(context.dataset.test)),
        split="test",
        note=context.formula,
    )


def latent_rho(z: Tensor, codes: Tensor) -> float:
    """Pearson correlation over dimensions between z and the code of G(z), mean over samples.

        ρ(z, e) = Σ_j N(z)_j N(e)_j / d

    A constant code correlates with nothing: 0.

    Args:
        z: Shape ``(n, d)``.
        codes: Raw codes of G(z), shape ``(n, d)``.

    Returns:
        Between -1 and 1.

    Raises:
        NoValueError: There is only one dimension.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return float(correlations(z, codes).mean())


def correlations(z: Tensor, codes: Tensor) -> Tensor:
    """:func:`latent_rho` of each sample, float64, shape ``(n,)``.

    Raises:
        NoValueError: There is only one dimension.
    """
    if z.shape[1] < 2:
        raise NoValueError("a correlation over one dimension is not defined")
    return (standardise(z.double()) * standardise(codes.double())).mean(1)


def product_of_others(first: Tensor, second: Tensor) -> float:
    """Mean of a_i · b_j / d over all pairs i ≠ j: what codes of different samples share.

    For normalised codes it is the correlation that codes have regardless of their sample.

    Args:
        first: The a_i, shape ``(n, d)``.
        second: The b_j, shape ``(n, d)``.

    Raises:
        NoValueError: There is only one sample.
    """
    n, d = first.shape
    if n < 2:
        raise NoValueError("retrieval takes at least two samples")
    a, b = first.double(), second.double()
    return float(a.sum(0) @ b.sum(0) - (a * b).sum()) / (n * (n - 1) * d)


def latent_rows(z: Tensor, codes: Tensor) -> list[Row]:
    """The round trip's correlation; its floor is that of independent codes, 0.

    For an isotropic z the correlation of one sample with anything independent has standard
    deviation 1/√(d - 1): N(·) leaves a direction in a space of d - 1 dimensions.
    """

    def correlation() -> Value:
        each = correlations(z, codes)
        spread = 1 / math.sqrt(z.shape[1] - 1)
        note = f"of unrelated codes: 0 with standard deviation {spread:.3f} for a single sample"
        return Value(float(each.mean()), 0.0, note, error=of_mean(each))

    return measured_rows({"latent_rho": correlation}, n_samples=len(z), split="generated")
