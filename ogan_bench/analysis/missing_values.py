"""Trials without a value: how many, why, and how they are ranked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ogan_bench.analysis.formatting import join_words, pluralise
from ogan_bench.analysis.outcomes import FAILURES
from ogan_bench.analysis.results import StudyResults

Values = NDArray[np.float64]

TRAINED = ("ok", *FAILURES)
"""Outcomes of trials whose training ended, by itself or by failing."""
WITHOUT_VALUES = ("diverged", "stopped", "failed", "unfinished", "missing")


def missing_values(results: StudyResults, metric: str, *arms: str) -> tuple[str, ...]:
    """``pearson lacks 2 of 5 values (1 diverged, 1 missing)`` for each arm with missing values."""
    parts = []
    for arm in arms:
        known = outcomes_of(results, arm)
        missing = len(known) - len(results.values(arm, metric))
        if not missing:
            continue
        why = Counter(name for name in known.values() if name in WITHOUT_VALUES)
        why["without a value"] = missing - why.total()
        causes = join_words([f"{n} {cause}" for cause, n in why.items() if n > 0])
        title = results.arm_title(arm)
        parts.append(f"{title} lacks {missing} of {pluralise(len(known), 'value')} ({causes})")
    return tuple(parts)


def outcomes_of(results: StudyResults, arm: str) -> dict[int, str]:
    """Seed to outcome of an arm's planned trials."""
    return {int(row["seed"]): str(row["outcome"]) for row in results.planned if row["arm"] == arm}


def failed_trials(results: StudyResults, arm: str, metric: str) -> int:
    """Number of an arm's trials without a value because their training failed."""
    known = results.by_seed(arm, metric)
    return sum(
        name in FAILURES and seed not in known for seed, name in outcomes_of(results, arm).items()
    )


def values_to_rank(results: StudyResults, arm: str, metric: str) -> tuple[Values, int]:
    """Values of an arm's trials that did not fail, and the number that failed."""
    known, ended = results.by_seed(arm, metric), outcomes_of(results, arm)
    failed = sum(name in FAILURES for name in ended.values())
    sound = [value for seed, value in known.items() if ended[seed] not in FAILURES]
    return np.array(sound, np.float64), failed


def blocks_to_rank(results: StudyResults, arms: Sequence[str], metric: str) -> Values:
    """Values by seed and arm, shape (seeds, arms), for seeds at which every arm was trained.

    A failed trial without a value is nan.
    """
    known = [results.by_seed(arm, metric) for arm in arms]
    ended = [outcomes_of(results, arm) for arm in arms]
    rows = [
        [values.get(seed, math.nan) for values in known]
        for seed in results.record["seeds"]
        if all(
            seed in values or of[seed] in FAILURES for values, of in zip(known, ended, strict=True)
        )
    ]
    return np.array(rows, np.float64).reshape(-1, len(arms))
