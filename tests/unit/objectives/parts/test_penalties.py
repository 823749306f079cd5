"""Penalties and the quadratic potential against their formulas, written out independently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Nets, normal_per_pixel
from ogan_bench.objectives.parts import penalties
from ogan_bench.objectives.parts.score_averages import ScoreAverages
from ogan_bench.objectives.parts.scored import Scored, ScoredPairs, penalty_noise
from ogan_bench.seeding import generator
from tests.unit.objectives.small_parts import CLOSE, D, N, draw, slope_at

# Penalties

X, X_FAKE = draw(N, 2, 3, 3), draw(N, 2, 3, 3, seed=1)
DIRECTION = draw(18, seed=2)


def linear_score(images: Tensor) -> Tensor:
    """A score whose gradient is the same everywhere."""
    return images.flatten(1) @ DIRECTION + 3


def square_score(images: Tensor) -> Tensor:
    """A score whose gradient is the image."""
    return images.square().flatten(1).sum(1) / 2


def test_quadratic_potential_has_three_distances() -> None:
    real, fake = draw(2, N, seed=3)
    difference = (X - X_FAKE).reshape(N, 18)
    distances = {
        "mean_square": (difference**2).sum(1) / 18,
        "l1": difference.abs().sum(1) / 18,
        "l2": ((difference**2).sum(1) / 18) ** 0.5,
    }
    for norm, distance in distances.items():
        fake_images = X_FAKE.clone().requires_grad_()
        scores = real.clone().requires_grad_()
        found = penalties.quadratic_potential(
            X,
            fake_images,
            scores,
            fake,
            weight=0.05,
            norm=norm,  # type: ignore[arg-type]
        )
        torch.testing.assert_close(found, 0.05 * (real - fake) ** 2 / distance, **CLOSE)
        found.sum().backward()
        torch.testing.assert_close(scores.grad, 0.1 * (real - fake) / distance, **CLOSE)
        assert fake_images.grad is None, "the distance passes no gradient"
    default = penalties.quadratic_potential(X, X_FAKE, real, fake)
    wanted = 0.25 * (real - fake) ** 2 / distances["mean_square"]
    torch.testing.assert_close(default, wanted, **CLOSE)


def test_gradient_penalty_of_a_linear_score() -> None:
    mixing = torch.rand(N, 1, 1, 1, dtype=torch.float64, generator=generator(0, "mixing"))
    found = penalties.gradient_penalty(X, X_FAKE, linear_score, mixing, weight=7)
    wanted = 7 * ((DIRECTION**2).sum() ** 0.5 - 1) ** 2
    torch.testing.assert_close(found, wanted.expand(N), **CLOSE)


def test_gradient_penalty_of_one_side_leaves_flat_scores_alone() -> None:
    mixing = torch.full((N, 1, 1, 1), 0.5, dtype=torch.float64)

    def of(length: float, sides: Literal[1, 2]) -> Tensor:
        way = DIRECTION * (length / DIRECTION.norm())
        return slope_at(
            lambda a: penalties.gradient_penalty(
                X, X_FAKE, lambda x: x.flatten(1) @ a, mixing, weight=7, sides=sides
            ).mean(),
            way,
        )

    way = DIRECTION / DIRECTION.norm()
    for sides, length, slope in (
        *((2, 0.5, -7.0), (2, 3.0, 28.0)),  # 2·7·(‖a‖ - 1)
        *((1, 0.5, 0.0), (1, 1.0, 0.0), (1, 3.0, 28.0)),
    ):
        torch.testing.assert_close(of(length, sides), slope * way, **CLOSE)  # type: ignore[arg-type]


def test_gradient_penalty_looks_between_the_images_of_a_pair() -> None:
    mixing = torch.tensor([0, 1, 0.5, 0.25, 0.75, 0.1], dtype=torch.float64)
    x_fake = X_FAKE.clone().requires_grad_()
    found = penalties.gradient_penalty(X, x_fake, square_score, mixing.reshape(N, 1, 1, 1))
    for i, u in enumerate(mixing):
        point = (1 - u) * X[i] + u * X_FAKE[i]
        torch.testing.assert_close(found[i], 10 * (point.norm() - 1) ** 2, **CLOSE)
    found.sum().backward()
    assert x_fake.grad is None, "a point is a point: no gradient goes to the images"


def test_gradient_penalty_draws_one_number_a_pair_from_the_batch() -> None:
    mixing = penalty_noise(penalties.gradient_penalty, N, D)["mixing"]
    batch = ForwardPass(
        Nets(nn.Module(), nn.Module()),  # type: ignore[arg-type]
        Batch(
            X,
            draw(N, D),
            None,
            None,
            progress=0,
            noise={"mixing": mixing(generator(3, "mixing"), X.shape)},
        ),
    )
    scored = Scored(batch, X, X, lambda x, labels: linear_score(x), nn.Module())
    assert scored.mixing.shape == (N, 1, 1, 1)
    assert scored.mixing.dtype == torch.float64
    assert torch.equal(scored.mixing, scored.mixing)
    assert len(scored.mixing.unique()) == N
    assert scored.mixing.min() >= 0
    assert scored.mixing.max() < 1


def test_r1_is_half_the_squared_gradient_at_real_images() -> None:
    x = X.clone().requires_grad_()
    wanted = (7 / 2 * (DIRECTION**2).sum()).expand(N)
    torch.testing.assert_close(penalties.r1(x, linear_score(x), weight=7), wanted, **CLOSE)
    wanted = 10 / 2 * (X.reshape(N, 18) ** 2).sum(1)
    torch.testing.assert_close(penalties.r1(x, square_score(x)), wanted, **CLOSE)


def test_r1_r2_is_that_of_both_kinds_of_images() -> None:
    x, x_fake = X.clone().requires_grad_(), X_FAKE.clone().requires_grad_()
    given = (x, x_fake, square_score(x), square_score(x_fake))
    squares = (X.reshape(N, 18) ** 2).sum(1) + (X_FAKE.reshape(N, 18) ** 2).sum(1)
    torch.testing.assert_close(penalties.r1_r2(*given, weight=7), 7 / 2 * squares, **CLOSE)
    given = (x, x_fake, linear_score(x), linear_score(x_fake))
    wanted = (DIRECTION**2).sum().expand(N)
    torch.testing.assert_close(penalties.r1_r2(*given), wanted, **CLOSE)


def test_r1_r2_trains_the_score() -> None:
    """d/dA of γ/2·(‖Ax‖² + ‖Ax'‖²) for the score xᵀAx/2 with a symmetric A."""
    x, x_fake = X.clone().requires_grad_(), X_FAKE.clone().requires_grad_()
    root = draw(18, 18, seed=4)
    kernel = root + root.T

    def penalty(a: Tensor) -> Tensor:
        def score(images: Tensor) -> Tensor:
            flat = images.flatten(1)
            return (flat @ a * flat).sum(1) / 4 + (flat @ a.T * flat).sum(1) / 4

        return penalties.r1_r2(x, x_fake, score(x), score(x_fake), weight=3).mean()

    points = torch.cat([X.reshape(N, 18), X_FAKE.reshape(N, 18)])
    second = points.T @ points / N
    wanted = 3 / 2 * (kernel @ second + second @ kernel)
    torch.testing.assert_close(slope_at(penalty, kernel), wanted, **CLOSE)


def test_finite_differences_are_those_of_scores_with_their_own_classes() -> None:
    """(x + σn)²/2 - x²/2 = σ(n·x) + σ²n²/2, and a score of generated images that is 3 times it."""
    n, other = draw(N, 2, 3, 3, seed=5), draw(N, 2, 3, 3, seed=6)
    std = 0.5

    def difference(x: Tensor, offset: Tensor) -> Tensor:
        return (x * offset + std * offset**2 / 2).sum((1, 2, 3))

    found = penalties.r1_r2_differences(
        X,
        X_FAKE,
        square_score(X),
        3 * square_score(X_FAKE),
        square_score,
        lambda x: 3 * square_score(x),
        n,
        other,
        weight=7,
        std=std,
    )
    wanted = 7 / 2 * (difference(X, n) ** 2 + 9 * difference(X_FAKE, other) ** 2)
    torch.testing.assert_close(found, wanted, **CLOSE)


def differences(score: Callable[[Tensor], Tensor], n: Tensor, other: Tensor) -> Tensor:
    x, x_fake = X[:1].expand_as(n), X_FAKE[:1].expand_as(other)
    scores = score(x), score(x_fake), score, score
    return penalties.r1_r2_differences(x, x_fake, *scores, n, other)


def test_finite_differences_train_the_score() -> None:
    """d/da of ½·((a·n)² + (a·n')²) for the score ⟨a, x⟩."""
    n, other = draw(N, 2, 3, 3, seed=5), draw(N, 2, 3, 3, seed=6)
    slope = slope_at(lambda a: differences(lambda x: x.flatten(1) @ a, n, other), DIRECTION)
    flat = torch.cat([n, other]).flatten(1)
    # A difference of scores of size 1 over σ = 0.01 loses two digits, and its square two more.
    torch.testing.assert_close(slope, (flat @ DIRECTION) @ flat, rtol=1e-9, atol=1e-9)


def test_finite_differences_expect_the_squared_slope() -> None:
    """With 100,000 draws; the mean of a χ² of one degree has the relative error √(2/100,000)."""
    drawn = normal_per_pixel(1)
    n, other = (
        drawn(generator(seed, "offset"), torch.Size((100_000, 2, 3, 3))).double().view(-1, 2, 3, 3)
        for seed in range(2)
    )
    exact = (DIRECTION**2).sum().item()
    assert differences(linear_score, n, other).mean().item() == pytest.approx(exact, rel=0.02)
    # Of a curved score, up to σ²/4 of the mean of |n|⁴, 18·20.
    exact = ((X[0] ** 2).sum() + (X_FAKE[0] ** 2).sum()).item() / 2 + 0.01**2 / 4 * 360
    assert differences(square_score, n, other).mean().item() == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 3, 3)])
