"""``status``: how far the trials of a study are, what they have cost, and what is left."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.options import (
    RESULTS,
    Arms,
    Json,
    Results,
    Scale,
    Seeds,
    Set,
    chosen,
    read_study,
)
from ogan_bench.cli.output import bytes_text, print_json, print_table, print_text, say

if TYPE_CHECKING:
    from ogan_bench.analysis.effort import Effort, Planned
    from ogan_bench.store.trial_store import TrialStore


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
    from ogan_bench.analysis.effort import Planned, effort
    from ogan_bench.analysis.states import states
    from ogan_bench.store.disk import bytes_on_disk
    from ogan_bench.store.trial_folder import TrialFolder
    from ogan_bench.store.trial_store import TrialStore

    store = TrialStore(results)
    stored = store.studies()
    if not stored:
        say(f"{results}: no study is stored here yet")
    if study.stem in stored and not study.is_file() and scale is None and not override:
        name = study.stem
        planned = _planned_when_stored(store, name, arms, seeds)
    else:
        statement, wanted = read_study(study, scale, arms, seeds, override)
        name = statement.folder
        planned = {
            trial.id: Planned(trial.settings.training.steps, trial.settings.training.processes)
            for trial in wanted
        }
    folders = {trial: TrialFolder(store.root / trial) for trial in planned}
    standing, found = states(store, name, folders)
    for of in found.values():
        if of.problem is not None:
            say(of.problem)
    spent, disk = effort(found, planned), bytes_on_disk(store.root / name)
    rows: list[dict[str, Any]] = [
        {
            "trial": trial,
            "state": of.state,
            "outcome": of.outcome,
            "step": of.step,
            "steps": planned[trial].steps,
            "seconds": of.seconds,
            "silent_seconds": of.silent_seconds,
        }
        for trial, of in found.items()
    ]
    if as_json:
        facts = {**asdict(spent), "seconds_left": spent.seconds_left, "disk_bytes": disk}
        print_json({"standing": standing.record(), **facts, "trials": rows})
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
    print_text(_in_words(spent, len(rows)) + f"; {bytes_text(disk)} on disk")


def _planned_when_stored(
    store: TrialStore, study: str, arms: str | None, seeds: str | None
) -> dict[str, Planned]:
    """The trials that a stored study plans, and what each is to take."""
    from ogan_bench.analysis.effort import Planned
    from ogan_bench.study.arguments import parse_seeds

    record = store.read_study(study)
    wanted = chosen(arms, list(record["arms"]), "--arms") or record["arms"]
    return {
        f"{study}/{arm}/seed-{seed}": Planned(
            config["training"]["steps"], config["training"].get("processes", 1)
        )
        for arm, config in record["arms"].items()
        if arm in wanted
        for seed in (record["seeds"] if seeds is None else parse_seeds(seeds))
    }


def _in_words(effort: Effort, trials: int) -> str:
    """``12 of 25 trials are over: 0.3 device-hours so far, about 0:10:00 left``."""
    from ogan_bench.runner.pace import left

    text = f"{effort.over} of {trials} trials are over: {effort.device_seconds / 3600:.2g}"
    text += " device-hours so far"
    if effort.seconds_left is not None:
        text += f", {left(effort.seconds_left)} with {effort.running} at a time"
    elif effort.device_seconds_left:
        text += f", about {effort.device_seconds_left / 3600:.2g} left"
    return text


def _silence(seconds: float | None) -> str:
    """What a user should know of a running trial that is silent."""
    from ogan_bench.store.trial_folder import SILENT_SECONDS

    if seconds is None or seconds < SILENT_SECONDS:
        return ""
    return f", silent for {seconds / 60:.0f} min"
