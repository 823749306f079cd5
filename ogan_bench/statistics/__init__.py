"""Intervals, tests and effect sizes for few seeds.

With three to twenty trained networks per arm, bootstrap intervals are too narrow: at n = 5 a 95 %
percentile interval covers the mean in 83 % of cases. So means are compared with Student's t, in
Welch's form, which does not assume equal variances, or paired where arms share their seeds.
Failed trials have a rank but no value, so arms with failures are compared by exact signed-rank
tests, as are counts and other values with many ties; failure rates by exact binomial tests. Claims
over many studies are combined by a random-effects meta-analysis.

A sample has one value per trial, or one per trial and classifier. Paired samples have the same
length.

References:
    B. L. Welch, The generalization of "Student's" problem when several different population
        variances are involved, Biometrika 34, 1947.
    C. Colas, O. Sigaud, P.-Y. Oudeyer, How Many Random Seeds?, 2018, arXiv 1806.08295.
"""

from __future__ import annotations

from ogan_bench.statistics.binomial import rate_interval, rate_outside, rate_within
from ogan_bench.statistics.crossed import CrossedSpread, crossed_spread
from ogan_bench.statistics.effect_size import effect_size
from ogan_bench.statistics.holm import holm
from ogan_bench.statistics.improvement import probability_of_improvement
from ogan_bench.statistics.means import (
    Interval,
    difference_interval,
    mean_interval,
    rerun_interval,
    varies,
)
from ogan_bench.statistics.normality import normality
from ogan_bench.statistics.one_sided_tests import (
    Method,
    PValues,
    Test,
    equivalence,
    mean_in_range,
    non_inferiority,
    superiority,
)
from ogan_bench.statistics.page_trend import TrendResult, trend
from ogan_bench.statistics.power import (
    detectable_difference,
    power,
    power_of_mean,
    power_of_rate,
    seeds_needed,
)
from ogan_bench.statistics.power_of_order import power_of_order
from ogan_bench.statistics.random_effects import (
    Effect,
    Summary,
    by_cluster,
    interquartile_mean,
    log_ratio,
    random_effects,
    stratified_bootstrap,
)
from ogan_bench.statistics.relative import relative_interval
from ogan_bench.statistics.samples import Sample, by_trial, correlation, standard_deviation
from ogan_bench.statistics.signed_ranks import (
    few_values,
    paired_advantages,
    signed_rank_interval,
    signed_rank_sides,
)
from ogan_bench.statistics.variance_components import Components, pooled_components

__all__ = [
    "Components",
    "CrossedSpread",
    "Effect",
    "Interval",
    "Method",
    "PValues",
    "Sample",
    "Summary",
    "Test",
    "TrendResult",
    "by_cluster",
    "by_trial",
    "correlation",
    "crossed_spread",
    "detectable_difference",
    "difference_interval",
    "effect_size",
    "equivalence",
    "few_values",
    "holm",
    "interquartile_mean",
    "log_ratio",
    "mean_in_range",
    "mean_interval",
    "non_inferiority",
    "normality",
    "paired_advantages",
    "pooled_components",
    "power",
    "power_of_mean",
    "power_of_order",
    "power_of_rate",
    "probability_of_improvement",
    "random_effects",
    "rate_interval",
    "rate_outside",
    "rate_within",
    "relative_interval",
    "rerun_interval",
    "seeds_needed",
    "signed_rank_interval",
    "signed_rank_sides",
    "standard_deviation",
    "stratified_bootstrap",
    "superiority",
    "trend",
    "varies",
]
