"""Evaluations in the course of a training, and the weights that are chosen by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.held_out import hold_out
from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import UserError
from ogan_bench.runner.measure import chosen_nets, pair
from ogan_bench.runner.observer import Observer, best
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.sampling.samples import Samples
from ogan_bench.store.trial_store import TrialFolder, TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import InterruptedTrainingError, train

CPU = torch.device("cpu")
SMALL = (
    "training.steps=6", "training.log_every=3", "training.batch_size=16", "model.width=4",
    "evaluation.samples=70", "evaluation.probe_images=0", "evaluation.every=2",
)  # fmt: skip
CHOOSING = ("evaluation.held_out=100", "evaluation.choose_by=reconstruction_mse")


class Script:
    """A monitor that stops the training after a given step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at, self.step = stop_at, 0

    def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
        self.step = step

    def should_stop(self) -> bool:
        return self.step == self.stop_at

    def should_save(self) -> bool:
        return False

    def budget_used(self, seconds: float) -> bool:
        return False


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits(resolution=16)


def trial(*overrides: str) -> Trial:
    study = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=[*SMALL, *overrides])
    return Trial("t", "pearson", 0, study.arms["pearson"])


def run(root: Path, chosen: Trial) -> tuple[TrialFolder, dict[str, Any]]:
    report = run_trial(chosen, Options(root), "cpu")
    assert report.status == "finished", report.message
    folder = TrialStore(root).trial(chosen)
    return folder, json.loads((folder.path / "result.json").read_text())


def values(result: dict[str, Any]) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in result["metrics"]}


def pixels(path: Path) -> Tensor:
    return torch.from_numpy(np.array(Image.open(path)))


def without_times(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "seconds"} for line in history]


def test_held_out_images_are_not_trained_on_and_nothing_is_lost(dataset: Dataset) -> None:
    rest, held_out = hold_out(dataset, 100, seed=0)
    assert (len(rest.train), len(held_out)) == (len(dataset.train) - 100, 100)
    together = torch.cat([rest.train.images, held_out.images]).flatten(1)
    assert torch.equal(
        torch.unique(together, dim=0, return_counts=True)[1],
        torch.unique(dataset.train.images.flatten(1), dim=0, return_counts=True)[1],
    )
    assert rest.hash != dataset.hash
    again, other = hold_out(dataset, 100, seed=0)[1], hold_out(dataset, 100, seed=1)[1]
    assert torch.equal(again.images, held_out.images)
    assert not torch.equal(other.images, held_out.images)
    assert held_out.labels is not None
    assert held_out.labels.unique().numel() == 10
    with pytest.raises(UserError, match=r"evaluation\.held_out"):
        hold_out(dataset, len(dataset.train), seed=0)


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
        observer = Observer(chosen, rest, held_out, folder, CPU)
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
    assert torch.equal(pictures[6], last[: len(last) // 2])  # four of eight rows, the same z
    assert not torch.equal(pictures[4], pictures[6])


def test_other_arms_and_seeds_start_their_pictures_from_the_same_z(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def keep(samples: Samples, *_: object) -> None:
        drawn.append(samples.z[:32])

    monkeypatch.setattr("ogan_bench.evaluation.evaluate._draw_samples", keep)
    base = trial()
    for one in (base, Trial("t", "mse", 1, base.settings)):
        run(tmp_path, one)
    assert len(drawn) == 8  # three evaluations and the picture at the end, of both
    assert all(torch.equal(z, drawn[0]) for z in drawn)


def test_points_are_pictured_in_the_course_of_the_training_as_at_its_end(tmp_path: Path) -> None:
    overrides = [part for part in SMALL if not part.startswith("model")]
    study = load_study(Path("studies/mode_collapse.yaml"), overrides=overrides)
    folder, _ = run(tmp_path, Trial("t", "ring", 0, study.arms["ring_pearson"]))
    assert torch.equal(pixels(folder.step_picture(6)), pixels(folder.path / "samples.png"))


def test_the_result_is_of_the_weights_that_did_best_on_held_out_images(
    tmp_path: Path, dataset: Dataset
) -> None:
    chosen = trial(*CHOOSING, "training.optimizer.lr=0.03")
    folder, result = run(tmp_path, chosen)
    history = folder.history.read()
    assert {line["on"] for line in history} == {"held out"}
    errors = {line["step"]: line["metrics"]["reconstruction_mse"] for line in history}
    step = min(errors, key=lambda step: errors[step])
    assert result["facts"]["chosen_step"] == step

    rest, _ = hold_out(dataset, 100, 0)
    trained = train(chosen, rest, TrialFolder(tmp_path / "other"), CPU, Script())
    best_nets, facts = chosen_nets(chosen, trained, folder, CPU)
    assert facts == {"chosen_step": step}
    x = torch.zeros(4, 1, 16, 16)
    same = torch.equal(
        pair(chosen, best_nets).encoder.eval()(x), pair(chosen, trained.nets).encoder.eval()(x)
    )
    assert same == (step == 6)


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


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("evaluation.choose_by=latent_rho", "needs every and held_out"),
        ("evaluation.choose_by=latent_roh", "Did you mean 'latent_rho'"),
        ("evaluation.choose_by=probe_accuracy_pca", "no better direction"),
    ],
)
def test_what_cannot_be_chosen_by_is_refused(override: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_study(Path("studies/mse_vs_pearson.yaml"), overrides=[override])


def test_what_is_measured_is_no_part_of_the_identity_and_the_rest_is() -> None:
    plain = trial()
    for override in ("evaluation.groups=[codes]", "evaluation.extractors=[classifier, inception]"):
        assert trial(override).config_hash == plain.config_hash
    for override in ("evaluation.every=3", "evaluation.held_out=10"):
        assert trial(override).config_hash != plain.config_hash


def test_a_finished_trial_is_completed_with_what_a_study_asks_for_later(tmp_path: Path) -> None:
    folder, before = run(tmp_path, trial())
    log = folder.log.path.read_bytes()
    assert run_trial(trial(), Options(tmp_path), "cpu").status == "skipped"
    _, after = run(tmp_path, trial("evaluation.groups=[mechanism]"))
    assert values(before).items() <= values(after).items()
    assert "score_auc" in values(after)
    assert folder.log.path.read_bytes() == log
    assert len(folder.history.read()) == 3
    assert run_trial(trial(), Options(tmp_path), "cpu").status == "skipped"
