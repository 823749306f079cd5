"""``ogan-bench interrupt``: stop some of the trials that run, wherever they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.options import RESULTS, Arms, Json, Results, Seeds, chosen
from ogan_bench.cli.output import print_json, print_text, say


def interrupt(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", autocompletion=completion.stored_studies, help="A stored study."
        ),
    ],
    results: Results = RESULTS,
    arms: Arms = None,
    seeds: Seeds = None,
    as_json: Json = False,
) -> None:
    """Ask running trials, on whatever machine, to save their state and make way for others.

    After the step under way each saves a checkpoint and ends; its run goes on with its other
    trials, and ends with exit code 75. The command that runs the study resumes them. A trial that
    is being measured is measured to its end.

    \b
    Examples:
      ogan-bench interrupt mse_vs_pearson --arms pearson_strong
      ogan-bench interrupt my_study --seeds 3 --results /shared/results
    """
    from ogan_bench.store.trial_store import TrialStore
    from ogan_bench.study.arguments import parse_seeds

    store, name = TrialStore(results), Path(study).stem
    known = store.read_study(name)["arms"]
    wanted = chosen(arms, list(known), "--arms") or known
    numbers = None if seeds is None else set(parse_seeds(seeds))
    asked = []
    for folder in store.folders(name):
        arm, seed = folder.path.parent.name, int(folder.path.name.removeprefix("seed-"))
        if arm in wanted and (numbers is None or seed in numbers) and folder.is_running:
            folder.ask_to_stop()
            asked.append(f"{name}/{arm}/seed-{seed}")
    if as_json:
        print_json({"asked": asked})
        return
    for trial in asked:
        print_text(trial)
    say(f"Asked to save and stop: {len(asked)}" if asked else "None is running")
