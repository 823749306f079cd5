"""One trial from its settings to its result; a stage that is finished is skipped."""

from __future__ import annotations

import dataclasses
import functools
import json
import signal
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import torch

from ogan_bench import provenance
from ogan_bench.components import build, component_of
from ogan_bench.config import Settings
from ogan_bench.data import Dataset
from ogan_bench.data.held_out import hold_out
from ogan_bench.errors import UserError
from ogan_bench.evaluation.evaluate import evaluate
from ogan_bench.evaluation.plugin_metrics import check_plugin_metrics
from ogan_bench.evaluation.rows import Row
from ogan_bench.evaluation.sampling import NonFiniteError
from ogan_bench.models.description import count_parameters
from ogan_bench.observation import Observer, chosen_nets, pair
from ogan_bench.store import FORMAT, BusyError, TrialFolder, TrialStore, sha256
from ogan_bench.study import Trial
from ogan_bench.training.checkpoint import UnreadableCheckpointError
from ogan_bench.training.cost import step_cost
from ogan_bench.training.loop import (
    DivergedError,
    InterruptedTrainingError,
    Trained,
    build_nets,
    build_objective,
    train,
)

HEARTBEAT_SECONDS = 0.5


@dataclass(frozen=True)
class Options:
    """How a trial is run; nothing in here changes a number.

    Args:
        root: Results folder.
        checkpoint_seconds: Time between checkpoints; the most that a kill can cost.
        again: Measure finished trials again.
    """

    root: Path
    checkpoint_seconds: float = 30.0
    again: bool = False


@dataclass(frozen=True)
class TrialReport:
    """How an attempt at a trial ended.

    Args:
        trial: Identifier of the trial.
        status: ``finished`` has a result (of any outcome), ``skipped`` had one already, ``busy`` is
            held by another process, ``interrupted`` has saved its state, ``failed`` has none.
        outcome: Outcome of a finished trial.
        message: What went wrong, in one line.
        metrics: Values of a finished trial.
        seconds: Duration of the attempt.
    """

    trial: str
    status: Literal["finished", "skipped", "busy", "interrupted", "failed"]
    outcome: str | None = None
    message: str = ""
    metrics: dict[str, float | None] | None = None
    seconds: float = 0.0


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
    """Writes the heartbeat file and decides when to save."""

    def __init__(self, folder: TrialFolder, steps: int, checkpoint_seconds: float) -> None:
        self.folder = folder
        self.steps = steps
        self.checkpoint_seconds = checkpoint_seconds
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


def run_trial(trial: Trial, options: Options, device: str) -> TrialReport:
    """Bring a trial to its result, from wherever an earlier attempt left it.

    Never raises for what can go wrong inside a trial: the report says how it ended, and the
    traceback of a failure lies in ``error.txt`` of its folder.
    """
    folder = TrialStore(options.root).trial(trial)
    started = time.perf_counter()
    report = functools.partial(TrialReport, trial.id)
    try:
        with STOP.running, folder.claim():
            folder.check_identity(trial)
            if folder.is_complete(trial) and not options.again:
                return report("skipped")
            result = _run(trial, folder, options, device)
    except BusyError:
        return report("busy")
    except InterruptedTrainingError:
        return report("interrupted", seconds=time.perf_counter() - started)
    except Exception as error:  # a trial that fails must not take the study with it
        folder.write_error(traceback.format_exc())
        message = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        return report("failed", message=message, seconds=time.perf_counter() - started)
    return report(
        "finished",
        outcome=result["outcome"],
        message=result["reason"] or "",
        metrics={row["metric"]: row["value"] for row in result["metrics"]},
        seconds=time.perf_counter() - started,
    )


