"""Samples and reference images in one feature space, and what several metrics need of both."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from torch import Tensor

from ogan_bench.evaluation.fidelity.feature_sets import check
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, frechet_error
from ogan_bench.evaluation.fidelity.kmeans_bins import cell_counts, number_of_cells
from ogan_bench.evaluation.fidelity.manifolds import (
    Authenticity,
    Manifolds,
    authenticity,
    manifolds,
)
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
    """

    samples: Tensor
    reference: Reference
    seed: int
    trained_on: Tensor | None = None

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
    def authenticity(self) -> Authenticity:
        """How close every sample is to its nearest image of those trained on."""
        check(self.samples, self.reference.features)  # before neighbours are looked for
        if self.trained_on is None:
            return authenticity(self.samples, self.reference.features, self.reference.nearest)
        trained_on = self.trained_on.to(self.reference.features.device)
        found = authenticity(self.samples, self.reference.features[trained_on])
        return replace(found, indices=trained_on[found.indices])

    @functools.cached_property
    def cells(self) -> tuple[Tensor, Tensor]:
        """How many samples and how many reference images fall into each k-means cell."""
        centres, expected = self.reference.cells(
            number_of_cells(len(self.samples), len(self.reference)), self.seed
        )
        return cell_counts(self.samples, centres), expected
