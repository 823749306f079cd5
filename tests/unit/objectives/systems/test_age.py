"""AGE: the divergence of codes in closed form, and the sphere on which they lie."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models.dcgan import dcgan
from ogan_bench.objectives.base import PROJECTIONS
from ogan_bench.objectives.systems.age import age, divergence


def codes(n: int = 7, d: int = 5) -> Tensor:
    return torch.randn(n, d, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_divergence_of_exact_moments() -> None:
    """Dimensions of mean 0 and deviation 1, and of mean 2 and deviation 3."""
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    assert divergence(signs[:, None]).tolist() == [0.0] * 4
    both = divergence(torch.stack([signs, 2 + 3 * signs], dim=1))
    assert both.tolist() == pytest.approx([((9 + 4 - 1) / 2 - math.log(3)) / 2] * 4)


def test_uniform_codes_have_the_moments_of_the_prior_and_half_a_sphere_has_not() -> None:
    uniform = age().prior(codes(50_000))
    assert 0 <= float(divergence(uniform)[0]) < 1e-3
    half = torch.cat([uniform[:, :1].abs(), uniform[:, 1:]], dim=1)
    assert float(divergence(half)[0]) > 0.05


def test_codes_that_are_all_alike_have_a_finite_divergence_and_gradient() -> None:
    alike = torch.ones(4, 3, requires_grad=True)
    found = divergence(alike)
    assert found.tolist() == pytest.approx([(math.log(1e12) + 1 - 1) / 2] * 4, rel=1e-5)
    found.sum().backward()
    assert alike.grad is not None
    assert alike.grad.isfinite().all()


def test_the_radius_of_the_sphere_moves_no_gradient() -> None:
    e = codes().requires_grad_()
    ours = age().code(e, 5)
    unit = e / e.norm(dim=1, keepdim=True)
    slopes = [torch.autograd.grad(divergence(c).sum(), e)[0] for c in (ours, unit)]
    assert slopes[0].abs().max() > 1e-3
    torch.testing.assert_close(*slopes)


def test_prior_and_codes_lie_on_the_sphere_of_autoencoding() -> None:
    objective = age()
    z = codes()
    for on_it in (objective.prior(z), objective.code(3 * z, 5)):
        torch.testing.assert_close(on_it.norm(dim=1), torch.full((7,), 5**0.5).double())
        torch.testing.assert_close(PROJECTIONS[objective.projection](on_it), on_it)
        torch.testing.assert_close(
            on_it / on_it.norm(dim=1, keepdim=True) * z.norm(dim=1, keepdim=True), z
        )


def test_one_dimension_is_refused() -> None:
    with pytest.raises(UserError, match="age: z needs 2 dimensions and has one"):
        age().build(dcgan(ImageShape(1, 16, 16), 0, z_dim=1, width=2))
