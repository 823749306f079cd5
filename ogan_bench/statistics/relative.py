"""Differences as shares of the control."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import optimize, special

from ogan_bench.statistics.means import Interval, compare, single
from ogan_bench.statistics.samples import ROUNDING, Sample, finite, moments

_FARTHEST = 1e6
"""Largest share that is searched for a bound."""


def relative_interval(
    arm: Sample, control: Sample, confidence: float = 0.95, *, paired: bool = False
) -> Interval:
    """``(mean(arm) - mean(control)) / |mean(control)|`` with Fieller's interval.

    A share r lies in the interval where the t test of ``arm - (1 ± r) control`` does not reject a
    mean of 0 (+ for a positive control). So the interval excludes a margin exactly where the test
    against this margin is significant. Only of pairs by several classifiers, whose degrees of
    freedom depend on r and jump where a component of the variance becomes positive, that test can
    be insignificant again further out; the interval ends at one of the shares where it becomes
    significant. It is unbounded where the control's mean does not differ from 0.

    Args:
        arm: Shape (n,), or by classifier (n, C).
        control: Shape (m,) or (m, C); paired, of the same length and in the same order of seeds.
        confidence: Probability that the interval covers the true share.
        paired: Whether the values are paired by seed.

    Returns:
        The share and its bounds; all nan where a sample has fewer than 2 values or the control's
        mean is 0.

    References:
        E. C. Fieller, Some problems in interval estimation, 1954.
    """
    own, other = finite(arm), finite(control)
    centre = moments(other).mean
    if len(own) < 2 or len(other) < 2 or centre == 0:
        return Interval(math.nan, math.nan, math.nan)
    share = (moments(own).mean - centre) / abs(centre)
    level = (1 + confidence) / 2
    side = math.copysign(1.0, centre)

    def beyond(r: float, sign: float) -> float:
        """Positive where the share is significantly above r (sign 1) or below r (-1)."""
        difference, error, freedom, scale = compare(own, (1 + side * r) * other, paired=paired)
        if error == 0:
            return 0.0 if abs(difference) <= ROUNDING * scale else sign * difference
        return sign * difference - float(special.stdtrit(freedom, level)) * error

    alone = single(other)
    if abs(centre) <= float(special.stdtrit(alone.freedom, level)) * alone.error:
        return Interval(share, -math.inf, math.inf)
    if beyond(share, 1.0) >= 0:  # no variance
        return Interval(share, share, share)
    low = _crossing(lambda distance: beyond(share - distance, 1.0))
    high = _crossing(lambda distance: beyond(share + distance, -1.0))
    return Interval(share, share - low, share + high)


def _crossing(beyond: Callable[[float], float]) -> float:
    """The distance at which a function that is negative at 0 turns positive."""
    near, far = 0.0, 1e-3
    while beyond(far) <= 0:
        if far > _FARTHEST:
            return math.inf
        near, far = far, 2 * far
    return float(optimize.brentq(beyond, near, far, xtol=1e-14, rtol=1e-13))
