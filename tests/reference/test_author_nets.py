"""The DCGAN pair against the facts of the author's code."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import nn

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture, Encoder, Generator
from ogan_bench.models.dcgan import dcgan
from ogan_bench.models.description import count_parameters
from ogan_bench.models.initialisation import initialise
from ogan_bench.models.strided import SameConv2d, SameConvTranspose2d
from ogan_bench.training.optimizers import rmsprop


def pair(architecture: Architecture) -> tuple[Encoder, Generator]:
    return architecture.encoder(architecture.z_dim), architecture.generator()


def on_meta(
    resolution: int,
    z_dim: int,
    width: int,
    kernel: int,
    modulation: Literal["none", "self"] = "none",
) -> tuple[Encoder, Generator]:
    with torch.device("meta"):
        return pair(
            dcgan(
                ImageShape(3, resolution, resolution),
                0,
                z_dim=z_dim,
                width=width,
                encoder_kernel=kernel,  # type: ignore[arg-type]
                generator_kernel=kernel,  # type: ignore[arg-type]
                modulation=modulation,
            )
        )


def test_parameter_counts_at_128_pixels() -> None:
    encoder, generator = on_meta(128, 128, 64, 5)
    assert count_parameters(encoder) == 19_515_904
    assert count_parameters(generator) == 19_531_267


@pytest.mark.parametrize(
    ("resolution", "encoder_millions", "generator_millions"),
    [(128, 13.247, 13.936), (256, 53.10, 55.98)],
)
def test_sizes_of_his_later_scripts(
    resolution: int, encoder_millions: float, generator_millions: float
) -> None:
    """Kernels of 4 and, in the generator, self-modulation."""
    encoder, generator = on_meta(resolution, resolution, 64, 4, "self")
    digits = 1e-3 if resolution == 128 else 1e-2
    assert count_parameters(encoder) / 1e6 == pytest.approx(encoder_millions, abs=digits / 2)
    assert count_parameters(generator) / 1e6 == pytest.approx(generator_millions, abs=digits / 2)


@pytest.mark.parametrize("kernel", [4, 5])
@pytest.mark.parametrize("resolution", [16, 32, 64, 128, 256])
def test_shapes_at_every_resolution(resolution: int, kernel: int) -> None:
    encoder, generator = on_meta(resolution, 12, 8, kernel)
    images = generator(torch.empty(2, 12, device="meta"))
    assert images.shape == (2, 3, resolution, resolution)
    assert encoder(images).shape == (2, 12)


def test_other_resolutions_are_refused() -> None:
    with pytest.raises(UserError, match="16, 32, 64, 128 or 256"):
        dcgan(ImageShape(1, 28, 28), 10)


def test_batch_norm_has_keras_constants() -> None:
    for net in on_meta(32, 8, 8, 5):
        norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
        assert norms
        assert all((norm.eps, norm.momentum) == (1e-3, 0.01) for norm in norms)


def test_no_batch_norm_on_first_convolution_nor_on_the_code() -> None:
    encoder, generator = on_meta(32, 8, 8, 5)
    assert [type(module).__name__ for module in encoder.trunk.children()] == [
        *("SameConv2d", "LeakyReLU"),
        *("SameConv2d", "BatchNorm2d", "LeakyReLU") * 2,
        "Flatten",
    ]
    assert [type(module) for module in encoder.children()][1:] == [nn.Linear]
    layers = generator.get_submodule("layers")
    assert [type(module).__name__ for module in layers.children()] == [
        *("Linear", "Unflatten", "BatchNorm2d", "ReLU"),
        *("SameConvTranspose2d", "BatchNorm2d", "ReLU") * 2,
        *("SameConvTranspose2d", "Tanh"),
    ]


@pytest.mark.parametrize("kernel", [4, 5])
def test_same_padding_is_that_of_tensorflow(kernel: int) -> None:
    """Stride 2 on an even side: kernel - 2 rows of padding, the smaller half before the image."""
    convolution = SameConv2d(1, 1, kernel)
    nn.init.ones_(convolution.weight)
    nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
    image = torch.zeros(1, 1, 8, 8)
    image[0, 0, 0, 0] = 1
    before = (kernel - 2) // 2
    # Output i covers rows 2i - before ... 2i - before + kernel - 1.
    expected = [float(2 * i - before <= 0 < 2 * i - before + kernel) for i in range(4)]
    assert convolution(image)[0, 0, :, 0].tolist() == expected


@pytest.mark.parametrize("kernel", [4, 5])
def test_transposed_convolution_is_the_adjoint_of_the_convolution(kernel: int) -> None:
    """<conv(x), y> = <x, conv_transpose(y)> for equal kernels and no bias."""
    random = torch.Generator().manual_seed(0)
    forward, backward = SameConv2d(2, 3, kernel), SameConvTranspose2d(3, 2, kernel)
    backward.weight.data = forward.weight.data.clone()
    for module in (forward, backward):
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    x = torch.randn(1, 2, 8, 8, generator=random)
    y = torch.randn(1, 3, 4, 4, generator=random)
    torch.testing.assert_close((forward(x) * y).sum(), (x * backward(y)).sum())


def test_initial_weights_are_normal_with_std_0_02_and_biases_zero() -> None:
    encoder, generator = pair(dcgan(ImageShape(3, 32, 32), 10, z_dim=64, width=32))
    for net in (encoder, generator):
        initialise(net, torch.Generator().manual_seed(0))
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                assert (
                    abs(module.weight.std().item() - 0.02) < 0.02 * 5 / module.weight.numel() ** 0.5
                )
                assert module.bias is not None
                assert not module.bias.any()
            if isinstance(module, nn.BatchNorm2d):
                assert (module.weight == 1).all()
                assert not module.bias.any()


def test_output_depends_on_registered_state_alone() -> None:
    """Layers made inside forward would give other outputs at every call."""
    encoder, generator = pair(dcgan(ImageShape(1, 16, 16), 10, z_dim=8, width=4))
    for net, example in ((encoder, torch.zeros(2, 1, 16, 16)), (generator, torch.zeros(2, 8))):
        net.eval()
        assert torch.equal(net(example), net(example))


def test_rmsprop_has_the_authors_constants() -> None:
    optimizer = rmsprop([nn.Parameter(torch.zeros(1))])
    assert optimizer.defaults == {"lr": 1e-4, "alpha": 0.99, "eps": 1e-7}


def test_leaky_relu_has_slope_0_2() -> None:
    encoder, _ = on_meta(16, 8, 8, 5)
    slopes = {m.negative_slope for m in encoder.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}
