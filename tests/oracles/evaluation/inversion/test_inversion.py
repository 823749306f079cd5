"""Inverting G: least squares as oracle, perfect, collapsed and conditional generators."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ogan_bench.evaluation.inversion.inversion import Inversions, invert
from ogan_bench.evaluation.reconstruction.pixel_error import point_mse


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def linear_generator(d: int, pixels: int) -> tuple[Tensor, Tensor]:
    return normal(d, pixels, seed=0), normal(pixels, seed=1)


def test_a_linear_generator_is_inverted_by_least_squares() -> None:
    weight, bias = linear_generator(6, 30)
    x = normal(40, 30, seed=2)

    def decode(z: Tensor, labels: Tensor | None) -> Tensor:
        return z @ weight + bias

    solution = torch.linalg.lstsq(weight.T.double(), (x - bias).T.double()).solution
    expected = point_mse(x.double(), solution.T @ weight.double() + bias)
    found = invert(decode, point_mse, x, normal(40, 6, seed=3))
    assert torch.allclose(found, expected, rtol=1e-3)
    assert bool((found > expected - 1e-6).all())


def test_a_perfect_generator_reaches_every_image_and_a_collapsed_one_its_variance() -> None:
    x, start = 0.5 * normal(20, 8, seed=0), normal(20, 8, seed=1)
    assert float(invert(lambda z, _: z, point_mse, x, start).max()) < 1e-6
    centre = x.mean(0)
    collapsed = invert(lambda z, _: centre + 0 * z, point_mse, x, start)
    assert float(collapsed.mean()) == pytest.approx(float(x.var(0, correction=0).mean()), rel=1e-5)


def test_no_end_is_worse_than_its_start_nor_than_fewer_steps() -> None:
    x, start = normal(20, 8, seed=0), normal(20, 8, seed=1)

    def decode(z: Tensor, labels: Tensor | None) -> Tensor:
        return (3 * z).sin()

    first = point_mse(x, decode(start, None))
    found = [invert(decode, point_mse, x, start, steps=steps) for steps in (1, 20, 300)]
    for worse, better in ((first, found[0]), (found[0], found[2])):
        assert float(better.mean()) < float(worse.mean())
        assert bool((better <= first + 1e-12).all())
    assert torch.equal(found[2], invert(decode, point_mse, x, start))


def test_images_do_not_see_each_other() -> None:
    weight, bias = linear_generator(6, 30)
    x, start = normal(10, 30, seed=2), normal(10, 6, seed=3)

    def decode(z: Tensor, labels: Tensor | None) -> Tensor:
        return z @ weight + bias

    together = invert(decode, point_mse, x, start, steps=20)
    alone = torch.cat(
        [invert(decode, point_mse, x[i : i + 1], start[i : i + 1], steps=20) for i in range(10)]
    )
    assert torch.allclose(together, alone, rtol=1e-4)


def test_images_are_decoded_under_their_classes() -> None:
    centres = torch.tensor([[5.0], [-5.0]])

    def decode(z: Tensor, labels: Tensor | None) -> Tensor:
        assert labels is not None
        return centres[labels] + z.tanh()

    labels = torch.tensor([0, 1, 1])
    x, start = centres[labels], normal(3, 1, seed=0)
    assert float(invert(decode, point_mse, x, start, labels).max()) < 1e-4
    assert float(invert(decode, point_mse, x, start, 1 - labels).min()) == pytest.approx(
        81, rel=0.01
    )


def test_gradients_are_there_where_the_caller_has_switched_them_off() -> None:
    x, start = normal(5, 4, seed=0), normal(5, 4, seed=1)
    with torch.no_grad():
        assert float(invert(lambda z, _: z, point_mse, x, start).max()) < 1e-4


def test_a_generator_that_breaks_on_the_way_keeps_what_was_found() -> None:
    def decode(z: Tensor, labels: Tensor | None) -> Tensor:
        return torch.where(z.abs() < 2, z, torch.nan)

    found = invert(decode, point_mse, torch.full((3, 1), 9.0), torch.zeros(3, 1))
    assert bool(found.isfinite().all())
    assert float(found.max()) < 81


class TestComparison:
    def test_counts_by_hand(self) -> None:
        found = Inversions(
            own=torch.tensor([1.0, 1.0, 1.0, 1.0]),
            encoder=torch.tensor([0.1, 0.5, 0.2, 1.0]),
            prior=torch.tensor([[0.3, 0.9, 0.2, 0.4], [0.9, 0.4, 0.8, 0.3]]),
        )
        assert found.restarts.tolist() == pytest.approx([0.3, 0.4, 0.2, 0.3])
        assert float(found.encoder_wins.mean()) == (1 + 0 + 0.5 + 0) / 4
        assert float(found.gaps.mean()) == pytest.approx((0.9 + 0.6 + 0.8 + 0.7) / 4)

    def test_a_perfect_encoder_leaves_no_gap(self) -> None:
        zero = torch.zeros(3)
        found = Inversions(zero, zero, torch.rand(4, 3))
        assert float(found.gaps.mean()) == 0.0
        assert float(found.encoder_wins.mean()) == 1.0
