"""A step has a half on the host, which draws, and a half on the device, which computes.

The half on the device neither draws, nor reads a tensor's value, nor touches the host's tensors:
nothing in it makes a GPU and the host wait for each other. On the second device it is carried out
and compared with the CPU; on ``meta`` there are no values that anything could depend on.
"""

from __future__ import annotations

import contextlib
from dataclasses import fields
from functools import partial
from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.evaluation.inversion import inversion
from ogan_bench.evaluation.mechanism.mechanism import loss_probe
from ogan_bench.objectives.forward_pass import Batch
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.batch_norm import Policy
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study import catalogue
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import moving_averages
from ogan_bench.training.running_means import RunningMeans
from ogan_bench.training.setup import build_nets, build_objective, build_training
from tests.contracts.device_half import DeviceHalf
from tests.contracts.second_device import PRETEND, SecondDevice
from tests.contracts.small_trials import PARTS, few_images, small_trial

CPU, META = torch.device("cpu"), torch.device("meta")

UPDATES: dict[str, Any] = {
    "simultaneous": "simultaneous",
    "alternating": {"name": "alternating", "encoder_steps": 2},
}
"""All update rules."""

IDS = ["-".join(part) for part in PARTS]

STEPS = (0, 3)
"""Before and after the shares of training at which nets change turns."""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return few_images()


def logged(trial: Trial, dataset: Dataset, device: torch.device) -> dict[str, float]:
    """Means over some steps, which keep the rules of the device half, moving averages included.

    The CPU is its own host: there Adam may read its count of steps.
    """
    setup = build_training(trial, dataset.to(device), device)
    nets = setup.trainables.nets
    averages, window = moving_averages(trial, nets), RunningMeans()
    for updates, step in enumerate(STEPS, start=1):
        batches = setup.draw(step)
        with contextlib.nullcontext() if device == CPU else DeviceHalf():
            report = setup.update(batches)
            window.add(report)
            for average, net in zip(averages, nets.named().values(), strict=True):
                average.update(net, updates)
        assert any(report.losses.values())
    return window.close()


def compare_with_cpu(trial: Trial, dataset: Dataset) -> None:
    """Up to rounding: the CPU has fused kernels of its own."""
    with SecondDevice():
        found = logged(trial, dataset, PRETEND)
    expected = logged(trial, dataset, CPU)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize(("kind", "name"), PARTS, ids=IDS)
def test_a_step_on_a_second_device_is_that_on_the_cpu(
    kind: str, name: str, dataset: Dataset
) -> None:
    trial = small_trial(kind, name, training={"ema": 0.9})
    compare_with_cpu(trial, dataset)


@pytest.mark.parametrize("modulation", ["self", "class", "additive"])
def test_so_is_a_step_of_modulated_and_normalised_nets(modulation: str, dataset: Dataset) -> None:
    model = {"name": "dcgan", "modulation": modulation, "spectral_norm": True}
    compare_with_cpu(small_trial(model=model, training={"ema": 0.9}), dataset)


@pytest.mark.parametrize("objective", catalogue.names("objectives"))
@pytest.mark.parametrize(
    ("model", "updates"),
    [*((model, "simultaneous") for model in catalogue.names("models")), ("dcgan", "alternating")],
)
def test_a_step_of_any_objective_and_model_needs_no_value(
    objective: str, model: str, updates: str, dataset: Dataset
) -> None:
    trial = small_trial(
        "objectives", objective, model={"name": model}, training={"updates": UPDATES[updates]}
    )
    setup = build_training(trial, dataset.to(META), META)
    batches = setup.draw(STEPS[-1])
    with DeviceHalf():
        assert any(setup.update(batches).losses.values())


def context(
    trial: Trial, dataset: Dataset, settings: Evaluation, device: torch.device
) -> ModelContext:
    """The nets after a step, to be evaluated on a device."""
    setup = build_training(trial, dataset.to(device), device)
    setup.update(setup.draw(0))
    nets, before = setup.trainables.nets, build_nets(trial, dataset).encoder
    pair = Autoencoder(build_objective(trial), nets.encoder, nets.generator, 6)
    return ModelContext(pair, UntrainedEncoder(before), dataset.to(device), settings, device)


@pytest.mark.parametrize("statistics", get_args(Policy))
def test_samples_of_a_second_device_are_those_of_the_cpu(
    statistics: Policy, dataset: Dataset
) -> None:
    """The evaluation may wait for values, but its tensors have to be where the nets are."""
    model = {"name": "dcgan", "modulation": "additive", "spectral_norm": True}
    trial = small_trial(model=model)
    settings = Evaluation(samples=20, encoder_statistics=statistics)

    with SecondDevice():
        found = context(trial, dataset, settings, PRETEND).samples
    expected = context(trial, dataset, settings, CPU).samples
    for name in ("z", "codes", "reconstructions", "raw_reconstructions", "swapped"):
        value = getattr(found, name)
        assert type(value) is Tensor
        assert torch.allclose(value, getattr(expected, name), rtol=1e-2, atol=1e-2), name
    assert torch.allclose(found.trained.test, expected.trained.test, rtol=1e-2, atol=1e-2)


def test_codes_and_gradients_of_a_second_device_are_those_of_the_cpu(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Metrics that train codes or differentiate losses do so on the device."""
    monkeypatch.setattr(inversion, "invert", partial(inversion.invert, steps=3))

    def measured(device: torch.device) -> list[Tensor]:
        of = context(small_trial(), dataset, Evaluation(samples=20), device)
        found, gradients = inversion.inversions(of, 4), loss_probe(of).gradients.output
        assert all(gradient is not None for gradient in gradients)
        return [
            found.own,
            found.encoder,
            found.restarts,
            *(g.cpu() for g in gradients if g is not None),
        ]

    with SecondDevice():
        found = measured(PRETEND)
    for value, expected in zip(found, measured(CPU), strict=True):
        assert type(value) is Tensor
        assert torch.allclose(value, expected, rtol=1e-2, atol=1e-3)


def contents(batch: Batch) -> dict[str, Tensor]:
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


@pytest.mark.parametrize("updates", UPDATES)
@pytest.mark.parametrize("objective", ["composed", "soft_intro_vae"])
def test_a_draw_depends_on_seed_and_step_alone(
    objective: str, updates: str, dataset: Dataset
) -> None:
    """Whatever was drawn and updated before, so that a resumed training sees the same batches."""
    chosen = small_trial("objectives", objective, training={"updates": UPDATES[updates]})
    first, second = (build_training(chosen, dataset, CPU) for _ in range(2))
    expected = [[contents(batch) for batch in first.draw(step)] for step in range(4)]
    for step in (2, 0, 3, 1):
        batches = second.draw(step)
        second.update(batches)
        assert [batch.progress for batch in batches] == [step / 4] * len(batches)
        for batch, wanted in zip(batches, expected[step], strict=True):
            found = contents(batch)
            assert set(found) == set(wanted)
            assert set(found) >= {"x", "z", "labels", "z_labels", "augment_real", "augment_fake"}
            for name, value in found.items():
                assert torch.equal(value, wanted[name]), name
    assert not torch.equal(expected[0][0]["z"], expected[1][0]["z"])
    assert not torch.equal(expected[0][0]["augment_real"], expected[0][0]["augment_fake"])
