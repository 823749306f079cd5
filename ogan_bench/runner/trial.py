"""Runs one trial from its settings to its result; finished stages are skipped."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.errors import UserError, in_one_line
from ogan_bench.evaluation.evaluate import Facts
from ogan_bench.evaluation.rows import Row
from ogan_bench.files import sha256
from ogan_bench.models.description import count_parameters
from ogan_bench.runner import last_words
from ogan_bench.runner.launch import Launch
from ogan_bench.runner.measure import Evaluator
from ogan_bench.runner.monitor import STOP, FolderMonitor
from ogan_bench.runner.observer import TrainingObserver
from ogan_bench.runner.preflight import prepare
from ogan_bench.runner.resampling import sample
from ogan_bench.sampling.autoencoder import NonFiniteError
from ogan_bench.sampling.stored_pair import write_pair
from ogan_bench.store import outcomes, provenance
from ogan_bench.store.identity import check_identity
from ogan_bench.store.lease import BusyError
from ogan_bench.store.preregistration import registration
from ogan_bench.store.record_shapes import FORMAT
from ogan_bench.store.stored_trials import with_what_was_measured
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import Trial
from ogan_bench.training.checkpoint import UnreadableCheckpointError
from ogan_bench.training.cost import step_cost
from ogan_bench.training.load import load_trained, with_chosen_weights
from ogan_bench.training.loop import DivergedError, InterruptedTrainingError, Trained, train
from ogan_bench.training.setup import build_nets, build_objective
from ogan_bench.training.team import Team, joined


@dataclass(frozen=True)
class Options:
    """How trials are run; not part of a trial's identity.

    Args:
        root: Results folder.
        checkpoint_seconds: Time between checkpoints; the most work that a kill can lose.
        again: Measure finished trials again.
        trial_budget: Seconds of training, over all attempts, after which a trial is measured as it
            is; ``None``: it is trained to its last step.
        samplings: Measure finished trials with this many further evaluation seeds, and do nothing
            else.
        patient: Find out whether a process of another machine that holds a trial is alive.
        stall_seconds: Without a sign of life for so long, a trial's worker process is ended;
            ``None``: never.
        launch: This process among those that train a trial together; ``None``: it does so alone.
    """

    root: Path
    checkpoint_seconds: float = 30.0
    again: bool = False
    trial_budget: float | None = None
    samplings: int = 0
    patient: bool = False
    stall_seconds: float | None = None
    launch: Launch | None = None


Status = Literal["finished", "skipped", "busy", "interrupted", "left", "failed"]


@dataclass(frozen=True)
class TrialReport:
    """How an attempt at a trial ended.

    Args:
        trial: Identifier of the trial.
        status: ``finished`` has a result (of any outcome), ``skipped`` already had one, ``busy`` is
            held by another process, ``interrupted`` has saved its state, ``left`` has too because
            it alone was asked to, ``failed`` has no result.
        outcome: Outcome of a finished trial, as reports judge it.
        message: What went wrong, in one line.
        metrics: Values of a finished trial.
        seconds: Duration of the attempt.
        step: Training steps that an interrupted trial has saved, as far as known.
    """

    trial: str
    status: Status
    outcome: str | None = None
    message: str = ""
    metrics: dict[str, float | None] | None = None
    seconds: float = 0.0
    step: int | None = None


def run_trial(trial: Trial, options: Options, device: str) -> TrialReport:
    """Run a trial to its result, resuming where an earlier attempt left off.

    Errors inside a trial are never raised: the report says how it ended, and the traceback of a
    failure is saved in ``error.txt`` in its folder.
    """
    store = TrialStore(options.root)
    folder = store.trial(trial)
    started = time.perf_counter()
    report = functools.partial(TrialReport, trial.id)
    try:
        with (
            STOP.running,
            _team(options.launch, device) as team,
            folder.claim(patient=options.patient) as check,
            last_words.recorded(folder.stacks, options.stall_seconds),
        ):
            check_identity(folder, trial)
            if options.samplings:
                added = sample(
                    trial,
                    folder,
                    options.samplings,
                    device,
                    classifiers=store.classifiers,
                    check=check,
                )
                return report(
                    "finished" if added else "skipped",
                    message=f"{added} sampling seeds added",
                    seconds=time.perf_counter() - started,
                )
            if folder.is_complete(trial, options.trial_budget) and not options.again:
                return report("skipped")
            trial = with_what_was_measured(trial, folder)
            folder.forget_to_stop()
            result = _run(trial, store, options, device, check, team)
            outcome, reason = outcomes.outcome(
                result, trial.config, lambda: folder.read_log("train.jsonl")
            )
    except BusyError:
        return report("busy")
    except InterruptedTrainingError:
        step = (folder.read_heartbeat() or {}).get("step")
        status: Status = "left" if folder.is_asked_to_stop and not STOP.is_set() else "interrupted"
        folder.forget_to_stop()
        return report(status, seconds=time.perf_counter() - started, step=step)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a failing trial must not stop the study, nor a panic in Rust
        folder.write_error(traceback.format_exc())
        message = str(error) if isinstance(error, UserError) else in_one_line(error)
        return report("failed", message=message, seconds=time.perf_counter() - started)
    return report(
        "finished",
        outcome=outcome,
        message=reason or "",
        metrics={row["metric"]: row["value"] for row in result["metrics"]},
        seconds=time.perf_counter() - started,
    )


def _run(
    trial: Trial,
    store: TrialStore,
    options: Options,
    device_name: str,
    check: Callable[[], None],
    team: Team | None,
) -> dict[str, Any]:
    folder = store.trial(trial)
    dataset, held_out, device = prepare(trial, folder, device_name)
    folder.error.unlink(missing_ok=True)
    _write_run(trial, store, dataset, device, trains=not folder.is_trained(options.trial_budget))
    try:
        return _train_and_measure(trial, store, options, dataset, held_out, device, check, team)
    finally:
        _note_end(folder)


def _team(launch: Launch | None, device: str) -> AbstractContextManager[Team | None]:
    """The processes that train with this one, until it has told them that no step follows."""
    if launch is None:
        return contextlib.nullcontext()
    return joined(launch.rank, launch.processes, torch.device(device))


def _train_and_measure(
    trial: Trial,
    store: TrialStore,
    options: Options,
    dataset: Dataset,
    held_out: Split | None,
    device: torch.device,
    check: Callable[[], None],
    team: Team | None,
) -> dict[str, Any]:
    folder, steps = store.trial(trial), trial.settings.training.steps
    budget = options.trial_budget
    monitor = FolderMonitor(folder, steps, options.checkpoint_seconds, budget, check)

    outcome, reason = "ok", None
    trained: Trained | None = None
    rows: list[Row] = []
    facts: Facts = {}
    evaluation_started = time.perf_counter()
    try:
        evaluator = Evaluator(trial, device, store.classifiers, monitor.measuring)
        observe = TrainingObserver(trial, dataset, held_out, folder, evaluator)
        trained = _train(trial, store, dataset, device, monitor, observe, team)
        if trained.steps < steps:
            outcome = "stopped"
            reason = (
                f"stopped after {trained.steps:,} of {steps:,} steps by the budget of "
                f"{budget:,g} s of training"
            )
        monitor.progress("evaluate", trained.steps, {})
        evaluation_started = time.perf_counter()
        rows, facts = evaluator(
            trained.nets, dataset, folder=folder.path, progress=trained.steps / steps
        )
        if trained.chosen_step is not None:
            facts |= {"chosen_step": trained.chosen_step}
        assert evaluator.evaluated is not None
        write_pair(folder.path, evaluator.evaluated, trial, dataset, trained.evaluated_step)
    except (DivergedError, NonFiniteError) as error:
        outcome, reason = "diverged", str(error)

    log = folder.log.read()
    training = {
        "steps": trained.steps if trained else (log[-1]["step"] if log else 0),
        "seconds": trained.seconds if trained else (log[-1]["seconds"] if log else 0.0),
        "images_per_second": trained.images_per_second if trained else None,
        "parameters": {
            name: count_parameters(net) for name, net in build_nets(trial, dataset).named().items()
        },
        "adversarial_lower_bound": build_objective(trial).adversarial_lower_bound,
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
        "tool": provenance.tool(provenance.code_and_machine()),
        "sha256": {
            journal.path.name: sha256(journal.path)
            for journal in (folder.log, folder.history)
            if journal.path.exists()
        },
    }
    check()
    folder.write("result.json", result)
    folder.heartbeat.unlink(missing_ok=True)
    return result


def _train(
    trial: Trial,
    store: TrialStore,
    dataset: Dataset,
    device: torch.device,
    monitor: FolderMonitor,
    observe: TrainingObserver,
    team: Team | None,
) -> Trained:
    """The trained nets: loaded if the training is over, otherwise trained.

    Training starts from the beginning if the checkpoint of an earlier attempt cannot be used.
    """
    folder = store.trial(trial)
    try:
        if folder.is_trained(monitor.trial_budget):
            for name in folder.journals:
                folder.read_log(name)  # a new result would vouch for a damaged one
            return load_trained(trial, dataset, folder, device)
        trained = train(trial, dataset, folder, device, monitor, observe, team)
    except UnreadableCheckpointError as error:
        folder.write_error(f"The checkpoint could not be used; training started again.\n{error}\n")
        for path in (folder.checkpoint, folder.checkpoint_before):
            path.unlink(missing_ok=True)
        _write_run(trial, store, dataset, device, trains=True)
        trained = train(trial, dataset, folder, device, monitor, observe, team)
    return with_chosen_weights(trial, trained, folder, device)


def _write_run(
    trial: Trial, store: TrialStore, dataset: Dataset, device: torch.device, *, trains: bool
) -> None:
    """Record what is run and where; the attempt is appended to earlier ones.

    The provenance is that of the training: an attempt that only measures leaves it as it is.
    """
    folder = store.trial(trial)
    earlier = folder.read("run.json") or {
        "registered": (registration(store, trial.study) or {}).get("sha256")
    }
    facts = provenance.code_and_machine()
    attempt = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "trains": trains,
        "tool": provenance.tool(facts),
    }
    is_cuda = device.type == "cuda"
    here = {
        **facts,
        "device": torch.cuda.get_device_name(device) if is_cuda else device.type,
        "cuda": torch.version.cuda if is_cuda else None,
        "threads": torch.get_num_threads(),
        "data_hash": dataset.hash,
    }
    folder.write(
        "run.json",
        {
            "format": FORMAT,
            "study": trial.study,
            "arm": trial.arm,
            "seed": trial.seed,
            "config_hash": trial.config_hash,
            "config": trial.config,
            "registered": earlier.get("registered"),
            "attempts": [*earlier.get("attempts", []), attempt],
            "provenance": here if trains else earlier.get("provenance", here),
        },
    )


def _note_end(folder: TrialFolder) -> None:
    """Record when the attempt ended, however it did; one that was killed has no end."""
    with contextlib.suppress(UserError):  # what ended it may be that nothing can be written
        run = folder.read("run.json")
        if run is not None:
            *earlier, last = run["attempts"]
            ended = datetime.now(UTC).isoformat(timespec="seconds")
            folder.write("run.json", {**run, "attempts": [*earlier, {**last, "ended": ended}]})
