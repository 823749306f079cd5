"""The Fréchet distance between wavelet packets of images: no network, any domain."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.frechet import (
    FLOOR_PER_FEATURE,
    Moments,
    frechet_floor,
    linearised,
)
from ogan_bench.evaluation.standard_error import of_mean

PACKET_SIDE = 8
"""Side of the packets that the transform goes down to."""
MAX_LEVEL = 4
"""At most so many levels, as in the paper for 256 pixels."""
BLOCK = 256
"""Images that are transformed at a time."""


@dataclass(frozen=True)
class PacketMoments:
    """Mean and covariance of every packet's coefficients, in double precision.

    Args:
        means: Shape ``(p, k)``.
        covariances: Shape ``(p, k, k)``.
        count: Number of images.
    """

    means: Tensor
    covariances: Tensor
    count: int


def haar_packets(images: Tensor, level: int) -> Tensor:
    """All packets of the orthonormal Haar transform, which keeps the sum of squares.

    Args:
        images: Shape ``(n, c, h, w)``; the sides are multiples of ``2 ** level``.
        level: How often every packet is split into four.

    Returns:
        Shape ``(n, 4 ** level, c, h / 2 ** level, w / 2 ** level)``.
    """
    packets = images[:, None]
    for _ in range(level):
        upper, lower = packets[..., 0::2, :], packets[..., 1::2, :]
        split = []
        for rows in (upper + lower, upper - lower):
            left, right = rows[..., 0::2], rows[..., 1::2]
            split += [(left + right) / 2, (left - right) / 2]
        packets = torch.stack(split, dim=2).flatten(1, 2)
    return packets


def packet_level(height: int, width: int) -> int:
    """The level whose packets have a side of 8 pixels or more, at most 4.

    Raises:
        NoValueError: The images cannot be halved even once.
    """
    side, level = min(height, width), 0
    while (
        level < MAX_LEVEL
        and side >> (level + 1) >= PACKET_SIDE
        and height % 2 ** (level + 1) == width % 2 ** (level + 1) == 0
    ):
        level += 1
    if not level:
        raise NoValueError(f"images of {height} x {width} pixels have no packets of {PACKET_SIDE}")
    return level


def packet_moments(images: Tensor, device: torch.device) -> PacketMoments:
    """Moments of the packets of uint8 images ``(n, c, h, w)``, scaled to [0, 1].

    Raises:
        NoValueError: Too few images, or images that are too small.
    """
    if len(images) < 2:
        raise NoValueError(f"{len(images)} images are too few")
    level = packet_level(*images.shape[-2:])

    def sums(block: Tensor) -> tuple[Tensor, Tensor]:
        points = _coefficients(block, level, device)
        return points.sum(1), points.transpose(1, 2) @ points

    first, *others = images.split(BLOCK)
    total, products = sums(first)
    for block in others:
        of_points, of_products = sums(block)
        total += of_points
        products += of_products
    n, means = len(images), total / len(images)
    centred = products - n * means[:, :, None] * means[:, None, :]
    return PacketMoments(means, centred / (n - 1), n)


def _coefficients(images: Tensor, level: int, device: torch.device) -> Tensor:
    """Of uint8 images scaled to [0, 1], in double precision, shape ``(p, n, k)``."""
    pixels = (to_float(images.to(device)).double() + 1) / 2
    return haar_packets(pixels, level).flatten(2).transpose(0, 1)


def wavelet_distance(samples: PacketMoments, reference: PacketMoments) -> float:
    """Fréchet distance of the coefficients, mean over packets; with pixels from 0 to 1.

    References:
        L. Veeramacheneni et al., Fréchet Wavelet Distance, ICLR 2025 (packets at 256 pixels)
    """
    root = _roots(reference)
    overlap = torch.linalg.eigvalsh(root.transpose(1, 2) @ samples.covariances @ root)
    traces = (
        covariances.diagonal(dim1=1, dim2=2).sum(1)
        for covariances in (samples.covariances, reference.covariances)
    )
    shift = (samples.means - reference.means).square().sum(1)
    distances = shift + sum(traces) - 2 * overlap.clamp_min(0).sqrt().sum(1)
    return max(0.0, float(distances.mean()))


def wavelet_error(
    images: Tensor, samples: PacketMoments, reference: PacketMoments, device: torch.device
) -> float | None:
    """Standard error of :func:`wavelet_distance` from the finite number of samples.

    Args:
        images: The samples themselves, uint8, shape ``(n, c, h, w)``.
        samples: Their moments.
        reference: Fixed.
        device: Where to compute.

    Returns:
        ``None`` for less than 3 samples per coefficient; see
        :func:`~ogan_bench.evaluation.fidelity.frechet.frechet_influence`.
    """
    if samples.count < FLOOR_PER_FEATURE * samples.means.shape[1]:
        return None
    level = packet_level(*images.shape[-2:])
    influences = [
        linearised(mean, covariance, real, root)
        for mean, covariance, real, root in zip(
            samples.means, samples.covariances, reference.means, _roots(reference), strict=True
        )
    ]
    moved = [
        torch.stack([of(points) for of, points in zip(influences, packets, strict=True)]).mean(0)
        for packets in (_coefficients(block, level, device) for block in images.split(BLOCK))
    ]
    return of_mean(torch.cat(moved))


def _roots(of: PacketMoments) -> Tensor:
    """A with A Aᵀ = S for every packet's covariance S, shape ``(p, k, k)``."""
    eigenvalues, vectors = torch.linalg.eigh(of.covariances)
    root: Tensor = vectors * eigenvalues.clamp_min(0).sqrt()[:, None, :]
    return root


def wavelet_floor(reference: PacketMoments, n_samples: int) -> float:
    """Expected :func:`wavelet_distance` of a perfect generator.

    Raises:
        NoValueError: As :func:`~ogan_bench.evaluation.fidelity.frechet.frechet_floor`.
    """
    eigenvalues = torch.linalg.eigvalsh(reference.covariances)
    floors = [
        frechet_floor(Moments(mean, of, torch.empty(0), reference.count), n_samples)
        for mean, of in zip(reference.means, eigenvalues, strict=True)
    ]
    return sum(floors) / len(floors)
