"""``ogan-bench bench``, and how ``plan`` uses what it has measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.errors import UserError
from ogan_bench.runner import measure_speed
from ogan_bench.runner.executor import WorkerDiedError
from ogan_bench.runner.machine_speed import MachineSpeed, NetSpeed, write_speed
from ogan_bench.runner.measure_speed import Plan, this_machine
from tests.unit.cli.asking import ask

SMALL = ("plan", "mse_vs_pearson", "--scale", "smoke", "--arms", "pearson", "--device", "cpu")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
    return tmp_path


def speed(step_flops: int = 10**9) -> MachineSpeed:
    nets = (NetSpeed("dcgan", 16, 64, step_flops, 0.5),)
    return MachineSpeed(this_machine("cpu"), "2026-01-01T00:00:00+00:00", nets, {1: 2.0, 2: 3.0})


def measured(monkeypatch: pytest.MonkeyPatch, error: BaseException | None = None) -> list[Plan]:
    """Stand in for the measurement; the plans that it was asked for."""
    asked: list[Plan] = []

    def measure(device: str, plan: Plan, say: Any) -> MachineSpeed:
        asked.append(plan)
        say("dcgan at 16 px: 2 steps/s", 1, 2)
        if error is not None:
            raise error
        say("1 worker: 2 steps/s together", 2, 2)
        return speed()

    monkeypatch.setattr(measure_speed, "measure_machine", measure)
    return asked


def test_the_measurement_is_shown_and_stored(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    asked = measured(monkeypatch)
    done = CliRunner().invoke(app, ["bench", "--workers", "2"])
    assert done.exit_code == 0, done.output
    assert "--workers 2 is best" in done.stdout
    assert "[1/2] dcgan at 16 px: 2 steps/s, about 0:00:00 left" in done.stderr
    facts = json.loads(ask("bench", "--quick", "--json"))
    assert facts["recommended_workers"] == 2
    assert Path(facts["file"]).is_relative_to(folder)
    assert json.loads(Path(facts["file"]).read_text())["nets"] == facts["nets"]
    assert [plan.most_workers for plan in asked] == [2, None]
    assert asked[1].seconds < asked[0].seconds
    assert set(asked[1].nets) < set(asked[0].nets)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "nothing was stored"),
        (WorkerDiedError("killed"), 3, "killed. Nothing was stored"),
    ],
)
def test_what_goes_wrong_has_an_exit_code_and_stores_nothing(
    monkeypatch: pytest.MonkeyPatch, folder: Path, error: BaseException, code: int, words: str
) -> None:
    measured(monkeypatch, error)
    done = CliRunner().invoke(app, ["bench"])
    assert done.exit_code == code
    assert words in done.stderr
    assert not list(folder.rglob("*.json"))


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UserError, match="no such device"):
        CliRunner().invoke(app, ["bench", "--device", "cuda:9"], catch_exceptions=False)


def test_a_plan_uses_the_measurement(folder: Path) -> None:
    write_speed(folder, speed())
    facts = json.loads(ask(*SMALL, "--json"))
    (arm,) = facts["arms"]
    assert (facts["slots"], facts["recommended_workers"]) == (2, 2)
    assert arm["basis"] == "estimated"
    assert facts["training_seconds"] == pytest.approx(2 * arm["seconds_per_trial"] / 1.5)
    alone = json.loads(ask(*SMALL, "--workers", "1", "--json"))
    assert alone["training_seconds"] == pytest.approx(2 * arm["seconds_per_trial"])
    text = ask(*SMALL)
    assert f"~{arm['seconds_per_trial']:.0f}" in text
    assert "in 2 workers (the best number here)" in text
    assert "~: estimated by FLOPs" in text
    step_flops = round(arm["seconds_per_trial"] / arm["steps"] / 0.5 * 10**9)
    write_speed(folder, speed(step_flops))
    exact = json.loads(ask(*SMALL, "--json"))["arms"][0]
    assert exact["basis"] == "measured"
    assert exact["seconds_per_trial"] == pytest.approx(0.5 * exact["steps"])


def test_a_plan_times_steps_where_nothing_was_measured_or_it_is_told_to(folder: Path) -> None:
    done = CliRunner().invoke(app, [*SMALL, "--json"])
    assert json.loads(done.stdout)["arms"][0]["basis"] == "timed"
    assert "`ogan-bench bench` measures this machine" in done.stderr
    write_speed(folder, speed())
    assert json.loads(ask(*SMALL, "--measure", "--json"))["arms"][0]["basis"] == "timed"
    assert json.loads(ask(*SMALL, "--no-measure", "--json"))["arms"][0]["basis"] is None
