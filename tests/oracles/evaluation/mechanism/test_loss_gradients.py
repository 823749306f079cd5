"""The sharpness of a loss: eigenvalues that are known."""

from __future__ import annotations

import pytest
import torch

from ogan_bench.evaluation.mechanism.loss_gradients import largest_curvature
from tests.oracles.evaluation.mechanism.normal_numbers import normal


class TestPureFunctions:
    def test_curvature_of_a_quadratic_is_its_largest_eigenvalue(self) -> None:
        basis = torch.linalg.qr(normal(6, 6).double())[0]
        for extreme in (9.0, -9.0):
            values = torch.tensor([extreme, 4.0, 3.0, 1.0, 0.5, 0.1], dtype=torch.float64)
            hessian = basis @ values.diag() @ basis.T
            w = normal(6).double().requires_grad_()
            unused = torch.zeros(2, dtype=torch.float64, requires_grad=True)
            random = torch.Generator().manual_seed(0)
            value, converged = largest_curvature(0.5 * w @ hessian @ w, [w, unused], random)
            assert converged
            assert value == pytest.approx(extreme, rel=1e-2)

    def test_a_linear_loss_has_no_curvature(self) -> None:
        w = normal(6).requires_grad_()
        assert largest_curvature((3 * w).sum(), [w], torch.Generator()) == (0.0, True)
