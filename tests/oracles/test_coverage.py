"""Mode coverage: even, collapsed and unseen classes; the floor against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import Tensor

from ogan_bench.evaluation.coverage import class_shares, coverage_rows, modes_kl
from ogan_bench.evaluation.features import Features
from ogan_bench.evaluation.rows import Row


def of_labels(labels: Tensor, classes: int = 10) -> Features:
    logits = torch.nn.functional.one_hot(labels, classes).float()
    return Features(torch.zeros(len(labels), 1), logits, "test@0")


EVEN = of_labels(torch.arange(1000) % 10)


def rows_of(samples: Features, reference: Features) -> tuple[Row, Row]:
    modes, divergence = coverage_rows(samples, reference)
    assert (modes.metric, divergence.metric) == ("modes_classifier", "modes_kl_classifier")
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
    with pytest.raises(ValueError, match="class"):
        modes_kl(q, p)


def test_a_perfect_generator_is_at_the_floor() -> None:
    n, rng = 2000, np.random.default_rng(0)
    values = []
    for _ in range(300):
        labels = torch.from_numpy(rng.integers(0, 10, n))
        _, divergence = rows_of(of_labels(labels), EVEN)
        values.append(divergence.value)
    assert divergence.floor == 9 / (2 * n)
    assert np.mean([v for v in values if v is not None]) == pytest.approx(9 / (2 * n), rel=0.15)


def test_a_class_the_reference_lacks_has_a_note() -> None:
    modes, divergence = rows_of(EVEN, of_labels(torch.arange(100) % 9))
    assert modes.value == 10
    assert divergence.value is None
    assert "no training image" in (divergence.note or "")


def test_values_that_are_not_finite_have_a_note() -> None:
    broken = Features(torch.zeros(5, 1), torch.full((5, 10), math.nan), "test@0")
    for row in rows_of(broken, EVEN):
        assert row.value is None
        assert "not finite" in (row.note or "")


def test_shares_sum_to_one() -> None:
    assert class_shares(EVEN.logits).tolist() == pytest.approx([0.1] * 10)
