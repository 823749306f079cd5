"""The test of a single hypothesis, one function for each kind.

A finding is what the data say before the family of hypotheses is looked at; verdicts are in
:mod:`ogan_bench.analysis.hypotheses`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogan_bench.analysis import statistics
from ogan_bench.analysis.formatting import (
    bounds,
    counted,
    described,
    estimate,
    interval,
    listed,
    number,
)
from ogan_bench.analysis.outcomes import FAILURES
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.statistics import Interval, Test
from ogan_bench.config import Comparison, FailureRate, Hypothesis, MeanInRange, Trend
from ogan_bench.errors import UserError

Values = NDArray[np.float64]


_UNKNOWN = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Finding:
    """What the test of one hypothesis found.

    Args:
        arms: Arms that it is about, the control last.
        n: Number of values of each.
        quantity: What is estimated, in words.
        estimate: The estimate with its interval at the confidence that goes with the test.
        region: Where the claim holds, in the unit of the estimate.
        method: Name of the test.
        p: p-value of the claim.
        p_opposite: p-value of its contrary.
        facts: The numbers in parts of a sentence.
        lacking: Which values the arms lack and why, in parts of a sentence.
        chance: Probability that a study of n seeds at a level would come to a verdict, supported
            or refuted, if the estimates were the truth; nan where it is not known.
        effect: Hedges' g with its 95 % interval, of two arms.
        improvement: Share of pairs of trials in which the arm is better than the control.
        correlation: Of arm and control over seeds, where the test is paired.
    """

    arms: tuple[str, ...]
    n: tuple[int, ...]
    quantity: str
    estimate: Interval
    region: tuple[float, float]
    method: str
    p: float
    p_opposite: float
    facts: tuple[str, ...]
    chance: Callable[[int, float], float]
    lacking: tuple[str, ...] = ()
    effect: Interval = _UNKNOWN
    improvement: float = math.nan
    correlation: float = math.nan


def find(results: StudyResults, hypothesis: Hypothesis, confidence: float) -> Finding:
    """Test a hypothesis.

    Args:
        results: The stored study.
        hypothesis: One of its hypotheses.
        confidence: Of the estimate's interval.

    Raises:
        UserError: The values cannot be compared.
    """
    return _TESTS[hypothesis.test](results, hypothesis, confidence)


def _comparison(results: StudyResults, hypothesis: Comparison, confidence: float) -> Finding:
    """Paired t test over common seeds; by ranks where a training has failed and has no value.

    The parametric test knows nothing of trials without a value, and what is left of an arm that
    fails now and then flatters it. Ranks have a place for them: the worst. Trials that collapsed
    or saturated take that place too once ranks are used.
    """
    arm, control, metric = hypothesis.arm, hypothesis.control, described(hypothesis.metric)
    assert metric.better is not None  # validated with the hypothesis
    if control not in results.comparable(arm):
        raise UserError(
            f"{results.name}: hypothesis {hypothesis.id!r}: arms {arm!r} and {control!r} are of "
            "different data and cannot be compared"
        )
    results.protocol(hypothesis.metric, arm)
    own, other, paired = results.pairs(arm, control, hypothesis.metric)
    margin = hypothesis.margin.value if hypothesis.margin else 0.0
    relative = hypothesis.margin is not None and hypothesis.margin.relative
    asked: dict[str, Any] = {"better": metric.better, "margin": margin, "relative": relative}
    lost = _lost(results, arm, hypothesis.metric), _lost(results, control, hypothesis.metric)
    if any(lost):
        p, p_opposite = _by_ranks(results, hypothesis, asked)
        method = "Mann-Whitney's rank test, failed trials ranked worst"
    else:
        test = _CLAIMS[hypothesis.test]
        sides: dict[str, Any] = {"sides": hypothesis.sides} if hypothesis.sides == 2 else {}
        p = test(own, other, **asked, paired=paired, **sides)
        p_opposite = statistics.opposite(
            hypothesis.test, own, other, **asked, paired=paired, **sides
        )
        method = "paired t test over seeds" if paired else "Welch's t test"
    difference = statistics.difference_interval(own, other, confidence, paired=paired)
    centre = statistics.mean_interval(other).estimate
    absolute = margin * abs(centre) if relative else margin
    correlation = statistics.correlation(own, other) if paired else math.nan
    facts = [
        f"{metric.title}: {arm} {estimate(statistics.mean_interval(own), metric.format)}, "
        f"{control} {estimate(statistics.mean_interval(other), metric.format)}"
    ]
    if math.isnan(p):
        facts.append("a test needs at least 2 values of each arm")
    else:
        facts.append(f"difference {interval(difference, metric.format, sign=True)}")
        if hypothesis.margin is not None:
            share = f", {hypothesis.margin} of {control}" if relative else ""
            facts.append(f"margin {number(absolute)}{share}")
    sign = 1 if metric.better == "higher" else -1
    return Finding(
        arms=(arm, control),
        n=(len(own), len(other)),
        quantity=f"{metric.title}, {arm} − {control}",
        estimate=difference,
        region=_region(hypothesis.test, sign, absolute),
        method=method
        if math.isnan(correlation)
        else f"{method} (correlation {number(correlation, '.2f')})",
        p=p,
        p_opposite=p_opposite,
        facts=tuple(facts),
        lacking=_lacking(results, hypothesis.metric, arm, control),
        chance=_unknown if any(lost) else _chance(hypothesis, own, other, sign, absolute, paired),
        effect=statistics.effect_size(own, other, paired=paired),
        improvement=statistics.probability_of_improvement(
            results.values(arm, hypothesis.metric),
            results.values(control, hypothesis.metric),
            better=metric.better,
            failed=lost,
        ),
        correlation=correlation,
    )


def _by_ranks(
    results: StudyResults, hypothesis: Comparison, asked: dict[str, Any]
) -> tuple[float, float]:
    """p-values of the claim and of its contrary by ranks, the margin added to the values."""
    better = asked["better"]
    sign = 1 if better == "higher" else -1
    (own, failed), (other, failed_other) = (
        _ranked(results, name, hypothesis.metric) for name in (hypothesis.arm, hypothesis.control)
    )
    if len(own) + failed < 2 or len(other) + failed_other < 2:
        return math.nan, math.nan

    def sides(margin: float) -> tuple[float, float]:
        """p-values of an advantage above the margin, and of one below it."""
        if asked["relative"]:
            side = math.copysign(1.0, sign * float(np.mean(other)) if len(other) else 1.0)
            moved, bar = own, (1 + side * margin) * other
        else:
            moved, bar = own - sign * margin, other
        return (
            statistics.rank_test(moved, bar, better=better, failed=(failed, failed_other)),
            statistics.rank_test(bar, moved, better=better, failed=(failed_other, failed)),
        )

    margin = asked["margin"]
    if hypothesis.test == "superiority":
        above, below = sides(margin)
        return min(1.0, hypothesis.sides * above), min(1.0, hypothesis.sides * below)
    above, below = sides(-margin)
    if hypothesis.test == "non_inferiority":
        return above, below
    further, nearer = sides(margin)
    return max(above, nearer), min(1.0, 2 * min(below, further))


def _region(test: str, sign: int, margin: float) -> tuple[float, float]:
    """Differences of arm and control at which the claim holds."""
    if test == "equivalence":
        return -margin, margin
    edge = sign * (margin if test == "superiority" else -margin)
    return (edge, math.inf) if sign > 0 else (-math.inf, edge)


def _chance(
    hypothesis: Comparison, own: Values, other: Values, sign: int, margin: float, paired: bool
) -> Callable[[int, float], float]:
    if len(own) < 2 or len(other) < 2:
        return _unknown
    return chance_of_verdict(
        hypothesis,
        advantage=sign * (float(np.mean(own)) - float(np.mean(other))),
        margin=margin,
        sd=statistics.standard_deviation(own),
        sd_control=statistics.standard_deviation(other),
        correlation=statistics.correlation(own, other) if paired else None,
    )


def chance_of_verdict(
    hypothesis: Comparison,
    *,
    advantage: float,
    margin: float,
    sd: float,
    sd_control: float,
    correlation: float | None,
) -> Callable[[int, float], float]:
    """Seeds per arm and error level to the probability of a verdict, of the likelier kind.

    Args:
        hypothesis: The claim.
        advantage: True advantage of the arm over the control; below 0 where it is worse.
        margin: In the same unit.
        sd: Standard deviation of the arm over seeds.
        sd_control: That of the control.
        correlation: Of both over common seeds; ``None``: the arms do not share their seeds.
    """
    spread: dict[str, Any] = {
        "sd": sd,
        "sd_control": sd_control,
        "correlation": correlation,
        "paired": correlation is not None,
    }

    def power(test: Test, n: int, difference: float, alpha: float, bound: float = 0.0) -> float:
        return statistics.power(
            test, n=n, difference=difference, margin=bound, alpha=alpha, **spread
        )

    def chance(n: int, alpha: float) -> float:
        if hypothesis.test == "superiority":
            level, excess = alpha / hypothesis.sides, advantage - margin
            ways = power("superiority", n, excess, level), power("superiority", n, -excess, level)
        elif hypothesis.test == "non_inferiority":
            ways = (
                power("non_inferiority", n, advantage, alpha, margin),
                power("superiority", n, -margin - advantage, alpha),
            )
        else:
            ways = (
                power("equivalence", n, advantage, alpha, margin),
                power("superiority", n, abs(advantage) - margin, alpha / 2),
            )
        return max(ways)

    return chance


def _trend(results: StudyResults, hypothesis: Trend, confidence: float) -> Finding:
    """Page's test over seeds; trials that failed and have no value are ranked worst."""
    metric = described(hypothesis.metric)
    assert metric.better is not None
    first = hypothesis.arms[0]
    for arm in hypothesis.arms:
        if arm not in results.comparable(first):
            raise UserError(
                f"{results.name}: hypothesis {hypothesis.id!r}: arms {first!r} and {arm!r} are of "
                "different data and cannot be compared"
            )
    results.protocol(hypothesis.metric, first)
    blocks = _blocks(results, hypothesis.arms, hypothesis.metric)
    tested = statistics.trend(blocks, better=metric.better)
    means = [
        estimate(statistics.mean_interval(results.values(arm, hypothesis.metric)), metric.format)
        for arm in hypothesis.arms
    ]
    facts = [
        f"{metric.title}: "
        + ", ".join(f"{arm} {mean}" for arm, mean in zip(hypothesis.arms, means, strict=True)),
        f"rank correlation with the order within seeds {interval(tested.correlation, '.2f')}",
    ]
    if math.isnan(tested.p):
        facts[1] = "a test needs at least 1 seed that all arms have finished"
    return Finding(
        arms=tuple(hypothesis.arms),
        n=(len(blocks),) * len(hypothesis.arms),
        quantity=f"rank correlation of {metric.title} with the order of the arms",
        estimate=tested.correlation,
        region=(0.0, math.inf),
        method="Page's trend test over seeds",
        p=tested.p,
        p_opposite=tested.p_opposite,
        facts=tuple(facts),
        lacking=_lacking(results, hypothesis.metric, *hypothesis.arms),
        chance=_unknown,
    )


