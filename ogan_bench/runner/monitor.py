"""What controls a running trial: stop requests, the checkpoint timer and the training budget."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from ogan_bench.runner import last_words, signals
from ogan_bench.store.trial_folder import TrialFolder

HEARTBEAT_SECONDS = 0.5


class Stop:
    """A request to the trial running in this process to save its state and stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.running = threading.Lock()

    def install(self) -> None:
        """Let signals ask; must be called in the main thread."""
        signals.handle(lambda *_: self.set())

    def set(self) -> None:
        """Ask the running trial to stop; no further trial starts."""
        self._asked.set()

    def is_set(self) -> bool:
        """Whether the trial should stop."""
        return self._asked.is_set()

    def wait_until_idle(self, seconds: float) -> None:
        """Return once no trial runs in this process, or after so long."""
        if self.running.acquire(timeout=seconds):
            self.running.release()


STOP = Stop()
"""The instance for this process."""


class FolderMonitor:
    """Writes the heartbeat file, and decides when to save and when to stop.

    Args:
        folder: The trial's folder.
        steps: Number of steps of the full training.
        checkpoint_seconds: Time between checkpoints.
        trial_budget: Seconds of training after which it ends; ``None``: no limit.
        check: Raises if the trial is no longer this process's to write.
    """

    def __init__(
        self,
        folder: TrialFolder,
        steps: int,
        checkpoint_seconds: float = 30.0,
        trial_budget: float | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder = folder
        self.steps = steps
        self.checkpoint_seconds = checkpoint_seconds
        self.trial_budget = trial_budget
        self._check = check
        self._beat = 0.0
        self._is_asked = False
        self._step = 0
        self._saved = time.monotonic()

    def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
        self._check()
        self._step = step
        now = time.monotonic()
        if now - self._beat < HEARTBEAT_SECONDS and stage == "train":
            return
        self._beat = now
        last_words.sign_of_life()
        self._is_asked |= self.folder.is_asked_to_stop
        self.folder.write_heartbeat(
            {"stage": stage, "step": step, "steps": self.steps, "time": time.time(), **record}
        )

    def measuring(self, what: str) -> None:
        """An evaluation, also one during the training, goes on to another part.

        Args:
            what: A group of metrics or a feature space.
        """
        self.progress("evaluate", self._step, {"measuring": what})

    def should_stop(self) -> bool:
        return self._is_asked or STOP.is_set()

    def should_save(self) -> bool:
        now = time.monotonic()
        due = now - self._saved >= self.checkpoint_seconds
        if due:
            self._saved = now
        return due

    def budget_used(self, seconds: float) -> bool:
        # Strictly greater, so that at least one step is trained.
        return self.trial_budget is not None and seconds > self.trial_budget
