"""Structural similarity of images: do luminance, contrast and structure agree window by window?"""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError

WINDOW = 11
"""Side of the Gaussian window in pixels."""
SIGMA = 1.5
K1, K2 = 0.01, 0.03
VARIANT = (
    f"Gaussian window {WINDOW} x {WINDOW}, σ = {SIGMA}, K = ({K1}, {K2}), population covariance"
)
CHUNK = 2**18
"""Maximum number of elements of an intermediate result."""


def ssim(x: Tensor, x_rec: Tensor) -> Tensor:
    """Structural similarity of each pair of images, pixel range [0, 1].

    With the means μ, the population variances σ² and the covariance σ_xy under a Gaussian window
    of 11 x 11 pixels and standard deviation 1.5, C1 = 0.01² and C2 = 0.03²,

        SSIM = (2 μ_x μ_y + C1)(2 σ_xy + C2) / ((μ_x² + μ_y² + C1)(σ_x² + σ_y² + C2)),

    averaged over the positions where the whole window lies inside the image, then over channels.

    Args:
        x: Images in [0, 1], shape ``(n, c, h, w)``.
        x_rec: What they are compared with, in [0, 1], same shape.

    Returns:
        Between -1 and 1, 1 for equal images; float64, shape ``(n,)``.

    Raises:
        NoValueError: The images are smaller than the window.

    References:
        Z. Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity,
        2004, https://doi.org/10.1109/TIP.2003.819861
    """
    side = min(x.shape[-2:])
    if side < WINDOW:
        raise NoValueError(
            f"the window of structural similarity is {WINDOW} pixels wide, the images {side}"
        )
    size = max(1, CHUNK // x[0].numel())
    pairs = zip(x.split(size), x_rec.split(size), strict=True)
    return torch.cat([_ssim(a.double(), b.double()) for a, b in pairs])


def _ssim(x: Tensor, y: Tensor) -> Tensor:
    c1, c2 = K1**2, K2**2
    mean_x, mean_y = _windowed(x), _windowed(y)
    both = mean_x * mean_y
    squares = mean_x.square() + mean_y.square()
    covariance = _windowed(x * y) - both
    variances = _windowed(x.square() + y.square()) - squares
    map_ = (2 * both + c1) * (2 * covariance + c2) / ((squares + c1) * (variances + c2))
    return map_.flatten(1).mean(1)


def _windowed(images: Tensor) -> Tensor:
    """Weighted means under the window at every position inside the images."""
    height, width = images.shape[-2:]
    return _band(height).to(images) @ images @ _band(width).T.to(images)


def _band(side: int) -> Tensor:
    """The window along one axis as a band matrix: row i has its weights from column i on."""
    offsets = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    weights = offsets.square().mul(-0.5 / SIGMA**2).exp()
    band = torch.zeros(side - WINDOW + 1, side, dtype=torch.float64)
    for k, weight in enumerate(weights / weights.sum()):
        band.diagonal(k).fill_(weight)
    return band
