"""Trials without a value: how many, and why."""

from __future__ import annotations

from collections import Counter

from ogan_bench.analysis.formatting import join_words, pluralise
from ogan_bench.analysis.results import StudyResults
from ogan_bench.store.outcomes import FAILURES

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