def _run(trial: Trial, folder: TrialFolder, options: Options, device_name: str) -> dict[str, Any]:
    if STOP.is_set():
        raise InterruptedTrainingError
    device = torch.device(device_name)
    if device.type == "cpu":
        torch.set_num_threads(1)
    if folder.is_finished and not folder.checkpoint.exists():
        raise UserError(
            f"{folder.path} has a result and no checkpoint.pt any more, so nothing further can be "
            "measured: delete the folder to train the trial again"
        )
    dataset, held_out = load_dataset(trial.settings, device_name), None
    if count := trial.settings.evaluation.held_out:
        dataset, held_out = hold_out(dataset, count, trial.settings.evaluation.seed)
    folder.error.unlink(missing_ok=True)
    _write_run(trial, folder, dataset, device)
    monitor = FolderMonitor(folder, trial.settings.training.steps, options.checkpoint_seconds)

    outcome, reason = "ok", None
    trained: Trained | None = None
    rows: list[Row] = []
    facts: dict[str, Any] = {}
    evaluation_started = time.perf_counter()
    try:
        observe = Observer(trial, dataset, held_out, folder, device)
        trained = _train(trial, dataset, folder, device, monitor, observe)
        monitor.progress("evaluate", trial.settings.training.steps, {})
        evaluation_started = time.perf_counter()
        nets, chosen = chosen_nets(trial, trained.nets, folder, device)
        rows, facts = evaluate(
            pair(trial, nets),
            build_nets(trial, dataset).encoder.to(device),
            dataset,
            trial.settings.evaluation,
            device=device,
            folder=folder.path,
        )
        facts |= chosen
    except (DivergedError, NonFiniteError) as error:
        outcome, reason = "diverged", str(error)

    log = folder.log.read()
    training = {
        "steps": log[-1]["step"] if log else 0,
        "seconds": trained.seconds if trained else (log[-1]["seconds"] if log else 0.0),
        "images_per_second": trained.images_per_second if trained else None,
        "parameters": {
            name: count_parameters(net) for name, net in build_nets(trial, dataset).named().items()
        },
        **dataclasses.asdict(step_cost(trial, dataset, device)),
    }
    result = {
        "format": FORMAT,
        "study": trial.study,
        "arm": trial.arm,
        "seed": trial.seed,
        "config_hash": trial.config_hash,
        "outcome": outcome,
        "reason": reason,
        "metrics": [row.record() for row in rows],
        "measured": trial.settings.evaluation.measured,
        "facts": facts,
        "training": training,
        "evaluation_seconds": time.perf_counter() - evaluation_started,
        "sha256": {
            journal.path.name: sha256(journal.path)
            for journal in (folder.log, folder.history)
            if journal.path.exists()
        },
    }
    folder.write("result.json", result)
    folder.heartbeat.unlink(missing_ok=True)
    return result


def _train(
    trial: Trial,
    dataset: Dataset,
    folder: TrialFolder,
    device: torch.device,
    monitor: FolderMonitor,
    observe: Observer,
) -> Trained:
    """Train, from the start if the checkpoint of an earlier attempt cannot be used."""
    try:
        return train(trial, dataset, folder, device, monitor, observe)
    except UnreadableCheckpointError as error:
        folder.write_error(f"The checkpoint could not be used; training started again.\n{error}\n")
        folder.checkpoint.unlink()
        return train(trial, dataset, folder, device, monitor, observe)


@functools.lru_cache(maxsize=1)
def _dataset(key: str, device: str) -> Dataset:
    dataset: Dataset = build("datasets", component_of("datasets", json.loads(key)))
    return dataset.to(torch.device(device))


def load_dataset(settings: Settings, device: str) -> Dataset:
    """The dataset of a trial on its device; the last one is kept for the next trial.

    Raises:
        UserError: It is not there, or damaged.
    """
    return _dataset(settings.data.model_dump_json(), device)


def preflight(trials: Sequence[Trial]) -> None:
    """Find what would fail in every trial before any is started: missing data, impossible nets.

    Raises:
        UserError: Names what is missing and how to get it.
    """
    check_plugin_metrics()
    seen = set()
    for trial in sorted(trials, key=lambda trial: json.dumps(trial.config["data"])):
        key = json.dumps([trial.config[part] for part in ("data", "model", "objective")])
        if key not in seen:
            seen.add(key)
            dataset = load_dataset(trial.settings, "cpu")
            with torch.device("meta"):
                architecture = build(
                    "models", trial.settings.model, dataset.shape, len(dataset.classes)
                )
                build_objective(trial).build(architecture)


def _write_run(trial: Trial, folder: TrialFolder, dataset: Dataset, device: torch.device) -> None:
    """Record what is run and where; an attempt is added to those before it."""
    earlier = folder.read("run.json") or {}
    attempt = {"started": datetime.now(UTC).isoformat(timespec="seconds")}
    is_cuda = device.type == "cuda"
    folder.write(
        "run.json",
        {
            "format": FORMAT,
            "study": trial.study,
            "arm": trial.arm,
            "seed": trial.seed,
            "config_hash": trial.config_hash,
            "config": trial.config,
            "attempts": [*earlier.get("attempts", []), attempt],
            "provenance": {
                **provenance.code_and_machine(),
                "device": torch.cuda.get_device_name(device) if is_cuda else device.type,
                "cuda": torch.version.cuda if is_cuda else None,
                "threads": torch.get_num_threads(),
                "data_hash": dataset.hash,
            },
        },
    )