def _mean_in_range(results: StudyResults, hypothesis: MeanInRange, confidence: float) -> Finding:
    """One-sample t tests of the mean against both ends of the range."""
    metric = described(hypothesis.metric)
    results.protocol(hypothesis.metric, hypothesis.arm)
    values = results.values(hypothesis.arm, hypothesis.metric)
    low, high = hypothesis.bounds
    mean = statistics.mean_interval(values, confidence)
    facts = [
        f"{metric.title}: {hypothesis.arm} {interval(mean, metric.format)}",
        _range(hypothesis),
    ]
    sd = statistics.standard_deviation(values)

    def chance(n: int, alpha: float) -> float:
        return statistics.power_of_mean(n, mean.estimate, sd, low, high, alpha)

    return Finding(
        arms=(hypothesis.arm,),
        n=(len(values),),
        quantity=f"{metric.title}, {hypothesis.arm}",
        estimate=mean,
        region=(low, high),
        method="Student's t test",
        p=statistics.mean_within(values, low, high),
        p_opposite=statistics.mean_outside(values, low, high),
        facts=tuple(facts),
        lacking=_lacking(results, hypothesis.metric, hypothesis.arm),
        chance=chance if len(values) > 1 else _unknown,
    )


def _failure_rate(results: StudyResults, hypothesis: FailureRate, confidence: float) -> Finding:
    """Exact binomial tests of the share of trained trials that failed."""
    trained = [name for name in _outcomes(results, hypothesis.arm).values() if name in _TRAINED]
    failed, n = sum(name in hypothesis.outcomes for name in trained), len(trained)
    low, high = hypothesis.bounds
    rate = statistics.rate_interval(failed, n, confidence)

    def chance(n: int, alpha: float) -> float:
        return statistics.power_of_rate(n, rate.estimate, low, high, alpha)

    return Finding(
        arms=(hypothesis.arm,),
        n=(n,),
        quantity=f"rate of failure, {hypothesis.arm}",
        estimate=rate,
        region=(low, high),
        method="exact binomial test",
        p=statistics.rate_within(failed, n, low, high),
        p_opposite=statistics.rate_outside(failed, n, low, high),
        facts=(
            f"{failed} of {counted(n, 'trial')} of {hypothesis.arm} "
            f"{listed(list(hypothesis.outcomes)).replace(' and ', ' or ')}: rate "
            f"{number(rate.estimate, '.2f')} {bounds(rate, '.2f')}".rstrip(),
            _range(hypothesis),
        ),
        chance=chance if n else _unknown,
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


def _lacking(results: StudyResults, metric: str, *arms: str) -> tuple[str, ...]:
    """``pearson lacks 2 of 5 values (1 diverged, 1 missing)`` for each arm that lacks some."""
    parts = []
    for arm in arms:
        outcomes = _outcomes(results, arm)
        lacking = len(outcomes) - len(results.values(arm, metric))
        if not lacking:
            continue
        why = Counter(name for name in outcomes.values() if name in _WITHOUT_VALUES)
        why["without a value"] = lacking - why.total()
        causes = listed([f"{n} {cause}" for cause, n in why.items() if n > 0])
        parts.append(f"{arm} lacks {lacking} of {counted(len(outcomes), 'value')} ({causes})")
    return tuple(parts)


def _outcomes(results: StudyResults, arm: str) -> dict[int, str]:
    """Seed to outcome of an arm's planned trials."""
    rows = results.trials[results.trials["arm"] == arm]
    return dict(zip(map(int, rows["seed"]), map(str, rows["outcome"]), strict=True))


def _lost(results: StudyResults, arm: str, metric: str) -> int:
    """Trials of an arm whose training failed, so that they have no value."""
    known = results.by_seed(arm, metric)
    outcomes = _outcomes(results, arm)
    return sum(name in FAILURES and seed not in known for seed, name in outcomes.items())


def _ranked(results: StudyResults, arm: str, metric: str) -> tuple[Values, int]:
    """Values of an arm's trials that did not fail, and the number of those that did."""
    known, outcomes = results.by_seed(arm, metric), _outcomes(results, arm)
    failed = sum(name in FAILURES for name in outcomes.values())
    sound = [value for seed, value in known.items() if outcomes[seed] not in FAILURES]
    return np.array(sound, np.float64), failed


def _blocks(results: StudyResults, arms: Sequence[str], metric: str) -> Values:
    """Values by seed and arm, shape (seeds, arms), of seeds at which every arm has been trained.

    A failed trial without a value is nan.
    """
    known = [results.by_seed(arm, metric) for arm in arms]
    outcomes = [_outcomes(results, arm) for arm in arms]
    blocks = [
        [values.get(seed, math.nan) for values in known]
        for seed in results.record["seeds"]
        if all(
            seed in values or of[seed] in FAILURES
            for values, of in zip(known, outcomes, strict=True)
        )
    ]
    return np.array(blocks, np.float64).reshape(-1, len(arms))


def _unknown(n: int, alpha: float) -> float:
    del n, alpha
    return math.nan


_TRAINED = ("ok", *FAILURES)
_WITHOUT_VALUES = ("diverged", "stopped", "failed", "unfinished", "missing")

_CLAIMS: dict[str, Callable[..., float]] = {
    "superiority": statistics.superiority,
    "non_inferiority": statistics.non_inferiority,
    "equivalence": statistics.equivalence,
}

_TESTS: dict[str, Callable[[StudyResults, Any, float], Finding]] = {
    "superiority": _comparison,
    "non_inferiority": _comparison,
    "equivalence": _comparison,
    "trend": _trend,
    "interval": _mean_in_range,
    "failure_rate": _failure_rate,
}
