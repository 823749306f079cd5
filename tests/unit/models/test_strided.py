"""The transposed convolution to images by columns, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ogan_bench.models.strided import SameConv2d, SameConvTranspose2d, ToImages


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kernel", [4, 5])
def test_columns_give_torchs_images_and_gradients(kernel: int, channels: int) -> None:
    random = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 5, 4, 3, generator=random, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(
        5, channels, kernel, kernel, generator=random, dtype=torch.float64, requires_grad=True
    )
    wanted = F.conv_transpose2d(maps, weight, stride=2)
    torch.testing.assert_close(ToImages.apply(maps, weight), wanted, rtol=1e-13, atol=1e-13)
    assert torch.autograd.gradcheck(ToImages.apply, (maps, weight))
    assert torch.autograd.gradgradcheck(ToImages.apply, (maps, weight))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kernel", [4, 5])
def test_the_layer_is_the_transpose_of_the_convolution(kernel: int, channels: int) -> None:
    """<C x, y> = <x, Cᵀ y> for kernels of images, computed by columns, and of others."""
    down = SameConv2d(channels, 6, kernel).double()
    up = SameConvTranspose2d(6, channels, kernel).double()
    up.weight = down.weight
    assert down.bias is not None
    assert up.bias is not None
    torch.nn.init.zeros_(down.bias)
    torch.nn.init.normal_(up.bias)
    random = torch.Generator().manual_seed(0)
    x = torch.randn(2, channels, 8, 8, generator=random, dtype=torch.float64)
    y = torch.randn(2, 6, 4, 4, generator=random, dtype=torch.float64)
    images = up(y)
    assert images.shape == x.shape
    without_bias = images - up.bias[:, None, None]
    torch.testing.assert_close((down(x) * y).sum(), (x * without_bias).sum())


def test_columns_are_for_grey_images_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def apply(maps: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        used.append(weight.shape[1])
        return F.conv_transpose2d(maps, weight, stride=2)

    monkeypatch.setattr(ToImages, "apply", apply)
    for channels in (1, 3, 4, 8):
        SameConvTranspose2d(8, channels, 4)(torch.zeros(1, 8, 4, 4))
        SameConvTranspose2d(8, channels, 4).to("meta")(torch.zeros(1, 8, 4, 4, device="meta"))
    assert used == [1]
