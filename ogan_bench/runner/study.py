"""Runs a study: finds unfinished trials, stores the resolved study and runs the trials."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.runner.executor import Place
from ogan_bench.runner.launch import Launch, check_launch
from ogan_bench.runner.signals import handled
from ogan_bench.runner.stop_request import EXIT_AGAIN, StopRequest
from ogan_bench.store.claims import awaited
from ogan_bench.store.identity import ConflictError, check_identity
from ogan_bench.store.preregistration import deviations, register, registration
from ogan_bench.store.provenance import code_and_machine, tool
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.data_place import recorded_folder
from ogan_bench.study.load import study_record
from ogan_bench.study.settings import StudySettings
from ogan_bench.study.shipped import find_study, shipped_studies
from ogan_bench.study.trial import Trial, trials

if TYPE_CHECKING:
    from ogan_bench.runner.trial import TrialReport

EXIT_FAILED = 3


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Args:
        code: Its exit code.
        is_stopped: It was asked to stop before its last trial had ended.
    """

    code: int
    is_stopped: bool = False


def unfinished(
    store: TrialStore,
    wanted: list[Trial],
    trial_budget: float | None = None,
    launch: Launch | None = None,
) -> list[Trial]:
    """Trials without a result, or whose result is missing something that their settings request.

    This includes trials stopped by an earlier budget, unless they have used up this one too. With
    torchrun it is the one wanted trial in any case: the other processes wait to hear of it.

    Raises:
        UserError: Some are stored with a different configuration (all are named), the study is
            packed, so no trial can be added, or this is not the number of processes that they ask
            for.
    """
    conflicts = []
    todo = []
    for trial in wanted:
        folder = store.trial(trial).snapshot()
        try:
            check_identity(folder, trial)
            is_complete = folder.is_complete(trial, trial_budget)
        except ConflictError as error:
            conflicts.append(str(error))
            continue
        except UserError:  # damaged: this trial fails with the reason, and the others run
            is_complete = False
        if not is_complete:
            todo.append(trial)
    if conflicts:
        raise UserError("\n".join(conflicts))
    for trial in todo:
        store.trial(trial).check_not_packed()
    asked = todo if launch is None else wanted
    check_launch(asked, launch)
    return asked


def stopped_by_budget(store: TrialStore, wanted: list[Trial]) -> int:
    """How many trials have a result that a budget cut short."""
    results = (store.trial(trial).read("result.json") or {} for trial in wanted)
    return sum(result.get("outcome") == "stopped" for result in results)


def store_study(
    store: TrialStore,
    study: StudySettings,
    wanted: list[Trial],
    path: Path,
    scale: str | None,
    overrides: Sequence[str],
    verb: str = "run",
) -> None:
    """Register and store the resolved study, and say so where it is not what was registered.

    Raises:
        UserError: Stored trials that are not wanted now have other settings than their arms would.
    """
    with awaited(store.root / study.folder):  # or of two runs that add seeds one would lose them
        _check_the_others(store, study, wanted)
        record = resolved_record(store, study, wanted, path, scale, overrides, verb)
        register(store, study.folder, record)
        registered = registration(store, study.folder)
        if registered is None:
            say("Not registered: stored trials are older than any registration.")
        elif changes := deviations(registered, record, _trained_with(store, wanted)):
            changed = ["DEVIATED: this is not what was registered. Changed since:", *changes]
            say("\n  ".join(changed))
        store.write_study(study.folder, record)


def _check_the_others(store: TrialStore, study: StudySettings, wanted: list[Trial]) -> None:
    """Refuse settings under which stored trials would be of another study than the one stored.

    Only arms whose settings are not those of ``study.json`` are looked at, so a command for each of
    many trials does not read all the others.
    """
    known = store.read_study(study.folder)["identities"] if study.folder in store.studies() else {}
    changed = [arm for arm, now in study.arms.items() if now.identity() != known.get(arm)]
    if not changed:
        return
    asked = {(trial.arm, trial.seed) for trial in wanted}
    conflicts = []
    for folder in store.folders(study.folder):
        arm, seed = folder.path.parent.name, int(folder.path.name.removeprefix("seed-"))
        if arm not in changed or (arm, seed) in asked:
            continue
        (trial,) = trials(study, [arm], [seed])
        try:
            check_identity(folder.snapshot(), trial)
        except ConflictError as error:
            conflicts.append(str(error))
        except UserError:  # damaged: nothing says what it was
            continue
    if conflicts:
        more = f"\nFurther trials of another configuration: {len(conflicts) - 1}."
        raise UserError(conflicts[0] + (more if len(conflicts) > 1 else ""))


def _trained_with(store: TrialStore, wanted: list[Trial]) -> list[Record]:
    """What is about to train: this tool, or none where all trainings are over."""
    over = all(_is_over(store.trial(trial).snapshot(), trial) for trial in wanted)
    return [] if over else [tool(code_and_machine())]


def _is_over(folder: TrialFolder, trial: Trial) -> bool:
    """Whether a trial is not going to be trained; a damaged one is not."""
    try:
        return folder.is_trained() or folder.is_complete(trial)
    except UserError:
        return True


