"""Descriptions of nets account for every parameter."""

from __future__ import annotations

from typing import Any

import pytest

from ogan_bench.data.base import ImageShape
from ogan_bench.models.description import count_parameters, describe_model
from ogan_bench.study.parts import component_of
from tests.unit.models.small_nets import CLASSES, SMALL, label, nets


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=label)
def test_description_accounts_for_every_parameter(model: dict[str, Any], shape: ImageShape) -> None:
    chosen = component_of("models", model)
    described = describe_model(chosen, shape.channels, shape.height, CLASSES)
    encoder, generator = nets(model, shape)
    for net, name in ((encoder, "encoder"), (generator, "generator")):
        layers = described[name]["layers"]
        assert described[name]["parameters"] == count_parameters(net)
        # The shared embeddings of the additive form are layers like all others.
        assert sum(layer["parameters"] for layer in layers) == count_parameters(net)
        assert not [layer for layer in layers if layer["layer"].startswith(("Param", "_"))]
    assert described["generator"]["layers"][-1]["output"] == list(shape)
    assert described["encoder"]["layers"][-1]["output"] == [model["z_dim"]]
