"""How well G(N(E(x))) gives a test image back."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.evaluation.rows import Row, attempt
from ogan_bench.seeding import generator


def image_mse(x: Tensor, x_rec: Tensor) -> Tensor:
    """Mean squared error per pixel of each image, for the pixel range [0, 1].

    Args:
        x: Images in [-1, 1], shape ``(n, c, h, w)``.
        x_rec: Reconstructions in [-1, 1], same shape.

    Returns:
        Float64, shape ``(n,)``; a quarter of the error in the range [-1, 1].
    """
    return (x - x_rec).div(2).square().flatten(1).mean(1, dtype=torch.float64)


def psnr(mse: Tensor) -> float:
    """10 log10(1 / MSE) of each image in dB, then the mean over images.

    Args:
        mse: For the pixel range [0, 1], shape ``(n,)``.

    Raises:
        ValueError: An image is reproduced exactly, so the mean is infinite.
    """
    if bool((mse == 0).any()):
        raise ValueError("an image is reproduced exactly: its PSNR is infinite")
    return float(mse.log10().mul(-10).mean())


def reconstruction_ratio(x: Tensor, x_rec: Tensor, seed: int) -> float:
    """MSE to the own reconstruction over MSE to that of a random other image.

    The others are given by a random cyclic permutation, so that no image meets its own
    reconstruction. 0: perfect; 1: the code says nothing about the image.

    Args:
        x: Images in [-1, 1], shape ``(n, c, h, w)``.
        x_rec: Reconstructions in [-1, 1], same shape.
        seed: Seed of the permutation.

    Raises:
        ValueError: There is one image only, or the errors to the others are all zero.

    References:
        J. Donahue, P. Krähenbühl and T. Darrell, Adversarial Feature Learning, 2017,
        https://arxiv.org/abs/1605.09782 (the comparison with another image)
    """
    if len(x) < 2:
        raise ValueError("one image has no other to compare with")
    order = torch.randperm(len(x), generator=generator(seed, "evaluation/derangement"))
    other = torch.empty_like(order)
    other[order] = order.roll(1)
    baseline = float(image_mse(x, x_rec[other]).mean())
    if baseline == 0:
        raise ValueError("all images and reconstructions are equal")
    return float(image_mse(x, x_rec).mean()) / baseline


def reconstruction_rows(
    images: Tensor, reconstructions: Tensor, raw_reconstructions: Tensor, seed: int
) -> list[Row]:
    """All reconstruction metrics.

    Args:
        images: Test images, uint8, shape ``(n, c, h, w)``.
        reconstructions: G(N(E(x))) in [-1, 1], same shape.
        raw_reconstructions: G(E(x)) in [-1, 1], same shape.
        seed: Seed of the ratio's permutation.
    """
    n, x = len(images), to_float(images.cpu())
    mse = image_mse(x, reconstructions)

    def row(metric: str, value: float) -> list[Row]:
        return [Row(metric, value, n, "test")]

    measures = {
        "reconstruction_mse": lambda: float(mse.mean()),
        "reconstruction_psnr": lambda: psnr(mse),
        "reconstruction_ratio": lambda: reconstruction_ratio(x, reconstructions, seed),
        "reconstruction_mse_raw": lambda: float(image_mse(x, raw_reconstructions).mean()),
    }
    rows: list[Row] = []
    for metric, measure in measures.items():
        rows += attempt(
            [metric],
            lambda metric=metric, measure=measure: row(metric, measure()),  # type: ignore[misc]
            n_samples=n,
            split="test",
        )
    return rows
