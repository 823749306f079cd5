"""Lines of a run without a terminal: speed, and time left of the trial and of all trials."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ogan_bench.runner.progress import Lines
from ogan_bench.runner.trial import Options, TrialReport, run_trial
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import Trial, trials


@pytest.fixture
def wanted() -> list[Trial]:
    study = load_study(shipped_studies()["mse_vs_pearson"], scale="smoke")
    return trials(study, ["none"], [0, 1])


def test_lines_say_speed_and_time_left(
    tmp_path: Path, wanted: list[Trial], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(wanted, tmp_path, line_seconds=0)
    steps = wanted[0].settings.training.steps
    beat = {
        "stage": "train", "step": steps // 2, "steps": steps, "time": -3600.0,
        "seconds": steps / 20, "images_per_second": 640.0, "encoder_loss": 0.5,
    }  # fmt: skip
    TrialStore(tmp_path).trial(wanted[0]).write_heartbeat(beat)
    lines.tick()
    running = capsys.readouterr().err
    assert f"train {steps // 2}/{steps} loss 0.500, 10 steps/s, 640 images/s, about " in running
    assert running.count(" left") == 2
    assert "all trials about " in running
    lines.ended(TrialReport(wanted[0].id, "finished", "ok", metrics={"latent_rho": 0.5}))
    first = capsys.readouterr().err
    assert first.startswith(f"[1/2] {wanted[0].id} ok 0 s latent_rho=0.5, all trials about ")
    lines.ended(TrialReport(wanted[1].id, "failed", message="no room"))
    assert capsys.readouterr().err == f"[2/2] {wanted[1].id} failed 0 s no room\n"


def test_an_evaluation_has_no_speed(
    tmp_path: Path, wanted: list[Trial], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(wanted, tmp_path, line_seconds=0)
    beat = {"stage": "evaluate", "step": 20, "steps": 20, "time": -3600.0}
    TrialStore(tmp_path).trial(wanted[0]).write_heartbeat(beat)
    lines.tick()
    shown = capsys.readouterr().err
    assert shown.startswith(f"{wanted[0].id} evaluate 20/20 evaluating, all trials about ")
    assert "steps/s" not in shown


def test_a_silent_trial_is_named_once_for_each_silence(
    tmp_path: Path,
    wanted: list[Trial],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = Lines(wanted, tmp_path, line_seconds=0)
    folder, now = TrialStore(tmp_path).trial(wanted[0]), time.monotonic()
    said = []
    for beat, clock in ((0, 0), (0, 599), (0, 601), (0, 900), (900, 901), (900, 1560)):
        # The time of day may jump, also back.
        folder.write_heartbeat({"stage": "evaluate", "step": 20, "steps": 20, "time": -beat})
        monkeypatch.setattr(time, "monotonic", lambda clock=clock: now + clock)
        lines.tick()
        said.append("no sign of life for" in capsys.readouterr().err)
    assert said == [False, False, True, False, False, True]


def test_a_collapsed_trial_is_called_so_as_in_reports(
    tmp_path: Path,
    wanted: list[Trial],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = {"metric": "modes_kl_classifier", "value": 2.3, "n_samples": 100}
    result = {"outcome": "ok", "reason": None, "metrics": [measured]}
    monkeypatch.setattr("ogan_bench.runner.trial._run", lambda *arguments: result)
    report = run_trial(wanted[0], Options(tmp_path), "cpu")
    Lines(wanted, tmp_path).ended(report)
    shown = capsys.readouterr().err
    assert shown.startswith(f"[1/2] {wanted[0].id} collapsed 0 s modes_kl_classifier=2.3 spread ")
    assert "spread over 10% of the modes" in shown
