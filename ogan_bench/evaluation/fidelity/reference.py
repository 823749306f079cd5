"""The reference images in a feature space, and cached quantities that depend on them alone.

All trials on a dataset share these, and they cost more than the rest of a trial's evaluation: sums
over all pairs of 60,000 images, eigenvectors of 2048 features, k-means cells.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.feature_sets import place
from ogan_bench.evaluation.fidelity.frechet import Moments, moments
from ogan_bench.evaluation.fidelity.kernel import Kernel, Prepare, sums_within
from ogan_bench.evaluation.fidelity.kmeans_bins import cell_counts, centres
from ogan_bench.evaluation.fidelity.manifolds import Nearest, nearest
from ogan_bench.features.cache import Entry, cached_tensors, content_key, fingerprint

VERSION = 1
"""Increment when the code changes what is cached; parameters are already part of the keys."""


class Reference:
    """Features of the reference images, and quantities derived from them.

    Args:
        features: Shape ``(m, k)``.
        device: Where to compute.
        reused: Whether what is derived from them is worth a place in the cache.
    """

    def __init__(self, features: Tensor, device: torch.device, *, reused: bool = True) -> None:
        self.features = features.to(place(device))
        self.reused = reused

    def __len__(self) -> int:
        return len(self.features)

    @functools.cached_property
    def moments(self) -> Moments:
        """Mean, eigenvalues and root of the covariance.

        Raises:
            NoValueError: As :func:`~ogan_bench.evaluation.fidelity.frechet.moments`.
        """

        def make() -> dict[str, Tensor]:
            known = moments(self.features)
            return {"mean": known.mean, "eigenvalues": known.eigenvalues, "root": known.root}

        return Moments(**self._kept("moments", make), count=len(self))

    def sums_within(self, name: str, kernel: Kernel, prepare: Prepare) -> Tensor:
        """Row sums of a kernel over all pairs, shape ``(m,)``.

        Args:
            name: Name of the kernel.
            kernel: The kernel.
            prepare: Applied to the features first.
        """
        kept = self._kept(name, lambda: {"sums": sums_within(self.features, kernel, prepare)})
        return kept["sums"]

    @functools.cached_property
    def nearest(self) -> Nearest:
        """The two nearest neighbours of every reference image."""

        def make() -> dict[str, Tensor]:
            found = nearest(self.features)
            return {"distances": found.distances, "indices": found.indices}

        return Nearest(**self._kept("nearest", make))

    def cells(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """Centres of k-means cells, shape ``(count, k)``, and the number of images in each.

        Raises:
            NoValueError: As :func:`~ogan_bench.evaluation.fidelity.kmeans_bins.centres`.
        """

        def make() -> dict[str, Tensor]:
            found = centres(self.features, count, seed)
            return {"centres": found, "counts": cell_counts(self.features, found)}

        kept = self._kept("cells", make, count=count, seed=seed)
        return kept["centres"], kept["counts"].cpu()

    def number(self, name: str, compute: Callable[[], float], **choices: int) -> float:
        """A number that depends only on the features and these choices."""
        kept = self._kept(
            name, lambda: {"number": torch.tensor(compute(), dtype=torch.float64)}, **choices
        )
        return float(kept["number"])

    @functools.cached_property
    def _fingerprint(self) -> str:
        return fingerprint({"features": self.features})

    def _kept(
        self, what: str, make: Callable[[], dict[str, Tensor]], **choices: Any
    ) -> dict[str, Tensor]:
        if not self.reused:
            return make()

        def entry() -> Entry:
            return Entry({name: tensor.cpu() for name, tensor in make().items()}, {"what": what})

        parts = {
            "features": self._fingerprint,
            "what": what,
            "choices": choices,
            "version": VERSION,
        }
        kept = cached_tensors("references", content_key(parts), entry).tensors
        return {name: tensor.to(self.features.device) for name, tensor in kept.items()}
