"""The composed objective: what its parts need of the encoder, and what goes between E and G."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ogan_bench.errors import UserError
from ogan_bench.objectives.parts.consistency import CONSISTENCY
from ogan_bench.sampling.autoencoder import PROJECTIONS
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
