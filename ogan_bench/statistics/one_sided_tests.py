"""Tests of claims about an arm and its control: better, not worse, the same."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from ogan_bench.metrics import Direction
from ogan_bench.statistics.means import Sides, against, compare, single
from ogan_bench.statistics.samples import Sample, by_trial, finite, moments
from ogan_bench.statistics.signed_ranks import paired_advantages, signed_rank_sides

Test = Literal["superiority", "non_inferiority", "equivalence"]

Method = Literal["paired", "welch", "signed_ranks"]
"""``paired``: t test of the differences, seed by seed; ``welch``: Welch's t test of two independent
samples; ``signed_ranks``: exact test of the differences, in which failed trainings take part."""


class PValues(NamedTuple):
    """p-values of a claim and of its opposite; a small one of the opposite refutes the claim."""

    claim: float
    opposite: float


def superiority(
    arm: Sample,
    control: Sample,
    *,
    better: Direction,
    margin: float = 0.0,
    relative: bool = False,
    by: Method = "welch",
    sides: Literal[1, 2] = 1,
) -> PValues:
    """Test of the claim "the arm is better than the control (by at least the margin)".

    With ``s = +1`` where higher is better and ``-1`` where lower is better, the advantage of the
    arm is ``A = s (mean(arm) - mean(control))``. The null hypothesis is ``A <= margin``; the
    opposite claim is that the advantage is below the margin.

    A relative margin m stands for ``m |mean(control)|``. The control's mean is itself estimated,
    so it is not taken as a constant: ``A > m |control|`` is ``s (arm - (1 ± m) control) > 0``, and
    the test of ``arm`` against the scaled control accounts for the control's variance. The claim
    also needs a control whose mean differs from 0, so the p-value is at least that of the test of
    its sign. By signed ranks, m is a share of the control's value at the same seed.

    Args:
        arm: Values of the arm; by signed ranks, nan for a failed training.
        control: Values of the control.
        better: Direction of the metric.
        margin: At least 0, in the unit of the values or as a share.
        relative: Whether the margin is a share of the control.
        by: The test. All but Welch's need samples in the same order of seeds.
        sides: 2 reads a two-sided test in one direction, ``p = min(1, 2 p_one_sided)``, for the
            claim and for its opposite.

    Returns:
        The p-values; nan where a sample has fewer than 2 values, and by t tests where neither
        varies.
    """
    p = _sides(arm, control, better, margin, relative, by)
    return PValues(_at_most_one(sides * p.above), _at_most_one(sides * p.below))


def non_inferiority(
    arm: Sample,
    control: Sample,
    *,
    better: Direction,
    margin: float,
    relative: bool = False,
    by: Method = "welch",
) -> PValues:
    """Test of the claim "the arm is not worse than the control by the margin or more", one-sided.

    The null hypothesis is ``A <= -margin`` with the advantage A of :func:`superiority`; the
    opposite claim is that the arm is worse by the margin or more.

    References:
        S. Wellek, Testing Statistical Hypotheses of Equivalence and Noninferiority, 2nd ed., 2010.
    """
    return PValues(*_sides(arm, control, better, -margin, relative, by))


def equivalence(
    arm: Sample,
    control: Sample,
    *,
    better: Direction = "higher",
    margin: float,
    relative: bool = False,
    by: Method = "welch",
) -> PValues:
    """Test of the claim "arm and control differ by less than the margin".

    Two one-sided tests (TOST): the larger of the p-values of ``A > -margin`` and ``A < margin``.
    The opposite claim is that the difference lies outside on one side or the other: twice the
    smaller of the opposite p-values.

    References:
        D. J. Schuirmann, A comparison of the two one-sided tests procedure and the power approach
            for assessing the equivalence of average bioavailability, 1987.
    """
    lower = _sides(arm, control, better, -margin, relative, by)
    upper = _sides(arm, control, better, margin, relative, by)
    return PValues(max(lower.above, upper.below), _at_most_one(2 * min(lower.below, upper.above)))


def _sides(
    arm: Sample, control: Sample, better: Direction, bound: float, relative: bool, by: Method
) -> Sides:
    """Tests of the arm's advantage against a bound of either sign, in both directions."""
    if by == "signed_ranks":
        advantages = paired_advantages(arm, control, better=better, relative=relative)
        return signed_rank_sides(advantages, bound)
    sign = 1 if better == "higher" else -1
    own, other = sign * finite(arm), sign * finite(control)
    paired = by == "paired"
    if not relative:
        return against(compare(own, other, paired=paired), bound)
    side = math.copysign(1.0, moments(other).mean)
    found = against(compare(own, (1 + side * bound) * other, paired=paired), 0.0)
    unsigned = min(against(single(other), 0.0))
    return Sides(*(p if math.isnan(unsigned) else max(p, unsigned) for p in found))


def _at_most_one(p: float) -> float:
    return p if math.isnan(p) else min(1.0, p)


def mean_in_range(
    values: Sample, low: float, high: float, *, by: Literal["t", "signed_ranks"] = "t"
) -> PValues:
    """Test of the claim "the true mean lies between low and high, both included".

    Two one-sided tests: the larger of the p-values of ``mean > low`` and ``mean < high``. The
    opposite claim is that it lies outside: the smaller of the opposite p-values, doubled where
    there are two bounds.

    Args:
        values: Sample of n values.
        low: Lower end; minus infinity is no bound.
        high: Upper end; infinity is no bound.
        by: Student's t test, or the signed-rank test of the values less the bound.

    Returns:
        The p-values; nan for fewer than 2 values, and by t tests without variance.

    Raises:
        ValueError: Not ``low <= high``, or neither is finite.
    """
    ends = [bound for bound in (low, high) if math.isfinite(bound)]
    if not ends or not low <= high:
        raise ValueError(f"no range: from {low:g} to {high:g}")
    if by == "signed_ranks":
        tested = {bound: signed_rank_sides(by_trial(values), bound) for bound in ends}
    else:
        tested = {bound: against(single(values), bound) for bound in ends}
    claims = [tested[low].above] if low in tested else []
    claims += [tested[high].below] if high in tested else []
    outside = [tested[low].below] if low in tested else []
    outside += [tested[high].above] if high in tested else []
    return PValues(max(claims), _at_most_one(len(outside) * min(outside)))
