"""``plan``: what a run would do, and what it takes."""

from __future__ import annotations

import shlex
from enum import Enum, StrEnum, auto
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
    from ogan_bench.study.settings import StudySettings
    from ogan_bench.study.trial import Trial


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TABLE = "table"
    TASKS = "tasks"


class Timing(Enum):
    """Where the time of a step is taken from."""

    MEASURED = auto()
    """The measurement by ``ogan-bench bench``; without one, nothing is said about time."""
    MEASURED_OR_TIMED = auto()
    """That measurement; without one, a few steps of every arm are timed."""
    TIMED = auto()
    NONE = auto()


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
    timing = {None: Timing.MEASURED_OR_TIMED, True: Timing.TIMED, False: Timing.NONE}[measure]
    facts = planned(statement, wanted, results, timing=timing, device=device, workers=workers)
    if as_json:
        print_json(facts)
        return
    print_plan(facts, results, is_best=workers is None)


def planned(
    statement: StudySettings,
    wanted: list[Trial],
    results: Path,
    *,
    timing: Timing,
    device: str = "auto",
    workers: int | None = None,
) -> dict[str, Any]:
    """What a run of some trials would do, as ``plan --json`` prints it.

    Args:
        statement: The study.
        wanted: The trials.
        results: The results folder.
        timing: Where times are taken from.
        device: Where the trials would be trained, as on the command line.
        workers: How many would be trained at a time; ``None``: as many as pay.

    Raises:
        UserError: The device or the data are not there.
    """
    from ogan_bench.study.procedure import seeds_for_ranks

    hypotheses, left = len(statement.hypotheses), _left(wanted, results)
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
    cost: dict[str, Any] = {
        "slots": None,
        "recommended_workers": None,
        "training_seconds": None,
        "training_seconds_left": None,
        "device_seconds": None,
        "disk_bytes": None,
    }
    if timing is not Timing.NONE:
        cost |= _cost(rows, wanted, timing, device, workers)
    return {
        "study": statement.folder,
        "trials": len(wanted),
        "trials_left": len(left),
        "seeds": len({trial.seed for trial in wanted}),
        "hypotheses": hypotheses,
        "seeds_for_ranks": seeds_for_ranks(hypotheses, statement.alpha) if hypotheses else None,
        "steps": sum(row["trials"] * row["steps"] for row in rows),
        **cost,
        "plugins": _plugins(wanted),
        "arms": rows,
    }


def print_plan(facts: dict[str, Any], results: Path, *, is_best: bool) -> None:
    """Print a plan.

    Args:
        facts: What :func:`planned` returns.
        results: The results folder.
        is_best: Whether its number of workers is the one that is recommended.
    """
    rows, slots = facts["arms"], facts["slots"]
    print_table(
        ("arm", "trials", "steps", "images", "s/trial"),
        [[*list(row.values())[:4], _seconds(row)] for row in rows],
    )
    total = f"{facts['study']}: {facts['trials']} trials, {facts['steps']} steps"
    if slots:
        total += f", about {facts['training_seconds'] / 60:.1f} min of training in {slots} workers"
    if facts["recommended_workers"] is not None and is_best:
        total += " (the best number here)"
    if slots:
        total += (
            f", {facts['device_seconds'] / 3600:.2g} device-hours, "
            f"{bytes_text(facts['disk_bytes'])} of weights"
        )
    print_text(total)
    if (left := facts["trials_left"]) < facts["trials"]:
        done = f"Finished in {results}: {facts['trials'] - left}; left: {left}"
        minutes = (facts["training_seconds_left"] or 0) / 60
        print_text(done + (f", about {minutes:.1f} min of training" if slots and left else ""))
    for plugin in facts["plugins"]:
        used = ", ".join(plugin["arms"])
        print_text(f"Runs the code of {plugin['file']} (SHA-256 {plugin['sha256']}) in {used}")
    if facts["hypotheses"] and facts["seeds"] < facts["seeds_for_ranks"]:
        print_text(
            "Where a training fails or values are counts, tests are by ranks: these take "
            f"{facts['seeds_for_ranks']} seeds to decide one of {facts['hypotheses']} hypotheses "
            f"first, not {facts['seeds']}."
        )
    if any(row["basis"] == "estimated" for row in rows):
        print_text("~: estimated by FLOPs from the nets that `ogan-bench bench` has measured")


def _cost(
    rows: list[dict[str, Any]],
    wanted: list[Trial],
    timing: Timing,
    device: str,
    workers: int | None,
) -> dict[str, Any]:
    """Time and disk of the trials, if their time is known; adds each arm's to its row."""
    from ogan_bench.features.cache import cache_dir
    from ogan_bench.runner.devices import slots as find_slots
    from ogan_bench.runner.estimate import seconds_per_step, step_time, weights
    from ogan_bench.runner.machine_speed import read_speed
    from ogan_bench.runner.measure_speed import this_machine

    machine = this_machine(find_slots(device, 1, 1)[0])
    speed = None if timing is Timing.TIMED else read_speed(cache_dir(), machine)
    if speed is None and timing is Timing.MEASURED:
        return {}
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
    if speed is None and timing is Timing.MEASURED_OR_TIMED:
        say("`ogan-bench bench` measures this machine once, and how many workers pay.")
    seconds, seconds_left = (
        sum(row[which] * row["processes"] * row["seconds_per_trial"] for row in rows) / speedup
        for which in ("trials", "left")
    )
    return {
        "slots": slots,
        "recommended_workers": recommended,
        "training_seconds": seconds,
        "training_seconds_left": seconds_left,
        "device_seconds": seconds * slots,
        "disk_bytes": disk + most * slots,
    }


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