def resolved_record(
    store: TrialStore,
    study: StudySettings,
    wanted: list[Trial],
    path: Path,
    scale: str | None,
    overrides: Sequence[str],
    verb: str = "run",
) -> Record:
    """``study.json``; seeds given on the command line are added to those of the file.

    Its command is what runs the study again, by ``run`` or ``tune``.
    """
    file = find_study(path)
    if shipped_studies().get(file.stem) == file:
        named = file.stem  # known in every folder
    else:
        named = path.name if path.is_absolute() else path.as_posix()
    command = ["ogan-bench", verb, named]
    if scale:
        command += ["--scale", scale]
    for override in overrides:
        command += ["--set", override]
    known = store.studies()
    stored = store.read_study(study.folder)["seeds"] if study.folder in known else []
    seeds = sorted({*study.seeds, *stored, *(trial.seed for trial in wanted)})
    record = study_record(study, seeds, shlex.join(command))
    data = [arm.data for arm in study.arms.values()]
    folder = recorded_folder(data, study.file_folder, store.root)
    return record if folder is None else {**record, "file_folder": folder}


def execute(
    todo: list[Trial],
    wanted: int,
    out: Path,
    place: Place,
    checkpoint_seconds: float = 30.0,
    again: bool = False,
    trial_budget: float | None = None,
    samplings: int = 0,
    max_hours: float | None = None,
    stall_minutes: float | None = None,
    launch: Launch | None = None,
) -> Ending:
    """Run the trials, or measure them again, and print a summary.

    Raises:
        UserError: The trials cannot be run there.
    """
    if launch is not None:
        place = launch.place(place)
    stop = StopRequest(max_hours)
    reports: dict[str, TrialReport] = {}
    with (
        handled(stop.receive),
        suppress(KeyboardInterrupt),
        place.open(len(todo), out) as executor,
    ):
        # Torch is imported here while the processes just started are importing it too.
        from ogan_bench.runner.preflight import preflight
        from ogan_bench.runner.progress import display
        from ogan_bench.runner.scheduler import run_all
        from ogan_bench.runner.trial import Options

        preflight(todo)
        options = Options(
            *(out, checkpoint_seconds, again, trial_budget, samplings),
            patient=launch is not None,
            stall_seconds=None if stall_minutes is None else 60 * stall_minutes,
            launch=launch,
        )
        say(f"{len(todo)} of {wanted} trials to run on {executor.where}; results in {out}")
        with display(todo, out) as observer:
            ended = run_all(todo, options, executor, observer, stop)
            reports = {report.trial: report for report in ended}
            # Once more, for what other processes have finished or left meanwhile.
            # Not with torchrun, whose other processes have left.
            again_for_held = launch is None and not stop.is_due
            if again_for_held and (held := [t for t in todo if reports[t.id].status == "busy"]):
                ended = run_all(held, replace(options, patient=True), executor, observer, stop)
                reports |= {report.trial: report for report in ended}
    return _summary(todo, reports, stop, out)


def help_first(
    trials: list[Trial], place: Place, launch: Launch, max_hours: float | None
) -> Ending:
    """Help the first process of torchrun to train a trial.

    Raises:
        UserError: These are several trials, or not to be trained there or by so many processes.
    """
    check_launch(trials, launch)
    stop, failure = StopRequest(max_hours), None
    with (
        handled(stop.receive),
        suppress(KeyboardInterrupt),
        launch.place(place).open(1, Path()) as executor,
    ):
        from ogan_bench.runner.assistant import supervise

        failure = supervise(trials[0], launch, executor, stop)
    if failure is not None:
        say(f"failed: {failure}")
        return Ending(EXIT_FAILED)
    return Ending(stop.exit_code, is_stopped=True) if stop.is_due else Ending(0)


def _summary(
    todo: list[Trial], reports: dict[str, TrialReport], stop: StopRequest, out: Path
) -> Ending:
    """Say what a user must know of a run that has ended."""
    status = {trial.id: reports[trial.id].status if trial.id in reports else "" for trial in todo}
    failed = [report for report in reports.values() if report.status == "failed"]
    for report in failed:
        say(f"failed: {report.trial}: {report.message} (see {out / report.trial / 'error.txt'})")
    if stopped := sum(report.outcome == "stopped" for report in reports.values()):
        say(f"{stopped} trials were stopped by their budget; without it, they go on to their end")
    if left := [trial for trial, how in status.items() if how == "left"]:
        say(f"left as asked: {', '.join(left)}; the same command goes on with them")
    held = [trial for trial, how in status.items() if how == "busy"]
    if held:
        say(f"{len(held)} trials are being run by another process and were left to it")
    if stop.is_due and not {"", "interrupted"}.isdisjoint(status.values()):
        say(f"{stop.reason}; the same command goes on where this one stopped.")
        return Ending(stop.exit_code, is_stopped=True)
    if failed:
        return Ending(EXIT_FAILED)
    return Ending(EXIT_AGAIN if held or left else 0)


def say(message: str) -> None:
    """Print a message to standard error."""
    sys.stderr.write(message + "\n")
