"""Intervals, tests and effect sizes for few seeds.

With three to twenty trained networks per arm, bootstrap intervals are too narrow (at n = 5 the
percentile bootstrap covers 83 % where it promises 95 %), so everything here rests on Student's t in
Welch's form, which needs no equal variances. Deterministic metrics can have no variance at all;
such samples are decided exactly, by the sign of the difference, as the limit of the test would.

Shapes: a sample is one-dimensional, one value per trial; samples need not have the same length.

References:
    B. L. Welch, The generalization of "Student's" problem when several different population
        variances are involved, Biometrika 34, 1947.
    C. Colas, O. Sigaud, P.-Y. Oudeyer, How Many Random Seeds?, 2018, arXiv 1806.08295.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from ogan_bench.metrics import Direction

Sample = Sequence[float] | NDArray[np.float64]
Test = Literal["superiority", "non_inferiority", "equivalence"]

_ROUNDING = 1e-12
"""Relative distance below which two means without variance count as equal."""


class Interval(NamedTuple):
    """An estimate with the bounds of its confidence interval, in the unit of the values."""

    estimate: float
    low: float
    high: float


class _Moments(NamedTuple):
    n: int
    mean: float
    sd: float


class _Welch(NamedTuple):
    """Difference of two means, its standard error and Welch's degrees of freedom."""

    difference: float
    error: float
    freedom: float


def mean_interval(values: Sample, confidence: float = 0.95) -> Interval:
    """Mean with Student's t interval, ``mean ± t(n - 1) sd / sqrt(n)``.

    Args:
        values: Sample of n values.
        confidence: Probability that the interval covers the true mean, if the values are normal.

    Returns:
        The mean and its bounds. One value has no bounds (nan), no values have no mean either.

    >>> mean_interval([1.0, 2.0, 3.0]).estimate
    2.0
    """
    n, mean, sd = _moments(values)
    if n < 2:
        return Interval(mean, math.nan, math.nan)
    return _around(mean, sd / math.sqrt(n), n - 1, confidence)


def standard_deviation(values: Sample) -> float:
    """Sample standard deviation (n - 1); nan for fewer than 2 values, exactly 0 for equal ones."""
    return _moments(values).sd


def difference_interval(a: Sample, b: Sample, confidence: float = 0.95) -> Interval:
    """``mean(a) - mean(b)`` with Welch's interval.

    The degrees of freedom are Welch's: with ``q = var / n`` of each sample,
    ``(q_a + q_b)^2 / (q_a^2 / (n_a - 1) + q_b^2 / (n_b - 1))``.

    Returns:
        The difference and its bounds; the bounds are nan where a sample has fewer than 2 values.
    """
    if len(a) < 2 or len(b) < 2:
        return Interval(_moments(a).mean - _moments(b).mean, math.nan, math.nan)
    difference, error, freedom = _welch(a, b)
    return _around(difference, error, freedom, confidence)


def superiority(
    arm: Sample,
    control: Sample,
    *,
    better: Direction,
    margin: float = 0.0,
    relative: bool = False,
) -> float:
    """p-value of the claim "the arm is better than the control (by at least the margin)".

    With ``s = +1`` where higher is better and ``-1`` where lower is better, the advantage of the
    arm is ``A = s (mean(arm) - mean(control))``. The null hypothesis is ``A <= margin``; the test
    is Welch's, one-sided.

    A relative margin m stands for ``m |mean(control)|``. The control's mean is itself estimated,
    so it is not put in as a number: ``A > m |control|`` is ``s (arm - (1 ± m) control) > 0``, and
    Welch's test of ``arm`` against the scaled control carries the control's variance along.

    Args:
        arm: Values of the arm.
        control: Values of the control.
        better: Direction of the metric.
        margin: At least 0, in the unit of the values or as a share.
        relative: Whether the margin is a share of the control's mean.

    Returns:
        The p-value; nan where a sample has fewer than 2 values, 0 or 1 where neither varies.
    """
    return _sides(arm, control, better, margin, relative, boundary=margin > 0).above


