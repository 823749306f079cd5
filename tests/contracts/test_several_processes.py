"""Several processes that train one trial compute what one computes, whatever the trial is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.objectives.forward_pass import Batch, Nets
from ogan_bench.study import catalogue
from ogan_bench.study.parts import component_of
from ogan_bench.study.trial import Trial
from ogan_bench.training.running_means import RunningMeans
from ogan_bench.training.setup import build_training
from ogan_bench.training.split import split
from ogan_bench.training.team import Rehearsal, Team
from tests.contracts.device_half import DeviceHalf
from tests.contracts.second_device import PRETEND, SecondDevice
from tests.contracts.small_trials import few_images, small_trial
from tests.contracts.team_threads import together

CPU = torch.device("cpu")

STEPS = (0, 3)
"""Before and after the shares of training at which nets change turns."""

LOSS, STATE = 1e-11, 1e-8
"""Largest relative difference of a loss, and absolute one of a weight, in float64.

RMSprop divides by the size of a gradient, and so magnifies the rounding of what should be zero: of
a bias before batch norm.
"""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return few_images()


def trained(trial: Trial, dataset: Dataset, team: Team | None) -> tuple[Any, dict[str, Tensor]]:
    """Means of everything that is logged and the state of the nets after some steps, in float64."""
    setup, window = build_training(trial, dataset, CPU, team), RunningMeans()
    nets = setup.trainables.nets.named()
    for net in nets.values():
        net.double()
    for step in STEPS:
        batches = [_double(batch) for batch in setup.draw(step)]
        window.add(setup.update(batches))
    return window.close(), {
        f"{name}.{key}": value
        for name, net in nets.items()
        for key, value in net.state_dict().items()
    }


def _double(batch: Batch) -> Batch:
    return replace(batch, x=batch.x.double(), z=batch.z.double())


def compare(trial: Trial, dataset: Dataset, size: int = 2) -> None:
    (means, state), *others = together(lambda team: trained(trial, dataset, team), size)
    expected_means, expected = trained(trial, dataset, None)
    assert means == pytest.approx(expected_means, rel=LOSS, abs=LOSS)
    assert state.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(state[name], value, rtol=0, atol=STATE), name
    for other_means, other in others:  # one that drifts away would be seen by nobody
        assert other_means == means
        assert all(torch.equal(other[name], value) for name, value in state.items())


@pytest.mark.parametrize("name", catalogue.names("objectives"))
def test_every_objective(name: str, dataset: Dataset) -> None:
    compare(small_trial("objectives", name), dataset)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("adversarial", "relativistic_average"),
        ("consistency", "contrastive"),
        ("penalties", "r1_r2"),
        ("penalties", "lecam"),
        ("penalties", "weight_decay"),
        ("readouts", "projection"),
        ("schedules", "gradient_share"),
        ("updates", "alternating"),
        ("optimizers", "adam"),
    ],
)
def test_parts_that_compare_images_or_use_weights_themselves(
    kind: str, name: str, dataset: Dataset
) -> None:
    compare(small_trial(kind, name), dataset)


@pytest.mark.parametrize(
    "model",
    [
        {"name": "resnet", "modulation": "self"},
        {"name": "dcgan", "modulation": "additive", "spectral_norm": True},
        {"name": "mlp"},
    ],
    ids=lambda model: model["name"],
)
def test_every_model(model: dict[str, Any], dataset: Dataset) -> None:
    compare(small_trial(model=model), dataset)


def test_four_processes(dataset: Dataset) -> None:
    compare(small_trial(), dataset, 4)


def test_a_batch_that_cannot_be_divided_is_computed_by_each(dataset: Dataset) -> None:
    """A critic that gets all eight images as one pack."""
    trial = small_trial("objectives", "pac_gan")
    one_pack = component_of("objectives", {"name": "pac_gan", "packing": 8})
    compare(
        replace(trial, settings=trial.settings.model_copy(update={"objective": one_pack})), dataset
    )


def test_a_net_without_an_output_for_each_image_is_refused() -> None:
    class Total(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.sum()

    nets: Any = Nets(nn.Linear(2, 2), nn.Linear(2, 2), Total())  # type: ignore[arg-type]
    with split(nets, Rehearsal(2)), pytest.raises(UserError, match="Total does not give one"):
        nets.critic(torch.ones(4, 2))
    assert nets.critic(torch.ones(4, 2)) == 8


def test_the_device_half_stays_apart_from_the_host(dataset: Dataset) -> None:
    """What is exchanged in a step neither reads a value nor copies between devices."""
    with SecondDevice():
        setup = build_training(small_trial(), dataset.to(PRETEND), PRETEND, Rehearsal(2))
        batches = setup.draw(0)
        with DeviceHalf():
            report = setup.update(batches)
    assert report.losses["encoder"]
