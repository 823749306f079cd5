"""``ogan-bench tune``: train the candidates of a study's searches, and say which are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ogan_bench.cli.options import (
    RESULTS,
    Device,
    ExecutorName,
    Job,
    Json,
    MaxHours,
    Results,
    Scale,
    StallMinutes,
    StudyPath,
    Workers,
    place,
)
from ogan_bench.cli.output import print_json, print_table, print_text, say

if TYPE_CHECKING:
    from ogan_bench.analysis.tuning import Choice
    from ogan_bench.study.settings import StudySettings


def tune(
    study: StudyPath,
    results: Results = RESULTS,
    scale: Scale = None,
    workers: Workers = None,
    device: Device = "auto",
    executor: ExecutorName = "local",
    job: Job = None,
    max_hours: MaxHours = None,
    stall_minutes: StallMinutes = None,
    as_json: Json = False,
) -> None:
    """Train the candidates of a study's `tune`, and say which of them are chosen.

    Finished trials are skipped. The study file is not changed: write the chosen values into it.

    \b
    Example:
      ogan-bench tune kind_or_pull --workers 2
    """
    from ogan_bench.analysis.loading import load_results
    from ogan_bench.analysis.tuning import choices
    from ogan_bench.errors import UserError
    from ogan_bench.runner.study import Ending, execute, store_study, unfinished
    from ogan_bench.store.trial_store import TrialStore
    from ogan_bench.study.candidates import candidates, study_of_candidates
    from ogan_bench.study.load import load_study
    from ogan_bench.study.shipped import find_study
    from ogan_bench.study.trial import trials

    tuned = load_study(find_study(study), scale=scale)
    found = candidates(tuned)
    if not found:
        raise UserError(f"{study}: has no `tune`, so there is nothing to choose")
    of_candidates = study_of_candidates(tuned, found)
    store, wanted = TrialStore(results), trials(of_candidates)
    todo = unfinished(store, wanted)
    ending = Ending(0)
    if todo:
        store_study(store, of_candidates, wanted, study, scale, (), "tune")
        ending = execute(
            *(todo, len(wanted), results, place(executor, job, device, workers)),
            max_hours=max_hours,
            stall_minutes=stall_minutes,
        )
    if ending.is_stopped:
        raise typer.Exit(ending.code)
    made = choices(found, load_results(results, of_candidates.folder))
    if as_json:
        print_json([_plain(tuned, choice) for choice in made])
    else:
        for choice in made:
            _show(tuned, choice)
        say(f"Results: {results / of_candidates.folder}")
    raise typer.Exit(ending.code)


def _show(study: StudySettings, choice: Choice) -> None:
    from ogan_bench.analysis.formatting import metric_info, number

    search = choice.search
    info = metric_info(search.metric)
    looked_for = "best" if search.target is None else f"nearest to {search.target:g}"
    print_text(f"{study.arm_titles.get(choice.arm, choice.arm)}: {info.title}, {looked_for}")
    keys = list(search.candidates)
    print_table(
        [*keys, "mean", "95 % interval", "failed", ""],
        [
            [
                *(str(one.candidate.values[key]) for key in keys),
                number(one.mean.estimate),
                f"{number(one.mean.low)} to {number(one.mean.high)}",
                one.failures or "",
                "chosen" if one is choice.chosen else "",
            ]
            for one in choice.tried
        ],
    )
    if choice.chosen is None:
        print_text("None is chosen: every candidate has trials that did not end well.\n")
    elif choice.chosen.candidate.settings == study.arms[choice.arm]:
        print_text("The study has these values.\n")
    else:
        values = choice.chosen.candidate.values.items()
        wanted = ", ".join(f"{key}: {value}" for key, value in values)
        print_text(f"The study has other values; write into arms.{choice.arm}: {wanted}\n")


def _plain(study: StudySettings, choice: Choice) -> dict[str, object]:
    chosen = choice.chosen
    return {
        "arm": choice.arm,
        "metric": choice.search.metric,
        "target": choice.search.target,
        "chosen": None if chosen is None else chosen.candidate.values,
        "study_has_it": chosen is not None and chosen.candidate.settings == study.arms[choice.arm],
        "tried": [
            {
                "values": one.candidate.values,
                "mean": one.mean.estimate,
                "low": one.mean.low,
                "high": one.mean.high,
                "failures": one.failures,
            }
            for one in choice.tried
        ],
    }
