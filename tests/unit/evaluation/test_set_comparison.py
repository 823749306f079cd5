"""Standard errors from halves, and differences of two sets."""

from __future__ import annotations

import math
import statistics

import pytest
import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.feature_values import feature_values
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.evaluation.set_comparison import (
    difference,
    half_values,
    mean_of_members,
    standard_errors,
)

SLOW = ("ndb", "ndb_js", "sliced_wasserstein", "fd_infinity", "authenticity", "kd_exact", "density")


def drawn(seed: int, n: int, shift: float = 0.0) -> Tensor:
    return shift + torch.randn(n, 4, generator=torch.Generator().manual_seed(seed))


@pytest.mark.usefixtures("_stores")
def test_the_spread_of_halves_is_that_of_independent_sets() -> None:
    reference = Reference(drawn(0, 600), torch.device("cpu"))
    sets = [drawn(seed, 200, 1.0) for seed in range(1, 31)]
    values = [feature_values(Comparison(of, reference, 0), without=SLOW) for of in sets]
    errors = [
        standard_errors(half_values(of, reference, "classifier", 0, without=SLOW, halves=20))
        for of in sets[:4]
    ]
    for quantity in ("fd", "kd", "precision"):
        truth = statistics.stdev(found[quantity] or 0.0 for found in values)
        error = statistics.fmean(found[quantity] for found in errors)
        assert 0.6 * truth < error < 1.7 * truth, quantity


def test_a_difference_adds_variances() -> None:
    found = difference(5.0, 0.3, 4.0, 0.4)
    assert [found.value, found.error] == pytest.approx([1, 0.5])
    assert found.p == pytest.approx(math.erfc(2 / math.sqrt(2)))
    assert list(found.interval) == pytest.approx([0.02, 1.98], abs=1e-3)
    assert difference(1.0, 0.0, 1.0, 0.0).p == 1
    assert difference(2.0, 0.0, 1.0, 0.0).p == 0


def test_an_ensemble_is_averaged_half_by_half() -> None:
    """Errors that members share stay, others shrink: the mean of errors would be too large."""
    one, other = {"fd": [1.0, 2.0, 3.0], "kd": [1.0, 2.0, 3.0]}, {"fd": [3.0, 2.0, 1.0]}
    assert mean_of_members([one, other]) == {"fd": [2.0, 2.0, 2.0]}
    assert standard_errors(mean_of_members([one, one])) == standard_errors(one)
