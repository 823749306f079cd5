"""All quantities of features by name: the same numbers as from each function alone."""

from __future__ import annotations

import pytest
import torch

from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.feature_values import feature_values, quantities
from ogan_bench.evaluation.fidelity.frechet import frechet_distance
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.evaluation.fidelity.vendi import vendi_score


def test_every_quantity_has_the_value_of_its_own_function() -> None:
    draw = torch.Generator().manual_seed(0)
    samples, real = (torch.randn(60, 3, generator=draw) for _ in range(2))
    compared = Comparison(samples, Reference(real, torch.device("cpu")), 0)
    found = feature_values(compared)
    assert set(found) == set(quantities())
    assert found["fd"] == pytest.approx(frechet_distance(samples, real))
    assert found["vendi"] == pytest.approx(vendi_score(samples).value)
    assert "isc" not in found
    assert "vendi" not in feature_values(compared, without=["vendi"])


def test_what_cannot_be_computed_is_none() -> None:
    same = torch.zeros(60, 3)
    compared = Comparison(same, Reference(same, torch.device("cpu")), 0)
    assert feature_values(compared)["fd"] is None
