"""Which candidate of each search is chosen, and what a study says of its tuning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ogan_bench.analysis.formatting import join_words, metric_info, number
from ogan_bench.analysis.results import StudyResults
from ogan_bench.metrics import METRICS
from ogan_bench.statistics import Interval
from ogan_bench.study.candidates import Candidate
from ogan_bench.study.tuning import Search


@dataclass(frozen=True)
class Tried:
    """A candidate and how it did.

    Args:
        candidate: The candidate.
        mean: Mean of the search's metric over the seeds, with its t interval.
        failures: Trials that did not end well; such a candidate is not chosen.
    """

    candidate: Candidate
    mean: Interval
    failures: int

    @property
    def distance(self) -> float:
        """How far it is from what the search looks for: the less the better."""
        search, value = self.candidate.search, self.mean.estimate
        if self.failures or math.isnan(value):
            return math.inf
        if search.target is not None:
            return abs(value - search.target)
        return value if METRICS[search.metric].better == "lower" else -value


@dataclass(frozen=True)
class Choice:
    """The candidates of one arm.

    Args:
        search: The search.
        arm: The arm.
        tried: In the order of the study file.
    """

    search: Search
    arm: str
    tried: tuple[Tried, ...]

    @property
    def chosen(self) -> Tried | None:
        """The first of the best; ``None`` if every candidate has a trial that did not end well."""
        best = min(self.tried, key=lambda one: one.distance)
        return None if math.isinf(best.distance) else best


def choices(candidates: Sequence[Candidate], results: StudyResults) -> list[Choice]:
    """The choice for every arm that is tuned.

    Args:
        candidates: All candidates of the study.
        results: Those of the study of candidates.
    """
    found: dict[str, list[Tried]] = {}
    for candidate in candidates:
        trained_as = candidate.tried_as
        mean = results.mean(trained_as, candidate.search.metric)
        outcomes = [row["outcome"] for row in results.planned if row["arm"] == trained_as]
        failures = sum(outcome != "ok" for outcome in outcomes)
        found.setdefault(candidate.arm, []).append(Tried(candidate, mean, failures))
    return [Choice(tried[0].candidate.search, arm, tuple(tried)) for arm, tried in found.items()]


def tuning_in_words(results: StudyResults) -> list[str]:
    """One sentence for each search of a study that says how its arms were tuned."""
    tune = results.record.get("tune")
    if tune is None:
        return []
    seeds = f"training seeds {', '.join(map(str, tune['seeds']))}, which no verdict uses"
    found = []
    for search in tune["searches"]:
        arms = join_words([results.arm_title(arm) for arm in search["arms"]])
        among = "; ".join(
            f"{key}: {', '.join(map(str, values))}" for key, values in search["candidates"].items()
        )
        target = search["target"]
        wanted = "is best" if target is None else f"is nearest to {number(target)}"
        metric = metric_info(search["metric"]).title
        found.append(
            f"{arms} {'are tuned alike' if len(search['arms']) > 1 else 'is tuned'}: of the "
            f"candidates {among}, each has the one whose mean {metric} over {seeds}, {wanted}, "
            "among those whose every training ended well."
        )
    return found
