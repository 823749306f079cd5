"""Means and covariances of features that other tools stored in place of images.

Two Gaussians have a Fréchet distance and nothing else: no other metric can be computed from them.
The file does not say which net the features come from, nor which resize in front of it, so the user
has to; a space with another number of features is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ogan_bench.errors import UserError
from ogan_bench.evaluation.rows import Row
from ogan_bench.metrics.feature_spaces import metric_name

FEATURES = {"inception": 2048}
"""Spaces whose statistics are exchanged, and their number of features."""
RESIZES = {
    "tf1": "the original FID, torch-fidelity, guided-diffusion, StyleGAN",
    "bilinear": "pytorch-fid",
    "pillow_bicubic": "clean-fid",
}
"""How images were resized to 299 pixels before the net, and who does it so."""
OWN_RESIZE = "tf1"
"""Ours: statistics with another resize cannot be compared with images."""


@dataclass(frozen=True)
class Statistics:
    """A Gaussian fitted to features.

    Args:
        mean: float64, shape ``(k,)``.
        covariance: float64, shape ``(k, k)``.
        count: Number of images, if known.
    """

    mean: npt.NDArray[Any]
    covariance: npt.NDArray[Any]
    count: int | None = None


def parse_space(text: str) -> tuple[str, str]:
    """``SPACE:RESIZE`` as two names.

    Raises:
        UserError: There is no such space or resize.
    """
    space, _, resize = text.partition(":")
    if space not in FEATURES or resize not in RESIZES:
        spaces = ", ".join(f"{space}:{resize}" for space in FEATURES for resize in RESIZES)
        whose = "; ".join(f"{name}: {of}" for name, of in RESIZES.items())
        raise UserError(f"--statistics-of {text}: it must be one of {spaces} ({whose})")
    return space, resize


def statistics(path: Path, arrays: Mapping[str, npt.NDArray[Any]], space: str) -> Statistics:
    """Mean and covariance of a file.

    Args:
        path: The file, for messages.
        arrays: With ``mu``, shape ``(k,)``, and ``sigma``, shape ``(k, k)``.
        space: One of :data:`FEATURES`.

    Raises:
        UserError: They are not of that form, or of another number of features than the space.
    """
    mean, covariance = arrays["mu"], arrays["sigma"]
    k = FEATURES[space]
    if not all(np.issubdtype(array.dtype, np.floating) for array in (mean, covariance)):
        raise UserError(f"{path}: 'mu' and 'sigma' must be floating-point numbers")
    if mean.shape != (k,) or covariance.shape != (k, k):
        raise UserError(
            f"{path}: 'mu' is {mean.shape} and 'sigma' {covariance.shape}; {space} has {k} "
            f"features: ({k},) and ({k}, {k})"
        )
    mean, covariance = mean.astype(np.float64), covariance.astype(np.float64)
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise UserError(f"{path}: 'mu' and 'sigma' must be finite")
    if not np.allclose(covariance, covariance.T, atol=1e-6 * np.abs(covariance).max()):
        raise UserError(f"{path}: 'sigma' is not symmetric, so it is no covariance")
    return Statistics(mean, covariance)


def statistics_of(features: npt.NDArray[Any]) -> Statistics:
    """Mean and unbiased covariance of features, shape ``(n, k)``."""
    points = features.astype(np.float64)
    return Statistics(points.mean(0), np.cov(points, rowvar=False), len(points))


def gaussian_distance(one: Statistics, other: Statistics) -> tuple[float, float]:
    """|m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½), and its first term.

    Negative eigenvalues, which rounding leaves in a covariance, count as 0.

    References:
        D. C. Dowson and B. V. Landau, The Fréchet distance between multivariate normal
        distributions, 1982
    """
    shift = float(np.square(one.mean - other.mean).sum())
    eigenvalues, vectors = np.linalg.eigh(other.covariance)
    root = vectors * np.sqrt(eigenvalues.clip(0))
    overlap = np.sqrt(np.linalg.eigvalsh(root.T @ one.covariance @ root).clip(0)).sum()
    spread = np.trace(one.covariance) + np.trace(other.covariance) - 2 * overlap
    return max(0.0, shift + float(spread)), shift


def statistics_rows(
    samples: Statistics, reference: Statistics, space: str, resize: str, extractor: str
) -> list[Row]:
    """The one row that two Gaussians have.

    Args:
        samples: Of the generated images.
        reference: Of the images they are compared with.
        space: One of :data:`FEATURES`.
        resize: One of :data:`RESIZES`.
        extractor: Its name in the row.
    """
    value, shift = gaussian_distance(samples, reference)
    sizes = [
        f"{name} {'an unknown number of' if found.count is None else found.count}"
        for name, found in (("of", samples), ("against", reference))
    ]
    note = (
        f"from means and covariances {' '.join(sizes)} images, resize {resize}; "
        f"{shift:.4g} of it between the means"
    )
    metric, n = metric_name("fd", space), samples.count or 0
    return [Row(metric, value, n, "reference", extractor, note=note)]
