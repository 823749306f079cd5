"""The Python interface: studies, runs and results, for notebooks and scripts.

Everything here is also available on the command line; files are the only state. The names in
:data:`__all__` are kept stable.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from ogan_bench.analysis.analyse import Analysis, analyse, analyse_stored
from ogan_bench.analysis.claim_setting import dataset_name
from ogan_bench.analysis.loading import load_results as load_study_results
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import Verdict, judge
from ogan_bench.errors import UserError
from ogan_bench.remote import WEIGHTS, fetched, is_url
from ogan_bench.report.figure_list import Selection
from ogan_bench.report.figures import Drawing, forest_figure
from ogan_bench.report.report import Report, write_report
from ogan_bench.runner.executor import Place
from ogan_bench.runner.study import execute, store_study, unfinished
from ogan_bench.runner.workers import exit_if_imported_by_worker
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import StudySettings
from ogan_bench.study.shipped import find_study
from ogan_bench.study.trial import Trial, trials

__all__ = ["Results", "Study", "load_results", "run"]


@dataclass(frozen=True)
class Study:
    """A study: one question, arms as settings, seeds, metrics and hypotheses.

    Args:
        path: Its file.
        settings: The validated study at one scale.
        scale: One of the file's scales, or none.
        overrides: ``key.path=value`` settings overridden in all arms.
    """

    path: Path
    settings: StudySettings
    scale: str | None = None
    overrides: tuple[str, ...] = ()

    @classmethod
    def from_yaml(
        cls, path: Path | str, *, scale: str | None = None, overrides: Sequence[str] = ()
    ) -> Study:
        """Read and validate a study file.

        Args:
            path: The file, or the name of a shipped study.
            scale: One of the file's ``scales``.
            overrides: For example ``["training.steps=500"]``.

        Raises:
            UserError: The file cannot be read.
            StudyError: Every problem found, each with file, line, column and key.
        """
        found = find_study(Path(path))
        settings = load_study(found, scale=scale, overrides=overrides)
        return cls(found, settings, scale, tuple(overrides))

    @property
    def name(self) -> str:
        """Name of its results folder."""
        return self.settings.folder

    @property
    def question(self) -> str:
        """The question that the study asks."""
        return self.settings.question

    @property
    def arms(self) -> list[str]:
        """Names of its arms."""
        return list(self.settings.arms)

    @property
    def seeds(self) -> list[int]:
        """Training seeds, for every arm."""
        return list(self.settings.seeds)

    @property
    def hypotheses(self) -> pd.DataFrame:
        """One row per hypothesis: id, claim, test, metric and arms."""
        return pd.DataFrame(
            [
                {
                    "id": hypothesis.id,
                    "claim": hypothesis.claim,
                    "test": hypothesis.test,
                    "metric": hypothesis.metric,
                    "arms": ", ".join(arm for _, arm in hypothesis.named_arms),
                }
                for hypothesis in self.settings.hypotheses
            ],
            columns=["id", "claim", "test", "metric", "arms"],
        )

    def trials(
        self, *, arms: Sequence[str] | None = None, seeds: Sequence[int] | None = None
    ) -> list[Trial]:
        """Its trials, seed by seed, optionally only those of the given arms and seeds."""
        return trials(self.settings, arms, seeds)

    def _repr_html_(self) -> str:
        facts = f"{len(self.arms)} arms × {len(self.seeds)} seeds: {', '.join(self.arms)}"
        return (
            f"<b>{html.escape(self.name)}</b><p>{html.escape(self.question)}</p>"
            f"<p>{html.escape(facts)}</p>{self.hypotheses.to_html(index=False, escape=True)}"
        )


class Results:
    """The stored results of a study, finished or not.

    Args:
        root: The results folder, a path or the URL of one.
        name: Name of the study's folder.

    Raises:
        UserError: The URL cannot be read.
    """

    def __init__(self, root: Path | str, name: str) -> None:
        self.root = fetched(root, leave_out=WEIGHTS)
        self.name = name
        self._is_copy = is_url(root)

    @cached_property
    def stored(self) -> StudyResults:
        """The tables as the report reads them."""
        return load_study_results(self.root, self.name)

    @cached_property
    def analysis(self) -> Analysis:
        """Everything that the report shows."""
        return analyse(self.stored)

    @cached_property
    def _judged(self) -> list[Verdict]:
        """The verdicts alone, without reading the training logs."""
        return judge(self.stored)

    @property
    def data(self) -> pd.DataFrame:
        """One row per measurement, as returned by :func:`load_results`."""
        return _measurements(self.stored)

    @property
    def trials(self) -> pd.DataFrame:
        """One row per planned trial: arm, seed, outcome, reason, steps, seconds etc."""
        return self.stored.trials.copy()

    @property
    def summary(self) -> pd.DataFrame:
        """One row per metric and arm: mean, interval, n, and the difference to the control."""
        return self.analysis.estimates.copy()

    @property
    def log(self) -> pd.DataFrame:
        """Training curves: arm, seed, step and all logged quantities."""
        return self.analysis.log.copy()

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row per hypothesis, with the numbers behind its verdict."""
        rows = []
        for verdict in self._judged:
            finding, sensitivity = verdict.finding, verdict.sensitivity
            rows.append(
                {
                    "id": verdict.hypothesis.id,
                    "claim": verdict.hypothesis.claim,
                    "decision": verdict.decision,
                    "quantity": finding.quantity,
                    "estimate": finding.estimate.estimate,
                    "low": finding.estimate.low,
                    "high": finding.estimate.high,
                    "method": finding.method,
                    "n": min(finding.n),
                    "p": verdict.p_adjusted,
                    "p_opposite": verdict.p_opposite,
                    "p_equivalent": verdict.p_equivalent,
                    "p_welch": verdict.p_welch,
                    "detectable": verdict.detectable,
                    "rests_on": "" if sensitivity is None else sensitivity.words,
                    "reason": verdict.reason,
                }
            )
        return pd.DataFrame(rows)

    def forest(self) -> Drawing:
        """Forest plot: the hypotheses' estimates with intervals, and where the claims hold.

        Raises:
            UserError: The study has no hypotheses.
        """
        if not self._judged:
            raise UserError(f"{self.name}: has no hypotheses to draw")
        return forest_figure(self._judged)

    def report(
        self,
        *,
        formats: Sequence[str] = ("html", "md", "csv"),
        figures: Selection = "main",
        figure_formats: Sequence[str] = ("svg",),
        arms: Sequence[str] | None = None,
        metrics: Sequence[str] | None = None,
        transpose: bool = False,
        out: Path | str | None = None,
    ) -> Report:
        """Write the report; see ``ogan-bench report``.

        Args:
            formats: ``html``, ``md``, ``csv``, ``json``, ``latex``, ``latex-column``,
                ``latex-methods`` and ``bib``.
            figures: Those of the hypotheses' metrics (``main``), or ``all``.
            figure_formats: ``svg``, ``png`` and ``pdf``.
            arms: Only these arms in tables and figures, in this order. Marks still compare all
                arms, and all verdicts are shown. Needs ``out``.
            metrics: Only these metrics, likewise.
            transpose: Whether arms are columns of the tables of means.
            out: Folder in which to make one for the study; by default the report goes into the
                study's folder.

        Raises:
            UserError: There is no such arm, metric or format, a selection has no ``out``, or a file
                cannot be written.
        """
        if out is None and self._is_copy:
            raise UserError(f"{self.name}: is read as a copy; say where its report goes with out")
        analysis = analyse_stored(self.root, self.name, arms=arms, metrics=metrics)
        return write_report(
            analysis,
            formats=formats,
            figures=figures,
            figure_formats=figure_formats,
            transpose=transpose,
            folder=None if out is None else Path(out) / self.name,
        )

    def _repr_html_(self) -> str:
        shown = self.verdicts.reindex(columns=["decision", "claim", "reason"])
        outcomes = self.stored.trials["outcome"].value_counts()
        counts = ", ".join(f"{n} {name}" for name, n in outcomes.items())
        return (
            f"<b>{html.escape(self.name)}</b><p>{html.escape(counts)}; "
            f"{self.stored.standing.text}</p>"
            f"{shown.to_html(index=False, escape=True)}"
        )


