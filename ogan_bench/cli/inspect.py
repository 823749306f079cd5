"""Commands that only read: ``plan``, ``status``, ``schema``."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.options import (
    RESULTS,
    Arms,
    Device,
    Json,
    Results,
    Scale,
    Seeds,
    Set,
    StudyPath,
    chosen,
    read_study,
)
from ogan_bench.cli.output import print_json, print_table, print_text, say

if TYPE_CHECKING:
    from ogan_bench.store.trial_store import TrialStore
    from ogan_bench.study.trial import Trial


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TABLE = "table"
    TASKS = "tasks"


def plan(
    study: StudyPath,
    scale: Scale = None,
    arms: Arms = None,
    seeds: Seeds = None,
    override: Set = None,
    device: Device = "auto",
    workers: Annotated[int | None, typer.Option(min=1, help="Trials run at a time.")] = None,
    measure: Annotated[
        bool | None,
        typer.Option(
            help="Time a few steps of every arm, or say nothing about time. [default: as "
            "`ogan-bench bench` has measured, else timed]"
        ),
    ] = None,
    as_json: Json = False,
    format_: Annotated[
        PlanFormat,
        typer.Option("--format", help="tasks: a shell command for every trial, for schedulers."),
    ] = PlanFormat.TABLE,
    results: Results = RESULTS,
) -> None:
    """Show what a run would do and about how long it would take.

    \b
    Examples:
      ogan-bench plan mse_vs_pearson --scale paper
      ogan-bench plan mse_vs_pearson --format tasks
    """
    from ogan_bench.study.procedure import seeds_for_ranks

    statement, wanted = read_study(study, scale, arms, seeds, override)
    if format_ == PlanFormat.TASKS:
        from ogan_bench.runner.launch import program

        whole = ["run", str(study), "--results", str(results)]
        whole += ["--device", device] if device != "auto" else []
        for option, value in (("--scale", scale), ("--arms", arms), ("--seeds", seeds)):
            whole += [option, value] if value is not None else []
        for setting in override or ():
            whole += ["--set", setting]
        for trial in wanted:
            only = ["--only", f"{trial.arm}/seed-{trial.seed}"]
            print_text(shlex.join([*program(trial), *whole, *only]))
        return
    rows: list[dict[str, Any]] = []
    for arm in dict.fromkeys(trial.arm for trial in wanted):
        trials = [trial for trial in wanted if trial.arm == arm]
        training = trials[0].settings.training
        rows.append(
            {
                "arm": arm,
                "trials": len(trials),
                "steps": training.steps,
                "images": training.steps * training.batch_size,
                "processes": training.processes,
                "seconds_per_trial": None,
                "basis": None,
            }
        )
    slots, speedup, recommended = 0, 1.0, None
    if measure is not False:
        from ogan_bench.features.cache import cache_dir
        from ogan_bench.runner.devices import slots as find_slots
        from ogan_bench.runner.estimate import seconds_per_step, step_time
        from ogan_bench.runner.machine_speed import read_speed
        from ogan_bench.runner.measure_speed import this_machine

        machine = this_machine(find_slots(device, 1, 1)[0])
        speed = None if measure else read_speed(cache_dir(), machine)
        recommended = None if speed is None else speed.recommended_workers
        devices = find_slots(device, workers or recommended, len(wanted))
        slots = len(devices)
        speedup = float(slots) if speed is None else speed.speedup(slots)
        for row in rows:
            trial = next(trial for trial in wanted if trial.arm == row["arm"])
            if speed is None:
                say(f"measuring {row['arm']} ...")
                seconds, basis = seconds_per_step(trial, devices[0]), "timed"
            else:
                step = step_time(trial, devices[0], speed)
                seconds, basis = step.seconds, "estimated" if step.is_estimate else "measured"
            row |= {"seconds_per_trial": row["steps"] * seconds, "basis": basis}
        if speed is None and measure is None:
            say("`ogan-bench bench` measures this machine once, and how many workers pay.")
    seconds = sum(
        row["trials"] * row["processes"] * (row["seconds_per_trial"] or 0) for row in rows
    )
    ranks = seeds_for_ranks(len(statement.hypotheses), statement.alpha)
    plugins = _plugins(wanted)
    facts = {
        "study": statement.folder,
        "trials": len(wanted),
        "seeds_for_ranks": ranks if statement.hypotheses else None,
        "steps": sum(row["trials"] * row["steps"] for row in rows),
        "slots": slots or None,
        "recommended_workers": recommended,
        "training_seconds": seconds / speedup if slots else None,
        "plugins": plugins,
        "arms": rows,
    }
    if as_json:
        print_json(facts)
        return
    print_table(
        ("arm", "trials", "steps", "images", "s/trial"),
        [[*list(row.values())[:4], _seconds(row)] for row in rows],
    )
    total = f"{facts['study']}: {facts['trials']} trials, {facts['steps']} steps"
    if slots:
        total += f", about {seconds / speedup / 60:.1f} min of training in {slots} workers"
    if recommended is not None and workers is None:
        total += " (the best number here)"
    print_text(total)
    for plugin in plugins:
        used = ", ".join(plugin["arms"])
        print_text(f"Runs the code of {plugin['file']} (SHA-256 {plugin['sha256']}) in {used}")
    planned = len({trial.seed for trial in wanted})
    if statement.hypotheses and planned < ranks:
        print_text(
            "Where a training fails or values are counts, tests are by ranks: these take "
            f"{ranks} seeds to decide one of {len(statement.hypotheses)} hypotheses first, not "
            f"{planned}."
        )
    if any(row["basis"] == "estimated" for row in rows):
        print_text("~: estimated by FLOPs from the nets that `ogan-bench bench` has measured")


def status(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY",
            autocompletion=completion.studies_of_any_kind,
            help="A stored study, a study file (YAML), or the name of a shipped study.",
        ),
    ],
    results: Results = RESULTS,
    scale: Scale = None,
    arms: Arms = None,
    seeds: Seeds = None,
    override: Set = None,
    as_json: Json = False,
) -> None:
    """Show each trial: finished, stopped, running, interrupted, failed, damaged or missing.

    \b
    Examples:
      ogan-bench status mse_vs_pearson
      ogan-bench status mse_vs_pearson-smoke --results /shared/results
      ogan-bench status my_study.yaml --scale smoke --json
    """
    from ogan_bench.analysis.states import states
    from ogan_bench.store.trial_folder import TrialFolder
    from ogan_bench.store.trial_store import TrialStore

    store = TrialStore(results)
    stored = store.studies()
    if not stored:
        say(f"{results}: no study is stored here yet")
    if study.stem in stored and not study.is_file() and scale is None and not override:
        name = study.stem
        steps = _steps_of_stored(store, name, arms, seeds)
    else:
        statement, wanted = read_study(study, scale, arms, seeds, override)
        name = statement.folder
        steps = {trial.id: trial.settings.training.steps for trial in wanted}
    folders = {trial: TrialFolder(store.root / trial) for trial in steps}
    standing, found = states(store, name, folders)
    for of in found.values():
        if of.problem is not None:
            say(of.problem)
    rows: list[dict[str, Any]] = [
        {
            "trial": trial,
            "state": of.state,
            "outcome": of.outcome,
            "step": of.step,
            "steps": steps[trial],
            "silent_seconds": of.silent_seconds,
        }
        for trial, of in found.items()
    ]
    if as_json:
        print_json({"standing": standing.record(), "trials": rows})
        return
    print_text("\n  ".join([f"{name}: {standing.text}", *standing.deviations]))
    print_table(
        ("trial", "state", "outcome", "step"),
        [
            [
                r["trial"],
                r["state"] + _silence(r["silent_seconds"]),
                r["outcome"] or "",
                f"{r['step'] or 0}/{r['steps']}",
            ]
            for r in rows
        ],
    )


def _steps_of_stored(
    store: TrialStore, study: str, arms: str | None, seeds: str | None
) -> dict[str, int]:
    """The trials that a stored study plans, with their training steps."""
    from ogan_bench.study.arguments import parse_seeds

    record = store.read_study(study)
    wanted = chosen(arms, list(record["arms"]), "--arms") or record["arms"]
    return {
        f"{study}/{arm}/seed-{seed}": config["training"]["steps"]
        for arm, config in record["arms"].items()
        if arm in wanted
        for seed in (record["seeds"] if seeds is None else parse_seeds(seeds))
    }


def _silence(seconds: float | None) -> str:
    """What a user should know of a running trial that is silent."""
    from ogan_bench.store.trial_folder import SILENT_SECONDS

    if seconds is None or seconds < SILENT_SECONDS:
        return ""
    return f", silent for {seconds / 60:.0f} min"


def schema() -> None:
    """Print the JSON schema of study files, for completion and checks in editors.

    \b
    Example:
      ogan-bench schema > study.schema.json
    """
    from ogan_bench.study.schema import json_schema

    print_json(json_schema())


def _plugins(wanted: list[Trial]) -> list[dict[str, Any]]:
    """The plug-ins whose code the trials run, and in which arms."""
    found: dict[tuple[str, str], list[str]] = {}
    for trial in wanted:
        for file, sha256 in trial.settings.plugins.items():
            arms = found.setdefault((file, sha256), [])
            if trial.arm not in arms:
                arms.append(trial.arm)
    return [{"file": f, "sha256": sha256, "arms": arms} for (f, sha256), arms in found.items()]


def _seconds(row: dict[str, Any]) -> str:
    seconds = row["seconds_per_trial"]
    return "-" if seconds is None else f"{'~' * (row['basis'] == 'estimated')}{seconds:.0f}"
