"""From stored results to one :class:`Analysis`: everything a report shows, computed once.

Reports, tables for the terminal and exports render its fields and compute nothing of their own.
Lists of studies only need an :class:`Overview` of each, which reads no training logs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ogan_bench.analysis import tables
from ogan_bench.analysis.ablation import Ablation, ablation
from ogan_bench.analysis.claim_setting import ClaimSetting, settings_of
from ogan_bench.analysis.history import course, load_history
from ogan_bench.analysis.live_contrast import SMOKE
from ogan_bench.analysis.loading import load_log, load_results
from ogan_bench.analysis.margin import MARGIN
from ogan_bench.analysis.meta_analysis import Claim, find_claims
from ogan_bench.analysis.methods import Methods, methods
from ogan_bench.analysis.ranks import ranked_metrics, ranks
from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.reproduction import Reproduction, compare
from ogan_bench.analysis.rerun import Rerun, rerun
from ogan_bench.analysis.results import StudyResults, records
from ogan_bench.analysis.selection import selected
from ogan_bench.analysis.study_answer import Answer, study_answer
from ogan_bench.analysis.summary import main_metrics, median_trial, summarise, worst_trial
from ogan_bench.analysis.sweeps import Sweep, find_sweeps
from ogan_bench.analysis.trial_rows import FINISHED
from ogan_bench.analysis.variance import variance
from ogan_bench.analysis.verdicts import DECISIONS, Decision, Verdict, judge
from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.metrics import Metric
from ogan_bench.store.trial_store import TrialStore


@dataclass(frozen=True)
class Overview:
    """Entry for one study in a list of studies.

    Args:
        question: What the study asks.
        counts: Decision to number of verdicts.
        finished: Trials with a result, failed trainings included.
        planned: Trials of the study.
        standing: Whether it was registered, deviates from that, and is complete.
        settings: The hypotheses that are settings of wider claims.
    """

    question: str
    counts: Mapping[Decision, int]
    finished: int
    planned: int
    standing: Standing
    settings: tuple[ClaimSetting, ...]


@dataclass(frozen=True)
class Survey:
    """Overviews of all studies in a results folder, and the claims they share.

    Args:
        studies: Name to overview, or to the reason why the study cannot be read.
        claims: Wider claims over all readable studies.
        smoke: Names of studies at the scale ``smoke``, which only tests that a study runs; they are
            not among the others.
    """

    studies: Mapping[str, Overview | str]
    claims: tuple[Claim, ...]
    smoke: tuple[str, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """Analysis of a study's stored results. Tables are lists of rows, column to value.

    Args:
        results: The stored results.
        overview: Question, counts of verdicts and progress.
        verdicts: One per hypothesis.
        answer: What they say in words.
        shown: How much of the study tables and figures show, in words; empty if everything, see
            :func:`~ogan_bench.analysis.selection.selected`.
        arms: The arms that they show, in their order.
        open_trials: Planned trials without a result.
        metrics: Name to definition, for the study's metrics and all others that were measured.
        estimates: One row per metric and arm, see :func:`~ogan_bench.analysis.summary.summarise`.
        summary: The same as rows.
        rows: The main table, one row per arm, see :func:`~ogan_bench.analysis.tables.means`.
        further: Tables of the same kind with all other metrics.
        control_text: Which arm the control of all differences is, and why.
        ablation: The arms as changes to the control, in the metrics of the main table.
        methods: How the study was made, its limits and its bibliography.
        ranked_metrics: Metrics with a direction.
        ranks: Ranks of the arms on these metrics.
        sweeps: Arms that differ in one numeric setting.
        main_metrics: The metrics that hypotheses are about.
        drawn_metrics: The metrics whose values have a figure.
        published: Tables quoted from the literature.
        comparison: Comparison with a reference run, if there is one.
        log: Training curves, see :func:`~ogan_bench.analysis.loading.load_log`.
        history: Evaluations during training, see
            :func:`~ogan_bench.analysis.history.load_history`.
        course: Best, last and mean of the last evaluations, per metric and arm.
        median_trials: Arm to its median trial by the first metric; arms without values left out.
        worst_trials: Arm to its worst trial, if that is not the median one.
        outcomes: Counts of trial outcomes per arm.
        health: The same with the last values of the training logs, as text.
        notes: Reasons for failures, and notes on measurements.
        cost: Median cost per arm, and cost of a step as a multiple of the control's.
        counted: Whether arithmetic and memory of a step were counted.
        variance: Variance components over training and sampling seeds.
        floors: Noise floors and chance levels.
        provenance: Code and machine of the trials.
        rerun: How to run the study again, and what to expect.
    """

    results: StudyResults
    overview: Overview
    verdicts: tuple[Verdict, ...]
    answer: Answer
    shown: str
    arms: list[str]
    open_trials: list[Record]
    metrics: Mapping[str, Metric]
    estimates: pd.DataFrame
    summary: list[Record]
    rows: list[Record]
    further: list[list[Record]]
    control_text: str
    ablation: Ablation
    methods: Methods
    ranked_metrics: list[str]
    ranks: list[Record]
    sweeps: list[Sweep]
    main_metrics: list[str]
    drawn_metrics: list[str]
    published: list[Record]
    comparison: Reproduction | None
    log: pd.DataFrame
    history: pd.DataFrame
    course: list[Record]
    median_trials: Mapping[str, Record]
    worst_trials: Mapping[str, Record]
    outcomes: list[Record]
    health: list[Record]
    notes: list[str]
    cost: list[Record]
    counted: bool
    variance: list[Record]
    floors: list[Record]
    provenance: list[Record]
    rerun: Rerun


def analyse(
    results: StudyResults, reference: StudyResults | None = None, margin: str = MARGIN
) -> Analysis:
    """Analyse a study.

    Args:
        results: Its stored results.
        reference: Another run of the study to compare with.
        margin: Share of the reference's means below which a difference does not matter.

    Raises:
        UserError: A stored log or hypothesis is invalid, the margin is none, or values of one
            metric were measured under different protocols.
    """
    verdicts = judge(results)
    log, history = load_log(results), load_history(results)
    estimates = summarise(results)
    main, *others = tables.columns(results)
    return Analysis(
        results=results,
        overview=_overview(results, verdicts),
        verdicts=tuple(verdicts),
        answer=study_answer(results, verdicts),
        shown="",
        arms=results.arms,
        open_trials=[row for row in results.planned if row["outcome"] not in FINISHED],
        metrics=tables.definitions(results),
        estimates=estimates,
        summary=records(estimates),
        rows=tables.means(results, estimates, main),
        further=[tables.means(results, estimates, names) for names in others],
        control_text=tables.control_text(results),
        ablation=ablation(results, main),
        methods=methods(results),
        ranked_metrics=ranked_metrics(results),
        ranks=ranks(results),
        sweeps=find_sweeps(results),
        main_metrics=main_metrics(results),
        drawn_metrics=results.record["metrics"],
        published=tables.published(results),
        comparison=None if reference is None else compare(results, reference, margin),
        log=log,
        history=history,
        course=course(results, history),
        median_trials={
            arm: trial for arm in results.arms if (trial := median_trial(results, arm)) is not None
        },
        worst_trials={
            arm: trial for arm in results.arms if (trial := worst_trial(results, arm)) is not None
        },
        outcomes=tables.outcomes(results),
        health=tables.health(results, log),
        notes=tables.notes(results),
        cost=tables.cost(results),
        counted=bool(results.trials["step_flops"].notna().any()),
        variance=variance(results),
        floors=tables.floors(results),
        provenance=tables.provenance(results.provenance),
        rerun=rerun(results),
    )


def analyse_stored(
    root: Path,
    study: str,
    against: Path | None = None,
    *,
    margin: str = MARGIN,
    arms: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
) -> Analysis:
    """Load a study and analyse it.

    Args:
        root: The results folder.
        study: Name of the study's folder.
        against: Another results folder with a study of this name to compare with.
        margin: Of that comparison, see :func:`~ogan_bench.analysis.reproduction.compare`.
        arms: The arms to show, see :func:`~ogan_bench.analysis.selection.selected`.
        metrics: The metrics to show.

    Raises:
        UserError: There is no such study, arm or metric, or as for :func:`analyse`.
    """
    results = load_results(root, study)
    reference = None if against is None else load_results(against, study)
    whole = analyse(results, reference, margin)
    return selected(whole, arms, metrics)


def survey(root: Path, known: Mapping[str, Overview] | None = None) -> Survey:
    """An overview of every study in a results folder, and the claims they share.

    Args:
        root: The results folder.
        known: Overviews already computed; these studies are not read again.
    """
    made = known or {}
    studies: dict[str, Overview | str] = {}
    settings: list[ClaimSetting] = []
    smoke: list[str] = []
    store = TrialStore(root)
    for name in store.studies():
        try:
            if store.read_study(name).get("scale") == SMOKE:
                smoke.append(name)
                continue
            found = made.get(name) or overview(root, name)
        except UserError as error:
            studies[name] = str(error)
        else:
            studies[name] = found
            settings += found.settings
    return Survey(studies, tuple(find_claims(settings)), tuple(smoke))


def overview(root: Path, study: str) -> Overview:
    """An overview of a stored study.

    Raises:
        UserError: The study cannot be read or judged.
    """
    results = load_results(root, study)
    return _overview(results, judge(results))


def _overview(results: StudyResults, verdicts: Sequence[Verdict]) -> Overview:
    counts = Counter(verdict.decision for verdict in verdicts)
    return Overview(
        question=results.record["question"],
        counts={decision: counts[decision] for decision in DECISIONS},
        finished=int(results.trials["outcome"].isin(FINISHED).sum()),
        planned=len(results.trials),
        standing=results.standing,
        settings=tuple(settings_of(results, verdicts)),
    )
