"""How a generator of points covers the modes of a mixture known in closed form."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ogan_bench.data.base import Modes
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.coverage.classes import modes_kl, modes_kl_error, modes_kl_floor
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import of_share

RADIUS = 3.0
"""Standard deviations from the nearest centre within which a sample is of high quality."""
PERFECT = 1 - math.exp(-(RADIUS**2) / 2)
"""Share of a two-dimensional Gaussian that lies within the radius: 98.889 %."""


def high_quality_counts(points: Tensor, modes: Modes) -> Tensor:
    """Number of samples within 3 standard deviations of each centre; each counts for its nearest.

    Args:
        points: Shape ``(n, 2, 1, 1)``.
        modes: The k centres and their standard deviation.

    Returns:
        int64, shape ``(k,)``.
    """
    centres = modes.centres.double()
    distances, nearest = torch.cdist(points.flatten(1).double().cpu(), centres.cpu()).min(dim=1)
    return nearest[distances <= RADIUS * modes.std].bincount(minlength=len(centres))


def point_rows(points: Tensor, modes: Modes) -> list[Row]:
    """Modes found, share of samples of high quality, and how evenly these cover the modes.

    The divergence is Σ_k p_k ln(p_k / q_k) with the shares p of the modes among the samples of
    high quality and q = 1/k; its floor is the value expected of as many perfect samples.

    Args:
        points: Generated points, shape ``(n, 2, 1, 1)``.
        modes: Modes of the dataset.

    References:
        A. Srivastava et al., VEEGAN, 2017, https://arxiv.org/abs/1705.07761 (modes, high quality);
        Z. Lin et al., PacGAN, 2018, https://arxiv.org/abs/1712.04086 (the divergence)
    """
    n, k = len(points), len(modes.centres)
    counts = high_quality_counts(points, modes)
    good = int(counts.sum())
    rule = f"high quality: within {RADIUS:g} standard deviations of the nearest centre"

    def divergence() -> Value:
        if not good:
            raise NoValueError(f"no sample is of high quality ({rule})")
        even = torch.full((k,), 1 / k, dtype=torch.float64)
        shares = counts.double() / good
        value, floor = modes_kl(shares, even), modes_kl_floor(even, good)
        error = modes_kl_error(shares, even, good)
        return Value(value, floor, f"over the {good} samples of high quality", error=error)

    def found() -> Value:
        # The jackknife: without one sample, a mode that it alone has shown is lost.
        alone = int((counts == 1).sum())
        error = math.sqrt(alone * (1 - alone / n))
        return Value(float((counts > 0).sum()), note=f"of {k}; {rule}", error=error)

    measures = {
        "modes_points": found,
        "high_quality_share": lambda: Value(
            good / n,
            note=f"perfect samples have {PERFECT:.5f}, not 1",
            error=of_share(good / n, n),
        ),
        "modes_kl_points": divergence,
    }
    return measured_rows(measures, n_samples=n, split="generated")
