"""The result of a single hypothesis: its estimate, its p-values and its numbers in words.

Results are not yet adjusted for the number of hypotheses; verdicts are in
:mod:`ogan_bench.analysis.verdicts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import ogan_bench.statistics as statistics
from ogan_bench.analysis.arm_comparison import compare_arms
from ogan_bench.analysis.evidence import Evidence
from ogan_bench.analysis.formatting import (
    bounds,
    estimate,
    interval,
    join_words,
    metric_info,
    number,
    pluralise,
)
from ogan_bench.analysis.hypothesis_result import HypothesisResult, unknown_power
from ogan_bench.analysis.missing_values import missing_values
from ogan_bench.analysis.p_values import blocks, compared, failures, p_values_of, step_p_values
from ogan_bench.analysis.results import StudyResults
from ogan_bench.errors import UserError
from ogan_bench.statistics import Interval
from ogan_bench.study.hypotheses import FailureRate, Hypothesis, MeanInRange, Trend


def run_test(
    results: StudyResults, hypothesis: Hypothesis, evidence: Evidence, alpha: float
) -> HypothesisResult:
    """Test a hypothesis.

    Args:
        results: The stored study.
        hypothesis: One of its hypotheses.
        evidence: The values of its arms.
        alpha: Error level of the study; the interval has the confidence that matches the test.

    Raises:
        UserError: The values cannot be compared.
    """
    two_sided = getattr(hypothesis, "sides", 1) == 2
    confidence = 1 - alpha if two_sided else 1 - 2 * alpha
    return _RESULTS[hypothesis.test](results, hypothesis, evidence, confidence)


def _order(
    results: StudyResults, hypothesis: Trend, evidence: Evidence, confidence: float
) -> HypothesisResult:
    """A trend, step by step, or an association by Page's test."""
    metric = metric_info(hypothesis.metric)
    assert metric.better is not None
    first = hypothesis.arms[0]
    for arm in hypothesis.arms:
        if arm not in results.comparable(first):
            raise UserError(
                f"{results.name}: hypothesis {hypothesis.id!r}: arms {first!r} and {arm!r} are of "
                "different data and cannot be compared"
            )
    results.protocol(hypothesis.metric, first)
    found = p_values_of(hypothesis, evidence)
    table = blocks(evidence, hypothesis.arms)
    facts = [
        f"{metric.title}: "
        + ", ".join(
            f"{results.marked_title(arm)} "
            f"{estimate(statistics.mean_interval(evidence.known(arm)), metric.format)}"
            for arm in hypothesis.arms
        )
    ]
    if hypothesis.test == "association":
        quantity = f"rank correlation of {metric.title} with the order of the arms"
        shown = statistics.trend(table, better=metric.better, confidence=confidence).correlation
        facts.append(f"rank correlation with the order within seeds {interval(shown, '.2f')}")
        method = "Page's test over seeds"
    else:
        quantity, shown, step = _weakest_step(results, hypothesis, evidence, confidence)
        facts.append(f"weakest step {step} {interval(shown, metric.format, sign=True)}")
        method = "each arm against the one before, the largest p-value"
    if math.isnan(found.claim):
        facts[1] = "a test needs at least 2 seeds that all arms have finished"
    whole = table[np.isfinite(table).all(axis=1)]

    def chance(n: int, alpha: float) -> float:
        assert metric.better is not None
        return statistics.power_of_order(
            hypothesis.test, whole, n, better=metric.better, alpha=alpha, sides=hypothesis.sides
        )

    return HypothesisResult(
        arms=tuple(hypothesis.arms),
        n=found.n,
        quantity=quantity,
        estimate=shown,
        confidence=confidence,
        region=(0.0, math.inf),
        method=method,
        significance=found,
        facts=tuple(facts),
        lacking=missing_values(results, hypothesis.metric, *hypothesis.arms),
        power_at=chance if len(whole) > 1 else unknown_power,
        detectable=unknown_power,
    )


