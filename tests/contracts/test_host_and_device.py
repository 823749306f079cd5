"""A step has a half on the host, which draws, and a half on the device, which computes.

The update of every objective, model, optimiser, update rule and augmentation runs where every
random operation and every read of a tensor's value is refused.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.sources.digits import digits
from ogan_bench.objectives.base import Batch
from ogan_bench.study import catalogue
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import build_training

CPU = torch.device("cpu")

SETTINGS: dict[str, dict[str, Any]] = {
    "objectives-bigan": {"encoder": "gaussian"},
    "updates-alternating": {"encoder_steps": 2},
    "schedules-constant": {"weight": 0.5},
    "schedules-warm_up": {"weight": 0.5},
    "schedules-off_at_end": {"weight": 0.5},
}
"""Of parts that draw, or have to be given something."""

SMALL = {"width": 4, "z_dim": 6, "hidden": 8}
FIELDS = {
    "adversarial": "adversarial",
    "readouts": "readout",
    "consistency": "consistency",
    "penalties": "penalty",
    "schedules": "consistency_weight",
    "optimizers": "optimizer",
    "updates": "updates",
    "augmentations": "augmentation",
}
"""Kind of part to the key of a study file that holds one."""

OF_TRAINING = ("optimizers", "updates", "augmentations")

PARTS = [
    pytest.param(kind, name, id=f"{kind}-{name}")
    for kind in catalogue.KINDS
    if kind != "datasets"
    for name in catalogue.names(kind)
]


class Refusing(TorchDispatchMode):
    """Refuses operations that draw random numbers or read the value of a tensor."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert torch.Tag.nondeterministic_seeded not in func.tags, f"{func} draws"
        assert func is not torch.ops.aten._local_scalar_dense.default, "a value is read"
        return func(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    whole = digits(resolution=16)
    few = Split(whole.train.images[:40], whole.train.labels[:40])  # type: ignore[index]
    return Dataset("few", few, few, whole.classes, "")


def trial(kind: str, name: str) -> Trial:
    """A trial with a part, in which everything that can be random is."""

    def small(of: str, part: str) -> dict[str, Any]:
        known = {parameter.name for parameter in catalogue.parts(of)[part].parameters}
        toy = {key: value for key, value in SMALL.items() if key in known}
        return {"name": part, **toy, **SETTINGS.get(f"{of}-{part}", {})}

    objective: dict[str, Any] = {
        "adversarial": "linear",
        "readout": "avg",
        "consistency": "pearson",
        "penalty": "gradient_penalty",
    }
    training: dict[str, Any] = {
        "steps": 4,
        "batch_size": 8,
        "optimizer": "rmsprop",
        "augmentation": "diff_augment",
    }
    model = small("models", "dcgan")
    if kind == "models":
        model = small(kind, name)
    elif kind == "objectives" and name != "composed":
        objective = small(kind, name)
    elif kind != "objectives":
        holder = training if kind in OF_TRAINING else objective
        holder[FIELDS[kind]] = small(kind, name)
    return Trial(
        "t",
        "a",
        0,
        Settings.model_validate(
            {"data": "digits", "model": model, "objective": objective, "training": training}
        ),
    )


@pytest.mark.parametrize(("kind", "name"), PARTS)
def test_an_update_draws_nothing_and_reads_no_value(kind: str, name: str, dataset: Dataset) -> None:
    setup = build_training(trial(kind, name), dataset, CPU)
    for step in (0, 3):  # before and after the shares of training at which nets change turns
        batches = setup.draw(step)
        with Refusing():
            report = setup.update(batches)
        assert any(report.losses.values())


def test_draws_and_reads_are_refused() -> None:
    with Refusing():
        with pytest.raises(AssertionError, match="draws"):
            torch.randn(3)
        with pytest.raises(AssertionError, match="a value is read"):
            torch.ones(1).item()


def tensors(batch: Batch) -> dict[str, Tensor]:
    """All that a batch holds, with augmented images for the augmentations."""
    found: dict[str, Tensor] = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            found[field.name] = value
        elif callable(value):
            found[field.name] = value(batch.x)
        elif isinstance(value, dict):
            found |= value
    return found


@pytest.mark.parametrize("updates", catalogue.names("updates"))
@pytest.mark.parametrize("objective", ["composed", "soft_intro_vae"])
def test_a_draw_depends_on_seed_and_step_alone(
    objective: str, updates: str, dataset: Dataset
) -> None:
    """Whatever was drawn and updated before, so that a resumed training sees the same batches."""
    chosen = trial("objectives", objective)
    training = chosen.settings.training.model_copy(
        update={"updates": trial("updates", updates).settings.training.updates}
    )
    settings = chosen.settings.model_copy(update={"training": training})
    chosen = Trial("t", "a", 0, settings)
    first, second = (build_training(chosen, dataset, CPU) for _ in range(2))
    expected = [[tensors(batch) for batch in first.draw(step)] for step in range(4)]
    for step in (2, 0, 3, 1):
        batches = second.draw(step)
        second.update(batches)
        assert [batch.progress for batch in batches] == [step / 4] * len(batches)
        for batch, wanted in zip(batches, expected[step], strict=True):
            found = tensors(batch)
            assert set(found) == set(wanted)
            assert set(found) >= {"x", "z", "labels", "z_labels", "augment_real", "augment_fake"}
            for name, value in found.items():
                assert torch.equal(value, wanted[name]), name
    assert not torch.equal(expected[0][0]["z"], expected[1][0]["z"])
    assert not torch.equal(expected[0][0]["augment_real"], expected[0][0]["augment_fake"])
