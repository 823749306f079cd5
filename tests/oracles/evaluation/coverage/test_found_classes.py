"""Classes found despite misread images: a real confusion, stacked classes and perfect samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from ogan_bench.evaluation.coverage.found_classes import (
    channel_confusion,
    confusion,
    found_classes,
)
from tests.oracles.evaluation.spread import assert_about_the_spread

FASHION = torch.tensor(
    [
        [858, 0, 14, 18, 4, 1, 93, 0, 12, 0],
        [2, 978, 0, 14, 3, 0, 3, 0, 0, 0],
        [12, 2, 858, 9, 51, 0, 64, 0, 4, 0],
        [17, 3, 13, 916, 26, 0, 23, 0, 2, 0],
        [1, 1, 64, 31, 851, 0, 52, 0, 0, 0],
        [0, 0, 0, 0, 0, 975, 0, 17, 0, 8],
        [111, 2, 66, 24, 66, 1, 721, 0, 9, 0],
        [0, 0, 0, 0, 0, 9, 0, 973, 0, 18],
        [3, 3, 3, 4, 2, 1, 9, 4, 971, 0],
        [0, 0, 0, 0, 0, 7, 1, 34, 0, 958],
    ]
)
"""How the classifier of Fashion-MNIST reads the 1000 test images of each class (its row)."""
EVEN = torch.full((10,), 6000)
READ = FASHION.flatten().nonzero()[:, 0].repeat_interleave(FASHION.flatten()[FASHION.flatten() > 0])
CONFUSED = confusion(READ % 10, READ // 10, 10)


def found(classes: list[int], times: int = 1) -> int:
    """Of the test images of these classes."""
    return found_classes(times * FASHION[classes].sum(0), EVEN, CONFUSED).classes


def test_confusion_is_the_counts_with_one_image_more_of_each_class() -> None:
    assert torch.allclose(CONFUSED, (FASHION + 0.1).double() / 1001)


@pytest.mark.parametrize("times", [1, 10])
@pytest.mark.parametrize("left_out", range(10))
def test_a_class_left_out_is_missed_although_others_are_misread_as_it(
    left_out: int, times: int
) -> None:
    kept = [k for k in range(10) if k != left_out]
    assert found(kept, times) == 9


@pytest.mark.parametrize("only", range(10))
def test_a_single_class_is_one(only: int) -> None:
    assert (FASHION[only] > 0).sum() > 2  # that many are read at least once
    assert found([only]) == 1


@pytest.mark.parametrize("kept", [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0, 2, 4, 6, 8]])
def test_five_classes_are_five(kept: list[int]) -> None:
    assert found(kept) == 5


def test_all_classes_are_ten() -> None:
    assert found(list(range(10))) == 10


def test_a_trace_of_a_class_does_not_count() -> None:
    sure = confusion(torch.arange(1000) % 10, torch.arange(1000) % 10, 10)
    samples = torch.full((10,), 1000)
    for of_last, expected in ((200, 9), (300, 10)):
        samples[9] = of_last
        assert found_classes(samples, EVEN, sure).classes == expected


def stacked(numbers: Tensor) -> Tensor:
    """Answers about stacks of three test images, for each of which a number is drawn."""
    return (READ[numbers] % 10 * torch.tensor([100, 10, 1])).sum(1)


def test_stacked_classes() -> None:
    g = torch.Generator().manual_seed(0)
    labels = torch.tensor([100, 10, 1])
    test = torch.randint(len(READ), (10_000, 3), generator=g)
    confused = channel_confusion(stacked(test), (READ[test] // 10 * labels).sum(1), 1000, 3)
    assert torch.allclose(confused, torch.kron(torch.kron(CONFUSED, CONFUSED), CONFUSED), atol=0.05)
    drawn = torch.randint(len(READ), (26_000, 3), generator=g)
    reference = stacked(torch.randint(len(READ), (128_000, 3), generator=g))
    perfect = found_classes(
        stacked(drawn).bincount(minlength=1000), reference.bincount(minlength=1000), confused
    )
    assert perfect.classes == pytest.approx(perfect.expected, abs=10)
    assert perfect.classes > 900


def test_expected_number_is_the_mean_over_perfect_samples() -> None:
    rng, shares = np.random.default_rng(0), np.full(100, 0.01)
    sure = confusion(torch.arange(2000) % 100, torch.arange(2000) % 100, 100)
    reference = torch.full((100,), 1000)
    results = [
        found_classes(torch.from_numpy(counts), reference, sure)
        for counts in rng.multinomial(300, shares, size=100)
    ]
    assert results[0].expected < 99
    assert np.mean([r.classes for r in results]) == pytest.approx(results[0].expected, rel=0.05)


@pytest.mark.parametrize("share", [0.2, 0.3])
def test_error_of_their_number_is_about_the_spread(share: float) -> None:
    """Five of ten classes have a fifth or a third of their usual share, which decides."""
    rates = np.array([0.1 * share] * 5 + [0.2 - 0.1 * share] * 5)
    random, usual = np.random.default_rng(0), torch.full((10,), 600)
    answers = torch.eye(10, dtype=torch.float64) * 0.98 + 0.002
    drawn = random.multinomial(500, rates @ answers.numpy(), size=80)
    found = [found_classes(torch.from_numpy(counts), usual, answers) for counts in drawn]
    assert_about_the_spread([f.classes for f in found], [f.error for f in found])
