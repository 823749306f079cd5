"""The effective rank of vectors: closed forms, and the entropy of scipy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.effective_rank import effective_rank, effective_rank_error
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


def test_parallel_vectors_have_one_and_orthogonal_ones_their_number() -> None:
    assert effective_rank(torch.outer(normal(9, 1, 0)[:, 0], torch.ones(4))) == pytest.approx(1)
    assert effective_rank(7 * torch.eye(6)) == pytest.approx(6)


def test_is_the_entropy_of_the_shares_of_energy() -> None:
    x = normal(40, 7, 0) * torch.arange(1, 8)
    shares = np.linalg.eigvalsh((x.double().T @ x.double()).numpy())
    assert effective_rank(x) == pytest.approx(np.exp(entropy(shares)))


def test_neither_scale_nor_rotation_matters() -> None:
    x, turn = normal(40, 7, 0), torch.linalg.qr(normal(7, 7, 1)).Q
    assert effective_rank(3 * x @ turn) == pytest.approx(effective_rank(x), rel=1e-5)


def test_vectors_without_direction_are_refused() -> None:
    with pytest.raises(NoValueError, match="all zero"):
        effective_rank(torch.zeros(3, 2))


def test_error_is_about_the_spread() -> None:
    scale = torch.tensor([4.0, 2, 1, 1, 0.5, 0.5, 0.2, 0.1])
    sets = [normal(200, 8, seed) * scale for seed in range(60)]
    errors = [effective_rank_error(x) or 0 for x in sets]
    assert_about_the_spread([effective_rank(x) for x in sets], errors, least=0.75, most=1.3)


def test_parallel_vectors_have_no_error() -> None:
    x = torch.outer(normal(9, 1, 0)[:, 0], torch.ones(4))
    assert effective_rank_error(x) == pytest.approx(0, abs=1e-9)
    assert effective_rank_error(x[:1]) is None