def _weakest_step(
    results: StudyResults, hypothesis: Trend, evidence: Evidence, confidence: float
) -> tuple[str, Interval, str]:
    """The step whose claim is the least certain: its quantity, improvement and name."""
    metric = metric_info(hypothesis.metric)
    assert metric.better is not None
    steps = []
    for control, arm in zip(hypothesis.arms, hypothesis.arms[1:], strict=False):
        pair = compared(evidence, arm, control)
        own, other, sign = pair.own, pair.other, 1 if metric.better == "higher" else -1
        if pair.how == "signed_ranks":
            better_by = statistics.signed_rank_interval(
                statistics.paired_advantages(own, other, better=metric.better), confidence
            )
        else:
            better_by = statistics.difference_interval(
                sign * own, sign * other, confidence, paired=pair.how == "paired"
            )
        p = step_p_values(hypothesis, pair).claim
        step = f"{results.marked_title(control)} to {results.marked_title(arm)}"
        steps.append((-1.0 if math.isnan(p) else p, better_by, step))
    _, weakest, step = max(steps, key=lambda entry: entry[0])
    return f"improvement of {metric.title}, {step}", weakest, step


def _mean_in_range(
    results: StudyResults, hypothesis: MeanInRange, evidence: Evidence, confidence: float
) -> HypothesisResult:
    """The mean against both ends of the range."""
    metric, name = metric_info(hypothesis.metric), results.marked_title(hypothesis.arm)
    results.protocol(hypothesis.metric, hypothesis.arm)
    values = evidence.known(hypothesis.arm)
    low, high = hypothesis.bounds
    found = p_values_of(hypothesis, evidence)
    ranked = found.how == "signed_ranks"
    mean = (
        statistics.signed_rank_interval(statistics.by_trial(values), confidence)
        if ranked
        else statistics.mean_interval(values, confidence)
    )

    def chance(n: int, alpha: float) -> float:
        spread = (
            statistics.crossed_spread(values)
            if values.ndim == 2
            else statistics.standard_deviation(values)
        )
        return statistics.power_of_mean(n, mean.estimate, spread, low, high, alpha)

    return HypothesisResult(
        arms=(hypothesis.arm,),
        n=found.n,
        quantity=f"{metric.title}, {name}",
        estimate=mean,
        confidence=confidence,
        region=(low, high),
        method="exact signed-rank test" if ranked else "Student's t test",
        significance=found,
        facts=(f"{metric.title}: {name} {interval(mean, metric.format)}", _range(hypothesis)),
        lacking=missing_values(results, hypothesis.metric, hypothesis.arm),
        power_at=chance if len(values) > 1 and not ranked else unknown_power,
        detectable=unknown_power,
    )


def _failure_rate(
    results: StudyResults, hypothesis: FailureRate, evidence: Evidence, confidence: float
) -> HypothesisResult:
    """Exact binomial tests of the share of trained trials that failed."""
    failed, n = failures(hypothesis, evidence)
    name = results.arm_title(hypothesis.arm)
    low, high = hypothesis.bounds
    rate = statistics.rate_interval(failed, n, confidence)

    def chance(n: int, alpha: float) -> float:
        return statistics.power_of_rate(n, rate.estimate, low, high, alpha)

    return HypothesisResult(
        arms=(hypothesis.arm,),
        n=(n,),
        quantity=f"rate of failure, {name}",
        estimate=rate,
        confidence=confidence,
        region=(low, high),
        method="exact binomial test",
        significance=p_values_of(hypothesis, evidence),
        facts=(
            f"{failed} of {pluralise(n, 'trial')} of {name} "
            f"{join_words(list(hypothesis.outcomes)).replace(' and ', ' or ')}: rate "
            f"{number(rate.estimate, '.2f')} {bounds(rate, '.2f')}".rstrip(),
            _range(hypothesis),
        ),
        power_at=chance if n else unknown_power,
        detectable=unknown_power,
    )


def _range(hypothesis: MeanInRange | FailureRate) -> str:
    low, high = hypothesis.range
    if low is None:
        return f"claimed: at most {number(high)}"
    return (
        f"claimed: at least {number(low)}"
        if high is None
        else (f"claimed: between {number(low)} and {number(high)}")
    )


_RESULTS: dict[str, Callable[[StudyResults, Any, Evidence, float], HypothesisResult]] = {
    "superiority": compare_arms,
    "non_inferiority": compare_arms,
    "equivalence": compare_arms,
    "trend": _order,
    "association": _order,
    "interval": _mean_in_range,
    "failure_rate": _failure_rate,
}
