"""``ogan-bench work``: one of any number of workers on the studies of a results folder."""

from __future__ import annotations

import typer

from ogan_bench.cli.options import (
    CheckpointSeconds,
    Device,
    Json,
    MaxHours,
    Plugins,
    ResultsIfNamed,
    StallMinutes,
    StoredStudies,
    Workers,
    results_and_studies,
)
from ogan_bench.cli.output import print_json, say


def work(
    studies: StoredStudies = None,
    results: ResultsIfNamed = None,
    workers: Workers = None,
    device: Device = "auto",
    checkpoint_seconds: CheckpointSeconds = 30.0,
    max_hours: MaxHours = None,
    stall_minutes: StallMinutes = None,
    plugins: Plugins = None,
    as_json: Json = False,
) -> None:
    """Run the next free trial of stored studies until none is left.

    Any number of these commands, on any number of machines that share the folder, do the work of
    one `ogan-bench run`. A study gets into the folder by `ogan-bench register` or by its first run.

    \b
    Example:
      ogan-bench work --results /shared/results --max-hours 11.5
    """
    from ogan_bench.errors import UserError
    from ogan_bench.runner.executor import Place
    from ogan_bench.runner.study import Ending, execute, unfinished
    from ogan_bench.store.stored_trials import planned_trials
    from ogan_bench.store.trial_store import TrialStore

    root, names = results_and_studies(results, studies)
    if plugins and len(names) > 1:
        raise UserError("--plugin: its metrics would be measured in every study; name one of them")
    store = TrialStore(root)
    wanted = planned_trials(store, names, plugins=plugins or ())
    todo = unfinished(store, wanted)
    ending = Ending(0)
    if todo:
        ending = execute(
            *(todo, len(wanted), root, Place("local", device, workers), checkpoint_seconds),
            max_hours=max_hours,
            stall_minutes=stall_minutes,
        )
    else:
        say(f"Nothing to do: all {len(wanted)} trials of {', '.join(names)} are finished.")
    if as_json:
        print_json([{"trial": trial.id, "state": store.trial(trial).state()} for trial in wanted])
    raise typer.Exit(ending.code)
