"""``plan``: what a run would do, and what it takes."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    read_study,
)
from ogan_bench.cli.output import bytes_text, print_json, print_table, print_text, say

if TYPE_CHECKING:
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
    left = _left(wanted, results)
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
                "left": sum(trial.arm == arm for trial in left),
                "processes": training.processes,
                "seconds_per_trial": None,
                "basis": None,
            }
        )
    slots, speedup, recommended, disk = 0, 1.0, None, None
    if measure is not False:
        from ogan_bench.features.cache import cache_dir
        from ogan_bench.runner.devices import slots as find_slots
        from ogan_bench.runner.estimate import seconds_per_step, step_time, weights
        from ogan_bench.runner.machine_speed import read_speed
        from ogan_bench.runner.measure_speed import this_machine

        machine = this_machine(find_slots(device, 1, 1)[0])
        speed = None if measure else read_speed(cache_dir(), machine)
        recommended = None if speed is None else speed.recommended_workers
        devices = find_slots(device, workers or recommended, len(wanted))
        slots = len(devices)
        speedup = float(slots) if speed is None else speed.speedup(slots)
        disk, most = 0, 0
        for row in rows:
            trial = next(trial for trial in wanted if trial.arm == row["arm"])
            if speed is None:
                say(f"measuring {row['arm']} ...")
                seconds, basis = seconds_per_step(trial, devices[0]), "timed"
            else:
                step = step_time(trial, devices[0], speed)
                seconds, basis = step.seconds, "estimated" if step.is_estimate else "measured"
            row |= {"seconds_per_trial": row["steps"] * seconds, "basis": basis}
            of = weights(trial)
            disk, most = disk + row["trials"] * of.kept, max(most, of.meanwhile)
        disk += most * slots
        if speed is None and measure is None:
            say("`ogan-bench bench` measures this machine once, and how many workers pay.")
    seconds, seconds_left = (
        sum(row[which] * row["processes"] * (row["seconds_per_trial"] or 0) for row in rows)
        / speedup
        for which in ("trials", "left")
    )
    ranks = seeds_for_ranks(len(statement.hypotheses), statement.alpha)
    plugins = _plugins(wanted)
    facts = {
        "study": statement.folder,
        "trials": len(wanted),
        "trials_left": len(left),
        "seeds_for_ranks": ranks if statement.hypotheses else None,
        "steps": sum(row["trials"] * row["steps"] for row in rows),
        "slots": slots or None,
        "recommended_workers": recommended,
        "training_seconds": seconds if slots else None,
        "training_seconds_left": seconds_left if slots else None,
        "device_seconds": seconds * slots if slots else None,
        "disk_bytes": disk,
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
        total += f", about {seconds / 60:.1f} min of training in {slots} workers"
    if recommended is not None and workers is None:
        total += " (the best number here)"
    if disk is not None:
        total += f", {seconds * slots / 3600:.2g} device-hours, {bytes_text(disk)} of weights"
    print_text(total)
    if len(left) < len(wanted):
        done = f"Finished in {results}: {len(wanted) - len(left)}; left: {len(left)}"
        time_left = f", about {seconds_left / 60:.1f} min of training" if slots and left else ""
        print_text(done + time_left)
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


def _left(wanted: list[Trial], results: Path) -> list[Trial]:
    """The trials that a run would still have to do."""
    from ogan_bench.errors import UserError
    from ogan_bench.runner.study import unfinished
    from ogan_bench.store.trial_store import TrialStore

    try:
        return unfinished(TrialStore(results), wanted)
    except UserError as error:
        say(f"A run into {results} would be refused:\n{error}")
        return wanted


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
