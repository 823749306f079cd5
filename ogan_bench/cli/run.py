"""``ogan-bench run``: train and evaluate what is not there yet, then report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ogan_bench.cli.mirror import accompanied
from ogan_bench.cli.options import RESULTS, Arms, Device, Scale, Seeds, Set, StudyPath, read_study

if TYPE_CHECKING:
    from ogan_bench.config import Study
    from ogan_bench.store import TrialStore
    from ogan_bench.study import Trial

EXIT_FAILED = 3
EXIT_INTERRUPTED = 130


def run(
    study: StudyPath,
    out: Annotated[Path, typer.Option(help="Results folder.")] = RESULTS,
    scale: Scale = None,
    arms: Arms = None,
    seeds: Seeds = None,
    override: Set = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trials at a time. [default: cores, or GPUs]")
    ] = None,
    device: Device = "auto",
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="Time between checkpoints: the most a kill can cost.")
    ] = 30.0,
    trial_budget: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Training time of a trial, after which it is measured as it stands; run again "
            "with more or without, it goes on.",
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Show the report in a browser while it grows.")
    ] = False,
    mirrors: Annotated[
        list[str] | None,
        typer.Option("--mirror", metavar="NAME", help="Also to tensorboard, mlflow or wandb."),
    ] = None,
) -> None:
    """Run a study: finished trials are skipped, interrupted and stopped ones are resumed."""
    from ogan_bench.store import TrialStore

    statement, wanted = read_study(study, scale, arms, seeds, override)
    store = TrialStore(out)
    todo = unfinished(store, wanted, trial_budget)
    if not todo and not mirrors and (out / statement.folder / "report.html").exists():
        say(
            f"Nothing to do: all {len(wanted)} trials of {statement.folder} are finished"
            f"{' or have used up their budget' if trial_budget is not None else ''}.\n"
            f"Report: {out / statement.folder / 'report.html'} "
            f"(`ogan-bench report {statement.folder} --results {out}` makes it again)"
        )
        return
    code = 0
    with accompanied(out, statement.folder, live, mirrors or ()):
        store_study(store, statement, wanted, study, scale, override)
        if todo:
            code = execute(
                *(todo, len(wanted), out, device, workers, checkpoint_seconds),
                trial_budget=trial_budget,
            )
    if code == EXIT_INTERRUPTED:
        raise typer.Exit(code)

    from ogan_bench.cli.report import print_report

    print_report(out, statement.folder, against=None)
    raise typer.Exit(code)


def execute(
    todo: list[Trial],
    wanted: int,
    out: Path,
    device: str,
    workers: int | None,
    checkpoint_seconds: float = 30.0,
    again: bool = False,
    trial_budget: float | None = None,
    samplings: int = 0,
) -> int:
    """Run the trials, or measure them again, and say how it went; the exit code."""
    from ogan_bench.cli.progress import display
    from ogan_bench.execution.devices import slots
    from ogan_bench.execution.local import LocalExecutor

    devices = slots(device, workers, len(todo))
    with LocalExecutor(devices) as executor:
        from ogan_bench.execution.supervise import run_all
        from ogan_bench.pipeline import Options
        from ogan_bench.preflight import preflight

        preflight(todo)
        options = Options(out, checkpoint_seconds, again, trial_budget, samplings)
        where = ", ".join(f"{devices.count(name)} x {name}" for name in dict.fromkeys(devices))
        say(f"{len(todo)} of {wanted} trials to run on {where}; results in {out}")
        with display(todo, out) as observer:
            reports, interrupted = run_all(todo, options, executor, observer)

    failed = [report for report in reports if report.status == "failed"]
    busy = [report for report in reports if report.status == "busy"]
    for report in failed:
        say(f"failed: {report.trial}: {report.message} (see {out / report.trial / 'error.txt'})")
    if stopped := sum(report.outcome == "stopped" for report in reports):
        say(f"{stopped} trials were stopped by their budget; without it, they go on to their end")
    if busy:
        say(f"{len(busy)} trials are being run by another process and were left to it")
    if interrupted:
        say("Interrupted; the same command goes on where this one stopped.")
        return EXIT_INTERRUPTED
    return EXIT_FAILED if failed else 0


def unfinished(
    store: TrialStore, wanted: list[Trial], trial_budget: float | None = None
) -> list[Trial]:
    """Trials without a result, or whose result lacks something that they now ask for.

    Those that an earlier budget stopped are among them, unless they have used up this one too.

    Raises:
        UserError: Some are stored with another configuration; all are named.
    """
    from ogan_bench.errors import UserError
    from ogan_bench.store import ConflictError

    conflicts = []
    todo = []
    for trial in wanted:
        folder = store.trial(trial)
        try:
            folder.check_identity(trial)
        except ConflictError as error:
            conflicts.append(str(error))
        if not folder.is_complete(trial, trial_budget):
            todo.append(trial)
    if conflicts:
        raise UserError("\n".join(conflicts))
    return todo


def store_study(
    store: TrialStore,
    study: Study,
    wanted: list[Trial],
    path: Path,
    scale: str | None,
    overrides: list[str] | None,
) -> None:
    """Write the resolved study; seeds asked for on the command line join those of the file."""
    from ogan_bench.registration import register
    from ogan_bench.study import find_study, study_record

    command = ["ogan-bench", "run", path.name if path.is_absolute() else path.as_posix()]
    if scale:
        command += ["--scale", scale]
    for override in overrides or ():
        command += ["--set", override]
    known = store.studies()
    stored = store.read_study(study.folder)["seeds"] if study.folder in known else []
    seeds = sorted({*study.seeds, *stored, *(trial.seed for trial in wanted)})
    record = study_record(study, seeds, shlex.join(command), find_study(path))
    register(store, study.folder, record)
    store.write_study(study.folder, record)


def say(message: str) -> None:
    """A message for people."""
    sys.stderr.write(message + "\n")
