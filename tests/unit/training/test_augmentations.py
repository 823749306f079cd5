"""DiffAugment: random, differentiable, and no more than it is told to be."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ogan_bench.errors import UserError
from ogan_bench.seeding import generator
from ogan_bench.training.augmentations import Augmentation, diff_augment, none

N, SIDE = 40, 16


def images(channels: int = 3, side: int = SIDE) -> Tensor:
    """Positive images: zeros come from outside."""
    drawn = torch.rand(N, channels, side, side, dtype=torch.float64, generator=generator(0, "x"))
    return drawn + 0.5


def augmented(augmentation: Augmentation, x: Tensor, seed: int = 0) -> Tensor:
    return augmentation.apply(x, *augmentation.draw(x.shape, generator(seed, "augment")))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shape_and_type_are_kept_and_draws_depend_on_the_seed_alone(
    channels: int, dtype: torch.dtype
) -> None:
    x = images(channels).to(dtype)
    changed = augmented(diff_augment(), x)
    assert changed.shape == x.shape
    assert changed.dtype == dtype
    assert torch.equal(augmented(diff_augment(), x), changed)
    assert not torch.equal(augmented(diff_augment(), x, 1), changed)
    in_double = augmented(diff_augment(), x.double())
    torch.testing.assert_close(changed.double(), in_double, rtol=1e-5, atol=1e-5)


def test_nothing_is_done_when_all_is_off() -> None:
    x = images()
    assert torch.equal(augmented(diff_augment(color=False, translation=0, cutout=0), x), x)
    assert torch.equal(augmented(none(), x), x)


@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_of_all_together(channels: int) -> None:
    x = images(channels, side=4)[:3].requires_grad_()
    assert torch.autograd.gradcheck(lambda x: augmented(diff_augment(translation=0.25), x), x)


def test_translation_moves_each_image_by_up_to_an_eighth_and_fills_with_zeros() -> None:
    x = images()
    changed = augmented(diff_augment(color=False, cutout=0), x)
    moves = []
    for before, after in zip(x, changed, strict=True):
        found = []
        for down in range(-3, 4):
            for right in range(-3, 4):
                moved = torch.zeros_like(before)
                height, width = SIDE - abs(down), SIDE - abs(right)
                i, j = max(0, down), max(0, right)
                there = before[:, i - down :, j - right :][:, :height, :width]
                moved[:, i : i + height, j : j + width] = there
                if torch.equal(moved, after):
                    found.append((down, right))
        assert len(found) == 1
        moves += found
    for direction in zip(*moves, strict=True):
        assert set(direction) == {-2, -1, 0, 1, 2}


def test_cutout_zeroes_a_box_of_half_the_side_that_may_hang_over_the_edge() -> None:
    x = images()
    changed = augmented(diff_augment(color=False, translation=0), x)
    sizes = set()
    for before, after in zip(x, changed, strict=True):
        cut = (after == 0).all(0)
        assert torch.equal(after[:, ~cut], before[:, ~cut])
        rows, columns = cut.any(1), cut.any(0)
        assert torch.equal(cut, rows[:, None] & columns[None]), "a box"
        for side in (rows, columns):
            places = side.nonzero()[:, 0]
            assert places.max() - places.min() + 1 == len(places), "without gaps"
            at_edge = bool(side[0] or side[-1])
            assert len(places) == SIDE // 2 or (at_edge and SIDE // 4 <= len(places) < SIDE // 2)
            sizes.add(len(places))
    assert len(sizes) > 2


def test_colour_changes_brightness_saturation_and_contrast_of_each_image() -> None:
    """All three are affine; what they scale and shift tells their draws."""
    x = images()
    changed = augmented(diff_augment(translation=0, cutout=0), x)
    grey, grey_before = changed.mean(1), x.mean(1)
    shift = grey.mean((1, 2)) - grey_before.mean((1, 2))
    contrast = grey.std((1, 2)) / grey_before.std((1, 2))
    colour, colour_before = changed - grey[:, None], x - grey_before[:, None]
    saturation = colour.std((1, 2, 3)) / colour_before.std((1, 2, 3)) / contrast
    for drawn, low, high in ((shift, -0.5, 0.5), (contrast, 0.5, 1.5), (saturation, 0, 2)):
        assert low <= drawn.min() < low + (high - low) / 4
        assert high >= drawn.max() > high - (high - low) / 4
        assert len(drawn.unique()) == N

    def column(values: Tensor) -> Tensor:
        return values[:, None, None]

    average = column(grey_before.mean((1, 2)))
    wanted_grey = average + column(shift) + column(contrast) * (grey_before - average)
    torch.testing.assert_close(grey, wanted_grey)
    scale = column(contrast * saturation)[:, None]
    torch.testing.assert_close(colour, scale * colour_before)


def test_points_are_refused() -> None:
    with pytest.raises(UserError, match="leave it out for points"):
        diff_augment().draw((3, 2, 1, 1), torch.Generator())