def run(
    study: Study,
    out: Path | str = "results",
    *,
    arms: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    device: str = "auto",
    workers: int | None = None,
    checkpoint_seconds: float = 30.0,
    trial_budget: float | None = None,
    stall_minutes: float | None = None,
) -> Results:
    """Train and evaluate all unfinished trials; finished ones are skipped.

    Trials run in separate processes, so a script that calls this needs the usual
    ``if __name__ == "__main__":``. Progress goes to standard error.

    Args:
        study: The study.
        out: Results folder.
        arms: Run only these arms.
        seeds: Seeds to use instead of the study's.
        device: ``auto``, ``cpu``, ``cuda`` (all GPUs) or ``cuda:N``.
        workers: Number of trials in parallel; by default one per core or GPU.
        checkpoint_seconds: Time between checkpoints: the most work that a kill can lose.
        trial_budget: Seconds of training after which a trial is measured as it is.
        stall_minutes: Minutes without a sign of life after which the process of a trial is ended;
            ``None``: never.

    Returns:
        The results, including failed trials: see :attr:`Results.trials`.

    Raises:
        UserError: Data are missing, stored trials have a different configuration, or the calling
            script has no main guard.
        KeyboardInterrupt: The run was interrupted; the same call resumes it.
    """
    exit_if_imported_by_worker()
    store = TrialStore(Path(out))
    wanted = study.trials(arms=arms, seeds=seeds)
    todo = unfinished(store, wanted, trial_budget)
    store_study(store, study.settings, wanted, study.path, study.scale, study.overrides)
    if todo:
        ending = execute(
            *(todo, len(wanted), store.root, Place("local", device, workers), checkpoint_seconds),
            trial_budget=trial_budget,
            stall_minutes=stall_minutes,
        )
        if ending.is_stopped:
            raise KeyboardInterrupt
    return Results(store.root, study.name)


