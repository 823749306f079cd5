"""How long a trial will take, measured on a few of its steps."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ogan_bench.pipeline import load_dataset
from ogan_bench.store import TrialFolder
from ogan_bench.study import Trial
from ogan_bench.training.loop import InterruptedTrainingError, train

WARM_UP = 3
MEASURED = 12


@dataclass
class _Stopwatch:
    """A monitor that notes the time of every step and stops the training early."""

    times: list[float] = field(default_factory=list)

    def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
        self.times.append(time.perf_counter())

    def should_stop(self) -> bool:
        return len(self.times) >= WARM_UP + MEASURED

    def should_save(self) -> bool:
        return False


def seconds_per_step(trial: Trial, device: str) -> float:
    """Seconds of one training step, the mean over a few after a warm-up; nothing is stored."""
    if torch.device(device).type == "cpu":
        torch.set_num_threads(1)
    stopwatch = _Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        dataset = load_dataset(trial.settings, device)
        try:
            train(trial, dataset, TrialFolder(Path(folder)), torch.device(device), stopwatch)
        except InterruptedTrainingError:
            if torch.device(device).type == "cuda":
                torch.cuda.synchronize(device)
    times = stopwatch.times
    first = min(WARM_UP, len(times) - 1)
    return (times[-1] - times[first - 1]) / (len(times) - first) if len(times) > 1 else 0.0
