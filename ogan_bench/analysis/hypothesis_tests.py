"""The test of a single hypothesis, one function for each kind.

Results are not yet adjusted for the number of hypotheses; verdicts are in
:mod:`ogan_bench.analysis.verdicts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ogan_bench.statistics as statistics
from ogan_bench.analysis.arm_comparison import compare_arms
from ogan_bench.analysis.formatting import (
    bounds,
    estimate,
    interval,
    join_words,
    metric_info,
    number,
    pluralise,
)
from ogan_bench.analysis.hypothesis_result import HypothesisResult, no_power
from ogan_bench.analysis.missing_values import TRAINED, blocks_to_rank, missing_values, outcomes_of
from ogan_bench.analysis.results import StudyResults
from ogan_bench.errors import UserError
from ogan_bench.study.hypotheses import FailureRate, Hypothesis, MeanInRange, Trend


def run_test(results: StudyResults, hypothesis: Hypothesis, confidence: float) -> HypothesisResult:
    """Test a hypothesis.

    Args:
        results: The stored study.
        hypothesis: One of its hypotheses.
        confidence: Confidence level of the estimate's interval.

    Raises:
        UserError: The values cannot be compared.
    """
    return _TESTS[hypothesis.test](results, hypothesis, confidence)


def _trend(results: StudyResults, hypothesis: Trend, confidence: float) -> HypothesisResult:
    """Page's test over seeds; trials that failed and have no value are ranked worst."""
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
    blocks = blocks_to_rank(results, hypothesis.arms, hypothesis.metric)
    tested = statistics.trend(blocks, better=metric.better)
    means = [
        estimate(results.mean(arm, hypothesis.metric), metric.format) for arm in hypothesis.arms
    ]
    facts = [
        f"{metric.title}: "
        + ", ".join(
            f"{results.arm_title(arm)} {mean}"
            for arm, mean in zip(hypothesis.arms, means, strict=True)
        ),
        f"rank correlation with the order within seeds {interval(tested.correlation, '.2f')}",
    ]
    if math.isnan(tested.p):
        facts[1] = "a test needs at least 1 seed that all arms have finished"
    return HypothesisResult(
        arms=tuple(hypothesis.arms),
        n=(len(blocks),) * len(hypothesis.arms),
        quantity=f"rank correlation of {metric.title} with the order of the arms",
        estimate=tested.correlation,
        region=(0.0, math.inf),
        method="Page's trend test over seeds",
        p=tested.p,
        p_opposite=tested.p_opposite,
        facts=tuple(facts),
        lacking=missing_values(results, hypothesis.metric, *hypothesis.arms),
        power_at=no_power,
    )


def _mean_in_range(
    results: StudyResults, hypothesis: MeanInRange, confidence: float
) -> HypothesisResult:
    """One-sample t tests of the mean against both ends of the range."""
    metric, name = metric_info(hypothesis.metric), results.arm_title(hypothesis.arm)
    results.protocol(hypothesis.metric, hypothesis.arm)
    values = results.sample(hypothesis.arm, hypothesis.metric)
    low, high = hypothesis.bounds
    mean = statistics.mean_interval(values, confidence)
    facts = [
        f"{metric.title}: {name} {interval(mean, metric.format)}",
        _range(hypothesis),
    ]
    sd = statistics.standard_deviation(values)

    def chance(n: int, alpha: float) -> float:
        return statistics.power_of_mean(n, mean.estimate, sd, low, high, alpha)

    return HypothesisResult(
        arms=(hypothesis.arm,),
        n=(len(values),),
        quantity=f"{metric.title}, {name}",
        estimate=mean,
        region=(low, high),
        method="Student's t test",
        p=statistics.mean_within(values, low, high),
        p_opposite=statistics.mean_outside(values, low, high),
        facts=tuple(facts),
        lacking=missing_values(results, hypothesis.metric, hypothesis.arm),
        power_at=chance if len(values) > 1 else no_power,
    )


def _failure_rate(
    results: StudyResults, hypothesis: FailureRate, confidence: float
) -> HypothesisResult:
    """Exact binomial tests of the share of trained trials that failed."""
    ended = outcomes_of(results, hypothesis.arm).values()
    trained = [outcome for outcome in ended if outcome in TRAINED]
    failed, n = sum(outcome in hypothesis.outcomes for outcome in trained), len(trained)
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
        region=(low, high),
        method="exact binomial test",
        p=statistics.rate_within(failed, n, low, high),
        p_opposite=statistics.rate_outside(failed, n, low, high),
        facts=(
            f"{failed} of {pluralise(n, 'trial')} of {name} "
            f"{join_words(list(hypothesis.outcomes)).replace(' and ', ' or ')}: rate "
            f"{number(rate.estimate, '.2f')} {bounds(rate, '.2f')}".rstrip(),
            _range(hypothesis),
        ),
        power_at=chance if n else no_power,
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


_TESTS: dict[str, Callable[[StudyResults, Any, float], HypothesisResult]] = {
    "superiority": compare_arms,
    "non_inferiority": compare_arms,
    "equivalence": compare_arms,
    "trend": _trend,
    "interval": _mean_in_range,
    "failure_rate": _failure_rate,
}