def load_results(path: Path | str = "results", *studies: str) -> pd.DataFrame:
    """Every stored measurement as one tidy table.

    Args:
        path: A results folder, or the folder of one study in it; a path or the URL of one.
        studies: Names of studies; all if none are given.

    Returns:
        One row per measurement: study, dataset, arm, seed, outcome of the trial, metric, value,
        n_samples, split, extractor, protocol, floor and note. Values are comparable if
        extractor, split, protocol and n_samples agree.

    Raises:
        UserError: There is no such folder or study, or a file cannot be read.
    """
    root = fetched(path, leave_out=WEIGHTS)
    if not root.is_dir():
        what = "a file, and no results folder" if root.exists() else "no such folder"
        raise UserError(f"{path}: {what}; `ogan-bench run` makes one")
    if (root / "study.json").exists():
        root, studies = root.resolve().parent, (root.resolve().name,)
    names = studies or TrialStore(root).studies()
    tables = [_measurements(load_study_results(root, name)) for name in names]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["study"])


def _measurements(results: StudyResults) -> pd.DataFrame:
    data = results.metrics.merge(results.trials[["arm", "seed", "outcome"]], on=["arm", "seed"])
    arms = results.record["arms"]
    names = [dataset_name(arms[arm].get("data")) for arm in data["arm"]]
    data.insert(0, "study", results.name)
    data.insert(1, "dataset", names)
    data.insert(4, "outcome", data.pop("outcome"))
    return data
