"""Comparison with a reference: does a new run of a study reproduce the stored one?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ogan_bench.analysis.formatting import join_words, metric_info, pluralise
from ogan_bench.analysis.margin import MARGIN, share
from ogan_bench.analysis.results import PROTOCOL, StudyResults
from ogan_bench.analysis.trial_rows import FINISHED
from ogan_bench.statistics import (
    Interval,
    equivalence,
    holm,
    mean_interval,
    relative_interval,
    superiority,
)

Answer = Literal["agrees", "differs", "undecided", "not comparable"]

LEVEL = 0.05

RULE = (
    "Agrees: two one-sided tests show that the means differ by less than {margin} of the "
    f"reference's, p < {LEVEL}. Differs: not shown to agree, and Welch's two-sided test finds a "
    f"difference, p < {LEVEL}. Undecided: neither. Each after Holm's adjustment over all rows; the "
    "90 % intervals, in percent of the reference, are not adjusted. Values that are equal seed by "
    "seed agree without a test."
)

NAMED = 3
"""Most differing means that the answer names."""


@dataclass(frozen=True)
class Row:
    """One arm and metric in both runs.

    Args:
        metric: Name of the metric.
        arm: The arm.
        n: Values in this run.
        reference_n: Values in the reference.
        mean: Mean in this run.
        reference_mean: Mean in the reference.
        difference: As a share of the reference's mean, with its 90 % interval.
        answer: ``agrees``, ``differs``, ``undecided``; ``not comparable`` if the values were
            measured under different protocols.
        note: Why there is no test, and what else to know.
    """

    metric: str
    arm: str
    n: int
    reference_n: int
    mean: float
    reference_mean: float
    difference: Interval
    answer: Answer
    note: str

    @property
    def reach(self) -> float:
        """The largest difference in the interval; infinite or nan if unknown."""
        return max(abs(self.difference.low), abs(self.difference.high))


@dataclass(frozen=True)
class Reproduction:
    """Whether a run reproduces a reference.

    Args:
        margin: Share of the reference's mean below which a difference does not matter.
        sentence: The answer.
        rule: How each row is decided.
        rows: One for each arm and metric present in both.
    """

    margin: float
    sentence: str
    rule: str
    rows: tuple[Row, ...]


def compare(results: StudyResults, reference: StudyResults, margin: str = MARGIN) -> Reproduction:
    """Compare two runs arm by arm and metric by metric, by equivalence.

    A wide interval is never taken for agreement: two means *agree* only where two one-sided tests
    show that they differ by less than the margin. The tests are Welch's and take the reference's
    error along. They are not paired by seed: on another processor little is left of what a seed
    fixes, and where more is, Welch's test errs on the side of "undecided". What is bit for bit
    the same in every seed agrees without a test.

    Holm's adjustment is over all rows, so the probability of any false "agrees" is at most 5 %, and
    so is that of any false "differs".

    Args:
        results: This run.
        reference: The run to compare with.
        margin: Share of the reference's mean, such as ``10%``.

    Raises:
        UserError: The margin is none, or values within one run were measured under different
            protocols.

    References:
        D. J. Schuirmann, A comparison of the two one-sided tests procedure and the power approach
            for assessing the equivalence of average bioavailability, 1987.
        D. Lakens, Equivalence tests, 2017, https://doi.org/10.1177/1948550617697177 (both tests
            together: equivalent, different, or neither)
    """
    allowed = share(margin)
    pairs = [
        (metric, arm)
        for metric in results.metric_names
        if metric in reference.metric_names
        for arm in results.arms
        if arm in reference.arms
    ]
    compared = [_compared(results, reference, metric, arm, allowed) for metric, arm in pairs]
    same = holm([p_same for _, p_same, _ in compared])
    different = holm([p_different for *_, p_different in compared])
    rows = tuple(
        replace(row, answer=_answer(row, *tests))
        for (row, *_), *tests in zip(compared, same, different, strict=True)
    )
    shown = f"{100 * allowed:g} %"
    return Reproduction(allowed, _sentence(results, rows, shown), RULE.format(margin=shown), rows)


def _compared(
    results: StudyResults, reference: StudyResults, metric: str, arm: str, margin: float
) -> tuple[Row, float, float]:
    """A row without its answer, and the p-values of "the same" and of "different"."""
    own, other = results.by_seed(arm, metric), reference.by_seed(arm, metric)
    here, there = (np.array(list(values.values())) for values in (own, other))
    unlike = _unlike(results, reference, metric, arm)
    notes = [unlike] if unlike else []
    if results.identity(arm) != reference.identity(arm):
        notes.append("the arm's settings differ")
    unknown = Interval(math.nan, math.nan, math.nan)
    mean, reference_mean = (mean_interval(values).estimate for values in (here, there))
    counts = len(here), len(there)
    row = Row(metric, arm, *counts, mean, reference_mean, unknown, "undecided", "")
    p_same = p_different = math.nan
    if unlike:
        row = replace(row, answer="not comparable")
    elif len(here) < 2 or len(there) < 2:
        notes.append("fewer than two values")
    else:
        row = replace(row, difference=relative_interval(here, there, 1 - 2 * LEVEL))
        if all(math.isclose(own[seed], other.get(seed, math.nan)) for seed in own):
            p_same = 0.0
            row = replace(row, difference=Interval(0.0, 0.0, 0.0))
            notes.append("the same in every seed")
        else:
            p_same = equivalence(here, there, margin=margin, relative=True).claim
            p_different = min(superiority(here, there, better="higher", sides=2))
            if math.isnan(p_different):
                notes.append("the values do not vary, so there is no test")
        lost, before = (_lost(run, arm, metric) for run in (results, reference))
        if lost != before:
            p_same = math.nan
            notes.append(f"{pluralise(lost, 'trial')} without a value, {before} in the reference")
    return replace(row, note="; ".join(notes)), p_same, p_different


def _lost(results: StudyResults, arm: str, metric: str) -> int:
    """Finished trials of an arm without a value, as after a failed training."""
    ended = [row for row in results.planned if row["arm"] == arm and row["outcome"] in FINISHED]
    return len(ended) - len(results.by_seed(arm, metric))


def _answer(row: Row, p_same: float, p_different: float) -> Answer:
    if row.answer == "not comparable":
        return row.answer
    if p_same < LEVEL:
        return "agrees"
    return "differs" if p_different < LEVEL else "undecided"


def _sentence(results: StudyResults, rows: Sequence[Row], margin: str) -> str:
    found: dict[str, list[Row]] = {
        answer: [row for row in rows if row.answer == answer]
        for answer in ("agrees", "differs", "undecided", "not comparable")
    }
    tested = len(rows) - len(found["not comparable"])
    if not tested:
        return "Nothing to compare: no arm and metric was measured alike in both runs."
    words: list[tuple[Answer, str, str, str]] = [
        ("agrees", "agrees", "agree", f" within {margin}"),
        ("differs", "differs", "differ", f" ({_named(results, found['differs'])})"),
        ("undecided", "is undecided", "are undecided", _how_wide(found["undecided"])),
    ]
    parts = [
        (f"{len(found[answer])} " if tested > 1 else "")
        + (one if len(found[answer]) == 1 else several)
        + more
        for answer, one, several, more in words
        if found[answer]
    ]
    everything = len(found["agrees"]) == tested
    of = f"of {tested} means," if tested > 1 else "the only mean"
    if everything and tested > 1:
        of, parts = f"all {tested} means", [f"agree within {margin}"]
    rest = found["not comparable"]
    more = f"; {len(rest)} more cannot be compared" if rest else ""
    word = "Not reproduced" if found["differs"] else "Reproduced" if everything else "Open"
    sentence = f"{word}: {of} {join_words(parts)}{more}."
    return sentence if results.standing.complete else f"Preliminary. {sentence}"


def _named(results: StudyResults, rows: Sequence[Row]) -> str:
    names = [
        f"{metric_info(row.metric).title} of {results.arm_title(row.arm)}" for row in rows[:NAMED]
    ]
    if len(rows) > NAMED:
        names.append(f"{len(rows) - NAMED} more")
    return join_words(names)


def _how_wide(rows: Sequence[Row]) -> str:
    """How large the differences of undecided means may be: the median and the largest reach."""
    known = sorted(row.reach for row in rows if not math.isnan(row.reach))
    if not known:
        return ", without an interval"
    middle, largest = known[(len(known) - 1) // 2], known[-1]
    if math.isinf(middle):
        return ": there are too few seeds for an interval"
    most = "more" if math.isinf(largest) else f"{100 * largest:.0f} %"
    if len(known) == 1:
        return f": with so few seeds it may differ by {100 * middle:.0f} %"
    return (
        f": with so few seeds half of them may differ by {100 * middle:.0f} %, the least certain "
        f"by {most}"
    )


def _unlike(results: StudyResults, reference: StudyResults, metric: str, arm: str) -> str:
    """How the protocols of a metric differ; empty if they agree or one has no values."""
    own, other = results.protocol(metric, arm), reference.protocol(metric, arm)
    if own is None or other is None:
        return ""
    return "; ".join(
        f"{key}: {own[key]} here, {other[key]} in the reference"
        for key in PROTOCOL
        if own[key] != other[key]
    )
