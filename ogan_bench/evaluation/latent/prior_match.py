"""Do the codes of real images lie where G was trained?

G is fed z in training, and P(E(x)) in autoencoding. If the two are distributed differently, G
decodes codes that it has hardly seen, or is never asked for images that it could generate.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.effective_rank import effective_rank, effective_rank_error
from ogan_bench.evaluation.fidelity.floor import with_floor
from ogan_bench.evaluation.fidelity.frechet import (
    frechet_distance,
    frechet_error_of_both,
    frechet_floor,
)
from ogan_bench.evaluation.latent.round_trip import round_trip_rows
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import of_mean
from ogan_bench.sampling.context import ModelContext, project

KOLMOGOROV_MEAN = math.sqrt(math.pi / 2) * math.log(2)
"""Mean of the limit of √(nm / (n + m)) times the statistic under equal distributions."""


def kolmogorov_smirnov(samples: Tensor, reference: Tensor) -> Tensor:
    """Largest difference of the two empirical distribution functions, for each dimension.

        D_j = sup_t |F_j(t) - H_j(t)|

    Args:
        samples: Shape ``(n, d)``.
        reference: Shape ``(m, d)``.

    Returns:
        Between 0 and 1, float64, shape ``(d,)``.

    Raises:
        NoValueError: One side is empty.

    References:
        N. Smirnov, Table for Estimating the Goodness of Fit of Empirical Distributions, 1948,
        https://doi.org/10.1214/aoms/1177730256
    """
    if not len(samples) or not len(reference):
        raise NoValueError("there are no codes to compare")
    sides = [side.double().T.contiguous().sort().values for side in (samples, reference)]
    every = torch.cat(sides, dim=1)
    first, second = (
        torch.searchsorted(side, every, right=True).double() / side.shape[1] for side in sides
    )
    return (first - second).abs().amax(1)


def kolmogorov_smirnov_floor(n: int, m: int) -> float:
    """Expected statistic of n and m samples from the same continuous distribution.

    √(π/2) ln 2 · √(1/n + 1/m), in the limit of many samples.
    """
    return KOLMOGOROV_MEAN * math.sqrt(1 / n + 1 / m)


def code_rank(codes: Tensor) -> float:
    """Effective rank of the codes about their mean.

    Args:
        codes: Shape ``(n, d)``.

    Returns:
        Between 1, for codes on a line, and min(d, n - 1), for codes spread evenly.

    Raises:
        NoValueError: There is only one code, or all codes are equal.
    """
    if len(codes) < 2 or bool((codes == codes[0]).all()):
        raise NoValueError("all codes are equal")
    return effective_rank(codes.double() - codes.double().mean(0))


def latent_coverage_rows(context: ModelContext) -> list[Row]:
    """The codes of the test images compared with z, and the means that N(·) removes."""
    samples = context.samples
    raw, n, d = samples.trained.test, *samples.trained.test.shape
    codes, z = project(context, raw), project(context, samples.z)
    against = f"against {len(z)} z"

    def distance() -> Value:
        error = frechet_error_of_both(codes, z)
        value = Value(frechet_distance(codes, z), note=against, error=error)
        return with_floor(value, lambda: frechet_floor(z, n))

    def statistic() -> Value:
        each = kolmogorov_smirnov(codes, z)
        note = f"{against}; worst dimension {float(each.max()):.3f}"
        return Value(float(each.mean()), kolmogorov_smirnov_floor(n, len(z)), note)

    def rank() -> Value:
        value, centred = code_rank(raw), raw.double() - raw.double().mean(0)
        error = effective_rank_error(centred)
        return Value(value, note=f"at most {min(d, n - 1)}", error=error)

    def average(of: Tensor) -> Value:
        of_z = float(samples.z.double().mean())
        error = of_mean(of.double().mean(1))
        return Value(float(of.double().mean()), note=f"{of_z:.3f} for z", error=error)

    def deviation(of: Tensor) -> Value:
        each, of_z = (t.double().std(1, correction=0) for t in (of, samples.z))
        note = f"{float(of_z.mean()):.3f} for z"
        return Value(float(each.mean()), note=note, error=of_mean(each))

    rows = measured_rows(
        {
            "code_fd": distance,
            "code_ks": statistic,
            "code_effective_rank": rank,
            "code_average": lambda: average(raw),
            "code_std": lambda: deviation(raw),
        },
        n_samples=n,
        split="test",
    )
    return rows + measured_rows(
        {
            "code_average_generated": lambda: average(samples.codes),
            "code_std_generated": lambda: deviation(samples.codes),
        },
        n_samples=len(samples.codes),
        split="generated",
    )


def code_rows(context: ModelContext) -> list[Row]:
    """All metrics of the group ``codes``."""
    return round_trip_rows(context) + latent_coverage_rows(context)
