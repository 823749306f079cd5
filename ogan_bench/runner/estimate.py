"""Estimates how long a trial takes by timing a few training steps."""

from __future__ import annotations

import time

import torch

from ogan_bench.runner.preflight import load_dataset
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import build_training

WARM_UP = 3
MEASURED = 12


def seconds_per_step(trial: Trial, device: str) -> float:
    """Seconds per training step, averaged over a few steps after a warm-up; nothing is stored."""
    place = torch.device(device)
    if place.type == "cpu":
        torch.set_num_threads(1)
    setup = build_training(trial, load_dataset(trial.settings, device), place)

    def run(steps: range) -> float:
        started = time.perf_counter()
        for step in steps:
            setup.update(setup.draw(step % trial.settings.training.steps))
        if place.type == "cuda":
            torch.cuda.synchronize(place)
        return time.perf_counter() - started

    run(range(WARM_UP))
    return run(range(WARM_UP, WARM_UP + MEASURED)) / MEASURED
