"""Runs of a study by the command line, long enough to be stopped or killed in the middle."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

STUDY = ("ogan-bench", "run", "mse_vs_pearson", "--scale", "smoke", "--seeds", "0")
LONG = ("--arms", "pearson", "--set", "training.steps=1500", "--set", "training.log_every=100")


def start(out: Path, *more: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start a run whose results go to a folder.

    Args:
        out: The folder.
        more: Options of the run.
        before: What stands before the command.
    """
    command = [*before, *STUDY, "--results", str(out), *more]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def ended(run: subprocess.Popen[str], *codes: int) -> str:
    """What a run has said, that ends with one of these exit codes; without any, with 0."""
    with run:
        _, said = run.communicate(timeout=900)
    assert run.returncode in (codes or (0,)), said
    return said


def record(out: Path, arm: str, name: str) -> dict[str, Any]:
    """A JSON file of the trial of an arm."""
    path = out / "mse_vs_pearson-smoke" / arm / "seed-0" / name
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def metrics(out: Path, arm: str) -> object:
    return record(out, arm, "result.json")["metrics"]


def wait_until_it_trains(out: Path) -> None:
    """Until the long trial has made a step, and not yet its last."""
    until = time.monotonic() + 180
    path = out / "mse_vs_pearson-smoke" / "pearson" / "seed-0" / "progress.json"
    while time.monotonic() < until:
        if path.exists() and 0 < json.loads(path.read_text())["step"] < 1400:
            return
        time.sleep(0.1)
    raise AssertionError("nothing has trained")
