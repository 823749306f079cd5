"""How often verdicts are wrong, in simulated studies in which the right answer is known.

The null hypothesis is that both arms are the same: trainings of one distribution, whatever it is
and however the arms go together over seeds, or two that differ by exactly the margin. An arm that
is better at most seeds and far worse at a few is another matter: where the few are not among the
seeds, no test can see them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ogan_bench.analysis.evidence import Evidence
from ogan_bench.analysis.p_values import Significance, p_values_of
from ogan_bench.analysis.verdicts import decisions
from ogan_bench.study.hypotheses import Comparison, Trend

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Array]
ALPHA = 0.05
NAN = math.nan


def normal(rng: np.random.Generator, n: int) -> Array:
    return 10 + rng.normal(size=(n, 2))


def skewed(rng: np.random.Generator, n: int) -> Array:
    return np.exp(rng.normal(size=(n, 2)))


def heteroscedastic(rng: np.random.Generator, n: int) -> Array:
    return 10 + rng.normal(size=(n, 2)) * [1.0, 4.0]


def correlated(rng: np.random.Generator, n: int) -> Array:
    return 10 + rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=n)


def contrary(rng: np.random.Generator, n: int) -> Array:
    return 10 + rng.multivariate_normal([0, 0], [[1, -0.9], [-0.9, 1]], size=n)


def counts(rng: np.random.Generator, n: int) -> Array:
    """Modes of ten: mostly all, never more."""
    return 10.0 - np.minimum(rng.poisson(0.7, size=(n, 2)), 10)


def rare_collapse(rng: np.random.Generator, n: int) -> Array:
    """One training in ten is far worse."""
    return 10 + rng.normal(size=(n, 2)) + 40 * (rng.random((n, 2)) < 0.1)


def rare_divergence(rng: np.random.Generator, n: int) -> Array:
    """One training in ten has no value."""
    return np.where(rng.random((n, 2)) < 0.1, NAN, 10 + rng.normal(size=(n, 2)))


KINDS: list[Draw] = [
    normal, skewed, heteroscedastic, correlated, contrary, counts, rare_collapse, rare_divergence,
]  # fmt: skip
SEEDS = [2, 3, 5, 10]


def at_most(rate: float, repetitions: int) -> float:
    return rate + 3 * math.sqrt(rate * (1 - rate) / repetitions)


def evidence(table: Array, arms: str = "ab") -> Evidence:
    """Columns are arms, lower is better; nan where the training diverged."""
    return Evidence(
        {
            arm: {k: np.array([x]) for k, x in enumerate(column) if not math.isnan(x)}
            for arm, column in zip(arms, table.T, strict=True)
        },
        {
            arm: {k: "diverged" if math.isnan(x) else "ok" for k, x in enumerate(column)}
            for arm, column in zip(arms, table.T, strict=True)
        },
    )


def comparison(test: str, **entries: Any) -> Comparison:
    named: dict[str, Any] = {"id": "h", "claim": "c", "metric": "fd_classifier", "arm": "a",
                             "control": "b", "test": test}  # fmt: skip
    return Comparison.model_validate({**named, **entries})


@pytest.mark.parametrize("n", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_false_verdicts_come_at_most_at_their_level(kind: Draw, n: int) -> None:
    """Superiority at .05 two-sided errs half as often a side; the others at .05."""
    rng = np.random.default_rng(n)
    repetitions = 300
    better = comparison("superiority")
    absolute = {"margin": {"value": 2.0}}
    kept, same = (comparison(test, **absolute) for test in ("non_inferiority", "equivalence"))
    false = dict.fromkeys(("better", "worse", "kept", "same"), 0)
    for _ in range(repetitions):
        table = kind(rng, n)
        plain = p_values_of(better, evidence(table))
        at_margin = evidence(table + np.array([2.0, 0.0]))
        false["better"] += plain.claim < ALPHA
        false["worse"] += plain.opposite < ALPHA
        false["kept"] += p_values_of(kept, at_margin).claim < ALPHA
        false["same"] += p_values_of(same, at_margin).claim < ALPHA
    rates = {name: count / repetitions for name, count in false.items()}
    assert max(rates["better"], rates["worse"]) <= at_most(ALPHA / 2, repetitions), rates
    assert max(rates["kept"], rates["same"]) <= at_most(ALPHA, repetitions), rates


@pytest.mark.parametrize("kind", [normal, correlated, rare_divergence])
@pytest.mark.parametrize("n", [3, 5, 10])
def test_shares_of_the_control_keep_their_level(kind: Draw, n: int) -> None:
    rng = np.random.default_rng(n)
    repetitions = 300
    kept = comparison("non_inferiority", margin="25%")
    false = 0
    for _ in range(repetitions):
        table = kind(rng, n) * np.array([1.25, 1.0])
        false += p_values_of(kept, evidence(table)).claim < ALPHA
    assert false / repetitions <= at_most(ALPHA, repetitions)


@pytest.mark.parametrize("kind", [normal, skewed, counts, rare_collapse, rare_divergence])
@pytest.mark.parametrize("n", [2, 5])
def test_a_family_of_thirteen_errs_at_most_at_its_level(kind: Draw, n: int) -> None:
    """All null hypotheses true; an error is any false "supported" in the study."""
    rng = np.random.default_rng(1)
    repetitions, hypothesis = 100, comparison("superiority", sides=1)
    supported = refuted = 0
    for _ in range(repetitions):
        family = [p_values_of(hypothesis, evidence(kind(rng, n))) for _ in range(13)]
        found = decisions(family, ALPHA)
        supported += "supported" in found
        refuted += "refuted" in found
    assert max(supported, refuted) / repetitions <= at_most(ALPHA, repetitions)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
@pytest.mark.parametrize("means", [(3, 1, 1, 1), (1, 1, 1, 1), (3, 2, 1, 1.5)])
def test_trends_that_lack_a_step_are_seldom_supported(means: tuple[float, ...], n: int) -> None:
    rng = np.random.default_rng(n)
    repetitions = 200
    trend = Trend.model_validate(
        {"id": "h", "claim": "c", "metric": "fd_classifier", "test": "trend", "arms": list("abcd")}
    )
    false = 0
    for _ in range(repetitions):
        table = np.array(means) + 0.1 * rng.normal(size=(n, 4))
        false += p_values_of(trend, evidence(table, "abcd")).claim < ALPHA
    assert false / repetitions <= at_most(ALPHA / 2, repetitions)


def test_equivalent_is_seldom_said_of_what_differs() -> None:
    """Superiority by a margin where the arm is worse by exactly the margin."""
    rng = np.random.default_rng(0)
    repetitions = 300
    better = comparison("superiority", margin={"value": 2.0})
    said = {"equivalent": 0, "refuted": 0}
    for _ in range(repetitions):
        (found,) = decisions([_tested(better, normal(rng, 5) + np.array([2.0, 0.0]))], ALPHA)
        if found in said:
            said[found] += 1
    assert said["equivalent"] / repetitions <= at_most(ALPHA, repetitions)
    assert said["refuted"] > 0.5 * repetitions
    alike = decisions([_tested(better, 0.1 * normal(rng, 5))], ALPHA)
    assert alike == ["equivalent"]


def _tested(hypothesis: Comparison, table: Array) -> Significance:
    return p_values_of(hypothesis, evidence(table))
