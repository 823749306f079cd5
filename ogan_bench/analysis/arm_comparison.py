"""The comparison of one arm with another: estimate, interval, and the numbers in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ogan_bench.statistics as statistics
from ogan_bench.analysis.evidence import Evidence
from ogan_bench.analysis.formatting import estimate, interval, metric_info, number
from ogan_bench.analysis.hypothesis_result import HypothesisResult, unknown_power
from ogan_bench.analysis.members import Values
from ogan_bench.analysis.missing_values import missing_values
from ogan_bench.analysis.p_values import Pair, compared, margin_of, p_values_of
from ogan_bench.analysis.results import StudyResults
from ogan_bench.errors import UserError
from ogan_bench.metrics import Direction
from ogan_bench.statistics import Interval, Test
from ogan_bench.study.hypotheses import Comparison

METHODS = {
    "paired": "paired t test over {over}",
    "welch": "Welch's t test",
    "signed_ranks": "exact signed-rank test over seeds",
    "none": "no test",
}


def compare_arms(
    results: StudyResults, hypothesis: Comparison, evidence: Evidence, confidence: float
) -> HypothesisResult:
    """An arm against its control, by the test that :func:`~ogan_bench.analysis.p_values.compared`
    chooses.

    The estimate is the difference in the metric's unit. Where the margin is a share of the control,
    it is the difference in percent of the control, with Fieller's interval; by signed ranks, the
    pseudo-median of the differences. So the interval and the decision agree.
    """
    arm, control, metric = hypothesis.arm, hypothesis.control, metric_info(hypothesis.metric)
    name, control_name = results.marked_title(arm), results.marked_title(control)
    base = results.arm_title(control)
    assert metric.better is not None  # validated with the hypothesis
    if control not in results.comparable(arm):
        raise UserError(
            f"{results.name}: hypothesis {hypothesis.id!r}: arms {arm!r} and {control!r} are of "
            "different data and cannot be compared"
        )
    results.protocol(hypothesis.metric, arm)
    found = p_values_of(hypothesis, evidence)
    pair = compared(evidence, arm, control)
    margin = margin_of(hypothesis.margin)
    difference = _difference(pair, metric.better, margin["relative"], confidence)
    correlation = statistics.correlation(pair.own, pair.other) if pair.how == "paired" else math.nan
    means = [
        estimate(statistics.mean_interval(evidence.known(which)), metric.format)
        for which in (arm, control)
    ]
    facts = [f"{metric.title}: {name} {means[0]}, {control_name} {means[1]}"]
    unit = f" % of {base}" if margin["relative"] else ""
    if pair.how == "none":
        facts.append("a test needs at least 2 common seeds, or 2 values of each arm")
    else:
        kind = "pseudo-median of the differences" if pair.how == "signed_ranks" else "difference"
        spec = ".3g" if margin["relative"] else metric.format
        facts.append(f"{kind} {interval(difference, spec, sign=True)}{unit}")
        if hypothesis.margin is not None:
            facts.append(f"margin {hypothesis.margin}")
    sign = 1 if metric.better == "higher" else -1
    over = "seeds and classifiers" if pair.own.ndim == 2 else "seeds"
    method = METHODS[pair.how].format(over=over)
    scale = 100.0 if margin["relative"] else 1.0
    values = [results.values(which, hypothesis.metric) for which in (arm, control)]
    failed = len(evidence.failed(arm)), len(evidence.failed(control))
    pairs = (len(values[0]) + failed[0]) * (len(values[1]) + failed[1])
    share = statistics.probability_of_improvement(*values, better=metric.better, failed=failed)
    return HypothesisResult(
        arms=(arm, control),
        n=found.n,
        quantity=f"{metric.title}, {name} − {control_name}" + (f", in % of {base}" if unit else ""),
        estimate=difference,
        confidence=confidence,
        region=_region(hypothesis.test, sign, scale * margin["margin"]),
        method=method
        if math.isnan(correlation)
        else f"{method} (correlation {number(correlation, '.2f')})",
        significance=found,
        facts=tuple(facts),
        unit=unit,
        lacking=missing_values(results, hypothesis.metric, arm, control),
        power_at=_power(hypothesis, pair, sign),
        detectable=_detectable(hypothesis, pair, scale),
        effect=Interval(math.nan, math.nan, math.nan)
        if pair.how in ("signed_ranks", "none")
        else statistics.effect_size(pair.own, pair.other, paired=pair.how == "paired"),
        better_pairs=pairs * share,
        pairs=pairs,
        correlation=correlation,
    )


def _difference(pair: Pair, better: Direction, relative: bool, confidence: float) -> Interval:
    """Arm less control, in the metric's unit or in percent of the control."""
    own, other = pair.own, pair.other
    scale = 100.0 if relative else 1.0
    if pair.how == "signed_ranks":
        advantages = statistics.paired_advantages(own, other, better=better, relative=relative)
        sign = 1 if better == "higher" else -1  # a failed arm is worse, whatever that is
        found = statistics.signed_rank_interval(sign * advantages, confidence)
    elif relative:
        found = statistics.relative_interval(own, other, confidence, paired=pair.how == "paired")
    else:
        found = statistics.difference_interval(own, other, confidence, paired=pair.how == "paired")
    return Interval(*(scale * value for value in found))


