"""Every architecture: shapes, gradients, labels and refusals."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import nn

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from tests.unit.models.small_nets import (
    CLASSES,
    CONDITIONAL,
    MODULATIONS,
    SIDES,
    SMALL,
    architecture,
    draw,
    label,
    nets,
)


def with_labels_at_work(net: nn.Module) -> None:
    """Embeddings are zero at the start; here they are as after some training."""
    random = torch.Generator().manual_seed(1)
    for module in net.modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, generator=random)


@pytest.mark.parametrize("modulation", MODULATIONS)
@pytest.mark.parametrize(("name", "side"), [(n, side) for n in SIDES for side in SIDES[n]])
def test_shapes_at_every_resolution(name: str, side: int, modulation: str) -> None:
    """On the meta device, on which every architecture can be built."""
    model = {"name": name, "z_dim": 6, "width": 4}
    model |= {"modulation": modulation, "spectral_norm": modulation == "none"}
    with torch.device("meta"):
        family = architecture(model, ImageShape(3, side, side))
        labels = torch.zeros(2, dtype=torch.long)
        images = family.generator()(torch.empty(2, 6), labels)
        assert images.shape == (2, 3, side, side)
        encoder = family.encoder(7)
        assert encoder(images).shape == (2, 7)
        assert encoder.trunk(images).shape == (2, encoder.features)
    assert (family.z_dim, family.classes) == (6, CLASSES)


@pytest.mark.parametrize(
    ("name", "shape", "sides"),
    [
        ("dcgan", ImageShape(1, 28, 28), "16, 32, 64, 128 or 256"),
        ("dcgan", ImageShape(1, 16, 32), "16, 32, 64, 128 or 256"),
        ("resnet", ImageShape(1, 24, 24), "16, 32, 64 or 128"),
        ("resnet", ImageShape(1, 256, 256), "16, 32, 64 or 128"),
        ("resnet", ImageShape(1, 32, 16), "16, 32, 64 or 128"),
    ],
)
def test_other_resolutions_are_refused(name: str, shape: ImageShape, sides: str) -> None:
    with pytest.raises(UserError, match=sides):
        architecture({"name": name}, shape)


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=label)
def test_every_parameter_gets_a_gradient(model: dict[str, Any], shape: ImageShape) -> None:
    """Of biases before batch norm it is zero, of all kernels and embeddings it is not."""
    encoder, generator = nets(model, shape)
    labels = torch.arange(8) % CLASSES
    encoder(generator(draw(8, model["z_dim"]), labels)).square().mean().backward()
    for net in (encoder, generator):
        for name, parameter in net.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.ndim == 1 or parameter.grad.any(), name


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=label)
def test_images_depend_on_labels_where_the_generator_says_so(
    model: dict[str, Any], shape: ImageShape
) -> None:
    _, generator = nets(model, shape)
    with_labels_at_work(generator)
    generator.eval()
    z = draw(4, model["z_dim"])
    images = [generator(z, torch.full((4,), label)) for label in range(CLASSES)]
    assert generator.conditional == (model.get("modulation") in CONDITIONAL)
    for one, other in itertools.combinations(images, 2):
        same = [torch.equal(a, b) for a, b in zip(one, other, strict=True)]
        assert not any(same) if generator.conditional else all(same)
    if generator.conditional:
        with pytest.raises(ValueError, match="needs labels"):
            generator(z)
    else:
        assert torch.equal(generator(z), images[0])


@pytest.mark.parametrize("modulation", CONDITIONAL)
@pytest.mark.parametrize("name", SIDES)
def test_conditional_generators_need_classes(name: str, modulation: str) -> None:
    model = {"name": name, "modulation": modulation}
    with pytest.raises(UserError, match="needs a dataset with labels"):
        architecture(model, ImageShape(1, 16, 16), 0)
