"""The composed objective: what its parts need of the encoder, and what goes between E and G."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ogan_bench.errors import UserError
from ogan_bench.objectives.base import PROJECTIONS
from ogan_bench.objectives.composed import ComposedObjective
from ogan_bench.objectives.forward_pass import Batch, ForwardPass
from ogan_bench.objectives.parts.consistency import CONSISTENCY
from tests.unit.objectives.small_parts import CLOSE, D, N, architecture, draw, objective


def test_a_score_that_takes_the_whole_code_is_refused() -> None:
    objective(readout={"name": "dim", "dims": D - 1}).build(architecture())
    with pytest.raises(UserError, match=f"{D} of the {D} dimensions"):
        objective(readout={"name": "dim", "dims": D}).build(architecture())


@pytest.mark.parametrize(
    ("parts", "width"),
    [
        ({}, D),
        ({"readout": {"name": "spare", "dims": 3}}, D + 3),
        ({"consistency": "gaussian_nll"}, 2 * D),
        ({"readout": {"name": "spare", "dims": 3}, "consistency": "gaussian_nll"}, 2 * D + 3),
    ],
)
def test_encoders_are_as_wide_as_the_parts_need(parts: dict[str, Any], width: int) -> None:
    assert objective(**parts).build(architecture()).encoder.head.out_features == width


def test_shifted_images_are_scored_with_the_classes_of_those_they_are_near() -> None:
    """Of generated images with their own ones, which are not those of the real images."""
    chosen = objective(readout="projection", penalty="r1_r2_differences")
    assert isinstance(chosen, ComposedObjective)
    nets = chosen.build(architecture())
    nets.encoder.double().eval()
    nets.generator.double().eval()
    x, z = draw(N, 1, 16, 16), draw(N, D)
    offsets = {name: draw(N, 256, seed=i) for i, name in enumerate(("offset_real", "offset_fake"))}
    labels, z_labels = torch.arange(N) % 3, (torch.arange(N) + 1) % 3
    batch = ForwardPass(nets, Batch(x, z, labels, z_labels, 0.0, offsets))

    def slope(images: Tensor, classes: Tensor, offset: Tensor) -> Tensor:
        near = images + 0.01 * offset.reshape(N, 1, 16, 16)
        scores: list[Tensor] = []
        for at in (images, near):
            seen = ForwardPass(nets, Batch(at, z, classes, z_labels, 0.0))
            scores.append(chosen.score_real(seen))
        return (scores[1] - scores[0]) / 0.01

    real = slope(batch.x, labels, offsets["offset_real"])
    fake = slope(batch.x_fake, z_labels, offsets["offset_fake"])
    found = chosen.encoder_loss(batch)["penalty"]
    torch.testing.assert_close(found, (real**2 + fake**2) / 2, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    "name", ["pearson", "normalized_mse", "mse_centred", "cosine", "contrastive"]
)
def test_autoencoding_sets_what_the_term_leaves_free(name: str) -> None:
    """The term cannot tell a code from its projection."""
    z, code = draw(2, N, D)
    code = 3 * code + 2
    term = CONSISTENCY[name]()
    project = PROJECTIONS[term.projection]
    torch.testing.assert_close(term.loss(z, project(code)), term.loss(z, code), **CLOSE)
    assert objective(consistency=name).projection == term.projection


@pytest.mark.parametrize("name", ["mse", "mse_mean", "gaussian_nll", "pixel_raw"])
def test_autoencoding_takes_a_code_that_equals_z_as_it_is(name: str) -> None:
    assert objective(consistency=name).projection == "none"


def test_the_penalty_follows_its_schedule() -> None:
    falling = {"name": "cosine", "start": 1, "end": 0.1}
    made = objective(penalty="r1", penalty_schedule=falling)
    plain = objective(penalty="r1")
    nets = made.build(architecture(0))
    x, z = torch.rand(N, 1, 16, 16), torch.randn(N, D)
    for progress, factor in ((0.0, 1.0), (0.5, 0.55)):
        seen = [ForwardPass(nets, Batch(x, z, None, None, progress)) for _ in range(2)]
        got, whole = (o.encoder_loss(s) for o, s in zip((made, plain), seen, strict=True))
        torch.testing.assert_close(got["penalty"], factor * whole["penalty"])
        torch.testing.assert_close(got["adversarial"], whole["adversarial"])
        assert bool((whole["penalty"] > 0).all())
