"""Progress of a run: bars on a terminal, a line per finished trial elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ogan_bench.runner.pace import Pace, left, seconds_of_training_left, steps_per_second
from ogan_bench.runner.scheduler import ProgressDisplay
from ogan_bench.runner.trial import TrialReport
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import Trial

LINE_SECONDS = 60
LONG_SILENCE_SECONDS = 600
"""Without a sign of life, after which a trial is named; a long measurement may be silent too."""
SHOWN_METRICS = 3


@contextmanager
def display(trials: Sequence[Trial], root: Path) -> Iterator[ProgressDisplay]:
    """Bars if standard error is a terminal, lines if not."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(trials, root)
        return
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    with progress:
        yield Bars(trials, root, progress)


class _Display:
    """Shared by both displays: which trials are running and their progress."""

    def __init__(self, trials: Sequence[Trial], root: Path) -> None:
        self.trials = {trial.id: trial for trial in trials}
        self.store = TrialStore(root)
        self.total = len(trials)
        self.beats_before = {trial.id: self.store.trial(trial).read_heartbeat() for trial in trials}
        self.ended_trials: set[str] = set()
        self._last_signs: dict[str, tuple[dict[str, Any], float]] = {}
        self._named_silent: set[str] = set()

    def newly_silent(self) -> Iterator[str]:
        """A line for each running trial that has been silent for long, once for each silence.

        How long it was is measured here, since the time of day may be set meanwhile.
        """
        for trial, beat in self.heartbeats():
            known, since = self._last_signs.get(trial.id, (None, 0.0))
            if beat != known:
                self._last_signs[trial.id] = beat, time.monotonic()
                self._named_silent.discard(trial.id)
                continue
            seconds = time.monotonic() - since
            if seconds >= LONG_SILENCE_SECONDS and trial.id not in self._named_silent:
                self._named_silent.add(trial.id)
                doing = f"measuring {beat['measuring']}" if "measuring" in beat else beat["stage"]
                yield (
                    f"{trial.id} has shown no sign of life for {seconds / 60:.0f} min ({doing}, "
                    f"step {beat['step']}); with --stall-minutes M its process is ended after M"
                )

    def heartbeats(self) -> Iterator[tuple[Trial, dict[str, Any]]]:
        """Running trials with their latest heartbeat; one from before the run was left behind."""
        for trial in self.trials.values():
            if trial.id in self.ended_trials:
                continue
            beat = self.store.trial(trial).read_heartbeat()
            if beat is not None and beat != self.beats_before[trial.id]:
                yield trial, beat

    def note_end(self, report: TrialReport) -> str:
        """One line about a trial that has ended."""
        self.ended_trials.add(report.trial)
        metrics = [
            f"{name}={value:.4g}"
            for name, value in (report.metrics or {}).items()
            if value is not None
        ]
        words = [
            f"[{len(self.ended_trials)}/{self.total}]",
            report.trial,
            report.outcome or report.status,
            f"{report.seconds:.0f} s",
            *metrics[:SHOWN_METRICS],
            report.message,
        ]
        return " ".join(word for word in words if word)


class Lines(_Display):
    """For log files: a line per finished trial, and every minute one per running trial.

    Each says how long is left, of the trial and of all trials.

    Args:
        trials: Those that are run.
        root: The results folder.
        line_seconds: Between two lines of a running trial.
    """

    def __init__(
        self, trials: Sequence[Trial], root: Path, *, line_seconds: float = LINE_SECONDS
    ) -> None:
        super().__init__(trials, root)
        self._line_seconds = line_seconds
        self.pace = Pace(
            {trial.id: trial.settings.training.steps for trial in trials},
            {name: beat["step"] for name, beat in self.beats_before.items() if beat is not None},
        )
        self._last = time.monotonic()

    def tick(self) -> None:
        if time.monotonic() - self._last < self._line_seconds:
            return
        self._last = time.monotonic()
        running = list(self.heartbeats())
        for trial, beat in running:
            self.pace.reach(trial.id, beat["step"])
        for trial, beat in running:
            words = [_rate(beat), left(seconds_of_training_left(beat)), self._left()]
            shown = ", ".join(word for word in words if word)
            _write(f"{trial.id} {beat['stage']} {beat['step']}/{beat['steps']} {shown}")
        for line in self.newly_silent():
            _write(line)

    def ended(self, report: TrialReport) -> None:
        line = self.note_end(report)
        self.pace.end(report.trial)
        _write(", ".join(word for word in (line, self._left()) if word))

    def _left(self) -> str:
        """Time left of all trials, while there are some to do."""
        shown = left(self.pace.seconds_left)
        is_over = len(self.ended_trials) == self.total
        return f"all trials {shown}" if shown and not is_over else ""

    def stopping(self) -> None:
        _write(STOPPING)


class Bars(_Display):
    """For terminals: one bar over all steps of the run and one for each running trial."""

    def __init__(self, trials: Sequence[Trial], root: Path, progress: Progress) -> None:
        super().__init__(trials, root)
        self.progress = progress
        self.steps = {trial.id: trial.settings.training.steps for trial in trials}
        self.done = dict.fromkeys(self.steps, 0)
        self.bars: dict[str, TaskID] = {}
        self.overall = progress.add_task("all", total=sum(self.steps.values()), note=self._count())

    def _count(self) -> str:
        return f"{len(self.ended_trials)}/{self.total} trials"

    def tick(self) -> None:
        for trial, beat in self.heartbeats():
            if trial.id not in self.bars:
                self.bars[trial.id] = self.progress.add_task(
                    f"{trial.arm} seed {trial.seed}",
                    total=beat["steps"],
                    completed=beat["step"],
                    note="",
                )
            self.progress.update(self.bars[trial.id], completed=beat["step"], note=_rate(beat))
            self.done[trial.id] = beat["step"]
        completed = sum(self.done.values())
        self.progress.update(self.overall, completed=completed, note=self._count())
        for line in self.newly_silent():
            self.progress.console.print(line, highlight=False, markup=False)

    def ended(self, report: TrialReport) -> None:
        line = self.note_end(report)
        if report.status in ("finished", "skipped"):
            self.done[report.trial] = self.steps[report.trial]
        if report.trial in self.bars:
            self.progress.remove_task(self.bars.pop(report.trial))
        self.progress.console.print(line, highlight=False, markup=False)

    def stopping(self) -> None:
        self.progress.console.print(STOPPING)


STOPPING = "Stopping: running trials save their state (a second Ctrl-C kills them) ..."


def _rate(beat: dict[str, Any]) -> str:
    if beat["stage"] != "train":
        return f"measuring {beat['measuring']}" if "measuring" in beat else "evaluating"
    if "encoder_loss" not in beat:
        return ""
    loss = beat["encoder_loss"]
    shown = "not finite" if loss is None else f"{loss:.3f}"
    speed = f"{steps_per_second(beat):.3g} steps/s, {beat['images_per_second']:.0f} images/s"
    return f"loss {shown}, {speed}"


def _write(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
