"""Evaluations and pictures in the course of a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.held_out import hold_out
from ogan_bench.runner.measure import Evaluator
from ogan_bench.runner.observer import TrainingObserver, best
from ogan_bench.sampling.samples import Samples, draw_samples
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import InterruptedTrainingError, train
from tests.unit.runner.observed_trials import CHOOSING, SMALL, Script, run, trial, values

CPU = torch.device("cpu")


def pixels(path: Path) -> Tensor:
    return torch.from_numpy(np.array(Image.open(path)))


def without_times(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "seconds"} for line in history]


def test_the_history_ends_with_what_the_result_says(tmp_path: Path) -> None:
    folder, result = run(tmp_path, trial())
    history = folder.history.read()
    assert [(line["step"], line["images"], line["on"]) for line in history] == [
        (2, 32, "test"), (4, 64, "test"), (6, 96, "test"),
    ]  # fmt: skip
    assert history[-1]["metrics"] == values(result)
    assert history[0]["metrics"] != history[-1]["metrics"]
    seconds = [line["seconds"] for line in history]
    assert seconds == sorted(seconds)
    assert "history.jsonl" in result["sha256"]


def test_looking_changes_neither_training_nor_result(tmp_path: Path) -> None:
    _, watched = run(tmp_path / "1", trial())
    folder, plain = run(tmp_path / "2", trial("evaluation.every=null"))
    assert values(watched) == values(plain)
    assert not folder.history.path.exists()
    assert not folder.step_picture(2).parent.exists()


@pytest.mark.parametrize("stop_at", [3, 4])
def test_an_interrupted_training_has_the_same_history(
    tmp_path: Path, dataset: Dataset, stop_at: int
) -> None:
    chosen = trial(*CHOOSING)
    rest, held_out = hold_out(dataset, 100, chosen.settings.evaluation.seed)

    def go(folder: TrialFolder, script: Script) -> None:
        observer = TrainingObserver(chosen, rest, held_out, folder, Evaluator(chosen, CPU))
        train(chosen, rest, folder, CPU, script, observer)

    whole, cut = TrialFolder(tmp_path / "whole"), TrialFolder(tmp_path / "cut")
    go(whole, Script())
    with pytest.raises(InterruptedTrainingError):
        go(cut, Script(stop_at=stop_at))
    cut.history.append({"step": 5, "metrics": {}})  # written after the checkpoint, before a kill
    cut.step_picture(6).write_bytes(b"written before a kill")
    go(cut, Script())
    for step in (2, 4, 6):
        assert cut.step_picture(step).read_bytes() == whole.step_picture(step).read_bytes()
    assert without_times(cut.history.read()) == without_times(whole.history.read())
    states = [torch.load(folder.chosen, weights_only=True) for folder in (whole, cut)]
    assert states[0]["step"] == states[1]["step"]
    for name, value in states[0]["nets"]["encoder"].items():
        assert torch.equal(value, states[1]["nets"]["encoder"][name])


def test_every_evaluation_shows_the_first_samples_of_the_last_picture(tmp_path: Path) -> None:
    folder, _ = run(tmp_path, trial())
    pictures = {step: pixels(folder.step_picture(step)) for step in (2, 4, 6)}
    assert len(list(folder.path.glob("steps/*"))) == 3
    last = pixels(folder.path / "samples.png")
    assert torch.equal(pictures[6], last[: len(pictures[6])])  # four of eight rows, the same z
    assert not torch.equal(pictures[4], pictures[6])


def test_other_arms_and_seeds_start_their_pictures_from_the_same_z(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def keep(*arguments: Any) -> Samples:
        samples = draw_samples(*arguments)
        drawn.append(samples.z)
        return samples

    monkeypatch.setattr("ogan_bench.sampling.context.draw_samples", keep)
    base = trial()
    for one in (base, Trial("t", "mse", 1, base.settings)):
        run(tmp_path, one)
    assert len(drawn) == 6  # three evaluations of both; the last one's are those of the result
    assert all(torch.equal(z, drawn[0]) for z in drawn)


def test_points_are_pictured_in_the_course_of_the_training_as_at_its_end(tmp_path: Path) -> None:
    overrides = [part for part in SMALL if not part.startswith("model")]
    study = load_study(Path("studies/mode_collapse.yaml"), overrides=overrides)
    folder, _ = run(tmp_path, Trial("t", "ring", 0, study.arms["ring_pearson"]))
    assert torch.equal(pixels(folder.step_picture(6)), pixels(folder.path / "samples.png"))


def test_best_goes_by_the_direction_of_the_metric() -> None:
    def line(step: int, **metrics: float | None) -> dict[str, Any]:
        return {"step": step, "metrics": metrics}

    history = [line(1, latent_rho=0.3, fd_classifier=5.0), line(2, latent_rho=0.9),
               line(3, latent_rho=0.9, fd_classifier=None), line(4, fd_classifier=7.0)]  # fmt: skip
    assert best(history, "latent_rho") is history[2]  # the later of equal ones
    assert best(history, "fd_classifier") is history[0]
    assert best(history, "reconstruction_mse") is None


def test_the_mechanism_is_measured_in_the_course_of_the_training(tmp_path: Path) -> None:
    folder, _ = run(tmp_path, trial("evaluation.groups=[mechanism, inversion]"))
    first = folder.history.read()[0]["metrics"]
    assert abs(first["gradient_cosine_output"]) < 1e-5
    assert "ivom" not in first
