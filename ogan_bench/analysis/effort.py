"""What the trials of a study have cost so far, and what is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from ogan_bench.analysis.states import TrialState

OVER = ("finished", "stopped")
"""States of trials with nothing left, unless a run asks for more."""


@dataclass(frozen=True)
class Planned:
    """What a trial is to take: training steps, and processes that take each of them together."""

    steps: int
    processes: int = 1


@dataclass(frozen=True)
class Effort:
    """Trials that are over, those running now, and the seconds of devices.

    Each process of a trial counts, also where several share a GPU; evaluation is included.

    Args:
        over: Trials that have ended.
        running: Trials running now.
        device_seconds: Spent so far.
        device_seconds_left: At the speed of the trials so far; ``None`` if that is not known.
    """

    over: int
    running: int
    device_seconds: float
    device_seconds_left: float | None

    @property
    def seconds_left(self) -> float | None:
        """By the clock, with as many trials at a time as now; ``None`` if unknown or none runs."""
        if self.device_seconds_left is None or not self.running:
            return None
        return self.device_seconds_left / self.running


def effort(found: Mapping[str, TrialState], planned: Mapping[str, Planned]) -> Effort:
    """What trials have cost, and what those left would at the same seconds per step.

    The speed is that of the trial's arm, or of all arms if none of its own has been trained.

    Args:
        found: States of trials, by ``study/arm/seed-0``.
        planned: What each is to take.
    """
    spent: dict[str, float] = defaultdict(float)  # device seconds of each arm
    steps: dict[str, int] = defaultdict(int)
    for name, of in found.items():
        if of.seconds:
            spent[_arm(name)] += of.seconds * planned[name].processes
            steps[_arm(name)] += of.step or 0
    all_spent, all_steps = sum(spent.values()), sum(steps.values())
    left, is_known = 0.0, True
    for name, of in found.items():
        arm, steps_left = _arm(name), planned[name].steps - (of.step or 0)
        if of.state in OVER or steps_left <= 0:
            continue
        if steps[arm]:
            left += steps_left * spent[arm] / steps[arm]
        elif all_steps:
            left += steps_left * all_spent / all_steps
        else:
            is_known = False
    return Effort(
        over=sum(of.state in OVER for of in found.values()),
        running=sum(of.state == "running" for of in found.values()),
        device_seconds=all_spent,
        device_seconds_left=left if is_known else None,
    )


def _arm(name: str) -> str:
    return name.rpartition("/")[0]