def test_finite_differences_draw_as_many_numbers_as_an_image_or_z_has(
    shape: tuple[int, ...],
) -> None:
    images = torch.Size((N, *shape))
    noise = penalty_noise(penalties.r1_r2_differences, N, D)
    assert set(noise) == {"offset_real", "offset_fake"}
    drawn = {name: of(generator(0, name), images) for name, of in noise.items()}
    x = draw(*images)
    batch = ForwardPass(
        Nets(nn.Module(), nn.Module()),  # type: ignore[arg-type]
        Batch(x, draw(N, D), None, None, progress=0, noise=drawn),
    )
    batch.leaf = draw(*images)
    scored = Scored(batch, x, x, lambda x, labels: x, nn.Module())
    offsets = scored.offset_real, scored.offset_fake
    assert all(o.shape == images and o.dtype == torch.float64 for o in offsets)
    assert len(torch.cat(offsets).unique()) == 2 * images.numel()
    codes = ScoredPairs(batch, x, x, lambda x, labels: x, nn.Module(), draw(N, D), draw(N, D))
    assert codes.offset_real.shape == (N, D)


@pytest.mark.parametrize("every", [1, 3])
def test_a_lazy_penalty_has_the_mean_of_one_of_every_step(every: int) -> None:
    x, x_fake = X.clone().requires_grad_(), X_FAKE.clone().requires_grad_()
    real, fake = square_score(x), square_score(x_fake)
    nets = Nets(nn.Module(), nn.Module())  # type: ignore[arg-type]

    def taken(step: int) -> list[Tensor]:
        batch = ForwardPass(nets, Batch(X, draw(N, D), None, None, 0.0, step=step))
        turn = Scored(batch, real, fake, lambda x, labels: real, nn.Module()).is_turn
        return [
            penalties.r1(x, real, turn, every=every),
            penalties.r1_r2(x, x_fake, real, fake, turn, every=every),
        ]

    each = [taken(step) for step in range(6)]
    whole = [penalties.r1(x, real), penalties.r1_r2(x, x_fake, real, fake)]
    for of_steps, wanted in zip(zip(*each, strict=True), whole, strict=True):
        assert [bool(p.any()) for p in of_steps] == [step % every == 0 for step in range(6)]
        torch.testing.assert_close(torch.stack(of_steps).mean(0), wanted, **CLOSE)


