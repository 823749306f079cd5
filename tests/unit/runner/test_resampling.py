"""Stored trials measured again with other evaluation seeds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.data.held_out import hold_out
from ogan_bench.data.sources.digits import digits
from ogan_bench.runner import resampling
from ogan_bench.runner.measure import measure
from ogan_bench.runner.monitor import Stop
from ogan_bench.runner.trial import Options, TrialReport, run_trial
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import InterruptedTrainingError

SMALL = (
    "training.steps=6", "training.log_every=3", "training.batch_size=16", "model.width=4",
    "evaluation.samples=70", "evaluation.probe_images=200", "evaluation.every=3",
    "evaluation.groups=[codes]",
)  # fmt: skip
CHOOSING = ("evaluation.held_out=100", "evaluation.choose_by=reconstruction_mse")


def trial(*overrides: str) -> Trial:
    study = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=[*SMALL, *overrides])
    return Trial("t", "pearson", 0, study.arms["pearson"])


def sample(root: Path, count: int, chosen: Trial | None = None) -> TrialReport:
    return run_trial(chosen or trial(), Options(root, again=True, samplings=count), "cpu")


def rows(folder: TrialFolder) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = (folder.read("result.json") or {})["metrics"]
    return stored


def values(measured: list[dict[str, Any]]) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in measured}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trained")
    assert run_trial(trial(), Options(root), "cpu").status == "finished"
    return root


@pytest.fixture
def root(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "results")
    return tmp_path / "results"


def test_a_sampling_is_what_a_trial_with_that_evaluation_seed_measures(
    root: Path, tmp_path: Path
) -> None:
    """The evaluation seed takes no part in training here, so the two have the same nets."""
    folder = TrialStore(root).trial(trial())
    files = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    report = sample(root, 2)
    assert (report.status, report.message) == ("finished", "2 sampling seeds added")
    assert list(folder.samplings()) == [1, 2]
    assert (folder.read("samplings.json") or {})["format"] == 1
    assert {path: path.read_bytes() for path in files} == files

    other = trial("evaluation.seed=2", "evaluation.groups=[]")
    assert run_trial(other, Options(tmp_path / "other"), "cpu").status == "finished"
    assert folder.samplings()[2] == rows(TrialStore(tmp_path / "other").trial(other))


def test_what_draws_differs_between_sampling_seeds_and_what_does_not_is_equal(root: Path) -> None:
    sample(root, 2)
    folder = TrialStore(root).trial(trial())
    own, first, second = map(values, (rows(folder), *folder.samplings().values()))
    assert set(first) == set(second) < set(own)  # own feature spaces, no groups
    for metric in ("fd_classifier", "kd_classifier", "latent_rho", "reconstruction_ratio"):
        assert len({own[metric], first[metric], second[metric]}) == 3, metric
    for metric in ("reconstruction_mse", "reconstruction_mse_raw", "autoencoding_mse"):
        assert own[metric] == first[metric] == second[metric], metric


def test_stored_samplings_are_kept_and_only_what_lacks_is_measured(root: Path) -> None:
    folder = TrialStore(root).trial(trial())
    sample(root, 1)
    marked = {1: [{"metric": "fd_classifier", "value": 0.0}]}
    folder.write_samplings(marked)
    assert sample(root, 1).status == "skipped"
    assert sample(root, 3).message == "2 sampling seeds added"
    assert folder.samplings()[1] == marked[1]
    assert list(folder.samplings()) == [1, 2, 3]
    assert sample(root, 2).status == "skipped"


class AskedAfterOne(Stop):
    """Is asked to stop while the first seed is measured."""

    def is_set(self) -> bool:
        asked = super().is_set()
        self.set()
        return asked


def test_a_sampling_that_ends_in_the_middle_keeps_what_it_has(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, seen = TrialStore(root).trial(trial()), []

    def failing(*arguments: Any, **more: Any) -> Any:
        seen.append(arguments[-1].seed)
        if len(seen) == 1:
            raise OSError("gone")
        return measure(*arguments, **more)

    with pytest.raises(InterruptedTrainingError):
        resampling.sample(trial(), folder, 3, "cpu", stop=AskedAfterOne())
    assert list(folder.samplings()) == [1]
    first = folder.samplings()[1]
    assert not folder.heartbeat.exists()
    monkeypatch.setattr(resampling, "measure", failing)
    assert sample(root, 3).status == "failed"
    assert list(folder.samplings()) == [1]
    assert sample(root, 3).status == "finished"
    assert seen == [2, 2, 3]
    assert folder.samplings()[1] == first
    assert not folder.error.exists()


def test_a_sampling_leaves_the_held_out_images_and_the_chosen_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = trial(*CHOOSING)
    run_trial(chosen, Options(tmp_path), "cpu")
    folder = TrialStore(tmp_path).trial(chosen)
    history = folder.history.path.read_bytes()
    hashes = []

    def keep(one: Trial, nets: Any, dataset: Any, *more: Any, **others: Any) -> Any:
        hashes.append(dataset.hash)
        return measure(one, nets, dataset, *more, **others)

    monkeypatch.setattr(resampling, "measure", keep)
    sample(tmp_path, 2, chosen)
    whole = digits(resolution=16)
    assert set(hashes) == {hold_out(whole, 100, 0)[0].hash} != {hold_out(whole, 100, 1)[0].hash}
    own, first, second = map(values, (rows(folder), *folder.samplings().values()))
    assert own["reconstruction_mse"] == first["reconstruction_mse"] == second["reconstruction_mse"]
    assert len({one["fd_classifier"] for one in (own, first, second)}) == 3
    assert folder.history.path.read_bytes() == history


def test_without_a_checkpoint_there_is_nothing_to_sample(root: Path) -> None:
    folder = TrialStore(root).trial(trial())
    folder.checkpoint.unlink()
    report = sample(root, 1)
    assert report.status == "failed"
    assert "no checkpoint.pt" in report.message
    assert folder.samplings() == {}
