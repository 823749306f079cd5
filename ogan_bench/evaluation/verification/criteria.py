"""When a quantity passes an experiment: fixed before any of them was run.

Values are oriented so that higher is better. With the standard deviations s0 (base) and s1 (defect)
over repeats, the noise is 4 √((s0² + s1²) / repeats): four standard errors of the difference of the
means, which chance exceeds in about 1 % of experiments with five repeats (t, 4 to 8 degrees of
freedom).

A quantity of shares (fidelity or diversity) has a range, from samples that are far off to perfect
ones. A change counts if it exceeds the noise and a tenth of this range: smaller ones would not be
read off a table as a defect. A distance has no such range; for it a change counts if it exceeds the
noise.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from ogan_bench.evaluation.verification.experiments import Desired, Kind

SIGMAS = 4.0
"""Standard errors beyond which a difference is not chance."""
NOTABLE = 0.1
"""Share of a quantity's range that a change must exceed."""


def kind(quantity: str, better: str | None) -> Kind | None:
    """What a quantity measures; ``None``: neither, so it is not judged.

    The last word of a name tells: variants of precision and density measure fidelity, those of
    recall, coverage, the Vendi and the RKE score diversity. Anything else that should be low is a
    distance.
    """
    words = set(quantity.split("_"))
    if words & {"precision", "density"}:
        return "fidelity"
    if words & {"recall", "coverage", "vendi", "rke"}:
        return "diversity"
    return "distance" if better == "lower" else None


def passes(
    desired: Desired, kind: Kind, base: Sequence[float], defect: Sequence[float], span: float
) -> bool:
    """Whether a quantity does what it should.

    Args:
        desired: What it should do.
        kind: What it measures.
        base: Oriented values without the defect, one per repeat, at least two.
        defect: Oriented values with it.
        span: Perfect less useless value, positive; used for shares only.
    """
    fall = statistics.fmean(base) - statistics.fmean(defect)
    variances = (statistics.variance(values) / len(values) for values in (base, defect))
    least = SIGMAS * math.sqrt(sum(variances))
    if kind != "distance":
        least = max(least, NOTABLE * span)
    if desired == "worse":
        return fall > least
    if desired == "not better":
        return fall >= -least
    return abs(fall) <= least
