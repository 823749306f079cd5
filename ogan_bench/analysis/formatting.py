"""Numbers as text: the only place that decides how values, intervals and p-values are printed."""

from __future__ import annotations

import math

from ogan_bench.metrics import METRICS, Metric
from ogan_bench.statistics import Interval

LEVELS = (0.01, 0.025, 0.05, 0.1)
"""Usual error levels."""

MISSING = "–"
"""Shown in place of a missing value."""


def metric_info(metric: str) -> Metric:
    """The metric's entry in the table of metrics; just its name if it is no longer known."""
    return METRICS.get(metric, Metric(metric, None, "Not known to this version.", ""))


def number(value: float | None, spec: str = ".4g", *, sign: bool = False) -> str:
    """A number with a true minus sign, or a dash if it is missing.

    Args:
        value: The number; None or nan if missing.
        spec: Format specification.
        sign: Whether to print a plus sign too.

    >>> number(-0.25), number(3.0, ".2f", sign=True), number(None)
    ('−0.25', '+3.00', '–')
    """
    if value is None or math.isnan(value):
        return MISSING
    return format(value + 0.0, f"+{spec}" if sign else spec).replace("-", "−")


def precision(value: Interval, spec: str = ".4g") -> str:
    """Format that shows an estimate to two significant digits of its interval's half-width.

    Args:
        value: The estimate.
        spec: Format used if there is no interval.

    >>> precision(Interval(30.5321, 29.4, 31.6)), precision(Interval(0.01316, 0.0124, 0.0139))
    ('.1f', '.5f')
    """
    half = (value.high - value.low) / 2
    if not 0 < half < math.inf or not abs(value.estimate) < 1e6:
        return spec
    decimals = 1 - math.floor(math.log10(half))
    return f".{max(decimals, 0)}f" if decimals <= 7 else spec


def estimate(value: Interval, spec: str = ".4g", *, sign: bool = False) -> str:
    """The estimate alone, as precisely as its interval allows."""
    return number(value.estimate, precision(value, spec), sign=sign)


def bounds(value: Interval, spec: str = ".4g", *, sign: bool = False) -> str:
    """``[low, high]``, or an empty string if there are no bounds."""
    if math.isnan(value.low):
        return ""
    spec = precision(value, spec)
    return f"[{number(value.low, spec, sign=sign)}, {number(value.high, spec, sign=sign)}]"


def interval(value: Interval, spec: str = ".4g", *, sign: bool = False) -> str:
    """``estimate [low, high]``, or the estimate alone if there are no bounds.

    >>> interval(Interval(-1.21846, -2.29, -0.14), sign=True)
    '−1.2 [−2.3, −0.1]'
    """
    parts = estimate(value, spec, sign=sign), bounds(value, spec, sign=sign)
    return " ".join(part for part in parts if part)


def ratio_interval(value: Interval) -> str:
    """A ratio to three digits with its bounds, if it has any.

    >>> ratio_interval(Interval(1.2345, 0.9, 1.6)), ratio_interval(Interval(2, math.nan, math.nan))
    ('1.23 [0.9, 1.6]', '2')
    """
    middle, low, high = (number(end, ".3g") for end in value)
    return middle if math.isnan(value.low) else f"{middle} [{low}, {high}]"


def p_value(p: float) -> str:
    """``p = 0.03``, ``p < 1e-6`` or ``p: –``; never rounded to a level that it is not at.

    >>> p_value(0.0312), p_value(1e-9), p_value(0.99), p_value(0.0501)
    ('p = 0.031', 'p < 1e-6', 'p = 0.99', 'p = 0.0501')
    """
    if math.isnan(p):
        return f"p: {MISSING}"
    if p < 1e-6:
        return "p < 1e-6"
    if p < 1e-3:
        return f"p = {p:.1e}".replace("e-0", "e-")
    digits = 2
    while float(f"{p:.{digits}g}") in LEVELS and p not in LEVELS and digits < 6:
        digits += 1
    return f"p = {p:.{digits}g}"


def pluralise(n: int, noun: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def join_words(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([*([", ".join(parts[:-1])] if parts[1:] else []), *parts[-1:]])


def duration(seconds: float) -> str:
    """Seconds as ``42 s``, ``3.5 min`` or ``2.1 h``."""
    if math.isnan(seconds):
        return MISSING
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
