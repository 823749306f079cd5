"""Mode coverage: even, collapsed and unseen classes; the floor against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.coverage.classes import (
    class_shares,
    coverage_rows,
    modes_kl,
    modes_kl_error,
    modes_kl_floor,
)
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.extractor import Features
from tests.oracles.evaluation.spread import assert_about_the_spread


def of_labels(labels: Tensor, classes: int = 10) -> Features:
    logits = torch.nn.functional.one_hot(labels, classes).float()
    return Features(torch.zeros(len(labels), 1), logits, "test@0")


EVEN = of_labels(torch.arange(1000) % 10)


def rows_of(samples: Features, reference: Features) -> tuple[Row, Row]:
    classes = reference.logits.shape[1]
    test = of_labels(torch.arange(10 * classes) % classes, classes)
    modes, divergence = coverage_rows(
        samples, reference, test, test.logits.argmax(1), 1, "reference"
    )
    assert (modes.metric, divergence.metric) == ("modes_classifier", "modes_kl_classifier")
    assert (modes.split, divergence.split) == ("generated", "reference")
    return modes, divergence


def test_even_classes_are_perfect() -> None:
    modes, divergence = rows_of(of_labels(torch.arange(500) % 10), EVEN)
    assert modes.value == 10
    assert divergence.value == pytest.approx(0.0, abs=1e-12)


def test_one_class_is_the_logarithm_of_their_number() -> None:
    modes, divergence = rows_of(of_labels(torch.full((500,), 3)), EVEN)
    assert modes.value == 1
    assert divergence.value == pytest.approx(math.log(10))


def test_divergence_agrees_with_scipy_and_has_its_direction() -> None:
    p, q = torch.tensor([0.7, 0.3, 0.0]).double(), torch.tensor([0.2, 0.5, 0.3]).double()
    assert modes_kl(p, q) == pytest.approx(float(entropy(p.numpy(), q.numpy())))
    with pytest.raises(NoValueError, match="class"):
        modes_kl(q, p)


def test_a_perfect_generator_is_at_the_floor() -> None:
    n, rng = 2000, np.random.default_rng(0)
    values = []
    for _ in range(300):
        labels = torch.from_numpy(rng.integers(0, 10, n))
        _, divergence = rows_of(of_labels(labels), EVEN)
        values.append(divergence.value)
    assert divergence.floor == pytest.approx(9 / (2 * n), rel=2e-3)
    assert np.mean([v for v in values if v is not None]) == pytest.approx(9 / (2 * n), rel=0.15)


@pytest.mark.parametrize(("p", "most"), [([0.3, 0.3, 0.3, 0.1], 1.3), ([0.25] * 4, 1.7)])
def test_error_is_about_the_spread(p: list[float], most: float) -> None:
    """Of perfect samples it is √2 too large."""
    rng, q = np.random.default_rng(0), torch.full((4,), 0.25).double()
    drawn = [torch.from_numpy(c / 500) for c in rng.multinomial(500, p, size=300)]
    errors = [modes_kl_error(shares, q, 500) for shares in drawn]
    assert_about_the_spread([modes_kl(shares, q) for shares in drawn], errors, most=most)


@pytest.mark.parametrize("n", [5, 50, 1000])
def test_the_floor_holds_for_few_samples_of_many_uneven_classes(n: int) -> None:
    rng = np.random.default_rng(1)
    q = rng.dirichlet(np.ones(100))
    values = [
        modes_kl(torch.from_numpy(c / n), torch.from_numpy(q))
        for c in rng.multinomial(n, q, size=2000)
    ]
    assert modes_kl_floor(torch.from_numpy(q), n) == pytest.approx(np.mean(values), rel=0.02)


def test_the_floor_of_a_single_class_is_zero() -> None:
    assert modes_kl_floor(torch.tensor([0.0, 1.0]), 7) == pytest.approx(0.0, abs=1e-12)


def test_a_perfect_generator_cannot_find_all_of_many_classes() -> None:
    n, classes, rng = 1000, 400, np.random.default_rng(2)
    reference = of_labels(torch.arange(4000) % classes, classes)
    found = []
    for _ in range(200):
        modes, _ = rows_of(
            of_labels(torch.from_numpy(rng.integers(0, classes, n)), classes), reference
        )
        found.append(modes.value or 0)
    assert np.mean(found) < 390
    assert "of 400; 1000 perfect samples are expected to have " in (modes.note or "")
    assert float((modes.note or "").split()[-1]) == pytest.approx(np.mean(found), abs=1.5)
    few, _ = rows_of(EVEN, EVEN)
    assert few.note is None


def test_a_class_the_reference_lacks_has_a_note() -> None:
    modes, divergence = rows_of(EVEN, of_labels(torch.arange(100) % 9))
    assert modes.value == 10
    assert divergence.value is None
    assert "no reference image" in (divergence.note or "")


def test_values_that_are_not_finite_have_a_note() -> None:
    broken = Features(torch.zeros(5, 1), torch.full((5, 10), math.nan), "test@0")
    for row in rows_of(broken, EVEN):
        assert row.value is None
        assert "not finite" in (row.note or "")


def test_shares_sum_to_one() -> None:
    assert class_shares(EVEN.logits).tolist() == pytest.approx([0.1] * 10)
