"""Marks in tables: adjusted for the number of arms, and none for arms that collapsed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.marks import better_or_worse, leader
from ogan_bench.analysis.results import StudyResults
from tests.unit.analysis.made_up_study import ARM_SETTINGS, NAN, column, settings, study

FULL = (1.0, 1.2, 1.1, 1.3)


def shifted(*noise: float, by: float) -> dict[int, float]:
    """The values of the first arm, paired with its seeds, with a shift and noise."""
    return column(*(x + by + e for x, e in zip(FULL, noise, strict=True)))


def of_arms(**values: dict[int, float]) -> StudyResults:
    arms = {name: settings(weight=index) for index, name in enumerate(values)}
    return study(arms, {"reconstruction_mse": values})


def test_leader_needs_every_comparison(root: Path) -> None:
    results = load_results(root, "demo")
    assert leader(results, "reconstruction_mse") == "pearson"
    assert leader(results, "fd_classifier") is None
    assert leader(results, "modes_classifier") is None


def test_a_leader_is_found_by_paired_differences() -> None:
    wide = [10.0, 20.0, 30.0, 40.0]
    values = {"full": column(*wide), "no_term": column(*(x + 1 + 0.1 * (x > 15) for x in wide))}
    arms = {name: ARM_SETTINGS[name] for name in values}
    assert leader(study(arms, {"reconstruction_mse": values}), "reconstruction_mse") == "full"
    assert stats.ttest_ind(*(list(v.values()) for v in values.values())).pvalue > 0.5


def test_a_leader_is_adjusted_for_the_number_of_arms() -> None:
    """Three comparisons of p = 0.03 each: unadjusted it would lead, by Holm it does not."""
    noise = (0.0, 0.1, 0.2, 0.3)
    rival = shifted(*noise, by=0.096)
    p = stats.ttest_rel(list(rival.values()), FULL).pvalue
    assert 0.025 < p < 0.04
    two = of_arms(full=column(*FULL), rival=rival)
    assert leader(two, "reconstruction_mse") == "full"
    four = of_arms(full=column(*FULL), **dict.fromkeys(("a", "b", "c"), rival))
    assert leader(four, "reconstruction_mse") is None
    clear = shifted(*noise, by=5.0)
    assert leader(of_arms(full=column(*FULL), a=clear, b=rival), "reconstruction_mse") == "full"


@pytest.mark.parametrize("mark", ["collapsed", "floor"])
def test_a_degenerate_arm_never_leads(mark: str) -> None:
    results = of_arms(full=column(*FULL), rival=shifted(0, 0.1, 0, 0.1, by=5))
    is_one = (results.metrics["arm"] == "full") & (results.metrics["seed"] == 2)
    marked = results.metrics["degenerate"].mask(is_one, mark)
    hurt = dataclasses.replace(results, metrics=results.metrics.assign(degenerate=marked))
    assert leader(results, "reconstruction_mse") == "full"
    assert leader(hurt, "reconstruction_mse") is None
    assert better_or_worse(results, "reconstruction_mse", results.control) == {"rival": False}
    assert better_or_worse(hurt, "reconstruction_mse", hurt.control) == {"rival": None}


@pytest.mark.parametrize("outcome", ["collapsed", "diverged", "saturated"])
def test_an_arm_with_a_failed_trial_never_leads(outcome: str) -> None:
    results = of_arms(full=column(*FULL), rival=shifted(0, 0.1, 0, 0.1, by=5))
    trials = pd.DataFrame({"arm": ["rival", "full"], "seed": [0, 0], "outcome": ["ok", outcome]})
    assert leader(dataclasses.replace(results, trials=trials), "reconstruction_mse") is None


def test_better_and_worse_follow_the_direction_and_are_adjusted() -> None:
    noise = (0.0, 0.1, 0.2, 0.3)
    worse, weak = shifted(*noise, by=5.0), shifted(*noise, by=0.096)
    arms = of_arms(full=column(*FULL), weak=weak)
    assert better_or_worse(arms, "reconstruction_mse", arms.control) == {"weak": False}
    arms = of_arms(full=column(*FULL), worse=worse, weak=weak, other=weak)
    assert better_or_worse(arms, "reconstruction_mse", arms.control) == {
        "worse": False, "weak": None, "other": None,
    }  # fmt: skip
    rho = study(arms.record["arms"], {"latent_rho": {"full": column(*FULL), "worse": worse}})
    assert better_or_worse(rho, "latent_rho", rho.control)["worse"] is True
    undirected = study(
        arms.record["arms"], {"gradient_cosine_output": {"full": column(*FULL), "worse": worse}}
    )
    found = better_or_worse(undirected, "gradient_cosine_output", undirected.control)
    assert set(found.values()) == {None}


def test_an_arm_without_values_counts_and_has_no_mark() -> None:
    """Holm's family is that of the table: it does not shrink where values are missing."""
    weak = shifted(0.0, 0.1, 0.2, 0.3, by=0.096)
    arms = of_arms(full=column(*FULL), weak=weak, empty=column(NAN, NAN, NAN, NAN))
    found = better_or_worse(arms, "reconstruction_mse", arms.control)
    assert found == {"weak": None, "empty": None}
