"""Samples and reference images in one feature space, and what several metrics need of both."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.data_copying import Copying, Distances, data_copying
from ogan_bench.evaluation.fidelity.feature_sets import check
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, frechet_error
from ogan_bench.evaluation.fidelity.kmeans_bins import cell_counts, cells_of, number_of_cells
from ogan_bench.evaluation.fidelity.manifolds import (
    Authenticity,
    Manifolds,
    authenticity,
    manifolds,
    nearest,
)
from ogan_bench.evaluation.fidelity.prd import DistributionOverlap, distribution_overlap
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.evaluation.standard_error import Estimate


@dataclass(frozen=True)
class Comparison:
    """Samples and reference images in one feature space.

    Args:
        samples: Features of the generated images, on the device of the reference, shape ``(n, k)``.
        reference: The real images: those trained on, or others given in their place.
        seed: Seed of random choices.
        trained_on: Indices of the training images that nets were trained on; ``None``: all.
        test_features: Computes the features of the test images, shape ``(t, k)``; ``None``: there
            are none of the distribution of the reference.
        split: What rows call the reference.
    """

    samples: Tensor
    reference: Reference
    seed: int
    trained_on: Tensor | None = None
    test_features: Callable[[], Tensor] | None = None
    split: str = "train"

    @property
    def against(self) -> str:
        """How notes begin if all reference images are used."""
        return f"against {len(self.reference)} reference images"

    @functools.cached_property
    def frechet(self) -> Estimate:
        """The Fréchet distance with its standard error."""
        known = self.reference.moments
        return Estimate(frechet_distance(self.samples, known), frechet_error(self.samples, known))

    @functools.cached_property
    def manifolds(self) -> Manifolds:
        """The basis of precision, recall, density, coverage and their clipped forms."""
        return manifolds(self.samples, self.reference.features, self.seed)

    @functools.cached_property
    def overlap(self) -> DistributionOverlap:
        """The basis of both ends of the precision-recall curve of the distributions."""
        return distribution_overlap(self.samples, self.reference.features, self.seed)

    @functools.cached_property
    def training(self) -> Tensor:
        """Features of the images trained on, shape ``(m, k)``."""
        features = self.reference.features
        return (
            features if self.trained_on is None else features[self.trained_on.to(features.device)]
        )

    @functools.cached_property
    def test(self) -> Tensor:
        """Features of the test images, shape ``(t, k)``.

        Raises:
            NoValueError: There are none.
        """
        if self.test_features is None:
            raise NoValueError(
                "there are no test images of the distribution of the reference images"
            )
        return self.test_features().to(self.reference.features)

    @functools.cached_property
    def authenticity(self) -> Authenticity:
        """How close every sample is to its nearest image of those trained on."""
        check(self.samples, self.reference.features)  # before neighbours are looked for
        if self.trained_on is None:
            return authenticity(self.samples, self.training, self.reference.nearest)
        found = authenticity(self.samples, self.training)
        return replace(found, indices=self.trained_on.to(found.indices.device)[found.indices])

    @functools.cached_property
    def copying(self) -> Copying:
        """Whether samples are closer to the images trained on than test images are."""
        samples = self.authenticity.distances
        test = nearest(self.test, self.training).distances[:, 0]
        count = number_of_cells(min(len(samples), len(test)), len(self.reference))
        centres, _ = self.reference.cells(count, self.seed)
        return data_copying(
            Distances(samples, cells_of(self.samples, centres)),
            Distances(test, cells_of(self.test, centres)),
            count,
        )

    @functools.cached_property
    def cells(self) -> tuple[Tensor, Tensor]:
        """How many samples and how many reference images fall into each k-means cell."""
        centres, expected = self.reference.cells(
            number_of_cells(len(self.samples), len(self.reference)), self.seed
        )
        return cell_counts(self.samples, centres), expected
