"""Nets of finished trials from their files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.held_out import hold_out
from ogan_bench.errors import UserError
from ogan_bench.metrics import METRICS
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import Trial
from ogan_bench.training import loop
from ogan_bench.training.checkpoint import UnreadableCheckpointError, save
from ogan_bench.training.load import load_trained
from ogan_bench.training.loop import train
from tests.unit.runner.observed_trials import CHOOSING, Script, run, trial
from tests.unit.training.net_state import state

CPU = torch.device("cpu")


def refuse(*arguments: object, **more: object) -> None:
    raise AssertionError("trained")


@pytest.mark.parametrize("overrides", [(), ("training.ema=0.5",)])
def test_the_weights_are_those_that_training_gave(
    overrides: tuple[str, ...], tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = trial(*overrides)
    folder, result = run(tmp_path, chosen)
    expected = train(chosen, dataset, TrialFolder(tmp_path / "other"), CPU, Script())
    monkeypatch.setattr(loop, "build_training", refuse)
    found = load_trained(chosen, dataset, folder, CPU)
    assert (found.steps, found.seconds) == (6, result["training"]["seconds"])
    assert found.images_per_second == result["training"]["images_per_second"]
    assert found.chosen_step is None
    for name, value in state(expected).items():
        assert torch.equal(state(found)[name], value), name


def test_chosen_weights_are_loaded_where_the_settings_choose(
    tmp_path: Path, dataset: Dataset
) -> None:
    chosen = trial(*CHOOSING, "training.optimizer.lr=0.03")
    folder, result = run(tmp_path, chosen)
    found = load_trained(chosen, hold_out(dataset, 100, 0)[0], folder, CPU)
    assert found.chosen_step == result["facts"]["chosen_step"]
    stored = torch.load(folder.chosen, weights_only=True)["nets"]
    for name, value in found.nets.encoder.state_dict().items():
        assert torch.equal(value, stored["encoder"][name]), name


def test_a_stopped_trial_is_loaded_as_it_stands(tmp_path: Path, dataset: Dataset) -> None:
    chosen = trial()
    run_trial(chosen, Options(tmp_path, trial_budget=1e-9), "cpu")
    folder = TrialStore(tmp_path).trial(chosen)
    assert load_trained(chosen, dataset, folder, CPU).steps == 1


def test_a_stopped_trial_is_sampled_as_it_stands(tmp_path: Path) -> None:
    """Further samplings are of the nets of the result, not of ones trained on."""
    chosen = trial()
    run_trial(chosen, Options(tmp_path, trial_budget=1e-9), "cpu")
    folder = TrialStore(tmp_path).trial(chosen)
    before = folder.checkpoint.read_bytes()
    report = run_trial(chosen, Options(tmp_path, again=True, samplings=1), "cpu")
    assert report.status == "finished", report.message
    assert folder.checkpoint.read_bytes() == before


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder.path / "result.json").unlink(), "not trained to the end"),
        (lambda folder: folder.checkpoint.unlink(), r"no checkpoint\.pt"),
        (
            lambda folder: folder.write("result.json", {"outcome": "diverged", "metrics": []}),
            "diverged",
        ),
    ],
)
def test_without_trained_nets_the_reason_is_said(
    spoil: object, message: str, tmp_path: Path, dataset: Dataset
) -> None:
    chosen: Trial = trial()
    folder, _ = run(tmp_path, chosen)
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(UserError, match=message):
        load_trained(chosen, dataset, folder, CPU)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"config_hash": "another", "step": 2, "nets": {}}, "of another configuration"),
        ({"step": 2, "nets": {}}, "not the weights of these nets"),
        ({"step": 2, "nets": {"encoder": {}, "generator": {}}}, "not the weights of these nets"),
        ({"step": 2}, "not the weights of these nets"),
    ],
)
def test_chosen_weights_of_another_training_are_refused(
    content: dict[str, object], message: str, tmp_path: Path, dataset: Dataset
) -> None:
    """Before, a KeyError or torch's own message."""
    chosen = trial(*CHOOSING)
    folder, _ = run(tmp_path, chosen)
    save(folder.chosen, content)
    with pytest.raises(UserError, match=rf"chosen\.pt: {message}.*delete the folder"):
        load_trained(chosen, hold_out(dataset, 100, 0)[0], folder, CPU)


def test_a_checkpoint_of_other_nets_is_refused(tmp_path: Path, dataset: Dataset) -> None:
    chosen = trial()
    folder, _ = run(tmp_path, chosen)
    stored = torch.load(folder.checkpoint, weights_only=True)
    save(folder.checkpoint, {**stored, "nets": {}})
    with pytest.raises(UnreadableCheckpointError, match=r"checkpoint\.pt: not the weights of"):
        load_trained(chosen, dataset, folder, CPU)


def test_evaluations_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    """Both are planned before either is done: the second used to drop the groups of the first."""
    run(tmp_path, trial())
    for group in ("codes", "interpolation"):
        again = trial(f"evaluation.groups=[{group}]")
        report = run_trial(again, Options(tmp_path, again=True), "cpu")
        assert report.status == "finished", report.message
    folder = TrialStore(tmp_path).trial(trial())
    result, settings = folder.read("result.json"), folder.read("run.json")
    assert result is not None
    assert settings is not None
    assert settings["config"]["evaluation"]["groups"] == ["interpolation", "codes"]
    assert {"codes", "interpolation"} <= set(result["measured"])
    groups = {METRICS[row["metric"]].group for row in result["metrics"]}
    assert {"codes", "interpolation"} <= groups


def test_measuring_again_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, first = run(tmp_path, trial())
    monkeypatch.setattr("ogan_bench.runner.trial.train", refuse)
    report = run_trial(trial("evaluation.groups=[codes]"), Options(tmp_path, again=True), "cpu")
    assert report.status == "finished", report.message
    assert report.metrics is not None
    assert set(report.metrics) > {row["metric"] for row in first["metrics"]}
