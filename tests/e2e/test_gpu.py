"""The same trial on a CUDA device: `pytest -m gpu`."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study import catalogue
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial, trials

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


def test_first_losses_equal_those_of_the_cpu(tmp_path: Path) -> None:
    """The same weights, images and z: the first steps differ by rounding alone."""
    study = load_study(
        Path("studies/mse_vs_pearson.yaml"),
        scale="smoke",
        overrides=["training.steps=3", "training.log_every=1"],
    )
    compare_devices(trials(study, ["pearson"], [0])[0], tmp_path)


def compare_devices(trial: Trial, folder: Path) -> None:
    logs = []
    for device in ("cpu", "cuda:0"):
        root = folder / device.replace(":", "")
        report = run_trial(trial, Options(root), device=device)
        assert report.status == "finished", report.message
        logs.append(TrialStore(root).trial(trial).log.read())
    for on_cpu, on_gpu in zip(*logs, strict=True):
        for name in on_cpu.keys() - {"seconds", "images_per_second"}:
            assert on_gpu[name] == pytest.approx(on_cpu[name], rel=1e-3, abs=1e-4), name


def test_a_trial_on_the_gpu_has_every_metric(tmp_path: Path) -> None:
    study = load_study(Path("studies/mse_vs_pearson.yaml"), scale="smoke")
    trial = trials(study, ["pearson"], [0])[0]
    report = run_trial(trial, Options(tmp_path), device="cuda:0")
    assert report.status == "finished", report.message
    assert report.metrics is not None
    assert all(value is not None for value in report.metrics.values())
    run = TrialStore(tmp_path).trial(trial).read("run.json")
    assert run is not None
    assert run["provenance"]["device"] == torch.cuda.get_device_name(0)


SYSTEMS = [name for name in catalogue.names("objectives") if name != "composed"]


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_trains_as_on_the_cpu(tmp_path: Path, name: str) -> None:
    study = load_study(
        Path("studies/equal_rivals.yaml"),
        scale="smoke",
        overrides=["training.steps=3", "training.log_every=1", f"objective={name}"],
    )
    compare_devices(trials(study, ["ogan"], [0])[0], tmp_path)


@pytest.mark.parametrize(
    ("study_name", "arm"),
    [
        ("class_conditions", "additive"),
        ("small_data", "pearson_100_augmented"),
        ("any_gan", "wgan_gp"),
        ("lambda_sweep", "contrastive_1"),
        ("mode_collapse", "grid_pearson"),
        ("learned_modes", "pearson"),
        ("self_modulation_and_ema", "both"),
    ],
)
def test_every_kind_of_arm_trains_as_on_the_cpu(tmp_path: Path, study_name: str, arm: str) -> None:
    study = load_study(
        Path(f"studies/{study_name}.yaml"),
        scale="smoke",
        overrides=["training.steps=3", "training.log_every=1"],
    )
    compare_devices(trials(study, [arm], [0])[0], tmp_path)
