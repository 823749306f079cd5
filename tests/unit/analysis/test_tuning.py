"""The choice among candidates."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.tuning import choices
from ogan_bench.study.candidates import Candidate
from ogan_bench.study.settings import Settings
from ogan_bench.study.tuning import Search


def search(metric: str = "reconstruction_mse", target: float | None = None) -> Search:
    return Search(
        arms=["tuned"],
        candidates={"objective.consistency_weight": [1, 2, 3]},
        metric=metric,
        target=target,
    )


def tried(of: Search, *arms: str) -> list[Candidate]:
    """Candidates that stand for stored arms: broken has the mean .080, pearson .013."""
    settings = Settings.model_construct()
    return [Candidate(of, "tuned", {"weight": i}, settings, arm) for i, arm in enumerate(arms)]


@pytest.mark.parametrize(
    ("of", "arms", "chosen"),
    [
        (search(), ("broken", "pearson"), "pearson"),
        (search(target=0.07), ("broken", "pearson"), "broken"),
        (search(target=0.02), ("broken", "pearson"), "pearson"),
        (search("modes_classifier"), ("broken", "pearson"), "broken"),  # equal: the first
    ],
)
def test_the_best_or_nearest_is_chosen(
    root: Path, of: Search, arms: tuple[str, ...], chosen: str
) -> None:
    (choice,) = choices(tried(of, *arms), load_results(root, "demo"))
    assert choice.arm == "tuned"
    assert choice.chosen is not None
    assert choice.chosen.candidate.tried_as == chosen


def test_a_candidate_with_a_trial_that_failed_is_not_chosen(root: Path) -> None:
    (choice,) = choices(tried(search(target=0.079), "none", "pearson"), load_results(root, "demo"))
    assert choice.tried[0].failures > 0
    assert choice.chosen is choice.tried[1]
    (none,) = choices(tried(search(), "mse"), load_results(root, "demo"))
    assert none.chosen is None
