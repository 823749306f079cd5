"""Intervals, tests and effect sizes for few seeds.

With three to twenty trained networks per arm, bootstrap intervals are too narrow: at n = 5 a 95 %
percentile interval covers the mean in 83 % of cases. So means are compared with Student's t, in
Welch's form, which does not assume equal variances, or paired where arms share their seeds.
Failed trials have a rank but no value, so arms with failures are compared by rank tests, and
failure rates by exact binomial tests. Claims over many studies are combined by a random-effects
meta-analysis.

A deterministic metric may have zero variance. Then the sign of the difference decides, which is
the limit of the t test as the variance goes to zero.

A sample has one value per trial, or one per trial and classifier. Paired samples have the same
length.

References:
    B. L. Welch, The generalization of "Student's" problem when several different population
        variances are involved, Biometrika 34, 1947.
    C. Colas, O. Sigaud, P.-Y. Oudeyer, How Many Random Seeds?, 2018, arXiv 1806.08295.
"""

from __future__ import annotations

from ogan_bench.statistics.binomial import rate_interval, rate_outside, rate_within
from ogan_bench.statistics.effect_size import effect_size
from ogan_bench.statistics.holm import holm
from ogan_bench.statistics.means import Interval, difference_interval, mean_interval
from ogan_bench.statistics.one_sided_tests import (
    Test,
    equivalence,
    mean_outside,
    mean_within,
    non_inferiority,
    opposite,
    superiority,
)
from ogan_bench.statistics.page_trend import TrendResult, trend
from ogan_bench.statistics.power import power, power_of_mean, power_of_rate, seeds_needed
from ogan_bench.statistics.random_effects import (
    LogRatio,
    Summary,
    interquartile_mean,
    log_ratio,
    random_effects,
    stratified_bootstrap,
)
from ogan_bench.statistics.rank_tests import probability_of_improvement, rank_test
from ogan_bench.statistics.samples import Sample, by_trial, correlation, standard_deviation
from ogan_bench.statistics.variance_components import Components, pooled_components

__all__ = [
    "Components",
    "Interval",
    "LogRatio",
    "Sample",
    "Summary",
    "Test",
    "TrendResult",
    "by_trial",
    "correlation",
    "difference_interval",
    "effect_size",
    "equivalence",
    "holm",
    "interquartile_mean",
    "log_ratio",
    "mean_interval",
    "mean_outside",
    "mean_within",
    "non_inferiority",
    "opposite",
    "pooled_components",
    "power",
    "power_of_mean",
    "power_of_rate",
    "probability_of_improvement",
    "random_effects",
    "rank_test",
    "rate_interval",
    "rate_outside",
    "rate_within",
    "seeds_needed",
    "standard_deviation",
    "stratified_bootstrap",
    "superiority",
    "trend",
]