AVERAGES = ScoreAverages(torch.tensor([-0.5, 1.0, 0.5], dtype=torch.float64))
"""Of real images -1, of generated ones 2: sums and their denominator."""


def never(action: Callable[[], None]) -> None:
    """Nothing is deferred, nor done."""


def test_lecam_is_that_of_the_paper_with_the_sign_of_the_scores_turned() -> None:
    real, fake = 3 * draw(2, N, seed=3)
    alpha_real, alpha_fake = 1.0, -2.0  # of D = -s
    wanted = [
        max(0, -s - alpha_fake) ** 2 + max(0, alpha_real + g) ** 2
        for s, g in zip(real.tolist(), fake.tolist(), strict=True)
    ]
    found = penalties.lecam(real, fake, AVERAGES, never)
    torch.testing.assert_close(found, 0.3 * torch.tensor(wanted, dtype=torch.float64), **CLOSE)


def test_lecam_draws_scores_to_the_average_of_the_other_kind() -> None:
    real = torch.tensor([-1.0, 2.5], dtype=torch.float64)  # one beyond the average
    fake = torch.tensor([1.0, -3.0], dtype=torch.float64)
    up = slope_at(lambda s: penalties.lecam(s, fake, AVERAGES, never, weight=7), real)
    assert up.tolist() == pytest.approx([-2 * 7 * (2 + 1), 0])
    down = slope_at(lambda s: penalties.lecam(real, s, AVERAGES, never, weight=7), fake)
    assert down.tolist() == pytest.approx([2 * 7 * (1 + 1), 0])


