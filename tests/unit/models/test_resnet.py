"""ResNets: published sizes, and the blocks of the paper."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.data.base import ImageShape
from ogan_bench.models.description import count_parameters
from ogan_bench.models.modulation import Modulation
from ogan_bench.models.resnet import DownBlock, UpBlock
from tests.unit.models.small_nets import architecture, draw


def test_sizes_of_the_resnets_are_the_published_ones() -> None:
    """At 32 pixels those that other implementations report; E has one output there."""
    with torch.device("meta"):
        family = architecture({"name": "resnet"}, ImageShape(3, 32, 32))
        assert count_parameters(family.generator()) == 4_276_739
        assert count_parameters(family.encoder(1)) == 1_053_825
        plain = architecture({"name": "resnet", "spectral_norm": False}, ImageShape(3, 32, 32))
        assert count_parameters(plain.encoder(1)) == 1_053_825


def test_largest_resnet_has_the_published_feature_maps() -> None:
    with torch.device("meta"):
        family = architecture({"name": "resnet"}, ImageShape(3, 128, 128))
        seen: list[tuple[int, ...]] = []
        encoder, generator = family.encoder(1), family.generator()
        for module in (*encoder.modules(), *generator.modules()):
            if isinstance(module, DownBlock | UpBlock):
                module.register_forward_hook(lambda *args: seen.append(tuple(args[2].shape[1:])))
        encoder(generator(torch.empty(1, 128)))
    up = [(1024, 8, 8), (512, 16, 16), (256, 32, 32), (128, 64, 64), (64, 128, 128)]
    down = [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4), (1024, 4, 4)]
    assert seen == [*up, *down]


@pytest.mark.parametrize("halves", [False, True])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(("inputs", "outputs"), [(3, 5), (5, 5)])
def test_encoder_block_is_that_of_the_paper(
    inputs: int, outputs: int, halves: bool, first: bool
) -> None:
    """There the shortcut of all blocks but the first is convolved before it is downsampled."""
    block = DownBlock(inputs, outputs, halves=halves, first=first).double()
    w = list(block.parameters())
    x = draw(2, inputs * 64).reshape(2, inputs, 8, 8).double()
    h = F.conv2d(x if first else x.clamp(min=0), w[0], w[1], padding=1)
    h = F.conv2d(h.clamp(min=0), w[2], w[3], padding=1)
    shortcut = F.conv2d(x, w[4], w[5]) if len(w) > 4 else x
    if halves:
        h, shortcut = F.avg_pool2d(h, 2), F.avg_pool2d(shortcut, 2)
    assert (len(w) > 4) == (halves or inputs != outputs)
    assert len(w[0]) == (outputs if first else inputs)
    torch.testing.assert_close(block(x), h + shortcut)


def test_generator_block_is_that_of_the_paper() -> None:
    """There the shortcut is upsampled before it is convolved."""
    block = UpBlock(3, 5, Modulation("none", 6, 0, 2e-5, 0.1)).double()
    w = dict(block.named_parameters())
    x = draw(2, 48).reshape(2, 3, 4, 4).double()

    def norm(h: Tensor) -> Tensor:
        return F.batch_norm(h, None, None, training=True, eps=2e-5)

    def double(h: Tensor) -> Tensor:
        return torch.kron(h, torch.ones(1, 1, 2, 2, dtype=h.dtype))

    h = double(norm(x).clamp(min=0))
    h = F.conv2d(h, w["residual.3.weight"], w["residual.3.bias"], padding=1)
    h = norm(h).clamp(min=0)
    h = F.conv2d(h, w["residual.6.weight"], w["residual.6.bias"], padding=1)
    shortcut = F.conv2d(double(x), w["shortcut.0.weight"], w["shortcut.0.bias"])
    torch.testing.assert_close(block(x, x), h + shortcut)