def _region(test: str, sign: int, margin: float) -> tuple[float, float]:
    """Range of differences between arm and control for which the claim holds."""
    if test == "equivalence":
        return -margin, margin
    edge = sign * (margin if test == "superiority" else -margin)
    return (edge, math.inf) if sign > 0 else (-math.inf, edge)


def _spread(pair: Pair, factor: float = 1.0) -> dict[str, Any]:
    """Standard deviations and correlation over seeds, the control's times a factor.

    In the classifiers of an ensemble: the components of the paired differences.
    """
    paired = pair.how == "paired"
    if paired and pair.own.ndim == 2:
        return {"crossed": statistics.crossed_spread(pair.own - factor * pair.other)}
    return {
        "sd": statistics.standard_deviation(pair.own),
        "sd_control": factor * statistics.standard_deviation(pair.other),
        "correlation": statistics.correlation(pair.own, pair.other) if paired else None,
        "paired": paired,
    }


def _detectable(hypothesis: Comparison, pair: Pair, scale: float) -> Callable[[int, float], float]:
    """Function from seeds per arm and error level to the difference detected with 80 % power."""
    if pair.how not in ("paired", "welch"):
        return unknown_power

    def detectable(n: int, alpha: float) -> float:
        found = statistics.detectable_difference(
            n=n, alpha=alpha, sides=hypothesis.sides, **_spread(pair)
        )
        if scale == 1.0:
            return found
        return scale * found / abs(_mean(pair.other))

    return detectable


def _power(hypothesis: Comparison, pair: Pair, sign: int) -> Callable[[int, float], float]:
    if pair.how not in ("paired", "welch"):
        return unknown_power
    margin = margin_of(hypothesis.margin)
    own, other = sign * _mean(pair.own), sign * _mean(pair.other)
    side = math.copysign(1.0, other)

    def beyond(bound: float) -> tuple[float, dict[str, Any]]:
        """The advantage beyond a bound, and the spread of what is tested against it."""
        if not margin["relative"]:
            return own - other - bound, _spread(pair)
        factor = 1 + side * bound
        return own - factor * other, _spread(pair, factor)

    return chance_of_verdict(hypothesis, beyond, margin["margin"])


def _mean(values: Values) -> float:
    return statistics.mean_interval(values).estimate


def chance_of_verdict(
    hypothesis: Comparison,
    beyond: Callable[[float], tuple[float, dict[str, Any]]],
    margin: float,
) -> Callable[[int, float], float]:
    """Function from seeds per arm and error level to the probability of the likelier verdict.

    Args:
        hypothesis: The claim.
        beyond: The arm's true advantage beyond a bound, with the spread of what is tested against
            that bound, as arguments of :func:`ogan_bench.statistics.power`. They depend on the
            bound where it is a share of the control, whose mean varies too.
        margin: Margin of the claim, in the metric's unit or as a share.
    """

    def above(bound: float, n: int, alpha: float, sign: int = 1) -> float:
        advantage, spread = beyond(bound)
        return statistics.power("superiority", n=n, difference=sign * advantage, alpha=alpha,
                                **spread)  # fmt: skip

    def chance(n: int, alpha: float) -> float:
        if hypothesis.test == "superiority":
            level = alpha / hypothesis.sides
            return max(above(margin, n, level), above(margin, n, level, -1))
        if hypothesis.test == "non_inferiority":
            return max(above(-margin, n, alpha), above(-margin, n, alpha, -1))
        ways = _equivalence_power(beyond, margin, n, alpha)
        return max(ways, above(-margin, n, alpha / 2, -1), above(margin, n, alpha / 2))

    return chance


def _equivalence_power(
    beyond: Callable[[float], tuple[float, dict[str, Any]]], margin: float, n: int, alpha: float
) -> float:
    """Exact where both bounds share one spread, else at least the sum of both powers less 1."""
    (low, spread), (high, other) = beyond(-margin), beyond(margin)
    if spread == other:
        test: Test = "equivalence"
        return statistics.power(
            test, n=n, difference=(low + high) / 2, margin=(low - high) / 2, alpha=alpha, **spread
        )
    ways = (
        statistics.power("superiority", n=n, difference=low, alpha=alpha, **spread),
        statistics.power("superiority", n=n, difference=-high, alpha=alpha, **other),
    )
    return max(0.0, sum(ways) - 1)
