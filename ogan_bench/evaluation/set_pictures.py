"""Pictures of what one set of images has and another one lacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from ogan_bench.evaluation.fidelity.manifolds import MAX_MANIFOLD
from ogan_bench.evaluation.fidelity.unmatched import missing
from ogan_bench.evaluation.image_grids import neighbour_grid
from ogan_bench.sampling.context import ImageContext

SHOWN = 32


def unshared(ours: ImageContext, theirs: ImageContext) -> tuple[Tensor, Tensor]:
    """The images of a set that another set comes least near to.

    An image's distance to the other set is measured by the distance to its neighbours in its own,
    so many images of a kind that the other set lacks come before single odd ones. At most the first
    10,000 of each set are looked at, in the first feature space, with its first extractor.

    Args:
        ours: The set.
        theirs: The other one, with the same settings.

    Returns:
        32 images, and the image of the other set that is nearest to each, uint8.

    Raises:
        NoValueError: The extractor is unavailable, or there are too few images.

    References:
        J. Zhang et al., Unveiling Differences in Generative Models: A Scalable Differential
        Clustering Approach, 2024, https://arxiv.org/abs/2405.02700 (the question; there by kernels)
    """
    space = ours.settings.extractors[0]
    features = [
        context.members(space)[0].features(space, "generated").features[:MAX_MANIFOLD]
        for context in (ours, theirs)
    ]
    found = missing(features[1], features[0])
    return (
        ours.images("generated")[found.indices[:SHOWN]],
        theirs.images("generated")[found.partners[:SHOWN]],
    )


def draw_unshared(sets: Sequence[ImageContext], folder: Path) -> dict[Path, tuple[int, int]]:
    """For every set but the first, what it has and the first lacks, and the reverse.

    Each image is followed by what is nearest to it in the other set.

    Args:
        sets: With the same settings.
        folder: Where to write ``1-not-2.png``, ``2-not-1.png`` and so on.

    Returns:
        Maps each file to the numbers of the set that has and the set that lacks, counted from 1.

    Raises:
        NoValueError: As :func:`unshared`; nothing is written.
        UserError: A file cannot be written.
    """
    pairs = [pair for i in range(1, len(sets)) for pair in ((0, i), (i, 0))]
    pictures = {pair: unshared(sets[pair[0]], sets[pair[1]]) for pair in pairs}
    written = {}
    for (ours, theirs), (images, nearest) in pictures.items():
        path = folder / f"{ours + 1}-not-{theirs + 1}.png"
        neighbour_grid(images, nearest, path)
        written[path] = ours + 1, theirs + 1
    return written
