"""Structural similarity: scikit-image as oracle, equal, inverted and ever noisier images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.reconstruction.ssim import CHUNK, ssim


def images(n: int, channels: int = 3, height: int = 19, width: int = 24, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, channels, 5, 5, generator=random)
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")


def noisy(x: Tensor, amount: float) -> Tensor:
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    return (x + amount * noise).clamp(0, 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("amount", [0.01, 0.1, 0.5])
def test_agrees_with_scikit_image(channels: int, amount: float) -> None:
    x = images(6, channels)
    y = noisy(x, amount)
    expected = [
        structural_similarity(  # type: ignore[no-untyped-call, unused-ignore]
            a,
            b,
            data_range=1.0,
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(x.double().numpy(), y.double().numpy(), strict=True)
    ]
    assert np.allclose(ssim(x, y).numpy(), expected, atol=1e-10)


def test_equal_images_have_one_even_where_they_are_constant() -> None:
    x = images(4)
    assert torch.allclose(ssim(x, x), torch.ones(4).double(), atol=1e-12)
    black, white = torch.zeros(1, 1, 11, 11), torch.ones(1, 1, 11, 11)
    assert ssim(black, black).item() == pytest.approx(1.0)
    # Without structure, what is left is C1 / (1 + C1) of the luminances.
    assert ssim(black, white).item() == pytest.approx(1e-4 / (1 + 1e-4))


def test_an_inverted_image_is_worse_than_an_unrelated_one() -> None:
    x = images(50)
    assert float(ssim(x, 1 - x).mean()) < float(ssim(x, x.roll(1, 0)).mean()) - 0.1


def test_falls_with_noise_and_is_symmetric() -> None:
    x = images(20)
    values = [float(ssim(x, noisy(x, amount)).mean()) for amount in (0.0, 0.02, 0.1, 0.3, 1.0)]
    assert values == sorted(values, reverse=True)
    y = noisy(x, 0.2)
    assert torch.allclose(ssim(x, y), ssim(y, x), atol=1e-12)


def test_depends_on_no_other_image() -> None:
    x = images(7, 1, 256, 256)
    assert x.numel() > CHUNK  # they are measured in several chunks
    y = noisy(x, 0.2)
    one_by_one = torch.cat([ssim(x[i : i + 1], y[i : i + 1]) for i in range(7)])
    assert torch.allclose(ssim(x, y), one_by_one, atol=1e-12)


@pytest.mark.parametrize("shape", [(2, 1, 8, 8), (2, 3, 32, 10)])
def test_images_smaller_than_the_window_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(NoValueError, match=f"11 pixels wide, the images {min(shape[2:])}"):
        ssim(torch.zeros(shape), torch.zeros(shape))
