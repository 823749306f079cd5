"""Modulation by codes and labels: its formula, and its start."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ogan_bench.data.base import ImageShape
from tests.unit.models.small_nets import SIDES, draw, nets


def reference_norm(
    h: Tensor, z: Tensor, labels: Tensor, w: Mapping[str, Tensor], prefix: str, modulation: str
) -> Tensor:
    """Batch norm and modulation, written out."""
    mean = h.mean(dim=(0, 2, 3))[None, :, None, None]
    variance = (h - mean).pow(2).mean(dim=(0, 2, 3))[None, :, None, None]
    h = (h - mean) / (variance + 1e-3).sqrt()
    if modulation == "class":
        gamma, beta = (1 + w[f"{prefix}.gamma.weight"][labels], w[f"{prefix}.beta.weight"][labels])
    else:
        c = z
        if modulation == "additive":
            c = z + w["labelled.shift.weight"][labels] + w["labelled.scale.weight"][labels] * z
        outputs = []
        for part in ("gamma", "beta"):
            first, second = f"{prefix}.{part}.0", f"{prefix}.{part}.2"
            hidden = (c @ w[f"{first}.weight"].T + w[f"{first}.bias"]).clamp(min=0)
            outputs.append(hidden @ w[f"{second}.weight"].T + w[f"{second}.bias"])
        gamma, beta = outputs[0] + 1, outputs[1]
    return h * gamma[:, :, None, None] + beta[:, :, None, None]


@pytest.mark.parametrize("modulation", ["self", "class", "additive"])
def test_modulated_dcgan_is_its_formula(modulation: str) -> None:
    """The whole generator at 16 pixels, against a forward pass written by hand."""
    model = {"name": "dcgan", "z_dim": 6, "width": 4, "generator_kernel": 4}
    _, generator = nets(model | {"modulation": modulation}, ImageShape(2, 16, 16))
    generator.double()
    random = torch.Generator().manual_seed(2)
    for parameter in generator.parameters():  # biases and embeddings too
        nn.init.normal_(parameter, std=0.3, generator=random)
    w = dict(generator.named_parameters())
    z, labels = draw(5, 6).double(), torch.tensor([0, 1, 2, 1, 0])

    h = (z @ w["layers.0.weight"].T + w["layers.0.bias"]).reshape(5, 8, 4, 4)
    h = reference_norm(h, z, labels, w, "layers.2", modulation).clamp(min=0)
    h = F.conv_transpose2d(h, w["layers.4.weight"], w["layers.4.bias"], stride=2, padding=1)
    h = reference_norm(h, z, labels, w, "layers.5", modulation).clamp(min=0)
    h = F.conv_transpose2d(h, w["layers.7.weight"], w["layers.7.bias"], stride=2, padding=1)
    torch.testing.assert_close(generator(z, labels), h.tanh())


@pytest.mark.parametrize("name", SIDES)
def test_conditional_generators_begin_as_unconditional_ones(name: str) -> None:
    """``additive`` begins as ``self`` and ``class`` as ``none``, from the same seed."""
    model, shape = {"name": name, "z_dim": 6, "width": 4}, ImageShape(1, 16, 16)
    z, labels = draw(5, 6), torch.tensor([0, 1, 2, 1, 0])
    for conditional, plain in (("additive", "self"), ("class", "none")):
        _, one = nets(model | {"modulation": conditional}, shape)
        _, other = nets(model | {"modulation": plain}, shape)
        torch.testing.assert_close(one(z, labels), other(z))