def non_inferiority(
    arm: Sample,
    control: Sample,
    *,
    better: Direction,
    margin: float,
    relative: bool = False,
) -> float:
    """p-value of the claim "the arm is not worse than the control by the margin or more".

    The null hypothesis is ``A <= -margin`` with the advantage A of :func:`superiority`.

    References:
        S. Wellek, Testing Statistical Hypotheses of Equivalence and Noninferiority, 2nd ed., 2010.
    """
    return _sides(arm, control, better, -margin, relative, boundary=False).above


def equivalence(
    arm: Sample,
    control: Sample,
    *,
    better: Direction = "higher",
    margin: float,
    relative: bool = False,
) -> float:
    """p-value of the claim "arm and control differ by less than the margin".

    Two one-sided tests (TOST): the larger of the p-values of ``A > -margin`` and ``A < margin``.

    References:
        D. J. Schuirmann, A comparison of the two one-sided tests procedure and the power approach
            for assessing the equivalence of average bioavailability, 1987.
    """
    lower = _sides(arm, control, better, -margin, relative, boundary=False)
    upper = _sides(arm, control, better, margin, relative, boundary=True)
    return max(lower.above, upper.below)


def opposite(
    test: Test,
    arm: Sample,
    control: Sample,
    *,
    better: Direction,
    margin: float = 0.0,
    relative: bool = False,
) -> float:
    """p-value of the contrary of a claim; a small one refutes it.

    ``superiority``: the advantage is below the margin (without one: the arm is worse).
    ``non_inferiority``: the arm is worse by the margin or more. ``equivalence``: the difference
    lies outside the margin on one side or the other; twice the smaller of the two p-values.

    The one-sided tests are the exact complements of the claims', ``p + p_opposite = 1``.
    """
    if test == "superiority":
        return _sides(arm, control, better, margin, relative, boundary=margin > 0).below
    lower = _sides(arm, control, better, -margin, relative, boundary=False)
    if test == "non_inferiority":
        return lower.below
    upper = _sides(arm, control, better, margin, relative, boundary=True)
    outside = min(lower.below, upper.above)
    return outside if math.isnan(outside) else min(1.0, 2 * outside)


