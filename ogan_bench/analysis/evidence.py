"""The values that a hypothesis is tested on, by arm and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ogan_bench.analysis.members import Values, by_member, stacked
from ogan_bench.analysis.missing_values import TRAINED, outcomes_of
from ogan_bench.analysis.results import StudyResults
from ogan_bench.store.outcomes import FAILURES
from ogan_bench.study.hypotheses import Hypothesis

T = TypeVar("T")


@dataclass(frozen=True)
class Evidence:
    """Values and outcomes of the arms of one hypothesis.

    Args:
        values: Arm to seed to value, shape (1,), or to the values in the members of an ensemble of
            classifiers, shape (C,), if all were measured in one.
        outcomes: Arm to seed to outcome, of the trials whose training ended.
    """

    values: Mapping[str, Mapping[int, Values]]
    outcomes: Mapping[str, Mapping[int, str]]

    @property
    def members(self) -> int:
        """Number of classifiers in which every value was measured; 1 without an ensemble."""
        sizes = {value.size for of_arm in self.values.values() for value in of_arm.values()}
        return sizes.pop() if len(sizes) == 1 else 1

    @property
    def seeds(self) -> list[int]:
        """Seeds of all trials whose training ended."""
        return sorted({seed for of_arm in self.outcomes.values() for seed in of_arm})

    def known(self, arm: str) -> Values:
        """The arm's values in the order of seeds, shape (n,) or (n, C)."""
        return stacked(list(self.values[arm].values()))

    def failed(self, arm: str) -> set[int]:
        """Seeds of the arm's trainings that failed and left no value."""
        return {
            seed
            for seed, outcome in self.outcomes[arm].items()
            if outcome in FAILURES and seed not in self.values[arm]
        }

    def common(self, arms: Sequence[str]) -> list[Values]:
        """Values of each arm at the seeds at which every arm has a value or failed.

        Each of shape (n,) or (n, C), nan where the training failed.
        """
        seeds = [
            seed
            for seed in self.seeds
            if all(seed in self.values[arm] or seed in self.failed(arm) for arm in arms)
        ]
        lost = np.full(self.members, np.nan)
        return [stacked([self.values[arm].get(seed, lost) for seed in seeds]) for arm in arms]

    def without_seed(self, seed: int) -> Evidence:
        """The same without one seed."""
        return Evidence(
            {arm: _except(of_arm, {seed}) for arm, of_arm in self.values.items()},
            {arm: _except(of_arm, {seed}) for arm, of_arm in self.outcomes.items()},
        )

    def in_member(self, index: int) -> Evidence:
        """The values in one classifier of the ensemble; the same without an ensemble."""
        if self.members == 1:
            return self
        return replace(
            self,
            values={
                arm: {seed: value[index : index + 1] for seed, value in of_arm.items()}
                for arm, of_arm in self.values.items()
            },
        )

    def without_failures(self) -> Evidence:
        """The same without the trials whose training failed, with a value or not."""
        gone = {
            arm: {seed for seed, outcome in of_arm.items() if outcome in FAILURES}
            for arm, of_arm in self.outcomes.items()
        }
        return Evidence(
            {arm: _except(of_arm, gone[arm]) for arm, of_arm in self.values.items()},
            {arm: _except(of_arm, gone[arm]) for arm, of_arm in self.outcomes.items()},
        )


def gather(results: StudyResults, hypothesis: Hypothesis) -> Evidence:
    """What is stored for the arms of a hypothesis."""
    arms, found = hypothesis.tested_arms, []
    if hypothesis.metric is not None:
        rows = [row for arm in arms for row in results.measurements(hypothesis.metric, arm)]
        found = [row for row in rows if np.isfinite(row["value"])]
    values: dict[str, dict[int, Values]] = {arm: {} for arm in arms}
    for row, value in zip(found, by_member(found), strict=True):
        values[row["arm"]][row["seed"]] = value
    return Evidence(
        values,
        {
            arm: {
                seed: outcome
                for seed, outcome in outcomes_of(results, arm).items()
                if outcome in TRAINED
            }
            for arm in arms
        },
    )


def _except(of_arm: Mapping[int, T], seeds: set[int]) -> dict[int, T]:
    return {seed: value for seed, value in of_arm.items() if seed not in seeds}
