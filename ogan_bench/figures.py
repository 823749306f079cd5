"""Figures from a table of measurements, for notebooks and papers.

They are displayed inline in notebooks and saved as SVG, PNG or PDF by ``.save(path)``.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ogan_bench.analysis.ablation import differences_to
from ogan_bench.analysis.results import MEASURED, StudyResults
from ogan_bench.errors import UserError, did_you_mean
from ogan_bench.report.figures import Drawing, differences_figure, seeds_figure


def forest(data: pd.DataFrame, metric: str | None = None, control: str | None = None) -> Drawing:
    """Difference of every arm to a control, with 95 % intervals, paired by training seed.

    Args:
        data: Measurements of one study, as :func:`ogan_bench.load_results` returns them.
        metric: Name of the metric; the first one by default.
        control: The control arm; the first arm by default. Arms on other data are left out.

    Raises:
        UserError: The data are from several studies, a name is not in them, no other arm has the
            control's data, or values of the metric were measured under different protocols.
    """
    results = _results(data)
    metric = _known("metric", metric, results.record["metrics"])
    control = _known("arm", control, results.arms)
    results.protocol(metric, control)
    differences = differences_to(results, control, metric)
    if not differences:
        raise UserError(f"no arm to compare {control!r} with: it is the only one on its data")
    return differences_figure(metric, control, differences)


def seeds(data: pd.DataFrame, metric: str | None = None) -> Drawing:
    """Every trial's value of a metric, and each arm's mean with its 95 % t interval.

    Args:
        data: Measurements of one study, as :func:`ogan_bench.load_results` returns them.
        metric: Name of the metric; the first one by default.

    Raises:
        UserError: The data are from several studies, or have no such metric.
    """
    results = _results(data)
    return seeds_figure(results, _known("metric", metric, results.record["metrics"]))


def _known(kind: str, name: str | None, known: list[str]) -> str:
    if name is None:
        return known[0]
    if name not in known:
        raise UserError(f"no {kind} {name!r} in these data.{did_you_mean(name, known)}")
    return name


def _results(data: pd.DataFrame) -> StudyResults:
    """The measurements as the study they came from, without its hypotheses."""
    studies = list(data["study"].unique())
    if len(studies) != 1:
        named = ", ".join(map(str, studies)) or "none"
        raise UserError(
            f"a figure is of one study, and these data are of {named}; choose one, such as "
            "data[data.study == '...']"
        )
    arms = data.drop_duplicates("arm")
    record = {
        "folder": studies[0],
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
