"""``ogan-bench run``: train and evaluate unfinished trials, then report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli.mirror import TOOLS, accompanied
from ogan_bench.cli.options import (
    RESULTS,
    Arms,
    CheckpointSeconds,
    Device,
    ExecutorName,
    Job,
    MaxHours,
    Scale,
    Seeds,
    Set,
    StallMinutes,
    StudyPath,
    Workers,
    folder,
    place,
    read_study,
)
from ogan_bench.cli.output import say


def run(
    study: StudyPath,
    results: Annotated[
        Path | None,
        typer.Option(callback=folder, help="Results folder.", show_default=str(RESULTS)),
    ] = None,
    scale: Scale = None,
    arms: Arms = None,
    seeds: Seeds = None,
    override: Set = None,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="ARM/seed-N",
            help="This one of the trials, and no report; `ogan-bench plan --format tasks` prints "
            "such a command for each.",
        ),
    ] = None,
    workers: Workers = None,
    device: Device = "auto",
    executor: ExecutorName = "local",
    job: Job = None,
    checkpoint_seconds: CheckpointSeconds = 30.0,
    trial_budget: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Training time after which a trial stops and is evaluated as it is; another "
            "run with a larger budget or none resumes it.",
        ),
    ] = None,
    max_hours: MaxHours = None,
    stall_minutes: StallMinutes = None,
    live: Annotated[
        bool, typer.Option("--live", help="Show the live report in a browser.")
    ] = False,
    mirrors: Annotated[
        list[str] | None,
        typer.Option(
            "--mirror",
            metavar="NAME",
            autocompletion=TOOLS,
            help="Also log to tensorboard, mlflow or wandb.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(callback=folder, hidden=True)] = None,
) -> None:
    """Run a study: finished trials are skipped, interrupted and stopped ones are resumed.

    \b
    Examples:
      ogan-bench run mse_vs_pearson
      ogan-bench run my_study.yaml --scale smoke --arms none,pearson --seeds 0-1
      ogan-bench run my_study.yaml --set training.steps=3000 --device cuda
    """
    from ogan_bench.errors import UserError
    from ogan_bench.runner.launch import launched
    from ogan_bench.runner.stop_request import EXIT_AGAIN
    from ogan_bench.runner.study import (
        Ending,
        execute,
        help_first,
        stopped_by_budget,
        store_study,
        unfinished,
    )
    from ogan_bench.store.trial_store import TrialStore

    if results is not None and out is not None:
        raise UserError("--out is another name of --results: give one of them")
    root = results or out or RESULTS
    statement, wanted = read_study(study, scale, arms, seeds, override)
    store = TrialStore(root)
    asked = wanted if only is None else [t for t in wanted if t.id == f"{statement.folder}/{only}"]
    if not asked:
        raise UserError(
            f"--only {only}: no such trial; one is {wanted[0].arm}/seed-{wanted[0].seed}"
        )
    where, launch = place(executor, job, device, workers), launched()
    if launch is not None and not launch.is_first:
        raise typer.Exit(help_first(asked, where, launch, max_hours).code)
    todo = unfinished(store, asked, trial_budget, launch)
    page = root / statement.folder / "report.html"
    if not todo and not mirrors and (only is not None or page.exists()):
        stopped = 0 if trial_budget is None else stopped_by_budget(store, asked)
        said = f"{stopped} of {len(asked)} trials" if stopped else f"all {len(asked)} trials"
        say(
            f"Nothing to do: {said} of {statement.folder} "
            f"{'have used up their budget, the others are' if stopped else 'are'} finished.\n"
            + (f"Report: {page} " if page.exists() else "No report yet ")
            + f"(`ogan-bench report {statement.folder} --results {root}` makes it)"
        )
        raise typer.Exit(EXIT_AGAIN if stopped else 0)
    ending = Ending(0)
    with accompanied(root, statement.folder, live, mirrors or ()):
        store_study(store, statement, wanted, study, scale, override or ())
        if todo:
            ending = execute(
                *(todo, len(asked), root, where, checkpoint_seconds),
                trial_budget=trial_budget,
                max_hours=max_hours,
                stall_minutes=stall_minutes,
                launch=launch,
            )
    if not ending.code and trial_budget is not None and stopped_by_budget(store, asked):
        ending = Ending(EXIT_AGAIN)
    if ending.is_stopped or only is not None:
        raise typer.Exit(ending.code)

    from ogan_bench.cli.report import print_report

    try:
        print_report(root, statement.folder)
    except UserError as error:
        if not ending.code:
            raise
        say(str(error))  # what became of the trials matters more
    raise typer.Exit(ending.code)
