"""Learning rates that follow a schedule."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.runner.preflight import preflight
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.training.loop import InterruptedTrainingError, train
from ogan_bench.training.setup import TrainingSetup, build_training
from tests.unit.training.net_state import state
from tests.unit.training.test_loop import CPU, Script, trial

STEPS = "training.steps=4"
FALLING = "training.rate_schedule={name: cosine, start: 1, end: 0.2}"


def rates(setup: TrainingSetup) -> list[float]:
    """Of all groups, after the last step."""
    optimizers = setup.trainables.optimizers.values()
    return [float(group["lr"]) for each in optimizers for group in each.param_groups]


@pytest.mark.parametrize("optimizer", ["{name: rmsprop, lr: 0.01}", "{name: adam, lr: 0.01}"])
def test_rates_fall_along_half_a_cosine(optimizer: str, dataset: Dataset) -> None:
    chosen = trial("pearson", 0, STEPS, FALLING, f"training.optimizer={optimizer}")
    setup = build_training(chosen, dataset, CPU)
    for step, factor in enumerate([1.0, 0.6 + 0.4 * 0.5**0.5, 0.6, 0.6 - 0.4 * 0.5**0.5]):
        setup.update(setup.draw(step))
        assert rates(setup) == pytest.approx([0.01 * factor] * 2, rel=1e-6)


def test_a_step_moves_by_the_rate_of_its_schedule(dataset: Dataset) -> None:
    """A constant factor is another learning rate."""
    half = trial("pearson", 0, STEPS, "training.rate_schedule=0.5", "training.optimizer.lr=0.01")
    stated = trial("pearson", 0, STEPS, "training.optimizer.lr=0.005")
    made = [build_training(chosen, dataset, CPU) for chosen in (half, stated)]
    for setup in made:
        setup.update(setup.draw(0))  # later gradients amplify the rounding of this one
    ours, theirs = (setup.trainables.nets.generator.state_dict() for setup in made)
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, msg=name)


def test_groups_keep_their_factors(dataset: Dataset) -> None:
    conditional = ("model.modulation=class", "training.rates={class_vectors: 30}")
    setup = build_training(trial("pearson", 0, STEPS, FALLING, *conditional), dataset, CPU)
    setup.update(setup.draw(2))
    assert {round(rate, 7) for rate in rates(setup)} == {0.6e-4, 0.6 * 3e-3}


def test_scheduled_rates_are_resumed_bit_for_bit(tmp_path: Path, dataset: Dataset) -> None:
    chosen = trial("pearson", 0, FALLING)
    whole, cut = TrialFolder(tmp_path / "whole"), TrialFolder(tmp_path / "cut")
    expected = train(chosen, dataset, whole, CPU, Script())
    with pytest.raises(InterruptedTrainingError):
        train(chosen, dataset, cut, CPU, Script(stop_at=3))
    resumed = train(chosen, dataset, cut, CPU, Script())
    for (name, want), got in zip(state(expected).items(), state(resumed).values(), strict=True):
        assert torch.equal(got, want), name


def test_rates_cannot_follow_gradients(dataset: Dataset) -> None:
    chosen = trial("pearson", 0, "training.rate_schedule=gradient_share")
    for begin in (lambda: preflight([chosen]), lambda: build_training(chosen, dataset, CPU)):
        with pytest.raises(UserError, match="'gradient_share' follows gradients"):
            begin()


def test_without_a_schedule_nothing_changes(dataset: Dataset) -> None:
    plain = trial()
    assert "rate_schedule" not in plain.settings.identity()["training"]
    assert "penalty_schedule" not in plain.settings.identity()["objective"]
    of_plain = build_training(plain, dataset, CPU).trainables.optimizers.values()
    assert all(isinstance(each.param_groups[0]["lr"], float) for each in of_plain)
    assert trial("pearson", 0, FALLING).settings.identity()["training"]["rate_schedule"] == {
        "name": "cosine",
        "end": 0.2,
    }
