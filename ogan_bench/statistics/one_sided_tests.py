"""Tests of claims about an arm and its control: better, not worse, the same."""

from __future__ import annotations

import math
from typing import Literal

from ogan_bench.metrics import Direction
from ogan_bench.statistics.means import Sides, against, compare, single
from ogan_bench.statistics.samples import Sample, finite, moments

Test = Literal["superiority", "non_inferiority", "equivalence"]


def superiority(
    arm: Sample,
    control: Sample,
    *,
    better: Direction,
    margin: float = 0.0,
    relative: bool = False,
    paired: bool = False,
    sides: Literal[1, 2] = 1,
) -> float:
    """p-value of the claim "the arm is better than the control (by at least the margin)".

    With ``s = +1`` where higher is better and ``-1`` where lower is better, the advantage of the
    arm is ``A = s (mean(arm) - mean(control))``. The null hypothesis is ``A <= margin``; the test
    is Welch's, or that of the paired differences, one-sided.

    A relative margin m stands for ``m |mean(control)|``. The control's mean is itself estimated,
    so it is not taken as a constant: ``A > m |control|`` is ``s (arm - (1 ± m) control) > 0``, and
    the test of ``arm`` against the scaled control accounts for the control's variance.

    Args:
        arm: Values of the arm.
        control: Values of the control.
        better: Direction of the metric.
        margin: At least 0, in the unit of the values or as a share.
        relative: Whether the margin is a share of the control's mean.
        paired: Whether both samples have the same length and the same order of seeds, so that the
            test is of ``arm - control`` seed by seed.
        sides: 2 tests the same directional claim at half the level, ``p = min(1, 2 p_one_sided)``,
            like a two-sided test that is read in one direction.

    Returns:
        The p-value; nan where a sample has fewer than 2 values, 0 or 1 where neither varies.
    """
    p = _sides(arm, control, better, margin, relative, paired, boundary=margin > 0).above
    return _at_most_one(sides * p)


def non_inferiority(
    arm: Sample,
    control: Sample,
    *,
    better: Direction,
    margin: float,
    relative: bool = False,
    paired: bool = False,
) -> float:
    """p-value of the claim "the arm is not worse than the control by the margin or more".

    The null hypothesis is ``A <= -margin`` with the advantage A of :func:`superiority`.

    References:
        S. Wellek, Testing Statistical Hypotheses of Equivalence and Noninferiority, 2nd ed., 2010.
    """
    return _sides(arm, control, better, -margin, relative, paired, boundary=False).above


def equivalence(
    arm: Sample,
    control: Sample,
    *,
    better: Direction = "higher",
    margin: float,
    relative: bool = False,
    paired: bool = False,
) -> float:
    """p-value of the claim "arm and control differ by less than the margin".

    Two one-sided tests (TOST): the larger of the p-values of ``A > -margin`` and ``A < margin``.

    References:
        D. J. Schuirmann, A comparison of the two one-sided tests procedure and the power approach
            for assessing the equivalence of average bioavailability, 1987.
    """
    lower = _sides(arm, control, better, -margin, relative, paired, boundary=False)
    upper = _sides(arm, control, better, margin, relative, paired, boundary=True)
    return max(lower.above, upper.below)


def opposite(
    test: Test,
    arm: Sample,
    control: Sample,
    *,
    better: Direction,
    margin: float = 0.0,
    relative: bool = False,
    paired: bool = False,
    sides: Literal[1, 2] = 1,
) -> float:
    """p-value of the opposite of a claim; a small one refutes it.

    ``superiority``: the advantage is below the margin (without one: the arm is worse), doubled
    where ``sides`` is 2, which only affects this test.
    ``non_inferiority``: the arm is worse by the margin or more. ``equivalence``: the difference
    lies outside the margin on one side or the other; twice the smaller of the two p-values.

    The one-sided tests are the exact complements of the claims', ``p + p_opposite = 1``.
    """
    if test == "superiority":
        p = _sides(arm, control, better, margin, relative, paired, boundary=margin > 0).below
        return _at_most_one(sides * p)
    lower = _sides(arm, control, better, -margin, relative, paired, boundary=False)
    if test == "non_inferiority":
        return lower.below
    upper = _sides(arm, control, better, margin, relative, paired, boundary=True)
    return _at_most_one(2 * min(lower.below, upper.above))


def _sides(
    arm: Sample,
    control: Sample,
    better: Direction,
    bound: float,
    relative: bool,
    paired: bool,
    *,
    boundary: bool,
) -> Sides:
    """One-sided tests of the arm's advantage against a bound, in both directions.

    The bound is of either sign, in the unit of the values or, if relative, a share of the
    control's mean; an advantage of exactly the bound counts as above if ``boundary``.
    """
    sign = 1 if better == "higher" else -1
    own, other = sign * finite(arm), sign * finite(control)
    if relative:
        side = math.copysign(1.0, moments(other).mean)
        other, bound = (1 + side * bound) * other, 0.0
    return against(compare(own, other, paired=paired), bound, boundary=boundary)


def _at_most_one(p: float) -> float:
    return p if math.isnan(p) else min(1.0, p)


def mean_within(values: Sample, low: float, high: float) -> float:
    """p-value of the claim "the true mean lies between low and high, both included".

    Two one-sided t tests: the larger of the p-values of ``mean > low`` and ``mean < high``.

    Args:
        values: Sample of n values.
        low: Lower end; minus infinity is no bound.
        high: Upper end; infinity is no bound.

    Returns:
        The p-value; nan for fewer than 2 values.

    Raises:
        ValueError: Not ``low <= high``.
    """
    mean = single(values)
    _check(low, high)
    lower, upper = against(mean, low, boundary=True), against(mean, high, boundary=False)
    return max(lower.above, upper.below)


def mean_outside(values: Sample, low: float, high: float) -> float:
    """p-value of the opposite of :func:`mean_within`; a small one refutes it.

    The smaller of the p-values of ``mean < low`` and ``mean > high``, doubled where there are two
    bounds.
    """
    mean = single(values)
    _check(low, high)
    lower, upper = against(mean, low, boundary=True), against(mean, high, boundary=False)
    p = min(lower.below, upper.above)
    return min(1.0, 2 * p) if math.isfinite(low) and math.isfinite(high) else p


def _check(low: float, high: float) -> None:
    if not low <= high:
        raise ValueError(f"no range: from {low:g} to {high:g}")
