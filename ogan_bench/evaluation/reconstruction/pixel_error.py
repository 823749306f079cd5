"""How well a test image is reconstructed from its code."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import Estimate, of_circle, of_mean
from ogan_bench.seeding import generator

PIXEL_RANGE = 2.0
"""From -1 to 1; errors are reported for a range of 1."""
AT_A_TIME = 256
"""Images whose differences are in memory at a time; all at once take ten times as long."""
POINTS = "points: in the units of the data, not in a pixel range"


def image_mse(x: Tensor, x_rec: Tensor) -> Tensor:
    """Mean squared error per pixel of each image, for the pixel range [0, 1].

    Args:
        x: Images in [-1, 1], shape ``(n, c, h, w)``.
        x_rec: Reconstructions in [-1, 1], same shape.

    Returns:
        float64, shape ``(n,)``; a quarter of the error in the range [-1, 1].
    """
    return point_mse(x, x_rec) / PIXEL_RANGE**2


def point_mse(x: Tensor, x_rec: Tensor) -> Tensor:
    """Mean squared error per coordinate of each point, in the units of the data.

    Args:
        x: Shape ``(n, c, h, w)``.
        x_rec: Same shape.

    Returns:
        float64, shape ``(n,)``.
    """
    pairs = zip(x.split(AT_A_TIME), x_rec.split(AT_A_TIME), strict=True)
    return torch.cat([(a - b).square().flatten(1).mean(1, dtype=torch.float64) for a, b in pairs])


def psnr(mse: Tensor) -> float:
    """10 log10(1 / MSE) of each image in dB, then the mean over images.

    Args:
        mse: For the pixel range [0, 1], shape ``(n,)``.

    Raises:
        NoValueError: An image is reproduced exactly, so the mean is infinite.
    """
    if bool((mse == 0).any()):
        raise NoValueError("an image is reproduced exactly: its PSNR is infinite")
    return float(mse.log10().mul(-10).mean())


def reconstruction_ratio(x: Tensor, x_rec: Tensor, seed: int) -> Estimate:
    """MSE to an image's own reconstruction over MSE to that of a random other image.

    The others are given by a random cyclic permutation, so no image is paired with its own
    reconstruction. 0: perfect; 1: the code says nothing about the image. The standard error takes
    into account that two errors to other images that follow on the cycle share an image.

    Args:
        x: Images or points, shape ``(n, c, h, w)``.
        x_rec: Reconstructions in the same range, same shape.
        seed: Seed of the permutation.

    Raises:
        NoValueError: There is only one image, or the errors to the others are all zero.

    References:
        J. Donahue, P. Krähenbühl and T. Darrell, Adversarial Feature Learning, 2017,
        https://arxiv.org/abs/1605.09782 (the comparison with another image)
    """
    if len(x) < 2:
        raise NoValueError("a comparison with other images takes at least two")
    order = torch.randperm(len(x), generator=generator(seed, "evaluation/derangement"))
    other = torch.empty_like(order)
    other[order] = order.roll(1)
    own, to_other = point_mse(x, x_rec), point_mse(x, x_rec[other])
    baseline = float(to_other.mean())
    if baseline == 0:
        raise NoValueError("all images and reconstructions are equal")
    ratio = float(own.mean()) / baseline
    return Estimate(ratio, of_circle((own - ratio * to_other)[order] / baseline))


def reconstruction_rows(
    images: Tensor, reconstructions: Tensor, raw_reconstructions: Tensor, seed: int
) -> list[Row]:
    """All metrics of G(N(E(x))) and G(E(x)).

    Args:
        images: Test images, uint8, or points, shape ``(n, c, h, w)``.
        reconstructions: G(N(E(x))) in [-1, 1], or points, same shape.
        raw_reconstructions: G(E(x)) in [-1, 1], or points, same shape.
        seed: Seed of the ratio's permutation.
    """
    x, error, units = in_units(images)

    def decibels() -> Value:
        if units is not None:
            raise NoValueError("points have no pixel range, and so no PSNR")
        each = error(x, reconstructions)
        return Value(psnr(each), error=of_mean(each.log10().mul(10)))

    def ratio() -> Value:
        found = reconstruction_ratio(x, reconstructions, seed)
        return Value(found.value, error=found.standard_error)

    measures = {
        "reconstruction_mse": lambda: mean_value(error(x, reconstructions)),
        "reconstruction_psnr": decibels,
        "reconstruction_ratio": ratio,
        "reconstruction_mse_raw": lambda: mean_value(error(x, raw_reconstructions)),
    }
    return measured_rows(measures, n_samples=len(x), split="test", note=units)


def autoencoding_rows(images: Tensor, own_reconstructions: Tensor, formula: str) -> list[Row]:
    """The error of the objective's own reconstruction.

    Args:
        images: Test images, uint8, or points, shape ``(n, c, h, w)``.
        own_reconstructions: G(t·P(E(x))) in [-1, 1], or points, same shape.
        formula: The formula with P and t, for the note.
    """
    x, error, units = in_units(images)
    return measured_rows(
        {"autoencoding_mse": lambda: mean_value(error(x, own_reconstructions), note=units)},
        n_samples=len(x),
        split="test",
        note=formula,
    )


def mean_value(each: Tensor, note: str | None = None) -> Value:
    """The mean over images, with the standard error from their finite number.

    Args:
        each: Shape ``(n,)``.
        note: What a reader has to know.
    """
    return Value(float(each.mean()), note=note, error=of_mean(each))


def in_units(images: Tensor) -> tuple[Tensor, Callable[[Tensor, Tensor], Tensor], str | None]:
    """Images in the range of G's output, the error in their units, and a note on the units."""
    if images.is_floating_point():
        return images.cpu(), point_mse, POINTS
    return to_float(images.cpu()), image_mse, None
