"""Trials that are written while they are followed, and a mirror that records what it receives."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.mirrors.base import MirroredTrial, Point
from ogan_bench.store.trial_folder import TrialFolder

STARTED = "2026-01-02T03:04:05+00:00"


class Run:
    """Records what it receives."""

    def __init__(self, trial: MirroredTrial, name: str) -> None:
        self.trial = trial
        self.id = name
        self.points: list[Point] = []
        self.finals: list[tuple[Point, str]] = []
        self.closed = 0

    def log(self, points: list[Point]) -> None:
        self.points += points

    def finish(self, final: Point, outcome: str) -> None:
        self.finals.append((final, outcome))

    def close(self) -> None:
        self.closed += 1

    @property
    def steps(self) -> list[int]:
        return [point.step for point in self.points if any("train/" in key for key in point.values)]


class Recorder:
    """A mirror that keeps its runs in memory."""

    name = "recorder"
    address = "here"

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.begun = 0

    def begin(self, trial: MirroredTrial, known: str | None) -> Run:
        self.begun += 1
        if known in self.runs:
            return self.runs[str(known)]
        run = Run(trial, f"run-{self.begun}")
        self.runs[run.id] = run
        return run

    @property
    def only(self) -> Run:
        (run,) = self.runs.values()
        return run


def start(root: Path, arm: str = "pearson", seed: int = 0, begun: str = STARTED) -> TrialFolder:
    folder = TrialFolder(root / "study" / arm / f"seed-{seed}")
    folder.write(
        "run.json",
        {
            "format": 1,
            "study": "study",
            "arm": arm,
            "seed": seed,
            "config_hash": "0123456789abcdef",
            "config": {"seed": seed, "training": {"steps": 100, "optimizer": {"lr": 1e-4}}},
            "attempts": [{"started": begun}],
        },
    )
    return folder


def train(folder: TrialFolder, *steps: int) -> None:
    for step in steps:
        folder.log.append(
            {"step": step, "seconds": step / 10, "rho": step / 100, "encoder_loss": None}
        )


def finish(folder: TrialFolder, value: float = 0.25, outcome: str = "ok", steps: int = 100) -> None:
    folder.write(
        "result.json",
        {
            "outcome": outcome,
            "metrics": [
                {"metric": "reconstruction_mse", "value": value},
                {"metric": "fid", "value": None},
            ],
            "training": {"steps": steps, "seconds": steps / 10},
        },
    )