def holm(p_values: Sample) -> NDArray[np.float64]:
    """p-values adjusted by Holm's step-down procedure.

    The i-th smallest of m (from 0) becomes the largest of ``(m - j) p_j`` over ``j <= i``, at
    most 1. Rejecting where the adjusted value is below alpha keeps the probability of any false
    rejection below alpha, whatever the dependence among the tests.

    Args:
        p_values: Shape (m,). A nan (a test that could not be made) counts in m and stays nan, so
            that a family does not become more lenient when trials are missing.

    Returns:
        Adjusted p-values, shape (m,).

    References:
        S. Holm, A simple sequentially rejective multiple test procedure, 1979.

    >>> [round(float(p), 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")  # nan last
    factors = p.size - np.arange(p.size)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted


def hedges_g(arm: Sample, control: Sample) -> float:
    """Difference of the means in pooled standard deviations, corrected for its small-sample bias.

    ``g = J (mean(arm) - mean(control)) / s`` with the pooled standard deviation s,
    ``f = n_arm + n_control - 2`` and ``J = Γ(f/2) / (sqrt(f/2) Γ((f-1)/2))``.

    Returns:
        g with the sign of the difference; nan where a sample has fewer than 2 values. Without any
        variance it is 0 for equal means and infinite otherwise.

    References:
        L. V. Hedges, Distribution theory for Glass's estimator of effect size, 1981.
    """
    first, second = _moments(arm), _moments(control)
    if first.n < 2 or second.n < 2:
        return math.nan
    difference, error, _ = _welch(arm, control)
    if error == 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    freedom = first.n + second.n - 2
    pooled = math.hypot(
        first.sd * math.sqrt((first.n - 1) / freedom),
        second.sd * math.sqrt((second.n - 1) / freedom),
    )
    log_j = special.gammaln(freedom / 2) - special.gammaln((freedom - 1) / 2)
    return float(math.exp(log_j) / math.sqrt(freedom / 2) * difference / pooled)


def probability_of_improvement(arm: Sample, control: Sample, *, better: Direction) -> float:
    """Share of pairs (one trial of each) in which the arm is better; ties count one half.

    ``U / (n m)`` with the Mann-Whitney statistic U.

    References:
        R. Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice,
            2021, arXiv 2108.13264.
    """
    if len(arm) == 0 or len(control) == 0:
        return math.nan
    sign = 1 if better == "higher" else -1
    advantage = sign * np.subtract.outer(_values(arm), _values(control))
    return float(np.mean((advantage > 0) + 0.5 * (advantage == 0)))


class _Sides(NamedTuple):
    """p-values of "the advantage is above the bound" and of "it is below"; their sum is 1."""

    above: float
    below: float


def _sides(
    arm: Sample, control: Sample, better: Direction, bound: float, relative: bool, *, boundary: bool
) -> _Sides:
    """One-sided tests of the arm's advantage against a bound, in both directions.

    Args:
        arm: Values of the arm.
        control: Values of the control.
        better: Direction of the metric.
        bound: Of either sign, in the unit of the values or as a share of the control's mean.
        relative: Whether it is a share.
        boundary: Whether an advantage of exactly the bound counts as above; this matters only for
            samples without variance.
    """
    if len(arm) < 2 or len(control) < 2:
        return _Sides(math.nan, math.nan)
    sign = 1 if better == "higher" else -1
    own, other = sign * _values(arm), sign * _values(control)
    if relative:
        side = math.copysign(1.0, _moments(other).mean)
        other, bound = (1 + side * bound) * other, 0.0
    difference, error, freedom = _welch(own, other)
    if error > 0:
        t = (difference - bound) / error
        return _Sides(float(stats.t.sf(t, freedom)), float(stats.t.cdf(t, freedom)))
    scale = max(abs(float(own[0])), abs(float(other[0])), abs(bound))
    equal = abs(difference - bound) <= _ROUNDING * scale
    above = boundary if equal else difference > bound
    return _Sides(0.0, 1.0) if above else _Sides(1.0, 0.0)


def _welch(a: Sample, b: Sample) -> _Welch:
    first, second = _moments(a), _moments(b)
    parts = first.sd / math.sqrt(first.n), second.sd / math.sqrt(second.n)
    error = math.hypot(*parts)
    if error == 0:
        return _Welch(first.mean - second.mean, 0.0, float(first.n + second.n - 2))
    shares = (parts[0] / error) ** 2, (parts[1] / error) ** 2
    freedom = 1 / (shares[0] ** 2 / (first.n - 1) + shares[1] ** 2 / (second.n - 1))
    return _Welch(first.mean - second.mean, error, freedom)


def _around(centre: float, error: float, freedom: float, confidence: float) -> Interval:
    if error == 0:
        return Interval(centre, centre, centre)
    half = float(stats.t.ppf((1 + confidence) / 2, freedom)) * error
    return Interval(centre, centre - half, centre + half)


def _moments(values: Sample) -> _Moments:
    """Size, mean and standard deviation (n - 1); exact where all values are the same."""
    x = _values(values)
    if x.size == 0:
        return _Moments(0, math.nan, math.nan)
    low, high = float(x.min()), float(x.max())
    if low == high:
        return _Moments(x.size, low, 0.0 if x.size > 1 else math.nan)
    mean = float(x.mean())
    spread = high - low
    scaled = (x - mean) / spread  # squares neither overflow nor vanish
    return _Moments(x.size, mean, spread * math.sqrt(float(scaled @ scaled) / (x.size - 1)))


def _values(values: Sample) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError("a sample is one-dimensional and finite")
    return x
