"""Which real images samples come nowhere near, and which samples are nowhere near real images."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.feature_sets import check
from ogan_bench.evaluation.fidelity.manifolds import DENSITY_NEIGHBOURS, nearest, radii


@dataclass(frozen=True)
class Unmatched:
    """Points of one set, the least matched by another set first.

    Args:
        remoteness: From the other set, descending, float64, shape ``(n,)``.
        indices: Which points they are, shape ``(n,)``.
        partners: The nearest point of the other set to each, shape ``(n,)``.
    """

    remoteness: Tensor
    indices: Tensor
    partners: Tensor


def missing(samples: Tensor, real: Tensor) -> Unmatched:
    """Real images, by their distance to the nearest sample over their own radius.

    The radius reaches to the k-th nearest other real image, as for coverage (k = 5): above 1 is
    what samples do not cover.

    Args:
        samples: Generated features, shape ``(n, k)``.
        real: Features of real images, shape ``(m, k)``.

    Raises:
        NoValueError: Too few rows, values that are not finite, or constant real images.
    """
    check(samples, real)
    if len(real) <= DENSITY_NEIGHBOURS:
        raise NoValueError(
            f"{len(real)} real images are too few for balls to the {DENSITY_NEIGHBOURS}th of the "
            "others"
        )
    found, (radius,) = nearest(real, samples), radii(real, DENSITY_NEIGHBOURS)
    # A sample equal to an image that occurs often gives 0 / 0: the image is matched.
    remoteness = (found.distances[:, 0] / radius).nan_to_num(nan=0.0, posinf=math.inf)
    return _ordered(remoteness, found.indices[:, 0])


def invented(samples: Tensor, real: Tensor) -> Unmatched:
    """Samples, by their distance to the nearest real image.

    Over the radius of that image, samples of a class that is not among the real images would
    disappear: the nearest of these is often an outlier, with a large radius.

    Args:
        samples: Generated features, shape ``(n, k)``.
        real: Features of real images, shape ``(m, k)``.

    Raises:
        NoValueError: Too few rows, values that are not finite, or constant real images.
    """
    check(samples, real)
    found = nearest(samples, real)
    return _ordered(found.distances[:, 0], found.indices[:, 0])


def _ordered(remoteness: Tensor, partners: Tensor) -> Unmatched:
    indices = remoteness.argsort(descending=True, stable=True)
    return Unmatched(remoteness[indices], indices, partners[indices])