def test_lecam_begins_with_the_second_step_and_changes_nothing_itself() -> None:
    averages = ScoreAverages(torch.zeros(3, dtype=torch.float64))
    deferred: list[Callable[[], None]] = []
    real, fake = (draw(N, seed=seed).requires_grad_() for seed in range(2))
    first = penalties.lecam(real, fake, averages, deferred.append, decay=0.5)
    (slope,) = torch.autograd.grad(first.sum(), real)
    assert not first.any()
    assert not slope.any()
    assert not averages.sums.any()
    deferred[0]()
    sums = [real.mean().item(), fake.mean().item(), 1]
    known = ScoreAverages(torch.tensor(sums, dtype=torch.float64))
    second = penalties.lecam(real, fake, averages, never)
    torch.testing.assert_close(second, penalties.lecam(real, fake, known, never), **CLOSE)
    assert second.any()


def test_penalties_on_gradients_train_the_score() -> None:
    """d/da of w(‖a‖ - 1)² and of w/2·‖a‖² for the score ⟨a, x⟩."""
    x = X.clone().requires_grad_()
    mixing = torch.full((N, 1, 1, 1), 0.5, dtype=torch.float64)

    def of_direction(a: Tensor) -> Tensor:
        return penalties.gradient_penalty(X, X_FAKE, lambda x: x.flatten(1) @ a, mixing).mean()

    length = (DIRECTION**2).sum() ** 0.5
    wanted = 20 * (length - 1) * DIRECTION / length
    torch.testing.assert_close(slope_at(of_direction, DIRECTION), wanted, **CLOSE)
    found = slope_at(lambda a: penalties.r1(x, x.flatten(1) @ a).mean(), DIRECTION)
    torch.testing.assert_close(found, 10 * DIRECTION, **CLOSE)


def test_weight_decay_counts_kernels_alone() -> None:
    convolution, norm, dense = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(8, 1)
    net = nn.Sequential(convolution, norm, nn.Flatten(), dense)
    squares = (convolution.weight**2).sum() + (dense.weight**2).sum()
    found = penalties.weight_decay(net, torch.zeros(N), weight=0.3)
    torch.testing.assert_close(found, (0.3 / 2 * squares).expand(N))
    found.mean().backward()
    for layer in (convolution, dense):
        torch.testing.assert_close(layer.weight.grad, 0.3 * layer.weight)
        assert layer.bias is not None
        assert layer.bias.grad is None
    assert norm.weight.grad is None
