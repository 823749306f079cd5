"""What a running trial listens to: a request to stop, the clock of its checkpoints, its budget."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

from ogan_bench.store.trial_folder import TrialFolder

HEARTBEAT_SECONDS = 0.5


class Stop:
    """Asks the trial that runs in this process to save its state and stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.running = threading.Lock()

    def install(self) -> None:
        """Listen to SIGINT and SIGTERM; to be called in the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.set())

    def set(self) -> None:
        """Ask the running trial to stop; no other will start."""
        self._asked.set()

    def is_set(self) -> bool:
        """Whether the trial shall stop."""
        return self._asked.is_set()

    def wait_until_idle(self) -> None:
        """Return once no trial runs in this process."""
        with self.running:
            pass


STOP = Stop()
"""The one of this process."""


class FolderMonitor:
    """Writes the heartbeat file, and decides when to save and when to stop.

    Args:
        folder: Of the trial.
        steps: Steps of a whole training.
        checkpoint_seconds: Time between checkpoints.
        trial_budget: Seconds of training after which it ends; ``None``: with its last step alone.
    """

    def __init__(
        self,
        folder: TrialFolder,
        steps: int,
        checkpoint_seconds: float = 30.0,
        trial_budget: float | None = None,
    ) -> None:
        self.folder = folder
        self.steps = steps
        self.checkpoint_seconds = checkpoint_seconds
        self.trial_budget = trial_budget
        self._beat = 0.0
        self._saved = time.monotonic()

    def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._beat < HEARTBEAT_SECONDS and stage == "train":
            return
        self._beat = now
        self.folder.write_heartbeat(
            {"stage": stage, "step": step, "steps": self.steps, "time": time.time(), **record}
        )

    def should_stop(self) -> bool:
        return STOP.is_set()

    def should_save(self) -> bool:
        now = time.monotonic()
        due = now - self._saved >= self.checkpoint_seconds
        if due:
            self._saved = now
        return due

    def budget_used(self, seconds: float) -> bool:
        # Not equal: where nothing is trained yet, one step is.
        return self.trial_budget is not None and seconds > self.trial_budget
