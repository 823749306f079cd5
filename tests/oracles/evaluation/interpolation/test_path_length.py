"""Paths between codes: arcs and lines in closed form, lengths of linear maps, trimming, detours."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import trim_mean
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.interpolation.path_length import (
    detour,
    linear,
    spherical,
    squared_speeds,
    takes_floats,
    trimmed_mean,
)
from ogan_bench.models.normalization import standardise
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread

CPU = torch.device("cpu")


def everywhere(n: int, s: float) -> Tensor:
    return torch.full((n, 1), s)


class TestCurves:
    @pytest.mark.parametrize("curve", [linear, spherical])
    def test_begin_and_end_where_they_should(self, curve: object) -> None:
        a, b = normal(20, 8, 0), 3 * normal(20, 8, 1)
        assert callable(curve)
        assert torch.allclose(curve(a, b, everywhere(20, 0.0)), a, atol=1e-6)
        assert torch.allclose(curve(a, b, everywhere(20, 1.0)), b, atol=1e-5)

    def test_the_arc_stays_among_normalised_codes_and_the_line_does_not(self) -> None:
        a, b = standardise(normal(50, 16, 0)), standardise(normal(50, 16, 1))
        on_arc, on_line = (c(a, b, everywhere(50, 0.5)) for c in (spherical, linear))
        assert torch.allclose(on_arc, standardise(on_arc), atol=1e-5)
        assert float(on_line.square().mean(1).max()) < 0.9

    def test_the_arc_has_constant_speed(self) -> None:
        a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
        for s in (0.0, 0.25, 0.7, 1.0):
            expected = torch.tensor([[math.cos(s * math.pi / 2), math.sin(s * math.pi / 2)]])
            assert torch.allclose(spherical(a, b, everywhere(1, s)), expected, atol=1e-6)

    @pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 0.0])
    def test_ends_without_an_arc_are_joined_by_a_line(self, factor: float) -> None:
        a = normal(5, 4, 0)
        between = spherical(a, factor * a, everywhere(5, 0.25))
        assert bool(between.isfinite().all())
        if factor:
            assert torch.allclose(between, (0.75 + 0.25 * factor) * a, atol=1e-5)


class TestSpeed:
    def test_of_a_line_through_a_linear_map_is_the_distance_of_its_ends(self) -> None:
        a, b, weight = normal(30, 6, 0), normal(30, 6, 1), normal(6, 9, 2)
        s = torch.rand(30, 1, generator=torch.Generator().manual_seed(3)) * 0.99
        speeds = squared_speeds(lambda codes: codes @ weight, linear, a, b, s, 0.01)
        assert torch.allclose(speeds, ((b - a) @ weight).square().sum(1).double(), rtol=1e-3)

    def test_of_an_arc_is_angle_times_radius(self) -> None:
        a, b = standardise(normal(30, 8, 0)).double(), standardise(normal(30, 8, 1)).double()
        speeds = squared_speeds(
            lambda codes: codes, spherical, a, b, everywhere(30, 0.3).double(), 1e-4
        )
        angle = ((a * b).sum(1) / 8).acos()
        assert torch.allclose(speeds, 8 * angle.square(), rtol=1e-5)

    def test_a_step_in_the_image_shows(self) -> None:
        a, b = torch.zeros(1000, 1), torch.ones(1000, 1)
        s = torch.linspace(0, 0.99, 1000)[:, None]
        smooth, step = (
            float(squared_speeds(points, linear, a, b, s, 0.01).mean())
            for points in (lambda c: c, lambda c: (c > 0.5).float())
        )
        assert smooth == pytest.approx(1.0, rel=1e-3)
        assert step == pytest.approx(100, rel=0.2)  # one of 1/ε places has the speed 1/ε

    def test_a_generator_that_does_not_listen_has_none(self) -> None:
        a, b = normal(5, 3, 0), normal(5, 3, 1)
        speeds = squared_speeds(torch.zeros_like, linear, a, b, everywhere(5, 0.5), 0.01)
        assert speeds.tolist() == [0.0] * 5


class TestTrimming:
    def test_agrees_with_scipy_where_the_cut_is_exact(self) -> None:
        values = normal(1001, 1, 0)[:, 0].double().exp()
        kept = np.sort(values.numpy())[10:-10]
        found = trimmed_mean(values).value
        assert found == pytest.approx(float(kept.mean()))
        assert found == pytest.approx(trim_mean(values.numpy(), 0.01), rel=1e-3)

    def test_one_outlier_of_a_thousand_goes(self) -> None:
        values = torch.ones(1000).double()
        values[17] = 1e6
        assert trimmed_mean(values).value == 1.0
        assert trimmed_mean(torch.tensor([3.0])).value == 3.0

    def test_nothing_is_refused(self) -> None:
        with pytest.raises(NoValueError, match="no values"):
            trimmed_mean(torch.empty(0))


class TestDetour:
    def test_of_lines_quarter_circles_and_ways_back(self) -> None:
        s = torch.linspace(0, 1, 201).double()
        line = torch.stack([s, 2 * s], 1)[:, None]
        assert detour(line).value == pytest.approx(1.0)
        quarter = torch.stack([(s * math.pi / 2).cos(), (s * math.pi / 2).sin()], 1)[:, None]
        assert detour(quarter).value == pytest.approx(math.pi / 2 / math.sqrt(2), rel=1e-4)
        assert detour(torch.cat([line, line.flip(0)[:-100]])).value > 2

    def test_of_images_that_never_change_is_not_defined(self) -> None:
        with pytest.raises(NoValueError, match="end where they start"):
            detour(torch.ones(5, 3, 1, 4, 4))


class TestFloats:
    """Whether an extractor may be given what lies between two grey levels."""

    class Space:
        name, weights_hash, device, batch_size = "space", "", CPU, 8

        def __init__(self, kind: str) -> None:
            self.kind = kind

        def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
            if self.kind == "refuses" and images.is_floating_point():
                raise ValueError("uint8 only")
            x = to_float(images) if self.kind == "takes" else images.float() / 255
            return x.flatten(1), x.flatten(1)[:, :0]

    @pytest.mark.parametrize(
        ("kind", "expected"), [("takes", True), ("misunderstands", False), ("refuses", False)]
    )
    def test_is_found_out(self, kind: str, expected: bool) -> None:
        images = torch.arange(64, dtype=torch.uint8).view(4, 1, 4, 4)
        assert takes_floats(self.Space(kind), images) is expected


def test_errors_of_lengths_are_about_the_spread() -> None:
    trimmed = [trimmed_mean(normal(500, 1, seed)[:, 0].exp()) for seed in range(60)]
    paths = [normal(5 * 50, 8, seed).view(5, 50, 8) for seed in range(60)]
    for found in (trimmed, [detour(x) for x in paths]):
        errors = [estimate.standard_error or 0 for estimate in found]
        assert_about_the_spread([e.value for e in found], errors, least=0.75, most=1.3)
