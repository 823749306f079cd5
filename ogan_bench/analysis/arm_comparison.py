"""The test of one arm against another."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import ogan_bench.statistics as statistics
from ogan_bench.analysis.formatting import estimate, interval, metric_info, number
from ogan_bench.analysis.hypothesis_result import HypothesisResult, no_power
from ogan_bench.analysis.missing_values import Values, failed_trials, missing_values, values_to_rank
from ogan_bench.analysis.results import StudyResults
from ogan_bench.errors import UserError
from ogan_bench.statistics import Test
from ogan_bench.study.hypotheses import Comparison

_CLAIMS: dict[str, Callable[..., float]] = {
    "superiority": statistics.superiority,
    "non_inferiority": statistics.non_inferiority,
    "equivalence": statistics.equivalence,
}


def compare_arms(
    results: StudyResults, hypothesis: Comparison, confidence: float
) -> HypothesisResult:
    """Paired t test over common seeds, or a rank test if a training failed and has no value.

    Where both arms were measured in the members of an ensemble of classifiers, seeds and
    classifiers are crossed random effects. Rank tests take the means over classifiers.

    The parametric test ignores trials without a value, which favours an arm that sometimes fails.
    Rank tests can include failed trials, as the worst. Once ranks are used, trials that collapsed
    or saturated rank worst too.
    """
    arm, control, metric = hypothesis.arm, hypothesis.control, metric_info(hypothesis.metric)
    name, control_name = results.arm_title(arm), results.arm_title(control)
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
    lost = (
        failed_trials(results, arm, hypothesis.metric),
        failed_trials(results, control, hypothesis.metric),
    )
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
        over = "seeds and classifiers" if own.ndim == 2 else "seeds"
        method = f"paired t test over {over}" if paired else "Welch's t test"
    difference = statistics.difference_interval(own, other, confidence, paired=paired)
    centre = statistics.mean_interval(other).estimate
    absolute = margin * abs(centre) if relative else margin
    correlation = statistics.correlation(own, other) if paired else math.nan
    facts = [
        f"{metric.title}: {name} {estimate(statistics.mean_interval(own), metric.format)}, "
        f"{control_name} {estimate(statistics.mean_interval(other), metric.format)}"
    ]
    if math.isnan(p):
        facts.append("a test needs at least 2 values of each arm")
    else:
        facts.append(f"difference {interval(difference, metric.format, sign=True)}")
        if hypothesis.margin is not None:
            share = f", {hypothesis.margin} of {control_name}" if relative else ""
            facts.append(f"margin {number(absolute)}{share}")
    sign = 1 if metric.better == "higher" else -1
    return HypothesisResult(
        arms=(arm, control),
        n=(len(own), len(other)),
        quantity=f"{metric.title}, {name} − {control_name}",
        estimate=difference,
        region=_region(hypothesis.test, sign, absolute),
        method=method
        if math.isnan(correlation)
        else f"{method} (correlation {number(correlation, '.2f')})",
        p=p,
        p_opposite=p_opposite,
        facts=tuple(facts),
        lacking=missing_values(results, hypothesis.metric, arm, control),
        power_at=no_power if any(lost) else _chance(hypothesis, own, other, sign, absolute, paired),
        effect=statistics.effect_size(own, other, paired=paired),
        probability_of_improvement=statistics.probability_of_improvement(
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
    """Rank-test p-values of the claim and of its opposite, the margin added to the values."""
    better = asked["better"]
    sign = 1 if better == "higher" else -1
    (own, failed), (other, failed_other) = (
        values_to_rank(results, name, hypothesis.metric)
        for name in (hypothesis.arm, hypothesis.control)
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
    """Range of differences between arm and control for which the claim holds."""
    if test == "equivalence":
        return -margin, margin
    edge = sign * (margin if test == "superiority" else -margin)
    return (edge, math.inf) if sign > 0 else (-math.inf, edge)


def _chance(
    hypothesis: Comparison, own: Values, other: Values, sign: int, margin: float, paired: bool
) -> Callable[[int, float], float]:
    if len(own) < 2 or len(other) < 2:
        return no_power
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
    """Function from seeds per arm and error level to the probability of the likelier verdict.

    Args:
        hypothesis: The claim.
        advantage: True advantage of the arm over the control; negative if it is worse.
        margin: Margin of the claim, in the same unit.
        sd: Standard deviation of the arm over seeds.
        sd_control: That of the control.
        correlation: Between both over common seeds; ``None``: the arms share no seeds.
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
