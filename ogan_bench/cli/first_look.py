"""``ogan-bench try``: one O-GAN on embedded digits, in under a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli.options import RESULTS, Device, Results
from ogan_bench.cli.output import say

STUDY, ARM = "mse_vs_pearson", "pearson"
SETTINGS = (
    "training.steps=800",
    "evaluation.samples=1000",
    "evaluation.groups=[interpolation]",
)


def try_it(
    results: Results = RESULTS,
    device: Device = "auto",
    show: Annotated[bool, typer.Option("--open", help="Show the pictures in the browser.")] = False,
) -> None:
    """Train one O-GAN on digits in under a minute, and show what it makes of them.

    It draws samples, reconstructions of test images, and walks between two of them. It needs no
    data and no GPU. One trial decides nothing: `ogan-bench run` repeats trials over seeds.

    \b
    Example:
      ogan-bench try --open
    """
    from ogan_bench.cli.report import open_page, print_report
    from ogan_bench.runner.executor import Place
    from ogan_bench.runner.study import execute, resolved_record, unfinished
    from ogan_bench.store.trial_store import TrialStore
    from ogan_bench.study.load import load_study
    from ogan_bench.study.shipped import find_study
    from ogan_bench.study.trial import trials

    file = find_study(Path(STUDY))
    whole = load_study(file, overrides=SETTINGS)
    study = whole.model_copy(
        update={
            "name": "first_look",
            "question": "What does an O-GAN make of handwritten digits?",
            "arms": {ARM: whole.arms[ARM]},
            "seeds": [0],
            "hypotheses": [],
            "published": [],
        }
    )
    store, wanted = TrialStore(results), trials(study)
    todo = unfinished(store, wanted)
    if todo:
        record = resolved_record(store, study, wanted, file, None, (), "try")
        store.write_study(study.folder, {**record, "command": "ogan-bench try"})
        ending = execute(todo, len(wanted), results, Place("local", device, workers=1))
        if ending.code:
            raise typer.Exit(ending.code)
    print_report(results, study.folder)
    folder = results / study.folder / ARM / "seed-0"
    for picture in ("samples.png", "reconstructions.png", "interpolations.png"):
        say(f"{folder / picture}")
    if show:
        open_page(results / study.folder / "report.html")
