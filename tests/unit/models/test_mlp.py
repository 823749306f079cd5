"""Dense generators and encoders: shapes, ranges and points."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ogan_bench.data.base import ImageShape
from tests.unit.models.small_nets import architecture, draw, label, nets


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("shape", [ImageShape(2, 1, 1), ImageShape(3, 5, 7)], ids=label)
def test_shapes_of_the_mlp(shape: ImageShape, layers: int) -> None:
    model = {"name": "mlp", "z_dim": 9, "width": 4, "layers": layers}
    with torch.device("meta"):
        family = architecture(model, shape, 0)
        images = family.generator()(torch.empty(2, 9))
        assert images.shape == (2, *shape)
        assert family.encoder(11)(images).shape == (2, 11)


def test_mlp_fits_points_beyond_the_range_of_images() -> None:
    """G learns to send two-dimensional noise to a ring of radius 3."""
    _, generator = nets({"name": "mlp"}, ImageShape(2, 1, 1))
    z = draw(128, 2)
    points = 3 * F.normalize(z, dim=1)
    optimizer = torch.optim.Adam(generator.parameters(), lr=3e-3)
    losses = []
    for _ in range(200):
        loss = (generator(z)[:, :, 0, 0] - points).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.02 * losses[0]


def test_mlp_makes_images_in_the_range_of_tanh() -> None:
    _, generator = nets({"name": "mlp"}, ImageShape(1, 8, 8))
    assert generator(1e4 * draw(16, 2)).abs().max() == 1
    _, generator = nets({"name": "mlp"}, ImageShape(2, 1, 1))
    assert generator(1e4 * draw(16, 2)).abs().max() > 100
