"""The Vendi and the RKE score: effective numbers in closed form and the library."""

from __future__ import annotations

import math

import pytest
import torch
from vendi_score import vendi

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.vendi import rke_score, vendi_score
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


class TestVendiScore:
    @pytest.mark.parametrize(("n", "k"), [(300, 20), (20, 300), (50, 50)])
    def test_agrees_with_the_package(self, n: int, k: int) -> None:
        x = normal(n, k, 0).abs()
        expected = vendi.score_dual(x.double().numpy())
        assert vendi_score(x).value == pytest.approx(expected, rel=1e-9)

    def test_published_vector(self) -> None:
        # Unit vectors with the cosines [[1, .9, 0], [.9, 1, 0], [0, 0, 1]] of the package's README,
        # each of them twice, which changes nothing.
        x = torch.tensor([[1.0, 0.0, 0.0], [0.9, math.sqrt(0.19), 0.0], [0.0, 0.0, 1.0]])
        assert vendi_score(x.repeat(2, 1)).value == pytest.approx(2.1573, abs=1e-4)

    def test_of_equal_images_is_one_and_of_orthogonal_ones_their_number(self) -> None:
        assert vendi_score(torch.ones(30, 5)).value == pytest.approx(1.0)
        assert vendi_score(3 * torch.eye(12)).value == pytest.approx(12.0)
        assert vendi_score(torch.eye(4).repeat(25, 1)).value == pytest.approx(4.0)

    @pytest.mark.parametrize(("n", "k"), [(200, 8), (15, 40)])
    def test_error_is_about_the_spread(self, n: int, k: int) -> None:
        found = [vendi_score(normal(n, k, s, 0.3)) for s in range(60)]
        assert_about_the_spread([f.value for f in found], [f.standard_error or 0 for f in found])

    def test_falls_with_dropped_modes(self) -> None:
        modes = torch.eye(8).repeat(20, 1) + 0.1 * normal(160, 8, 0)
        values = [vendi_score(modes[torch.arange(160) % 8 < kept]).value for kept in (8, 5, 2)]
        assert values == sorted(values, reverse=True)

    def test_does_not_depend_on_order_or_length(self) -> None:
        x = normal(40, 10, 0)
        lengths = 1 + torch.arange(40.0)[:, None]
        assert vendi_score((lengths * x).flip(0)).value == pytest.approx(
            vendi_score(x).value, rel=1e-5
        )

    def test_refuses_features_without_direction(self) -> None:
        x = normal(10, 4, 0)
        x[3] = 0
        with pytest.raises(NoValueError, match="1 images are all 0"):
            vendi_score(x)


class TestRkeScore:
    @pytest.mark.parametrize(("n", "k"), [(40, 6), (12, 30)])
    def test_equals_the_librarys_of_order_2(self, n: int, k: int) -> None:
        x = torch.nn.functional.normalize(normal(n, k, 0, 0.5).double())
        expected = vendi.score_dual(x.numpy(), q=2)
        assert rke_score(x).value == pytest.approx(expected, rel=1e-9)

    def test_closed_forms(self) -> None:
        assert rke_score(torch.ones(30, 5)).value == pytest.approx(1.0)
        assert rke_score(3 * torch.eye(12)).value == pytest.approx(12.0)
        assert rke_score(torch.eye(4).repeat(25, 1)).value == pytest.approx(4.0)
        shares = torch.eye(2)[[0, 0, 0, 1]]
        assert rke_score(shares).value == pytest.approx(1 / (0.75**2 + 0.25**2))

    @pytest.mark.parametrize(("n", "k"), [(200, 8), (15, 40)])
    def test_error_is_about_the_spread(self, n: int, k: int) -> None:
        found = [rke_score(normal(n, k, s, 0.3)) for s in range(60)]
        assert_about_the_spread([f.value for f in found], [f.standard_error or 0 for f in found])

    def test_is_at_most_the_vendi_score(self) -> None:
        x = normal(100, 10, 0, 0.5)
        assert 1 < rke_score(x).value < vendi_score(x).value

    def test_refuses_features_without_direction(self) -> None:
        x = normal(10, 4, 0)
        x[3] = 0
        with pytest.raises(NoValueError, match="1 images are all 0"):
            rke_score(x)
