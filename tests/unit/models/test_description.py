"""Descriptions of nets account for every parameter."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from ogan_bench.data.base import ImageShape
from ogan_bench.models import description
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


def test_large_nets_are_described_alike_and_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = component_of("models", "resnet")
    computed = describe_model(model, 3, 32)
    monkeypatch.setattr(description, "COMPUTED", 0)
    assert describe_model(model, 3, 32) == computed


def test_torchs_compiler_is_not_imported() -> None:
    code = (
        "import sys; from ogan_bench.cli import app; "
        "app(['describe', 'model', 'dcgan'], standalone_mode=False); "
        "app(['describe', 'model', 'resnet', '--resolution', '32'], standalone_mode=False); "
        "app(['describe', 'model', 'mlp', '--resolution', '1'], standalone_mode=False); "
        "sys.exit(bool({'sympy', 'torch._dynamo'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert answer.returncode == 0, answer.stderr
