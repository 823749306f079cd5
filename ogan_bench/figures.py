"""Figures from a table of measurements, for notebooks and papers.

They are displayed inline in notebooks and saved as SVG, PNG or PDF by ``.save(path)``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ogan_bench.analysis.ablation import differences_to
from ogan_bench.analysis.results import MEASURED, StudyResults
from ogan_bench.errors import UserError, did_you_mean
from ogan_bench.report.figures import (
    Drawing,
    differences_figure,
    seeds_figure,
    seeds_of_studies_figure,
)


def forest(data: pd.DataFrame, metric: str | None = None, control: str | None = None) -> Drawing:
    """Difference of every arm to a control, with 95 % intervals, paired by training seed.

    Arms are only compared within their study; several studies stand below one another.

    Args:
        data: Measurements of one or several studies, as :func:`ogan_bench.load_results` returns
            them.
        metric: Name of the metric; by default the first one that all studies have.
        control: The control arm; by default the first arm of each study. Arms on other data are
            left out.

    Raises:
        UserError: A name is not in the data of a study, no other arm has the control's data, or
            values of the metric were measured under different protocols.
    """
    studies = _studies(data)
    metric = _metric(studies, metric)
    found = {}
    for results in studies:
        compared = _known("arm", control, results)
        results.protocol(metric, compared)
        found[results.name] = differences_to(results, compared, metric)
        if not found[results.name]:
            raise UserError(
                f"{results.name}: no arm to compare {compared!r} with: it is the only one on its "
                "data"
            )
    shown = control or ", ".join(dict.fromkeys(results.arms[0] for results in studies))
    return differences_figure(metric, shown, found)


def seeds(data: pd.DataFrame, metric: str | None = None) -> Drawing:
    """Every trial's value of a metric, and each arm's mean with its 95 % t interval.

    Args:
        data: Measurements of one or several studies, as :func:`ogan_bench.load_results` returns
            them; each study has a panel.
        metric: Name of the metric; by default the first one that all studies have.

    Raises:
        UserError: A study has no such metric.
    """
    studies = _studies(data)
    metric = _metric(studies, metric)
    if len(studies) == 1:
        return seeds_figure(studies[0], metric)
    return seeds_of_studies_figure(studies, metric)


def _metric(studies: Iterable[StudyResults], name: str | None) -> str:
    """The metric of a figure, which all of its studies have."""
    first, *others = studies
    if name is None:
        every = (set(results.record["metrics"]) for results in others)
        shared = set(first.record["metrics"]).intersection(*every)
        name = next((metric for metric in first.record["metrics"] if metric in shared), None)
        if name is None:
            raise UserError("these studies have no metric in common")
    for results in (first, *others):
        _known("metric", name, results)
    return name


def _known(kind: str, name: str | None, results: StudyResults) -> str:
    known = results.arms if kind == "arm" else results.record["metrics"]
    if name is None:
        return str(known[0])
    if name not in known:
        raise UserError(
            f"{results.name}: no {kind} {name!r} in these data.{did_you_mean(name, known)}"
        )
    return name


def _studies(data: pd.DataFrame) -> list[StudyResults]:
    """The measurements as the studies they came from, without their hypotheses."""
    if data.empty:
        raise UserError("a figure needs measurements, and these data have none")
    return [_results(str(name), rows) for name, rows in data.groupby("study", sort=False)]


def _results(study: str, data: pd.DataFrame) -> StudyResults:
    arms = data.drop_duplicates("arm")
    record = {
        "folder": study,
        "arms": {
            arm: {"data": dataset}
            for arm, dataset in zip(arms["arm"], arms["dataset"], strict=True)
        },
        "seeds": sorted(data["seed"].unique()),
        "metrics": list(data["metric"].unique()),
        "hypotheses": [],
    }
    trials = data.drop_duplicates(["arm", "seed"])[["arm", "seed", "outcome"]]
    metrics = data.reindex(columns=list(MEASURED))
    return StudyResults(Path(), record, metrics, trials, {}, ())
