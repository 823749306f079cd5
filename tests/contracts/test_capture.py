"""Captured training equals plain training, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.objectives.forward_pass import Batch, ForwardPass
from ogan_bench.study import catalogue
from ogan_bench.study.parts import component_of
from ogan_bench.study.trial import Trial
from ogan_bench.training.capture import CapturedUpdate
from ogan_bench.training.running_means import RunningMeans
from ogan_bench.training.setup import TrainingSetup, build_training
from ogan_bench.training.updates import StepReport
from tests.contracts.recorded_operations import RecordedOperations
from tests.contracts.second_device import PRETEND, PretendTensor, SecondDevice
from tests.contracts.small_trials import few_images, small_trial

STEPS = 6
"""Three before and three after the share of the training at which nets change turns."""


@pytest.fixture(autouse=True)
def _device() -> Iterator[None]:
    # Nodes of a gradient's own graph are numbered by thread, and the order of sums follows.
    with SecondDevice(), torch.autograd.set_multithreading_enabled(False):
        yield


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return few_images()


def state(setup: TrainingSetup) -> list[PretendTensor]:
    """All tensors that outlast a step."""
    trained = setup.trainables
    nets = [t for net in trained.nets.named().values() for t in net.state_dict().values()]
    moments = [
        value
        for optimizer in trained.optimizers.values()
        for of_parameter in optimizer.state.values()
        for value in of_parameter.values()
    ]
    return [t for t in (*nets, *moments) if isinstance(t, PretendTensor)]


def values(report: StepReport) -> dict[str, Tensor]:
    found = {f"{net}_{k}": v for net, terms in report.losses.items() for k, v in terms.items()}
    return {name: term.cpu() for name, term in {**found, **report.diagnostics}.items()}


def compare(trial: Trial, dataset: Dataset) -> list[RecordedOperations]:
    """The graphs of captured steps, whose results are those of plain ones."""
    plain, captured = (build_training(trial, dataset.to(PRETEND), PRETEND) for _ in range(2))
    graphs: list[RecordedOperations] = []

    def graph() -> RecordedOperations:
        graphs.append(RecordedOperations())
        return graphs[-1]

    update = CapturedUpdate(captured.update, graph, warm_up=1)
    windows = RunningMeans(), RunningMeans()
    addresses: list[int] = []
    for step in range(STEPS):
        reports = plain.update(plain.draw(step)), update(captured.draw(step))
        for window, report in zip(windows, reports, strict=True):
            window.add(report)
        expected, found = map(values, reports)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert torch.equal(found[name], value), (step, name)
        for own, other in zip(state(captured), state(plain), strict=True):
            assert torch.equal(own.held, other.held)
        places = [tensor.held.data_ptr() for tensor in state(captured)]
        assert set(addresses) <= set(places)
        addresses = places
    # The next step overwrites what a report holds, so the means must have been taken from it.
    assert windows[1].close() == windows[0].close()
    return graphs


def replays(graphs: list[RecordedOperations]) -> list[tuple[int, int, int]]:
    return [(graph.warmed_up, graph.recorded, graph.replayed) for graph in graphs]


VAES_FIRST = ("intro_vae", "soft_intro_vae")
TURNS = ("post_hoc", "lia", *VAES_FIRST)
"""Objectives whose nets change turns during the training."""


@pytest.mark.parametrize("name", catalogue.names("objectives"))
def test_every_objective(name: str, dataset: Dataset) -> None:
    trial = small_trial("objectives", name, training={"steps": STEPS})
    if name in VAES_FIRST:
        objective = trial.settings.objective.model_copy(update={"vae_share": 0.5})
        trial = replace(trial, settings=trial.settings.model_copy(update={"objective": objective}))
    graphs = compare(trial, dataset)
    assert replays(graphs) == ([(1, 1, 2)] * 2 if name in TURNS else [(1, 1, 5)])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("schedules", name) for name in catalogue.names("schedules")),
        *(("updates", name) for name in catalogue.names("updates")),
        *(("optimizers", name) for name in catalogue.names("optimizers")),
        ("augmentations", "none"),
        ("penalties", "r1_r2"),
        ("penalties", "r1_r2_differences"),
        ("penalties", "lecam"),
        ("readouts", "projection"),
    ],
)
def test_every_schedule_optimiser_and_update_rule(kind: str, name: str, dataset: Dataset) -> None:
    assert replays(compare(small_trial(kind, name, training={"steps": STEPS}), dataset)) == [
        (1, 1, 5)
    ]


@pytest.mark.parametrize("optimizer", catalogue.names("optimizers"))
def test_rates_and_penalties_that_follow_a_schedule(optimizer: str, dataset: Dataset) -> None:
    falling = {"name": "cosine", "start": 1.0, "end": 0.1}
    training = {"steps": STEPS, "rate_schedule": falling}
    trial = small_trial("optimizers", optimizer, training=training)
    update = {"penalty_schedule": component_of("schedules", falling)}
    objective = trial.settings.objective.model_copy(update=update)
    trial = replace(trial, settings=trial.settings.model_copy(update={"objective": objective}))
    assert replays(compare(trial, dataset)) == [(1, 1, 5)]


def test_a_penalty_of_every_second_step_has_a_recording_of_its_own(dataset: Dataset) -> None:
    trial = small_trial("penalties", "r1", training={"steps": STEPS})
    assert trial.settings.objective.parameters()["penalty"].parameters()["every"] == 2
    assert replays(compare(trial, dataset)) == [(1, 1, 2)] * 2


@pytest.mark.parametrize("model", ["resnet", "mlp"])
def test_every_model(model: str, dataset: Dataset) -> None:
    trial = small_trial(model={"name": model}, training={"steps": STEPS})
    assert replays(compare(trial, dataset)) == [(1, 1, 5)]


def baked(setup: TrainingSetup, factor: Any) -> Any:
    """An update that moves one weight by a factor that it computes from the batch."""
    weight = setup.trainables.nets.encoder.head.weight

    def update(batches: Sequence[Batch]) -> StepReport:
        passed = ForwardPass(setup.trainables.nets, batches[0])
        with torch.no_grad():
            weight.mul_(factor(passed))
        return StepReport({}, {"weight": weight.detach().sum(dim=1)})

    return update


@pytest.mark.parametrize("kind", ["number of the host", "weight", "progress"])
def test_only_a_number_of_the_host_is_repeated_as_it_was(kind: str, dataset: Dataset) -> None:
    setup = build_training(small_trial(training={"steps": STEPS}), dataset.to(PRETEND), PRETEND)
    counted = iter(range(1, 100))
    factors = {
        "number of the host": lambda batch: float(next(counted)),
        "weight": lambda batch: batch.weight(schedule),
        "progress": lambda batch: 1 + STEPS * batch.progress,
    }

    def schedule(progress: float) -> float:
        return 1 + STEPS * progress

    graphs: list[RecordedOperations] = []

    def graph() -> RecordedOperations:
        graphs.append(RecordedOperations())
        return graphs[-1]

    update = CapturedUpdate(baked(setup, factors[kind]), graph, warm_up=1)
    before = setup.trainables.nets.encoder.head.weight.detach().cpu()
    for step in range(4):
        update(setup.draw(step))
    after = setup.trainables.nets.encoder.head.weight.detach().cpu()
    right = 1 * 2 * 3 * 4
    repeated = 1 * 2 * 2 * 2
    wanted = repeated if kind == "number of the host" else right
    assert torch.allclose(after, before * wanted)
    assert replays(graphs) == [(4, 0, 0) if kind == "progress" else (1, 1, 3)]
