"""Effect sizes: differences in standard deviations."""

from __future__ import annotations

import math

from scipy import special

from ogan_bench.statistics.means import Interval, compare
from ogan_bench.statistics.noncentral_t import noncentrality
from ogan_bench.statistics.samples import ROUNDING, Sample, by_trial, moments


def effect_size(
    arm: Sample, control: Sample, *, paired: bool = False, confidence: float = 0.95
) -> Interval:
    """Hedges' g: the difference of the means in pooled standard deviations, with its interval.

    ``g = J d``, ``d = (mean(arm) - mean(control)) / s`` with the pooled standard deviation s,
    ``f = n_arm + n_control - 2`` and the correction of the small-sample bias
    ``J = Γ(f/2) / (sqrt(f/2) Γ((f-1)/2))``. Paired or not, g is the same number; pairing narrows
    the interval.

    The interval is of the true standardised difference δ. With c, the standard error of the
    difference in units of s, ``t = d / c`` has a noncentral t distribution about ``λ = δ / c``;
    the bounds are c times the λ at which the observed t is just within the confidence level.

    * Not paired: ``c = sqrt(1 / n_arm + 1 / n_control)`` and f degrees of freedom, exact for
      normal values of equal variances.
    * Paired: ``c = sd(arm - control) / (s sqrt(n))`` and n - 1 degrees of freedom, the
      approximation of Algina and Keselman. In simulations of 3 to 8 seeds its 95 % intervals
      cover 93 to 98 %, for effects up to 3 and correlations from 0 to 0.95.

    Args:
        arm: Values of the arm.
        control: Values of the control; paired, in the same order of seeds.
        paired: Whether the values are paired by seed.
        confidence: Probability that the interval covers the true effect.

    Returns:
        g with the sign of the difference, and its bounds; all nan where a sample has fewer than
        2 values. Without any variance g is 0 for equal means and infinite otherwise, without
        bounds.

    References:
        L. V. Hedges, Distribution theory for Glass's estimator of effect size and related
            estimators, 1981.
        J. Algina, H. J. Keselman, Approximate confidence intervals for effect sizes, Educational
            and Psychological Measurement 63, 2003.
        G. Cumming, S. Finch, A primer on the understanding, use, and calculation of confidence
            intervals that are based on central and noncentral distributions, 2001.
    """
    arm, control = by_trial(arm), by_trial(control)
    first, second = moments(arm), moments(control)
    difference, error, _, scale = compare(arm, control, paired=paired)
    if first.n < 2 or second.n < 2:
        return Interval(math.nan, math.nan, math.nan)
    freedom = first.n + second.n - 2
    pooled = math.hypot(
        first.sd * math.sqrt((first.n - 1) / freedom),
        second.sd * math.sqrt((second.n - 1) / freedom),
    )
    if pooled == 0:
        equal = abs(difference) <= ROUNDING * scale
        g = 0.0 if equal else math.copysign(math.inf, difference)
        return Interval(g, math.nan, math.nan)
    d = difference / pooled
    if paired:
        # A difference without variance is the limit of a small one.
        unit, t_freedom = max(error / pooled, ROUNDING * abs(d)), first.n - 1
    else:
        unit, t_freedom = math.sqrt(1 / first.n + 1 / second.n), freedom
    t = d / unit if unit else 0.0
    low, high = (
        unit * noncentrality(t, t_freedom, probability)
        for probability in ((1 + confidence) / 2, (1 - confidence) / 2)
    )
    return Interval(_unbiased(freedom) * d, low, high)


def _unbiased(freedom: int) -> float:
    """J, the factor that corrects the small-sample bias of a standardised difference."""
    log_j = special.gammaln(freedom / 2) - special.gammaln((freedom - 1) / 2)
    return float(math.exp(log_j) / math.sqrt(freedom / 2))
