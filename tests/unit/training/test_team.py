"""A training by several processes: what the first one does, and what the others do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.trial import Trial
from ogan_bench.training.assist import assist
from ogan_bench.training.cost import step_cost
from ogan_bench.training.loop import InterruptedTrainingError, Trained, train
from ogan_bench.training.team import Team, TeamError
from tests.contracts.team_threads import futures
from tests.unit.training.test_loop import CPU, STEPS, Script, same, trial, without_times

Stops = Callable[[], bool]


def of_two(*overrides: str) -> Trial:
    return trial("pearson", 0, "training.processes=2", *overrides)


def never() -> bool:
    return False


def attempt(
    chosen: Trial,
    dataset: Dataset,
    folder: Path,
    monitor: Script,
    should_stop: Stops = never,
    data_of_other: Dataset | None = None,
) -> list[Future[Trained | None]]:
    """Two processes train a trial; the first has the folder."""

    def member(team: Team) -> Trained | None:
        if team.rank:
            assist(chosen, data_of_other or dataset, CPU, team, should_stop)
            return None
        try:
            return train(chosen, dataset, TrialFolder(folder), CPU, monitor, team=team)
        finally:
            team.dismiss()

    return futures(member)


def result(attempted: list[Future[Trained | None]]) -> Trained:
    first, other = attempted
    assert other.result() is None
    trained = first.result()
    assert trained is not None
    return trained


@pytest.mark.parametrize(
    "overrides",
    [
        ("training.ema=0.9", "training.augmentation=diff_augment"),
        ("training.updates={name: alternating, encoder_steps: 2}", "objective.penalty=lecam"),
    ],
    ids=["ema", "alternating"],
)
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(
    tmp_path: Path, dataset: Dataset, overrides: tuple[str, ...]
) -> None:
    chosen = of_two(*overrides)
    expected = result(attempt(chosen, dataset, tmp_path / "whole", Script()))
    first, other = attempt(chosen, dataset, tmp_path / "cut", Script(stop_at=3))
    assert isinstance(first.exception(), InterruptedTrainingError)
    assert other.result() is None
    resumed = result(attempt(chosen, dataset, tmp_path / "cut", Script()))
    assert same(resumed, expected)
    cut, whole = TrialFolder(tmp_path / "cut"), TrialFolder(tmp_path / "whole")
    assert without_times(cut) == without_times(whole)
    assert [line["step"] for line in whole.log.read()] == [3, 6, 7]


def test_the_log_is_that_of_one_process_up_to_rounding(tmp_path: Path, dataset: Dataset) -> None:
    result(attempt(of_two(), dataset, tmp_path / "two", Script()))
    train(trial(), dataset, TrialFolder(tmp_path / "one"), CPU, Script())
    for two, one in zip(
        without_times(TrialFolder(tmp_path / "two")),
        without_times(TrialFolder(tmp_path / "one")),
        strict=True,
    ):
        assert two == pytest.approx(one, rel=1e-3, abs=1e-4)


def test_any_process_may_ask_to_stop(tmp_path: Path, dataset: Dataset) -> None:
    asked: list[int] = []

    def at_third_step() -> bool:
        asked.append(1)
        return len(asked) == 3

    first, other = attempt(of_two(), dataset, tmp_path, Script(), at_third_step)
    assert isinstance(first.exception(), InterruptedTrainingError)
    assert other.result() is None
    state = torch.load(TrialFolder(tmp_path).checkpoint, weights_only=True)
    assert state["step"] == 3


def test_without_another_process_the_training_ends_and_can_be_resumed(
    tmp_path: Path, dataset: Dataset
) -> None:
    """One that is gone closes its connections, whatever ended it."""
    expected = result(attempt(of_two(), dataset, tmp_path / "whole", Script()))

    class GoneError(Exception):
        pass

    asked: list[int] = []

    def dies_at_fifth_step() -> bool:
        asked.append(1)
        if len(asked) == 5:
            raise GoneError
        return False

    first, other = attempt(
        of_two(), dataset, tmp_path / "cut", Script(save_at=2), dies_at_fifth_step
    )
    assert isinstance(other.exception(), GoneError)
    error = first.exception()
    assert isinstance(error, TeamError)
    assert "another of the 2 processes of this trial is gone" in str(error)
    assert same(result(attempt(of_two(), dataset, tmp_path / "cut", Script())), expected)


def test_other_data_in_another_process_are_refused(tmp_path: Path, dataset: Dataset) -> None:
    changed = replace(dataset, train=replace(dataset.train, images=255 - dataset.train.images))
    first, other = attempt(of_two(), dataset, tmp_path, Script(), data_of_other=changed)
    assert "process 1: the data are not those of process 0" in str(other.exception())
    assert isinstance(first.exception(), TeamError)
    assert not TrialFolder(tmp_path).log.path.exists()


def test_another_number_of_processes_is_refused(tmp_path: Path, dataset: Dataset) -> None:
    for chosen, team in ((of_two(), None), (trial(), Team(0, 2))):
        with pytest.raises(UserError, match=r"training\.processes is \d, and \d would train it"):
            train(chosen, dataset, TrialFolder(tmp_path), CPU, Script(), team=team)
    assert not TrialFolder(tmp_path).checkpoint.exists()


def test_the_cost_is_the_arithmetic_of_all_and_the_memory_of_one(dataset: Dataset) -> None:
    one, two = (step_cost(chosen, dataset, CPU) for chosen in (trial(), of_two()))
    assert two.step_flops == one.step_flops
    assert 0.4 < two.activation_bytes / one.activation_bytes < 0.8


def test_a_batch_that_cannot_be_shared_is_refused_with_the_mend() -> None:
    with pytest.raises(UserError, match="batch_size 16 cannot be shared by 3 processes: give a"):
        trial("pearson", 0, "training.processes=3")


def test_one_process_keeps_its_identity() -> None:
    assert trial("pearson", 0, "training.processes=1").config_hash == trial().config_hash
    assert of_two().config_hash != trial().config_hash
    assert trial().settings.training.steps == STEPS
