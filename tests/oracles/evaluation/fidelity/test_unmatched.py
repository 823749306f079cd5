"""What a generator misses and invents: a line, lost and added classes, degenerate sets."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.manifolds import overlap
from ogan_bench.evaluation.fidelity.unmatched import Unmatched, invented, missing
from ogan_bench.sampling.context import ImageContext, Of
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.normal_samples import normal

LINE = torch.arange(10.0)[:, None]
"""Radii to the fifth neighbour: 5, 4, 3, 3, 3, 3, 3, 3, 4, 5."""

SPLITS: tuple[Of, ...] = ("test", "train")


class TestOnALine:
    def test_missing_is_the_end_without_samples(self) -> None:
        found = missing(torch.tensor([[0.0], [1.0], [2.0], [4.0]]), LINE)
        distances = [0, 0, 0, 1, 0, 1, 2, 3, 4, 5]
        expected = [d / r for d, r in zip(distances, [5, 4, 3, 3, 3, 3, 3, 3, 4, 5], strict=True)]
        assert found.remoteness.tolist() == pytest.approx(sorted(expected, reverse=True))
        assert found.indices[:4].tolist() == [7, 8, 9, 6]
        assert found.partners[:4].tolist() == [3, 3, 3, 3]

    def test_invented_is_what_is_far_from_all(self) -> None:
        found = invented(torch.tensor([[3.5], [12.0], [-2.5], [4.0], [5.25]]), LINE)
        assert found.indices.tolist() == [1, 2, 0, 4, 3]
        assert found.remoteness.tolist() == [3.0, 2.5, 0.5, 0.25, 0.0]
        assert found.partners[[0, 1, 4]].tolist() == [9, 0, 4]


@pytest.fixture(scope="module")
def features() -> tuple[Tensor, Tensor]:
    """Test and training images of the digits in the space of their first classifier."""
    context = ImageContext(digits(), Evaluation(), torch.device("cpu"))
    member = context.members("classifier")[0]
    test, train = (member.features("classifier", of).features for of in SPLITS)
    return test, train


class TestClasses:
    """The training images stand for samples, the test images for real ones."""

    real, samples = digits().test.known_labels, digits().train.known_labels

    @pytest.mark.parametrize("lost", range(10))
    def test_a_class_that_is_lost_is_missing(
        self, features: tuple[Tensor, Tensor], lost: int
    ) -> None:
        real, samples = features
        shown = missing(samples[self.samples != lost], real).indices[:16]
        assert (self.real[shown] == lost).all()
        shown = missing(samples, real).indices[:16]
        assert (self.real[shown] == lost).double().mean() < 0.5

    @pytest.mark.parametrize("added", range(10))
    def test_a_class_that_is_added_is_invented(
        self, features: tuple[Tensor, Tensor], added: int
    ) -> None:
        """Over the radius of the nearest real image, it is 44 % for ones, with this classifier."""
        real, samples = features
        shown = invented(samples, real[self.real != added]).indices[:16]
        assert (self.samples[shown] == added).double().mean() > 0.9
        shown = invented(samples, real).indices[:16]
        assert (self.samples[shown] == added).double().mean() < 0.5


def test_the_covered_share_is_coverage() -> None:
    samples, real = normal(300, 8, 0, 0.4), normal(300, 8, 1)
    found = missing(samples, real)
    assert float((found.remoteness <= 1).double().mean()) == pytest.approx(
        overlap(samples, real).coverage.value
    )


def test_a_perfect_copy_is_nowhere_unmatched() -> None:
    real = normal(50, 4, 0)
    for found in (missing(real, real), invented(real, real)):
        assert found.remoteness.max() == 0
        assert found.indices.tolist() == found.partners.tolist() == list(range(50))


def test_repeated_real_images_have_no_radius() -> None:
    real = torch.cat([torch.zeros(8, 2), normal(20, 2, 0, 5.0)])
    found = missing(torch.zeros(4, 2), real)
    assert set(found.indices[-8:].tolist()) == set(range(8))
    assert found.remoteness[-8:].tolist() == [0.0] * 8
    found = missing(torch.full((4, 2), 0.1), real)
    assert found.indices[:8].tolist() == list(range(8))
    assert found.remoteness[:8].tolist() == [math.inf] * 8


def test_too_few_real_images_have_no_radius() -> None:
    with pytest.raises(NoValueError, match="5 real images are too few"):
        missing(normal(10, 2, 0), normal(5, 2, 1))


@pytest.mark.parametrize("choose", [missing, invented])
def test_sets_that_say_nothing_are_refused(choose: Callable[[Tensor, Tensor], Unmatched]) -> None:
    with pytest.raises(NoValueError, match="3 reference images are too few"):
        choose(normal(10, 2, 0), normal(3, 2, 1))
    with pytest.raises(NoValueError, match="not finite"):
        choose(normal(10, 2, 0) * math.nan, normal(10, 2, 1))
    with pytest.raises(NoValueError, match="constant"):
        choose(normal(10, 2, 0), torch.ones(10, 2))
